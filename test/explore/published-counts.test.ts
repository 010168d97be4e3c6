/**
 * The programs of bench/programs have as many executions as published (testing.md 4.1 and 4.2): optimal completes each class
 * once, gives up none, and no two of its executions have the same digest.
 */
import { describe, expect, test } from "vitest";
import { systemOf } from "../../bench/programs/define.ts";
import { PROGRAMS } from "../../bench/programs/registry.ts";
import { Optimal, Source } from "../../src/explore/index.ts";
import { type Counts, countAll } from "./fixture.ts";

const MAX_STEPS = 2_000;

function count(name: string, parameters: Record<string, number>, source = false): Counts {
  const system = systemOf(PROGRAMS.get(name)!, parameters);
  return countAll(source ? new Source(system, MAX_STEPS) : new Optimal(system, MAX_STEPS), system);
}

type Row = readonly [name: string, parameters: Record<string, number>, executions: number];

const PUBLISHED: readonly Row[] = [
  ["readers", { n: 2 }, 4],
  ["readers", { n: 8 }, 256],
  ["lastzero", { n: 5 }, 64],
  ["n_writers", { n: 3 }, 24],
  ["ainc", { n: 2 }, 2],
  ["ainc", { n: 3 }, 6],
  ["ainc", { n: 4 }, 24],
  ["inc", { n: 2 }, 4],
  ["inc", { n: 3 }, 36],
  ["cas", { n: 2 }, 2],
  ["cas", { n: 3 }, 3],
  ["cas", { n: 4 }, 4],
  ["cas", { n: 5 }, 5],
  ["casrot", { n: 2 }, 2],
  ["casrot", { n: 3 }, 5],
  ["casrot", { n: 4 }, 14],
  ["casrot", { n: 5 }, 43],
  ["fib_bench", { n: 1 }, 11],
  ["fib_bench", { n: 2 }, 140],
  ["jacm_ssb", {}, 7],
  ["philosophers", { n: 2 }, 3],
  ["philosophers", { n: 3 }, 7],
  ["sb", {}, 3],
  ["lb", {}, 3],
  ["mp", {}, 3],
  ["2+2w", {}, 3],
  ["s", {}, 3],
  ["wrc", {}, 7],
  ["isa2", {}, 7],
  ["iriw", {}, 15],
  ["mutex_deadlock", { n: 3 }, 3],
  ["mutex_order", { n: 3 }, 6],
  ["ticketlock", { n: 2 }, 2],
  ["spinlock", { n: 2 }, 4],
  ["futex_mutex", { n: 2 }, 12],
  ["indexer", { n: 12 }, 8],
  ["filesystem", { n: 14 }, 2],
];

describe("optimal exploration", () => {
  test.each(PUBLISHED)("%s %j has %i executions", (name, parameters, executions) => {
    const counts = count(name, parameters);
    expect(counts).toMatchObject({ complete: executions, classes: executions, blocked: 0 });
  });

  test("sees the one deadlock of the philosophers", () => {
    for (const n of [2, 3]) {
      const { violations } = count("philosophers", { n });
      expect(violations).toHaveLength(1);
      expect(violations[0]).toMatch(/^nobody can go on: t0 at lock fork 1 held by t1/);
    }
  });

  test("store, wait and notify have three outcomes", () => {
    expect(count("store_wait_notify", {})).toMatchObject({ complete: 4, classes: 4, states: 3, blocked: 0 });
  });
});

describe("source-DPOR", () => {
  test.each([
    ["lastzero", { n: 5 }, 64, 33],
    ["jacm_ssb", {}, 7, 5],
    ["readers", { n: 8 }, 256, 0],
    ["fib_bench", { n: 2 }, 140, 0],
    ["inc", { n: 3 }, 36, 0],
    ["n_writers", { n: 3 }, 24, 0],
  ] as const)("%s %j: %i complete and %i given up", (name, parameters, complete, blocked) => {
    expect(count(name, parameters, true)).toMatchObject({ complete, blocked, classes: complete });
  });
});

describe("the registry", () => {
  test("makes every program with its defaults", () => {
    for (const program of PROGRAMS.values()) {
      const system = systemOf(program);
      system.reset();
      expect(system.enabledCount()).toBeGreaterThan(0);
    }
  });

  test("refuses parameters that a program does not have", () => {
    expect(() => systemOf(PROGRAMS.get("sb")!, { n: 3 })).toThrow('sb has no parameter "n"');
  });
});
