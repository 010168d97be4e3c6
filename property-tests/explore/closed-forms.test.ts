/**
 * How many classes of executions the programs of bench/programs have, as functions of n: each by optimal search, with none given up and
 * no two alike, and at the smaller sizes by source sets and by sleep sets, which must see the same classes and final states.
 */
import { describe, expect, test } from "vitest";
import { type BenchProgram, type Parameters, systemOf } from "../../bench/programs/define.ts";
import { PROGRAMS } from "../../bench/programs/registry.ts";
import { DepthFirst, Optimal, Source } from "../../src/explore/index.ts";
import { type Counts, countAll } from "../../test/explore/fixture.ts";

const MAX_STEPS = 2_000;
/** Classes up to which the others are held against optimal: sleep sets alone give up many more than that. */
const COMPARED = 30;

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
const choose = (n: number, k: number): number => factorial(n) / factorial(k) / factorial(n - k);
/** Orders of n blocks of k. */
const words = (n: number, k: number): number => factorial(n * k) / factorial(k) ** n;

type Form = readonly [name: string, sizes: readonly number[], count: (n: number) => number];

const FORMS: readonly Form[] = [
  ["readers", [1, 2, 5, 6, 9], (n) => 2 ** n],
  ["lastzero", [2, 3, 5, 9], (n) => (n + 3) * 2 ** (n - 2)],
  ["n_writers", [1, 2, 3, 4, 5], (n) => factorial(n + 1)],
  ["floating_read", [1, 2, 3, 4], (n) => factorial(n + 1)],
  ["wainc", [1, 2, 3, 4, 5], (n) => factorial(n + 1)],
  ["lastwrite", [1, 2, 3, 4, 5], factorial],
  ["ainc", [1, 2, 3, 4, 6], factorial],
  ["mutex_order", [1, 2, 3, 4, 5], factorial],
  ["lockinc", [1, 2, 3, 4, 5], factorial],
  ["co10", [1, 2, 3, 4], factorial],
  ["inc", [1, 2, 3, 4], (n) => factorial(n) ** 2],
  ["binc", [1, 2, 3, 4], (n) => factorial(n) ** 2],
  ["myexample", [1, 2, 3, 4], (n) => factorial(n) ** 2],
  ["rw", [1, 2, 3, 4], (n) => factorial(n) ** 2],
  ["cinc", [1, 2, 3], (n) => factorial(n) ** 3],
  ["account_mcr", [1, 2, 3], (n) => factorial(n + 1) ** 2],
  ["airline", [1, 2, 3, 4], (n) => factorial(n) ** 2],
  ["cas", [1, 2, 5, 12], (n) => n],
  ["mutex_deadlock", [1, 2, 5, 12], (n) => n],
  ["wcas", [1, 2, 3, 5, 7], (n) => n * 2 ** (n - 1) + 1],
  ["philosophers", [2, 3, 4, 6], (n) => 2 ** n - 1],
  ["sigma", [1, 2, 3, 4], (n) => factorial(2 * n) / factorial(n) / 2 ** n],
  ["control_flow", [1, 2, 3, 4], (n) => factorial(n) * (2 ** n + 2 * n + 1)],
  ["redundant_co", [1, 2, 3], (n) => choose(2 * n, n) * choose(2 * n + 2, 2)],
  ["trylock_unlock", [1, 2, 3, 4], (n) => factorial(n) * 2 ** (n - 1)],
  ["mutex_vs_trylock", [1, 2, 3], (n) => factorial(n) * 2 ** (n - 1) * (n + 2)],
  ["indexer", [1, 5, 11, 12, 13], (n) => 8 ** Math.max(0, n - 11)],
  ["filesystem", [1, 5, 13, 14, 16], (n) => 2 ** Math.max(0, n - 13)],
  ["length_parametric", [0, 1, 50], () => 4],
  ["thread_parametric", [2, 8], () => 4],
  ["shared_ptr", [0, 1, 2, 40], (n) => 4 * n + 10],
  ["dekker2_fixed", [1, 2, 4], () => 6],
  ["pthread_demo", [1, 2], (n) => words(n, 5)],
  ["alpha1", [1, 2, 3, 4], (n) => factorial(n + 2) / 2],
  ["alpha2", [1, 2, 3], (n) => factorial(n + 3) / 6],
  ["co1", [1, 2, 3, 4], (n) => factorial(n + 2) / 2],
  ["co4", [1, 2, 3, 4], (n) => factorial(n + 2) / 2],
  ["co_2+2w", [1, 2, 3], (n) => words(n, 2)],
  ["co_mp", [1, 2], (n) => words(n + 1, 2)],
  ["co_r", [1, 2], (n) => words(n + 1, 2)],
  ["co_s", [1, 2], (n) => words(n + 1, 2)],
];

const COUNTS: readonly (readonly [name: string, parameters: Parameters, executions: number])[] = [
  ["casrot", { n: 7 }, 523],
  ["casw", { n: 4 }, 1_200],
  ["coa", { n: 4 }, 2_028],
  ["fib_bench", { n: 3 }, 1_698],
  ["race_parametric", { n: 4 }, 3_334],
  ["eratosthenes", { n: 5 }, 398],
  ["publish", {}, 42],
  ["popl14", {}, 5],
  ["n_writes_a_read", { n: 4 }, 182],
  ["opt_lock", { n: 3 }, 126],
  ["fib_one_variable", { n: 2 }, 1_530],
  ["exponential_bug", { n: 1 }, 1_955],
  ["sat_example", {}, 2_476],
  ["approxds_append", { n: 4 }, 2_460],
  ["poke", { n: 2 }, 104],
  ["dispatcher", { n: 2 }, 32],
  ["multiprodcon", { n: 2 }, 18],
];

function hold(program: BenchProgram, parameters: Parameters, expected: number): void {
  const system = systemOf(program, parameters);
  const optimal = countAll(new Optimal(system, MAX_STEPS), system);
  expect(optimal).toMatchObject({ complete: expected, classes: expected, blocked: 0, pruned: 0 });
  if (expected > COMPARED || system.actors > 4) return;
  const same = ({ complete, classes, states, violations }: Counts) => [complete, classes, states, violations];
  for (const search of [
    new Source(system, MAX_STEPS),
    new DepthFirst(system, { sleepSets: true, maxSteps: MAX_STEPS }),
  ]) {
    expect(same(countAll(search, system))).toEqual(same(optimal));
  }
}

describe("the number of classes is that of the formula", () => {
  test.each(FORMS)("%s for n of %j", (name, sizes, count) => {
    for (const n of sizes) hold(PROGRAMS.get(name)!, { n }, count(n));
  });

  test.each(COUNTS)("%s %j: %i", (name, parameters, executions) => {
    hold(PROGRAMS.get(name)!, parameters, executions);
  });
});
