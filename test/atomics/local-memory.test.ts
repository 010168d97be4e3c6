/**
 * LocalMemory's budget: how a program that spins on a word lets time pass.
 */
import { describe, expect, test } from "vitest";
import {
  addr,
  type Coroutine,
  EAGAIN,
  LocalMemory,
  RESUME,
  STEP_BUDGET,
  type Step,
  YIELD_PAUSE,
} from "../../src/atomics/index.ts";

const A = addr(8);
const WORD32 = 0xc0000001;
const WORD64 = 0xdeaddeaddeaddeadn;

interface Operation {
  readonly name: string;
  readonly call: (memory: LocalMemory) => Step<bigint | number>;
  readonly answer: bigint | number;
  readonly leaves: bigint;
}

const HIGH = 5n << 32n;

/** On a 64-bit word whose low half is WORD32 and whose high half is 5. */
const OPERATIONS32: readonly Operation[] = [
  { name: "load32", call: (m) => m.load32(A), answer: WORD32, leaves: HIGH | BigInt(WORD32) },
  { name: "store32", call: (m) => m.store32(A, 3), answer: 0, leaves: HIGH | 3n },
  { name: "cmpxchg32", call: (m) => m.cmpxchg32(A, WORD32, 3), answer: 0, leaves: HIGH | 3n },
  { name: "cmpxchg32", call: (m) => m.cmpxchg32(A, 1, 3), answer: -EAGAIN, leaves: HIGH | BigInt(WORD32) },
  { name: "xchg32", call: (m) => m.xchg32(A, 3), answer: WORD32, leaves: HIGH | 3n },
];

/** On WORD64. */
const OPERATIONS64: readonly Operation[] = [
  { name: "load64", call: (m) => m.load64(A), answer: WORD64, leaves: WORD64 },
  { name: "store64", call: (m) => m.store64(A, 3n), answer: 0, leaves: 3n },
  { name: "cmpxchg64", call: (m) => m.cmpxchg64(A, WORD64, 3n), answer: 0, leaves: 3n },
  { name: "cmpxchg64", call: (m) => m.cmpxchg64(A, 0n, 3n), answer: -EAGAIN, leaves: WORD64 },
  { name: "xchg64", call: (m) => m.xchg64(A, 3n), answer: WORD64, leaves: 3n },
];

const OPERATIONS = [
  ...OPERATIONS32.map((operation) => ({ ...operation, before: HIGH | BigInt(WORD32) })),
  ...OPERATIONS64.map((operation) => ({ ...operation, before: WORD64 })),
];

function setUp(before: bigint, budget: number): { memory: LocalMemory; longs: BigUint64Array } {
  const memory = new LocalMemory(new ArrayBuffer(32));
  memory.budget = budget;
  const longs = new BigUint64Array(memory.buffer);
  longs[1] = before;
  return { memory, longs };
}

function* body<T>(step: () => Step<T>): Coroutine<T> {
  return yield* step();
}

describe("the budget", () => {
  test.each(OPERATIONS)("$name -> $answer pauses once when it is used up", (operation) => {
    const { memory, longs } = setUp(operation.before, 0);
    const running = body(() => operation.call(memory));
    expect(running.next()).toEqual({ done: false, value: YIELD_PAUSE });
    expect(longs[1]).toBe(operation.before);
    memory.budget = STEP_BUDGET;
    expect(running.next(RESUME)).toEqual({ done: true, value: operation.answer });
    expect(longs[1]).toBe(operation.leaves);
    expect(memory.budget).toBe(STEP_BUDGET - 1);
  });

  test.each(OPERATIONS)("$name -> $answer takes one unit and does not pause", (operation) => {
    const { memory, longs } = setUp(operation.before, 1);
    expect(body(() => operation.call(memory)).next()).toEqual({ done: true, value: operation.answer });
    expect(longs[1]).toBe(operation.leaves);
    expect(memory.budget).toBe(0);
  });

  test("a paused operation acts on the word as it is when resumed", () => {
    const { memory, longs } = setUp(1n, 0);
    const running = body(() => memory.cmpxchg64(A, 1n, 2n));
    running.next();
    longs[1] = 7n;
    memory.budget = 1;
    expect(running.next(RESUME)).toEqual({ done: true, value: -EAGAIN });
    expect(memory.observed64).toBe(7n);
    expect(longs[1]).toBe(7n);
  });

  test("an operation pauses again when the host did not refill", () => {
    const { memory } = setUp(4n, 0);
    const running = body(() => memory.load64(A));
    expect(running.next().value).toBe(YIELD_PAUSE);
    expect(running.next(RESUME).value).toBe(YIELD_PAUSE);
    memory.budget = 1;
    expect(running.next(RESUME)).toEqual({ done: true, value: 4n });
  });

  test("a new memory has STEP_BUDGET of them, and a spin pauses after exactly that many", () => {
    const memory = new LocalMemory(new ArrayBuffer(32));
    let loads = 0;
    function* spin(): Coroutine<void> {
      for (;;) {
        if ((yield* memory.load32(A)) !== 0) return;
        loads++;
      }
    }
    const spinning = spin();
    for (let pauses = 1; pauses <= 3; pauses++) {
      expect(spinning.next(...(pauses === 1 ? [] : [RESUME])).value).toBe(YIELD_PAUSE);
      expect(loads).toBe(pauses * STEP_BUDGET);
      memory.budget = STEP_BUDGET;
    }
    new Uint32Array(memory.buffer)[A >>> 2] = 1;
    expect(spinning.next(RESUME).done).toBe(true);
  });

  test("two paused operations of two coroutines keep their own arguments", () => {
    const { memory, longs } = setUp(0n, 0);
    const one = body(() => memory.store64(addr(16), 1n));
    const two = body(() => memory.store64(addr(24), 2n));
    one.next();
    two.next();
    memory.budget = 2;
    two.next(RESUME);
    one.next(RESUME);
    expect([...longs.subarray(2)]).toEqual([1n, 2n]);
  });
});
