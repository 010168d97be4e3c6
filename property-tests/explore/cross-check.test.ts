/**
 * Naive enumeration, sleep sets, source-DPOR and optimal DPOR see the same classes and the same final states of random
 * programs; the reduced ones complete each class once, and optimal gives up none.
 */
import { test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import {
  BareSystem,
  COMPLETE,
  DepthFirst,
  makeStrategy,
  Optimal,
  RESTARTED,
  SLEEP_BLOCKED,
  Source,
  type Strategy,
  type System,
} from "../../src/explore/index.ts";
import {
  ALL_KINDS,
  asProgram,
  FUTEX,
  type Line,
  LOCKS,
  PLAIN,
  type RandomProgram,
  randomProgram,
  SPINS,
  WORDS,
} from "./random-programs.ts";

/** Executions until a program is called too large for a strategy. */
const NAIVE_LIMIT = 1_000;
const LIMIT = 3_000;
const FEW = 300;
const MAX_STEPS = 100;

interface Seen {
  readonly complete: number;
  readonly blocked: number;
  readonly classes: ReadonlySet<number>;
  readonly states: ReadonlySet<number>;
  /** What went wrong in which class, as texts. */
  readonly violations: ReadonlySet<string>;
}

function see(program: RandomProgram, make: (system: System) => Strategy, limit: number): Seen | undefined {
  const system = new BareSystem(asProgram(program), { bytes: 128, wakeOrder: program.any ? "any" : "fifo" });
  const strategy = make(system);
  const seen = {
    complete: 0,
    blocked: 0,
    classes: new Set<number>(),
    states: new Set<number>(),
    violations: new Set<string>(),
  };
  do {
    const ended = strategy.execute();
    if (ended === SLEEP_BLOCKED) seen.blocked++;
    else seen.complete++;
    if (seen.complete + seen.blocked > limit) return undefined;
    if (ended !== COMPLETE) continue;
    seen.classes.add(strategy.signature);
    seen.states.add(system.stateHash());
    system.finish();
    for (const { message } of system.violations) seen.violations.add(message);
  } while (strategy.advance());
  return seen;
}

function crossCheck(program: RandomProgram): void {
  const sleep = see(
    program,
    (system) => new DepthFirst(system, { sleepSets: true, maxSteps: MAX_STEPS }),
    LIMIT,
  );
  if (sleep === undefined) return;
  expect(sleep.complete).toBe(sleep.classes.size);
  const naive = see(
    program,
    (system) => new DepthFirst(system, { sleepSets: false, maxSteps: MAX_STEPS }),
    NAIVE_LIMIT,
  );
  if (naive !== undefined) {
    expect(naive.classes).toEqual(sleep.classes);
    expect(naive.states).toEqual(sleep.states);
    expect(naive.violations).toEqual(sleep.violations);
  }
  for (const optimal of [false, true]) {
    const reduced = see(
      program,
      (system) => (optimal ? new Optimal(system, MAX_STEPS) : new Source(system, MAX_STEPS)),
      LIMIT,
    )!;
    expect(reduced.classes).toEqual(sleep.classes);
    expect(reduced.states).toEqual(sleep.states);
    expect(reduced.violations).toEqual(sleep.violations);
    expect(reduced.complete).toBe(sleep.complete);
    if (optimal) expect(reduced.blocked).toBe(0);
  }
}

/** The same of programs that are too large for the others. */
function againstSource(program: RandomProgram): void {
  const source = see(program, (system) => new Source(system, MAX_STEPS), FEW);
  if (source === undefined) return;
  const optimal = see(program, (system) => new Optimal(system, MAX_STEPS), FEW)!;
  expect({ ...optimal, blocked: 0 }).toEqual({ ...source, blocked: 0 });
  expect(optimal.blocked).toBe(0);
}

/** Executions and final states of optimal exploration, or undefined if there are too many. */
function seeSpinning(program: RandomProgram, spins: boolean): object | undefined {
  const system = new BareSystem(asProgram(program, spins), { bytes: 128 });
  const search = makeStrategy(system, { strategy: "optimal", seed: 1, maxSteps: 300 });
  let states = new Set<number>();
  let executions = 0;
  do {
    const ended = search.execute();
    if (ended === RESTARTED) {
      executions = 0;
      states = new Set();
      continue;
    }
    expect(ended).toBe(COMPLETE);
    executions++;
    states.add(system.stateHash());
    if (!spins && executions > 300) return undefined;
  } while (search.advance());
  return { executions, states };
}

describe("a loop that looks for a value", () => {
  test.prop([randomProgram(SPINS)])("is explored as an await", (program) => {
    const awaits = seeSpinning(program, false);
    if (awaits !== undefined) expect(seeSpinning(program, true)).toEqual(awaits);
  });
});

describe("all strategies see the same", () => {
  test.prop([randomProgram(WORDS)])("of words", crossCheck);
  test.prop([randomProgram(FUTEX)])("of futexes", crossCheck);
  test.prop([randomProgram(LOCKS)])("of locks and awaits", crossCheck);
  test.prop([randomProgram(PLAIN)])("of plain accesses, the same data races", crossCheck);
  test.prop([randomProgram(ALL_KINDS, { spawns: true })])("of everything together", crossCheck);

  // What comes behind a race decides what covers its reversal: with fewer threads than five that makes no difference.
  const MANY = { threads: 5, maxLines: 2 };
  test.prop([randomProgram(["load", "store"], MANY)])("of five threads that load and store", againstSource);
  test.prop([randomProgram([...WORDS, ...LOCKS, ...FUTEX], MANY)])("of five threads", againstSource);

  test("of a load, a store, a load, a store, and a load before a store", () => {
    const line = (kind: "load" | "store", word: number): Line => ({
      operation: [kind, word, 1],
      guarded: false,
    });
    const threads = [
      [line("load", 0)],
      [line("store", 1)],
      [line("load", 1)],
      [line("store", 0)],
      [line("load", 0), line("store", 1)],
    ];
    againstSource({ threads, spawned: false, any: false, faults: false });
  });
});
