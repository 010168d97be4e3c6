/**
 * Programs that compute for ever between two steps, in a body, in the set-up, in a predicate or in a check at the end.
 *
 * Whoever drives a system does so under a guard (watchdog/). When that has ended something, what it was in the middle of is broken, and
 * only the choices that had been made are known. Along them a new system is driven, each step under a guard of its own.
 * The step that does not come back here either is a violation; the same choices, replayed, come to the same.
 *
 * The choices are those of the strategy's execution, and perhaps one more. A search also steps outside of its execution (to ask for a
 * footprint at another place); so if all of them come back, the work is begun anew on a system that notes what is chosen, which is slower.
 * If what that has noted comes back, too, then it was the machine that was slow, and the work is begun anew with more patience.
 *
 * Rejected: noting always. It halves the speed of a random walk in bare mode.
 */
import { actorOf, alternativeOf, type Choice, choice, type Schedule } from "../interleaving/schedule.ts";
import { STEP_YIELDS, type System, type Violation } from "../interleaving/system.ts";
import { guarded, inStretches, whereItStays } from "../watchdog/index.ts";
import type { Explorable } from "./explorable.ts";
import { type GuidedRun, runGuided } from "./guided-run.ts";
import { MAX_STEP_TIMEOUT_MS } from "./options.ts";

/** Guards at most on the way to it: of longer executions each guards several steps. */
const MAX_GUARDS = 500;

/** A program computes for ever where nothing can be explored: while it lays itself out. `what` has not ended. */
export class RunawayError extends Error {
  readonly code = "ERR_RUNAWAY";
  constructor(what: string, limitMs: number, place: string | undefined) {
    super(`${what} has not ended within ${secondsOf(limitMs)}${at(place)}`);
    this.name = "RunawayError";
  }
}

/** A system of the program. Throws RunawayError, and what the program throws while it lays itself out. */
export function laidOut(explorable: Explorable, limitMs: number): System {
  let system: System | undefined;
  const layOut = (): void => {
    system = explorable.makeSystem();
  };
  // Twice: it may have been the machine that was slow.
  if (!guarded(layOut, limitMs) && !guarded(layOut, limitMs)) {
    const stays = whereItStays(layOut);
    if (stays !== undefined) throw new RunawayError("the set-up of the program", limitMs, stays.place);
  }
  return system!;
}

/** A system that is driven in stretches, and what is wrong if one does not end. */
export class Watched {
  system: System;
  readonly #explorable: Explorable;
  #limitMs: number;
  /** Of a system that notes them, the choices since it was reset. */
  #noted: (() => Schedule) | undefined;

  /** Throws as `laidOut` does. */
  constructor(explorable: Explorable, limitMs: number) {
    this.#explorable = explorable;
    this.#limitMs = limitMs;
    this.system = laidOut(explorable, limitMs);
  }

