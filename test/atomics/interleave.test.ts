/**
 * The runner of the concurrent tests, tested itself: it makes the schedules it is told, and all of them when
 * asked.
 */
import { describe, expect, test } from "vitest";
import {
  addr,
  type Coroutine,
  LocalMemory,
  type Memory,
  SteppedMemory,
  YIELD_PAUSE,
} from "../../src/atomics/index.ts";
import { allInterleavings, counted, inOrder, interleave, isAccess, runAlone } from "../support/interleave.ts";

const X = addr(8);

const makeMemory = (): Memory => new SteppedMemory(new LocalMemory(new ArrayBuffer(32)));

/** `times` lost-update increments: a load and a store each. */
function* increment(memory: Memory, times = 1): Coroutine<number> {
  for (let i = 0; i < times; i++) yield* memory.store32(X, (yield* memory.load32(X)) + 1);
  return times;
}

function* idle(steps: number): Coroutine<number> {
  for (let i = 0; i < steps; i++) yield YIELD_PAUSE;
  return steps;
}

const binomial = (n: number, k: number): number => (k === 0 ? 1 : (binomial(n - 1, k - 1) * n) / k);

describe("interleave", () => {
  test("each choice is one step of the one chosen among the live", () => {
    const memory = makeMemory();
    const run = interleave([increment(memory), increment(memory), idle(1)], [0, 4, 5, 1, 1]);
    expect(run.taken.map(({ actor }) => actor)).toEqual([0, 1, 2, 1, 0]);
    expect(run.schedule).toEqual([0, 1, 2, 1, 0]);
    expect(run.widths).toEqual([3, 3, 3, 2, 1]);
    expect(run.results).toEqual([1, 1, 1]);
    expect(run.taken.map(({ access }) => (isAccess(access) ? access.kind : access))).toEqual([
      "load",
      "load",
      YIELD_PAUSE,
      "store",
      "store",
    ]);
    expect(runAlone(memory.load32(X))).toBe(1);
  });

  test("a used-up schedule runs the first live one to its end", () => {
    const run = interleave([idle(2), idle(2)], [1]);
    expect(run.taken.map(({ actor }) => actor)).toEqual([1, 0, 0, 1]);
    expect(interleave([idle(2), idle(2)], run.schedule)).toEqual(run);
  });

  test("a coroutine without steps is finished before the first choice", () => {
    expect(interleave([idle(0), idle(1)], []).widths).toEqual([1]);
    expect(interleave([], []).results).toEqual([]);
  });

  test("an endless run is an error, and so is an error", () => {
    expect(() => interleave([idle(10), idle(11)], [], { maxSteps: 20 })).toThrow(/after 20 steps: 1/);
    expect(() => runAlone(idle(3), [], 2)).toThrow(/after 2 steps/);
    function* fails(): Coroutine<never> {
      yield YIELD_PAUSE;
      throw new Error("broken");
    }
    expect(() => interleave([fails()], [])).toThrow("broken");
  });

  test("afterStep sees memory after each step", () => {
    const memory = makeMemory();
    const seen: number[] = [];
    const words = new Uint32Array(memory.buffer);
    interleave([increment(memory, 3)], [], { afterStep: () => seen.push(words[X >>> 2]!) });
    expect(seen).toEqual([0, 1, 1, 2, 2, 3]);
  });

  test("counted counts steps and passes everything through", () => {
    const memory = makeMemory();
    const steps: number[] = [];
    const run = interleave([counted(increment(memory, 2), (count) => steps.push(count))], []);
    expect([steps, run.results, run.taken.length]).toEqual([[4], [2], 4]);
  });

  test("inOrder writes runs of one actor", () => {
    expect(inOrder([0, 2], [1, 1], [0, 1])).toEqual([0, 0, 1, 0]);
  });
});

describe("allInterleavings", () => {
  test.each([
    [[1, 1], 2],
    [[2, 2], 6],
    [[5, 5], binomial(10, 5)],
    [[3, 3, 3], 1680],
    [[0, 4], 1],
    [[], 1],
  ])("coroutines of %j steps have %d", (steps, expected) => {
    const seen = new Set<string>();
    const executions = allInterleavings(
      () => steps.map(idle),
      (run) => seen.add(run.taken.map(({ actor }) => actor).join("")),
    );
    expect(executions).toBe(expected);
    expect(seen.size).toBe(expected);
  });

  test("finds the lost update and repeats it from the schedule it names", () => {
    const finals = new Map<number, number>();
    let memory = makeMemory();
    const make = (): Coroutine<number>[] => {
      memory = makeMemory();
      return [increment(memory), increment(memory)];
    };
    const final = (): number => runAlone(memory.load32(X));
    allInterleavings(make, () => finals.set(final(), (finals.get(final()) ?? 0) + 1));
    expect([...finals].sort()).toEqual([
      [1, 4],
      [2, 2],
    ]);

    let message = "";
    try {
      allInterleavings(make, () => expect(final()).toBe(2));
    } catch (error) {
      message = (error as Error).message;
    }
    const schedule = JSON.parse(/schedule (\[[\d, ]*\])/.exec(message)?.[1] ?? "null") as number[];
    interleave(make(), schedule);
    expect(final()).toBe(1);
  });

  test("is bounded", () => {
    expect(() => allInterleavings(() => [idle(5), idle(5)], Boolean, { maxExecutions: 251 })).toThrow(
      /more than 251/,
    );
    expect(allInterleavings(() => [idle(5), idle(5)], Boolean, { maxExecutions: 252 })).toBe(252);
  });
});
