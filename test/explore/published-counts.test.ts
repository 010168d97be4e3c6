/**
 * The programs of bench/programs have as many executions as published (GenMC, Nidhugg, Concuerror, dscheck): optimal completes each class
 * once, gives up none, and no two of its executions have the same digest.
 */
import { describe, expect, test } from "vitest";
import { systemOf } from "../../bench/programs/define.ts";
import { PROGRAMS } from "../../bench/programs/registry.ts";
import { bareProgram, explore, Optimal, RandomWalk, Source } from "../../src/explore/index.ts";
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
  ["mutex_vs_trylock", { n: 1 }, 3],
  ["mutex_vs_trylock", { n: 2 }, 16],
  ["mutex_vs_trylock", { n: 2, ordered: 0 }, 15],
  ["trylock_unlock", { n: 3 }, 24],
  ["trylock_unlock", { n: 3, ordered: 0 }, 21],
  ["lastzero", { n: 8 }, 704],
  ["binc", { n: 3 }, 36],
  ["cinc", { n: 3 }, 216],
  ["casw", { n: 3 }, 66],
  ["wcas", { n: 5 }, 81],
  ["wainc", { n: 4 }, 120],
  ["coa", { n: 3 }, 130],
  ["dekker", {}, 3],
  ["lamport_fast", {}, 16],
  ["mcs", {}, 6],
  ["barrier", {}, 2],
  ["chase_lev", {}, 59],
];

/** Published without attempts that failed and changed nothing: `cut` gives those up. */
const WITHOUT_ATTEMPTS: readonly Row[] = [
  ["spinlock", {}, 4],
  ["ttaslock", { cut: 1 }, 4],
  ["seqlock", { cut: 1 }, 2],
  ["treiber", { cut: 1 }, 18],
  ["rwlock", { readers: 0, writers: 0, both: 2, cut: 1 }, 14],
];

/** Locks and structures that are right, and what is wrong with those that are not. */
const RIGHT: readonly (readonly [name: string, parameters: Record<string, number>])[] = [
  ["bakery", {}],
  ["burns", {}],
  ["clh", { n: 3 }],
  ["mcs", { n: 3 }],
  ["ms_queue", { enqueuers: 0, dequeuers: 0, both: 2 }],
  ["rwlock", {}],
  ["seqlock", { rounds: 2 }],
  ["szymanski", {}],
  ["treiber", {}],
  ["treiber_aba", { counted: 1 }],
  ["ttaslock", { n: 3 }],
  ["chase_lev", { stealers: 2, pushes: 2, pops: 1 }],
];

const WRONG: readonly (readonly [name: string, parameters: Record<string, number>, message: RegExp])[] = [
  ["bakery", { wrong: 1 }, /two threads are inside/],
  ["szymanski", { symmetric: 1 }, /nobody can go on: t0 at await flag\[1\], t1 at await flag\[0\]/],
  ["treiber_aba", {}, /a node was popped that somebody has/],
  ["chase_lev", { wrong: 1, stealers: 2, pushes: 2, pops: 1 }, /a value was had twice/],
  ["bluetooth_driver", {}, /it works after it was stopped/],
  ["carter01", {}, /nobody can go on/],
  ["token_ring", {}, /the numbers differ/],
  ["circular_buffer", { n: 3 }, /another number was received/],
  ["phase01", {}, /nobody can go on: .* at lock x/],
];

describe("optimal exploration", () => {
  test.each(PUBLISHED)("%s %j has %i executions", (name, parameters, executions) => {
    const counts = count(name, parameters);
    expect(counts).toMatchObject({ complete: executions, classes: executions, blocked: 0 });
  });

  test.each(WITHOUT_ATTEMPTS)("%s %j has %i without attempts in vain", (name, parameters, executions) => {
    expect(count(name, parameters)).toMatchObject({ complete: executions, classes: executions, blocked: 0 });
  });

  test("peterson has 4 once the search knows its loop for an await", () => {
    const { make, options } = PROGRAMS.get("peterson")!;
    const program = bareProgram(make({ wrong: 0 }), options({ wrong: 0 }));
    expect(explore(program)).toMatchObject({ executions: 4, distinct: 4, blocked: 0, complete: true });
  });

  test.each(RIGHT)("finds nothing wrong with %s %j", (name, parameters) => {
    expect(count(name, parameters)).toMatchObject({ blocked: 0, violations: [] });
  });

  test.each(WRONG)("finds what is wrong with %s %j", (name, parameters, message) => {
    const { blocked, violations } = count(name, parameters);
    expect(blocked).toBe(0);
    expect(violations.join("; ")).toMatch(message);
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

  test.each([
    ["lastwrite", 100],
    ["lastzero", 260],
    ["sigma", 260],
    ["indexer", 32],
    ["filesystem", 26],
  ])("has room for %s with n = %i", (name, n) => {
    const system = systemOf(PROGRAMS.get(name)!, { n });
    const walk = new RandomWalk(system, 1, 10_000);
    walk.execute();
    system.finish();
    expect(system.violations).toEqual([]);
  });

  test.each([
    ["indexer", 33, "indexer has 128 places, for 32 threads at most; n is 33"],
    ["filesystem", 27, "filesystem has 26 blocks, for as many threads at most; n is 27"],
    ["philosophers", 1_025, "1025 threads; 1024 are the most"],
    ["philosophers", 0, "the program has no thread"],
  ])("says what %s cannot be with n = %i", (name, n, message) => {
    expect(() => systemOf(PROGRAMS.get(name)!, { n })).toThrow(message);
  });

  test("refuses parameters that a program does not have", () => {
    expect(() => systemOf(PROGRAMS.get("sb")!, { n: 3 })).toThrow('sb has no parameter "n"');
  });
});
