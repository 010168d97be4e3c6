/**
 * Makes a counterexample small: fewest preemptions first, then fewest steps, then fewest switches.
 *
 * A schedule is cut into the runs of its actors. What is tried, in order, until nothing helps any more: only its beginning,
 * without one run, two runs of one actor joined at the place of the first or of the second. Each candidate is executed as far as it
 * goes (guided-run.ts) and kept if it shows a violation of the same kind at less cost; the cost falls with each, so this ends, and the
 * same counterexample always becomes the same small one. Shrinking what is small changes nothing.
 *
 * Then every execution with fewer preemptions is made, if they are not too many: the depth-first search of Musuvathi and Qadeer
 * (PLDI 2007). What it finds is shrunk in turn; if it finds nothing, the counterexample is minimal in preemptions, and only then
 * said to be.
 */
import { actorOf, type Schedule } from "../interleaving/schedule.ts";
import type { System, ViolationKind } from "../interleaving/system.ts";
import { type GuidedRun, runGuided } from "./guided-run.ts";
import { searchPreemptions } from "./search-preemptions.ts";

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
}

/** `system` is left anywhere. */
export function shrink(system: System, found: Schedule, options: ShrinkOptions): Shrunk {
  const { kind, maxSteps, effort } = options;
  let best = runGuided(system, found, { maxSteps });
  if (best.violation?.kind !== kind || effort < 0) {
    return { schedule: found, preemptions: best.preemptions, minimal: false, message: undefined };
  }
  best = simplify(system, best, options);
  let minimal = best.preemptions === 0;
  let left = effort;
  // From the bottom up, so what is found first has fewest. Bounded by the preemptions of what was found.
  for (let bound = 0; bound < best.preemptions && left > 0; bound++) {
    const search = searchPreemptions(system, { kind, maxSteps, preemptions: bound, executions: left });
    left -= search.executions;
    if (search.found !== undefined) {
      const fewer = runGuided(system, search.found, { maxSteps });
      return { ...result(simplify(system, fewer, options)), minimal: true };
    }
    if (!search.complete) break;
    minimal = bound === best.preemptions - 1;
  }
  return { ...result(best), minimal };
}

function result({ schedule, preemptions, violation }: GuidedRun): Omit<Shrunk, "minimal"> {
  return { schedule, preemptions, message: violation?.message };
}

/** To a fixpoint. */
function simplify(system: System, from: GuidedRun, { kind, maxSteps }: ShrinkOptions): GuidedRun {
  let best = from;
  // Bounded by the cost, which falls each time.
  for (let better: GuidedRun | undefined = from; better !== undefined; ) {
    best = better;
    better = undefined;
    for (const run of smallerRuns(system, best, maxSteps)) {
      if (run.violation?.kind !== kind) continue;
      better = run;
      break;
    }
  }
  return best;
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

function* candidates(runs: readonly number[][]): Generator<readonly number[][]> {
  for (let end = 0; end < runs.length; end++) yield runs.slice(0, end);
  for (let gone = 0; gone < runs.length; gone++) yield runs.filter((_, i) => i !== gone);
  for (let first = 0; first < runs.length; first++) {
    for (let second = first + 2; second < runs.length; second++) {
      if (actorOf(runs[first]![0]!) !== actorOf(runs[second]![0]!)) continue;
      const between = runs.slice(first + 1, second);
      const [head, tail] = [runs.slice(0, first), runs.slice(second + 1)];
      const joined = [...runs[first]!, ...runs[second]!];
      yield [...head, joined, ...between, ...tail];
      yield [...head, ...between, joined, ...tail];
    }
  }
}
