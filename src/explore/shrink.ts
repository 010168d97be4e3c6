/**
 * Makes a counterexample small: fewest preemptions first, then fewest steps, then fewest switches.
 *
 * A schedule is cut into the runs of its actors. What is tried, in order, until nothing helps any more: only its beginning,
 * without some of its runs, two runs of one actor joined at the place of the first or of the second. Each candidate is executed as
 * far as it goes (guided-run.ts) and kept if it shows a violation of the same kind at less cost; the cost falls with each, so this
 * ends, and the same counterexample always becomes the same small one. Shrinking what is small changes nothing.
 *
 * Then every execution with fewer preemptions is made, if they are not too many: the depth-first search of Musuvathi and Qadeer
 * (PLDI 2007). What it finds is shrunk in turn; if it finds nothing, the counterexample is minimal in preemptions, and only then
 * said to be.
 */
import { actorOf, type Schedule } from "../interleaving/schedule.ts";
import type { System, ViolationKind } from "../interleaving/system.ts";
import { type GuidedRun, runGuided } from "./guided-run.ts";
import { Bounded } from "./strategies/bounded.ts";
import { PRUNED, TOO_LONG } from "./strategy.ts";

/** Steps of a proof: of a program in bare mode more than its executions take; of one on the kernel some ten seconds. */
const MAX_PROOF_STEPS = 1_000_000;

export interface ShrinkOptions {
  readonly kind: ViolationKind;
  readonly maxSteps: number;
  /** Executions for the proof; -1: the schedule is only measured. */
  readonly effort: number;
}

export interface Shrunk {
  readonly schedule: Schedule;
  readonly preemptions: number;
  readonly minimal: boolean;
  /** What goes wrong in it; undefined if it was not reproduced. */
  readonly message: string | undefined;
  /** The steps at fault, where they are known. */
  readonly atFault: readonly number[];
}

/** `system` is left anywhere. */
export function shrink(system: System, found: Schedule, options: ShrinkOptions): Shrunk {
  const { kind, maxSteps, effort } = options;
  let best = runGuided(system, found, { maxSteps });
  if (best.violation?.kind !== kind || effort < 0) {
    return {
      schedule: found,
      preemptions: best.preemptions,
      minimal: false,
      message: undefined,
      atFault: [],
    };
  }
  best = simplify(system, best, options);
  if (best.preemptions === 0) return { ...result(best), minimal: true };
  const fewer = searchFewer(system, best.preemptions, options);
  if (fewer.found === undefined) return { ...result(best), minimal: fewer.complete };
  return {
    ...result(simplify(system, runGuided(system, fewer.found, { maxSteps }), options)),
    minimal: true,
  };
}

/** Every execution with fewer than so many preemptions, fewest first, until one shows a violation of the kind. */
function searchFewer(
  system: System,
  preemptions: number,
  { kind, maxSteps, effort }: ShrinkOptions,
): { readonly found: Schedule | undefined; readonly complete: boolean } {
  const search = new Bounded(system, { by: "preemptions", maxSteps, maxBound: preemptions - 1 });
  let whole = true;
  for (let [made, steps] = [0, 0]; made < effort && steps < MAX_PROOF_STEPS; made++) {
    const ended = search.execute();
    steps += search.schedule().length;
    if (ended === TOO_LONG) whole = false;
    else if (ended !== PRUNED) system.finish();
    if (system.violations[0]?.kind === kind) return { found: search.schedule(), complete: false };
    if (!search.advance()) return { found: undefined, complete: whole };
  }
  return { found: undefined, complete: false };
}

function result({ schedule, preemptions, violation }: GuidedRun): Omit<Shrunk, "minimal"> {
  return { schedule, preemptions, message: violation?.message, atFault: violation?.steps ?? [] };
}

/** To a fixpoint. Bounded by the cost, which falls each time. */
function simplify(system: System, from: GuidedRun, options: ShrinkOptions): GuidedRun {
  const search = new Simplification(system, from, options);
  while (search.shorten() || search.thin() || search.join());
  return search.best;
}

