/**
 * A program is determined by its schedule, or what is found of it is worth nothing: how a breach is noticed.
 *
 * Whoever repeats choices (path.ts, at every branch) compares what each actor is about to do with what it was about to do
 * then. That is every step but those of the last branch, so `repeat` makes whole executions again, here and there
 * (exploration.ts): twice each, because state that outlives an execution shows in every one that follows. A program that differs
 * in one execution of many, and only where nothing is repeated, is not found out: no check could do better without
 * making everything twice.
 */
import { actorOf, alternativeOf, formatSchedule, type Schedule } from "../interleaving/schedule.ts";
import type { System } from "../interleaving/system.ts";
import { mix } from "./mix.ts";

/** A program did something else when the same choices were made again. */
export class NondeterminismError extends Error {
  readonly code = "ERR_NONDETERMINISM";
  /** The choices that lead to where it differs. */
  readonly schedule: string;
  /** Number of the step, from 0. */
  readonly step: number;
  constructor(schedule: Schedule, what: string) {
    super(`the program is nondeterministic: ${what}; schedule "${formatSchedule(schedule)}"`);
    this.name = "NondeterminismError";
    this.schedule = formatSchedule(schedule);
    this.step = schedule.length;
  }
}

/** What to throw when `actor` is not about to do, after `schedule`, what it was. */
export function differs(system: System, schedule: Schedule, actor: number): NondeterminismError {
  const who = `step ${schedule.length} of ${system.nameOf(actor)} is not what it was under the same choices`;
  const now = system.isEnabled(actor) ? `it is now "${system.describe(actor)}"` : "it is not enabled";
  const place = system.placeOf?.(schedule, actor);
  return new NondeterminismError(schedule, `${who}: ${now}${place === undefined ? "" : ` at ${place}`}`);
}

/**
 * Throws unless the execution just made, of which `system` shows the end after `finish()`, is what comes of its choices. Leaves
 * `system` there.
 */
export function verify(system: System, schedule: Schedule): void {
  const before = outcome(system);
  const outcomes: string[] = [];
  const stamps = new Int32Array(schedule.length);
  for (const known of [false, true]) {
    repeat(system, schedule, stamps, known);
    if (system.enabledCount() === 0 && !system.pruned) system.finish();
    outcomes.push(outcome(system, true));
  }
  if (outcomes[0] !== outcomes[1] || before !== outcome(system))
    throw new NondeterminismError(schedule, "its end is not what it was under the same choices");
}

/** What an execution has come to. Data races may be looked for only when something was seen that may be one (bare/races.ts). */
function outcome(system: System, races = false): string {
  const wrong = system.violations
    .filter(({ kind }) => races || kind !== "data-race")
    .map(({ kind, message }) => `${kind}: ${message}`);
  return `${system.stateHash()} ${wrong.join()}`;
}

/** Makes the choices, and notes (or, if they are `known`, compares) what each actor was about to do. */
function repeat(system: System, schedule: Schedule, stamps: Int32Array, known: boolean): void {
  system.checkNext?.();
  system.reset();
  for (let i = 0; i < schedule.length; i++) {
    const actor = actorOf(schedule[i]!);
    if (!system.isEnabled(actor)) throw differs(system, schedule.slice(0, i), actor);
    const stamp = mix(system.stamp(actor), system.footprints.digest(system.footprint(actor)));
    if (known && stamp !== stamps[i]) throw differs(system, schedule.slice(0, i), actor);
    stamps[i] = stamp;
    system.step(actor, alternativeOf(schedule[i]!));
  }
}
