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
import { Bounded } from "./strategies/bounded.ts";
import { PRUNED, TOO_LONG } from "./strategy.ts";

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
  for (let made = 0; made < effort; made++) {
    const ended = search.execute();
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
