/**
 * A schedule told with all that is to be seen: the steps, and the state after each of them, as changes.
 *
 * A thing that has no name and never differs from 0 is left out: memory is mostly that.
 */
import { LOOK_GROUPS, type LookGroup } from "../interleaving/look.ts";
import { actorOf, formatSchedule, parseSchedule } from "../interleaving/schedule.ts";
import { STEP_YIELDS, type System, type Violation } from "../interleaving/system.ts";
import type { Explorable } from "./explorable.ts";
import { type GuidedOptions, type GuidedRun, runGuided, runToEnd } from "./guided-run.ts";
import { STEP_TIMEOUT_MS } from "./options.ts";
import type { ReplayedStep, ReplayOptions } from "./replay.ts";
import { runWatched } from "./runaway.ts";

/** A word, a lock, a thread. */
export interface ToldThing {
  readonly group: LookGroup;
  readonly name: string;
  /** Before the first step; empty: it was not there. */
  readonly initial: string;
}

export interface ToldStep extends ReplayedStep {
  /** The actor before it could have gone on. */
  readonly preempts: boolean;
  /** Things that are different after it, by index, with their values. */
  readonly changes: readonly (readonly [thing: number, value: string])[];
}

export interface ToldReplay {
  readonly things: readonly ToldThing[];
  readonly steps: readonly ToldStep[];
  readonly preemptions: number;
  readonly violation: Violation | undefined;
  /** Steps behind which it went wrong; all of them: perhaps only the end showed it. */
  readonly violatedAfter: number;
}

interface Seen {
  readonly group: LookGroup;
  name: string;
  named: boolean;
  readonly initial: string;
  value: string;
  changed: boolean;
}

/** The state as it was seen last, and what is new. */
class Watch {
  readonly things: Map<string, Seen> = new Map();
  #system: System;
  #first = true;

  constructor(system: System) {
    this.#system = system;
  }

  /** What has changed since the last look, by key. */
  look(): [key: string, value: string][] {
    const changes: [string, string][] = [];
    this.#system.look?.((key, group, name, value, named) => {
      const known = this.things.get(key);
      if (known === undefined) {
        const initial = this.#first ? value : "";
        this.things.set(key, { group, name, named, initial, value, changed: !this.#first });
        if (!this.#first) changes.push([key, value]);
        return;
      }
      if (named) known.name = name;
      known.named ||= named;
      if (known.value === value) return;
      known.value = value;
      known.changed = true;
      changes.push([key, value]);
    });
    this.#first = false;
    return changes;
  }
}

/** `schedule` as text. Throws ScheduleSyntaxError, ERR_SCHEDULE_MISMATCH, RunawayError. */
export function tell(explorable: Explorable, schedule: string, options: ReplayOptions = {}): ToldReplay {
  const { stepTimeoutMs = STEP_TIMEOUT_MS } = options;
  const run = runWatched(explorable, stepTimeoutMs, (system) =>
    runToEnd(system, parseSchedule(schedule), guided(options)),
  );
  if (run.violation?.kind !== "runaway")
    return tellRun(explorable.makeSystem(), run, { ...options, maxSteps: run.schedule.length });
  const last = run.schedule.at(-1);
  if (last === undefined) return { things: [], steps: [], ...run, violatedAfter: 0 };
  // What does not come back is told and not made.
  const system = explorable.makeSystem();
  const told = tellRun(system, run, { ...options, maxSteps: run.schedule.length - 1 });
  const actor = actorOf(last);
  const step = {
    actor,
    name: system.nameOf(actor),
    what: system.describe(actor),
    preempts: false,
    changes: [],
  };
  return { ...told, steps: [...told.steps, step], violatedAfter: run.schedule.length };
}

function tellRun(
  system: System,
  { schedule: made, preemptions, violation }: GuidedRun,
  options: ReplayOptions,
): ToldReplay {
  const schedule = formatSchedule(made);
  // Once to learn the names of things, which some get on the way.
  execute(system, schedule, options, () => system.look?.(() => undefined));
  const watch = new Watch(system);
  const steps: (ReplayedStep & { readonly preempts: boolean })[] = [];
  const changes: [string, string][][] = [];
  let [last, yielded, violatedAfter] = [-1, false, -1];
  execute(system, schedule, options, (actor) => {
    const seen = watch.look();
    if (violatedAfter < 0 && system.violations.length > 0) violatedAfter = steps.length;
    if (last >= 0) changes.push(seen);
    const preempts = last >= 0 && actor !== last && !yielded && system.isEnabled(last);
    yielded = (system.traits(actor) & STEP_YIELDS) !== 0;
    last = actor;
    steps.push({ actor, name: system.nameOf(actor), what: system.describe(actor), preempts });
  });
  changes.push(watch.look());
  const { things, numbers } = worthTelling(watch);
  const told = steps.map(
    (step, i): ToldStep => ({
      ...step,
      what: inNames(watch, step.what),
      changes: (changes[i] ?? []).flatMap(([key, value]) => {
        const number = numbers.get(key);
        return number === undefined ? [] : [[number, value] as const];
      }),
    }),
  );
  if (violatedAfter < 0) violatedAfter = steps.length;
  const shown = violation && { ...violation, message: inNames(watch, violation.message) };
  return { things, steps: told, preemptions, violation: shown, violatedAfter };
}

function execute(
  system: System,
  schedule: string,
  options: ReplayOptions,
  onStep: (actor: number) => void,
): void {
  runGuided(system, parseSchedule(schedule), { ...guided(options), onStep });
}

function guided({ bestEffort = false, maxSteps = 10_000 }: ReplayOptions): GuidedOptions {
  return { strict: !bestEffort, maxSteps };
}

function worthTelling({ things: all }: Watch): { things: ToldThing[]; numbers: Map<string, number> } {
  const things: ToldThing[] = [];
  const numbers = new Map<string, number>();
  for (const group of LOOK_GROUPS)
    for (const [key, thing] of all) {
      if (thing.group !== group || (!thing.changed && isNothing(thing))) continue;
      numbers.set(key, things.length);
      things.push({ group, name: thing.name, initial: thing.initial });
    }
  return { things, numbers };
}

/** A word that has no name, or that is part of a record and was never anything but 0. */
function isNothing({ named, name, initial }: Seen): boolean {
  return initial === "0" && (!named || name.includes("."));
}

/** With the names of words in place of their addresses, of those that have one. */
function inNames({ things }: Watch, text: string): string {
  return text.replace(/0x[0-9a-f]+/g, (address) => {
    const word = Number(address) % 4 === 0 ? things.get(`word ${Number(address) >>> 2}`) : undefined;
    return word?.named === true ? word.name : address;
  });
}