  /** A system that has learned nothing. */
  renew(): void {
    this.system = laidOut(this.#explorable, this.#limitMs);
    this.#noted = undefined;
  }

  /** Does `next`, which drives `system`, until it says that there is no more. False: it does not come back, see `overdue`. */
  goOn(next: () => boolean): boolean {
    return inStretches(next, this.#limitMs);
  }

  /** What does not come back, as far as the strategy knows behind `schedule`; undefined: it is to begin anew, on a new system. */
  overdue(schedule: Schedule): Runaway | undefined {
    const noted = this.#noted?.();
    const runaway =
      noted === undefined
        ? findRunawayBehind(this.#explorable, schedule, this.#limitMs)
        : findRunaway(this.#explorable, noted, this.#limitMs);
    if (runaway !== undefined) return runaway;
    if (noted !== undefined) this.#limitMs = Math.min(2 * this.#limitMs, MAX_STEP_TIMEOUT_MS);
    this.renew();
    if (noted === undefined) this.#noted = noteChoices(this.system);
    return undefined;
  }
}

export interface Runaway {
  readonly violation: Violation;
  /** The choices up to the step that does not come back, that one included. */
  readonly schedule: Schedule;
  readonly preemptions: number;
  /** As `Finding.atFault`. */
  readonly atFault: readonly string[];
}

/** Has a system note what is chosen. Returns what tells the choices since `reset()`, the one under way included. */
function noteChoices(system: System): () => Schedule {
  const made: Choice[] = [];
  const { reset, step } = system;
  system.reset = () => {
    made.length = 0;
    reset.call(system);
  };
  system.step = (actor, alternative) => {
    made.push(choice(actor, alternative));
    step.call(system, actor, alternative);
  };
  return () => [...made];
}

/** What does not come back along these choices, or with one more; undefined: all of that does. */
function findRunawayBehind(explorable: Explorable, made: Schedule, limitMs: number): Runaway | undefined {
  const found = findRunaway(explorable, made, limitMs);
  if (found !== undefined) return found;
  let more: Choice[] = [];
  const look = (): void => {
    more = choicesBehind(explorable, made);
  };
  if (!guarded(look, limitMs)) return undefined;
  for (const one of more) {
    const runaway = findRunaway(explorable, [...made, one], limitMs);
    if (runaway !== undefined) return runaway;
  }
  return undefined;
}

function choicesBehind(explorable: Explorable, made: Schedule): Choice[] {
  const system = explorable.makeSystem();
  runGuided(system, made, { maxSteps: made.length });
  const enabled = [...system.enabled.subarray(0, system.enabledCount())];
  return enabled.flatMap((actor) =>
    Array.from({ length: system.alternatives(actor) }, (_, alternative) => choice(actor, alternative)),
  );
}

/** What does not come back along these choices, nor at their end; undefined: all of it does. */
function findRunaway(explorable: Explorable, made: Schedule, limitMs: number): Runaway | undefined {
  const drive = new Drive(explorable, made);
  const guards = Math.ceil(drive.pieces / MAX_GUARDS);
  let back = true;
  while (back && !drive.ended) {
    back = guarded(() => {
      for (let i = 0; i < guards && !drive.ended; i++) drive.next();
    }, limitMs);
  }
  if (back) return undefined;
  const again = new Drive(explorable, made);
  if (!guarded(() => again.goTo(drive.at), limitMs)) return undefined;
  const told = drive.at > 0 && drive.at <= made.length ? again.step() : undefined;
  const stays = whereItStays(() => again.next());
  if (stays === undefined) return undefined;
  const where = told?.what ?? (drive.at === 0 ? "before the first step" : "in a check at the end");
  const message = `nothing came for ${secondsOf(limitMs)} ${where}: the program computes${at(stays.place)}`;
  const steps = told === undefined ? [] : [drive.at - 1];
  const violation: Violation = { kind: "runaway", message, actor: told?.actor ?? -1, steps };
  const { preemptions } = again;
  return { violation, schedule: made.slice(0, drive.at), preemptions, atFault: told?.atFault ?? [] };
}

/** Times that a run which took too long, though none of its steps did, is watched again with twice the limit: the machine is slow. */
const TRIES = 8;

/** `run` on a system of the program's; if the program computes for ever in it, that is its violation. Throws what `laidOut` throws. */
export function runWatched(
  explorable: Explorable,
  limitMs: number,
  run: (system: System) => GuidedRun,
  tries: number = TRIES,
): GuidedRun {
  let made: GuidedRun | undefined;
  let choices: (() => Schedule) | undefined;
  const work = (): void => {
    const system = explorable.makeSystem();
    choices = noteChoices(system);
    made = run(system);
  };
  if (tries === 0) {
    work();
    return made!;
  }
  if (guarded(work, limitMs)) return made!;
  if (choices === undefined) laidOut(explorable, limitMs);
  const runaway = findRunaway(explorable, choices?.() ?? [], limitMs);
  if (runaway === undefined)
    return runWatched(explorable, Math.min(2 * limitMs, MAX_STEP_TIMEOUT_MS), run, tries - 1);
  const { schedule, preemptions, violation } = runaway;
  return { schedule, preemptions, violation, ended: false };
}

/** Choices made one after the other: `reset()`, each step with what it leads to, the end. */
class Drive {
  /** Pieces done: the one under way is number `at`. */
  at = 0;
  ended = false;
  /** Switches away from an actor that could have gone on. */
  preemptions = 0;
  readonly #explorable: Explorable;
  readonly #made: Schedule;
  #system: System | undefined;
  #last = -1;
  #yielded = false;

  constructor(explorable: Explorable, made: Schedule) {
    this.#explorable = explorable;
    this.#made = made;
  }

  get pieces(): number {
    return this.#made.length + 2;
  }

  /** One piece. */
  next(): void {
    const { at } = this;
    if (at === 0) this.#begin();
    else if (at <= this.#made.length) this.#step(this.#made[at - 1]!);
    else this.#finish();
    this.at++;
  }

  goTo(piece: number): void {
    while (this.at < piece && !this.ended) this.next();
  }

  /** The step that comes next, in words. */
  step(): { readonly actor: number; readonly what: string; readonly atFault: readonly string[] } {
    const [system, step] = [this.#system!, this.at - 1];
    const actor = actorOf(this.#made[step]!);
    const name = system.nameOf(actor);
    const place = system.placeOf?.(this.#made.slice(0, step), actor);
    const what = `behind step ${step}, "${system.describe(actor)}" of ${name}`;
    return { actor, what, atFault: place === undefined ? [] : [`step ${step}, ${name} at ${place}`] };
  }

  #begin(): void {
    this.#system = this.#explorable.makeSystem();
    this.#system.reset();
    this.#system.enabledCount();
  }

  #step(made: Choice): void {
    const system = this.#system!;
    const actor = actorOf(made);
    // Then the program is not determined: whoever finds that out says so.
    if (actor >= system.actors || !system.isEnabled(actor)) {
      this.ended = true;
      return;
    }
    const switches = this.#last >= 0 && actor !== this.#last && !this.#yielded;
    if (switches && system.isEnabled(this.#last)) this.preemptions++;
    this.#yielded = (system.traits(actor) & STEP_YIELDS) !== 0;
    this.#last = actor;
    system.step(actor, alternativeOf(made));
    system.enabledCount();
  }

  #finish(): void {
    const system = this.#system!;
    if (system.enabledCount() === 0 && !system.pruned) system.finish();
    this.ended = true;
  }
}

function secondsOf(ms: number): string {
  return `${ms / 1000} s`;
}

function at(place: string | undefined): string {
  return place === undefined ? "" : ` at ${place}`;
}
