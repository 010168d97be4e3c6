/**
 * How fast exploration is, in wall time. Prints one JSON object a line:
 *
 *     {"name":"explore/random-2x4","value":2100000,"unit":"1/s","baseline":"explore/generator-2x4","ratio":0.41}
 *
 * | name                    | executions a second of                                                                   |
 * |-------------------------|------------------------------------------------------------------------------------------|
 * | explore/generator-2x4   | two bare generators of four steps, in random order: the ceiling                          |
 * | explore/fast-check-2x4  | the same as promises under fast-check's scheduler                                        |
 * | explore/random-2x4      | two threads of four steps on two words, random walk                                      |
 * | explore/optimal-fib_bench-4 | fib_bench(4) with its reader, all 19 605 classes, optimal DPOR                       |
 * | explore/optimal-lastzero-12 | lastzero(12): many threads, 13 entries in a clock                                    |
 * | explore/random-reorder_10 | reorder with 9 setters and 1 checker, random walk                                      |
 * | ...-generators          | the same of a program that does not declare itself pure: its bodies are run each time     |
 *
 * Programs are pure, as users can declare theirs (docs/explorer.md), unless it says otherwise; the checks that this entails are
 * made, as in every exploration.
 *
 * Values are medians of repetitions that take turns. Ratios are to the baseline's value of this very run.
 */
import fc from "fast-check";
import { Optimal, RandomWalk, type Strategy, type System } from "../src/explore/index.ts";
import { Sfc32 } from "../src/random/sfc32.ts";
import { type BenchProgram, systemOf } from "./programs/define.ts";
import { PROGRAMS } from "./programs/registry.ts";
import { type Case, interleave, median } from "./support/interleave.ts";
import { twoByFour } from "./support/two-by-four.ts";

const REPETITIONS = 7;
const MAX_STEPS = 4_096;

function perSecond(executions: number, run: (executions: number) => void): number {
  const started = performance.now();
  run(executions);
  return (executions / (performance.now() - started)) * 1_000;
}

function sample(strategy: Strategy, system: System, executions: number): void {
  for (let i = 0; i < executions; i++) {
    strategy.execute();
    system.finish();
    strategy.advance();
  }
}

/** One strategy goes on through all repetitions, as a campaign does. */
function random(program: BenchProgram, executions: number, parameters = {}, pure = true): () => number {
  const system = systemOf(program, parameters, { pure });
  const walk = new RandomWalk(system, 1, MAX_STEPS);
  return () => perSecond(executions, (count) => sample(walk, system, count));
}

function optimal(name: string, parameters: Record<string, number>, pure = true): () => number {
  const system = systemOf(PROGRAMS.get(name)!, parameters, { pure });
  return () => {
    const search = new Optimal(system, MAX_STEPS);
    const started = performance.now();
    let executions = 0;
    do {
      search.execute();
      system.finish();
      executions++;
    } while (search.advance());
    return (executions / (performance.now() - started)) * 1_000;
  };
}

function* fourSteps(words: Int32Array, own: number): Generator<number, void, number> {
  for (let i = 0; i < 4; i++) {
    yield 0;
    words[own]! += words[1 - own]!;
  }
}

function generators(): number {
  const random = new Sfc32(1);
  const words = new Int32Array(2);
  return perSecond(200_000, (count) => {
    for (let i = 0; i < count; i++) {
      words[0] = 1;
      words[1] = 1;
      const live = [fourSteps(words, 0), fourSteps(words, 1)];
      for (const generator of live) generator.next(0);
      while (live.length > 0) {
        const at = live.length === 1 ? 0 : (random.next() * 2) | 0;
        if (live[at]!.next(0).done) live.splice(at, 1);
      }
    }
  });
}

/** Runs of fast-check's scheduler, measured once: they are asynchronous. */
async function fastCheck(): Promise<number> {
  const runs = 2_000;
  const started = performance.now();
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const words = [1, 1];
      const thread = async (own: number): Promise<void> => {
        for (let i = 0; i < 4; i++) {
          await scheduler.schedule(Promise.resolve());
          words[own]! += words[1 - own]!;
        }
      };
      const threads = [thread(0), thread(1)];
      await scheduler.waitAll();
      await Promise.all(threads);
    }),
    { numRuns: runs, seed: 1 },
  );
  return (runs / (performance.now() - started)) * 1_000;
}

const GENERATORS = "explore/generator-2x4";
const REORDER = PROGRAMS.get("reorder")!;
const TEN = { setters: 9, checkers: 1 };
const cases: readonly Case[] = [
  { name: GENERATORS, run: generators },
  { name: "explore/random-2x4", run: random(twoByFour, 200_000), baseline: GENERATORS },
  {
    name: "explore/random-2x4-generators",
    run: random(twoByFour, 200_000, {}, false),
    baseline: GENERATORS,
  },
  { name: "explore/optimal-fib_bench-4", run: optimal("fib_bench", { n: 4 }) },
  { name: "explore/optimal-fib_bench-4-generators", run: optimal("fib_bench", { n: 4 }, false) },
  { name: "explore/optimal-lastzero-12", run: optimal("lastzero", { n: 12 }) },
  { name: "explore/random-reorder_10", run: random(REORDER, 20_000, TEN) },
  { name: "explore/random-reorder_10-generators", run: random(REORDER, 20_000, TEN, false) },
];

const samples = interleave(cases, REPETITIONS);
const values = new Map(cases.map(({ name }) => [name, median(samples.get(name)!)]));
values.set("explore/fast-check-2x4", await fastCheck());
const baselines = new Map(cases.map(({ name, baseline }) => [name, baseline]));
for (const [name, value] of values) {
  const baseline = name === "explore/fast-check-2x4" ? GENERATORS : baselines.get(name);
  const more =
    baseline === undefined ? {} : { baseline, ratio: Number((value / values.get(baseline)!).toFixed(3)) };
  console.log(JSON.stringify({ name, value: Math.round(value), unit: "1/s", ...more }));
}