/**
 * The smallest run so far. Each of its ways of making it smaller goes over the whole run, from what it has found on and not
 * from the beginning again, and says whether it has found anything.
 */
class Simplification {
  best: GuidedRun;
  readonly #system: System;
  readonly #options: ShrinkOptions;

  constructor(system: System, best: GuidedRun, options: ShrinkOptions) {
    this.#system = system;
    this.best = best;
    this.#options = options;
  }

  /** Only its beginning: as little as halving finds. */
  shorten(): boolean {
    const runs = runsOf(this.best.schedule);
    let [low, high] = [0, runs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#take(runs.slice(0, middle))) high = middle;
      else low = middle + 1;
    }
    return high < runs.length;
  }

  /** Without half of its runs, without a quarter, ... without one: Zeller and Hildebrandt's delta debugging (TSE 2002). */
  thin(): boolean {
    let found = false;
    let runs = runsOf(this.best.schedule);
    for (let size = runs.length >> 1; size > 0; size >>= 1) {
      for (let at = 0; at < runs.length; ) {
        if (this.#take([...runs.slice(0, at), ...runs.slice(at + size)])) {
          found = true;
          runs = runsOf(this.best.schedule);
        } else at += size;
      }
    }
    return found;
  }

  /** With two runs of one actor made one. */
  join(): boolean {
    let found = false;
    let runs = runsOf(this.best.schedule);
    for (let first = 0; first < runs.length; first++) {
      for (let second = first + 2; second < runs.length; second++) {
        if (!joined(runs, first, second).some((candidate) => this.#take(candidate))) continue;
        found = true;
        runs = runsOf(this.best.schedule);
      }
    }
    return found;
  }

  /** Keeps it if it costs less and shows the same. */
  #take(candidate: readonly (readonly number[])[]): boolean {
    const { kind, maxSteps } = this.#options;
    const run = runGuided(this.#system, candidate.flat(), { maxSteps });
    if (run.violation?.kind !== kind || !isLess(run, this.best)) return false;
    this.best = run;
    return true;
  }
}

/** Executions like `run` that cost less, the boldest cuts first. Each is made when it is asked for; `system` is left anywhere. */
export function* smallerRuns(system: System, run: Cost, maxSteps: number): Generator<GuidedRun, undefined> {
  for (const candidate of candidates(runsOf(run.schedule))) {
    const made = runGuided(system, candidate.flat(), { maxSteps });
    if (isLess(made, run)) yield made;
  }
}

type Cost = Pick<GuidedRun, "schedule" | "preemptions">;

function isLess(a: Cost, b: Cost): boolean {
  if (a.preemptions !== b.preemptions) return a.preemptions < b.preemptions;
  if (a.schedule.length !== b.schedule.length) return a.schedule.length < b.schedule.length;
  return runsOf(a.schedule).length < runsOf(b.schedule).length;
}

/** The stretches of one actor each. */
function runsOf(schedule: Schedule): number[][] {
  const runs: number[][] = [];
  for (const made of schedule) {
    const last = runs.at(-1);
    if (last !== undefined && actorOf(last[0]!) === actorOf(made)) last.push(made);
    else runs.push([made]);
  }
  return runs;
}

function* candidates(runs: readonly number[][]): Generator<readonly (readonly number[])[]> {
  for (let end = 0; end < runs.length; end++) yield runs.slice(0, end);
  for (let gone = 0; gone < runs.length; gone++) yield runs.filter((_, i) => i !== gone);
  for (let first = 0; first < runs.length; first++)
    for (let second = first + 2; second < runs.length; second++) yield* joined(runs, first, second);
}

/** Two runs at the place of the first, and of the second; none if they are not of one actor. */
function joined(runs: readonly number[][], first: number, second: number): (readonly number[])[][] {
  if (actorOf(runs[first]![0]!) !== actorOf(runs[second]![0]!)) return [];
  const between = runs.slice(first + 1, second);
  const [head, tail] = [runs.slice(0, first), runs.slice(second + 1)];
  const both = [...runs[first]!, ...runs[second]!];
  return [
    [...head, both, ...between, ...tail],
    [...head, ...between, both, ...tail],
  ];
}
