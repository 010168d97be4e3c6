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
 *
 * A thread that spins can spin to the bound on steps, and that in every place from which it spins: of programs that do, no
 * search of all executions comes to an end, nor to what has few preemptions. So spin loops are learned from on the way
 * (strategies/suspicion.ts), as by the search that found the counterexample. From then on a thread that would spin waits, and
 * leaving it is no preemption; what is known is measured again.
 */
import { actorOf, type Schedule } from "../interleaving/schedule.ts";
import type { System, Violation, ViolationKind } from "../interleaving/system.ts";
import { type GuidedRun, runGuided } from "./guided-run.ts";
import { Bounded } from "./strategies/bounded.ts";
import { Suspicion } from "./strategies/suspicion.ts";
import { PRUNED, TOO_LONG } from "./strategy.ts";

/** Steps of a proof: of a program in bare mode more than its executions take; of one on the kernel some ten seconds. */
const MAX_PROOF_STEPS = 1_000_000;

/** What is to be reproduced, and at what expense. */
export interface ShrinkOptions {
  readonly kind: ViolationKind;
  readonly maxSteps: number;
  /** Executions for the proof; -1: the schedule is only measured. */
  readonly effort: number;
  /** As of ExploreOptions. Default 0. */
  readonly stepTimeoutMs?: number;
}

/** A schedule made small. */
export interface Shrunk {
  readonly schedule: Schedule;
  readonly preemptions: number;
  readonly minimal: boolean;
  /** What goes wrong in it; undefined if it was not reproduced. */
  readonly violation: Violation | undefined;
}

/** All at once. `system` is left anywhere. */
export function shrink(system: System, found: Schedule, options: ShrinkOptions): Shrunk {
  const shrinking = new Shrinking(system, found, options);
  while (!shrinking.advance());
  return shrinking.result;
}

/** An execution at a time, so that whoever runs it can show that it is alive, and end it. */
export class Shrinking {
  readonly #system: System;
  readonly #options: ShrinkOptions;
  readonly #suspicion: Suspicion;
  readonly #executions: Generator<void, void, void>;
  #result: Shrunk;

  /** `system` is nobody else's until the end. */
  constructor(system: System, found: Schedule, options: ShrinkOptions) {
    this.#system = system;
    this.#options = options;
    this.#suspicion = new Suspicion(system, options.stepTimeoutMs ?? 0);
    this.#result = { schedule: found, preemptions: 0, minimal: false, violation: undefined };
    this.#executions = this.#shrink(found);
  }

  /** What is known by now. */
  get result(): Shrunk {
    return this.#result;
  }

  /** One more execution. Returns whether it was the last. */
  advance(): boolean {
    return this.#executions.next().done === true;
  }

  *#shrink(found: Schedule): Generator<void, void, void> {
    const { kind, effort } = this.#options;
    let first = this.#run(found);
    // One thread after the other. Bounded by what there is to learn.
    while (kind === "livelock" && !first.ended && this.#suspicion.learnsFrom(first.schedule))
      first = this.#run(found);
    this.#result = { ...this.#result, preemptions: first.preemptions };
    if (first.violation?.kind !== kind) return;
    this.#know(first);
    if (effort < 0) return;
    yield* this.#simplify(first);
    // Bounded by what there is to learn.
    while (this.#result.preemptions > 0 && (yield* this.#prove())) {
      const again = this.#run(this.#result.schedule);
      if (again.violation?.kind === kind) yield* this.#simplify(again);
    }
    if (this.#result.preemptions === 0) this.#result = { ...this.#result, minimal: true };
  }

  /** To a fixpoint. Bounded by the cost, which falls each time. */
  *#simplify(from: GuidedRun): Generator<void, void, void> {
    const search = new Simplification(from, this.#options.kind, (schedule) => this.#run(schedule));
    this.#know(search.best);
    for (let found = true; found; ) {
      found = false;
      for (const way of [search.shorten(), search.thin(), search.join()]) {
        for (const improved of way) {
          found ||= improved;
          if (improved) this.#know(search.best);
          yield;
        }
        if (found) break;
      }
    }
  }

  /**
   * Every execution with fewer preemptions, fewest first, until one shows a violation of the kind. Returns whether the system has
   * learned of a spin loop instead.
   */
  *#prove(): Generator<void, boolean, void> {
    const { kind, maxSteps, effort } = this.#options;
    const maxBound = this.#result.preemptions - 1;
    const search = new Bounded(this.#system, { by: "preemptions", maxSteps, maxBound });
    let whole = true;
    for (let [made, steps] = [0, 0]; made < effort && steps < MAX_PROOF_STEPS; made++) {
      const ended = search.execute();
      if (this.#suspicion.lesson(search, ended) !== undefined) return true;
      const schedule = search.schedule();
      steps += schedule.length;
      if (ended === TOO_LONG) whole = false;
      else if (ended !== PRUNED) this.#system.finish();
      const shown = this.#system.violations[0]?.kind === kind;
      if (shown) yield* this.#simplify(this.#run(schedule));
      if (shown || !search.advance()) {
        this.#result = { ...this.#result, minimal: shown || whole };
        return false;
      }
      yield;
    }
    return false;
  }

  #run(schedule: Schedule): GuidedRun {
    return runGuided(this.#system, schedule, { maxSteps: this.#options.maxSteps });
  }

  #know({ schedule, preemptions, violation }: GuidedRun): void {
    this.#result = { schedule, preemptions, minimal: false, violation };
  }
}

/**
 * The smallest run so far. Each of its ways of making it smaller goes over the whole run, from what it has found on and not
 * from the beginning again, and yields for each execution whether it was smaller.
 */
class Simplification {
  best: GuidedRun;
  readonly #kind: ViolationKind;
  readonly #run: (schedule: Schedule) => GuidedRun;

  constructor(best: GuidedRun, kind: ViolationKind, run: (schedule: Schedule) => GuidedRun) {
    this.best = best;
    this.#kind = kind;
    this.#run = run;
  }

  /** Only its beginning: as little as halving finds. */
  *shorten(): Generator<boolean, void, void> {
    const runs = runsOf(this.best.schedule);
    let [low, high] = [0, runs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const taken = this.#take(runs.slice(0, middle));
      if (taken) high = middle;
      else low = middle + 1;
      yield taken;
    }
  }

  /** Without half of its runs, without a quarter, ... without one: Zeller and Hildebrandt's delta debugging (TSE 2002). */
  *thin(): Generator<boolean, void, void> {
    let runs = runsOf(this.best.schedule);
    for (let size = runs.length >> 1; size > 0; size >>= 1) {
      for (let at = 0; at < runs.length; ) {
        const taken = this.#take([...runs.slice(0, at), ...runs.slice(at + size)]);
        if (taken) runs = runsOf(this.best.schedule);
        else at += size;
        yield taken;
      }
    }
  }

  /** With two runs of one actor made one. */
  *join(): Generator<boolean, void, void> {
    let runs = runsOf(this.best.schedule);
    for (let first = 0; first < runs.length; first++) {
      for (let second = first + 2; second < runs.length; second++) {
        for (const candidate of joined(runs, first, second)) {
          const taken = this.#take(candidate);
          yield taken;
          if (!taken) continue;
          runs = runsOf(this.best.schedule);
          break;
        }
      }
    }
  }

  /** Keeps it if it costs less and shows the same. */
  #take(candidate: readonly (readonly number[])[]): boolean {
    const run = this.#run(candidate.flat());
    if (run.violation?.kind !== this.#kind || !isLess(run, this.best)) return false;
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
