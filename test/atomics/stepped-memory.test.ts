/**
 * SteppedMemory: every operation announces its footprint, and happens only when resumed.
 */
import { describe, expect, test } from "vitest";
import {
  addr,
  EAGAIN,
  LocalMemory,
  type Memory,
  RESUME,
  type Step,
  SteppedMemory,
} from "../../src/atomics/index.ts";

const A = addr(16);

function setUp(): { memory: SteppedMemory; longs: BigUint64Array } {
  const memory = new SteppedMemory(new LocalMemory(new ArrayBuffer(32)));
  const longs = new BigUint64Array(memory.buffer);
  longs[2] = 10n;
  return { memory, longs };
}

const OPERATIONS: readonly (readonly [
  name: keyof Memory,
  footprint: { kind: string; size: number },
  call: (memory: Memory) => Step<bigint | number>,
  answer: bigint | number,
  leaves: bigint,
])[] = [
  ["load32", { kind: "load", size: 4 }, (m) => m.load32(A), 11, 11n],
  ["store32", { kind: "store", size: 4 }, (m) => m.store32(A, 5), 0, 5n],
  ["cmpxchg32", { kind: "cmpxchg", size: 4 }, (m) => m.cmpxchg32(A, 11, 5), 0, 5n],
  ["xchg32", { kind: "xchg", size: 4 }, (m) => m.xchg32(A, 5), 11, 5n],
  ["load64", { kind: "load", size: 8 }, (m) => m.load64(A), 11n, 11n],
  ["store64", { kind: "store", size: 8 }, (m) => m.store64(A, 5n), 0, 5n],
  ["cmpxchg64", { kind: "cmpxchg", size: 8 }, (m) => m.cmpxchg64(A, 11n, 5n), 0, 5n],
  ["xchg64", { kind: "xchg", size: 8 }, (m) => m.xchg64(A, 5n), 11n, 5n],
  ["copyOut", { kind: "load", size: 3 }, (m) => m.copyOut(A, new Uint8Array(3)), 0, 11n],
  ["copyIn", { kind: "store", size: 3 }, (m) => m.copyIn(A, Uint8Array.of(5, 0, 0)), 0, 5n],
];

describe("SteppedMemory", () => {
  test.each(OPERATIONS)("%s announces %o before it happens", (_name, footprint, call, answer, leaves) => {
    const { memory, longs } = setUp();
    const iterator = call(memory)[Symbol.iterator]();
    expect(iterator.next()).toEqual({ done: false, value: { ...footprint, addr: A } });
    // Not before it is resumed: what another writes meanwhile is what the operation finds.
    expect(longs[2]).toBe(10n);
    longs[2] = 11n;
    expect(iterator.next(RESUME)).toEqual({ done: true, value: answer });
    expect(longs[2]).toBe(leaves);
  });

  test("the word found by a losing compare-exchange is the one there when it was made", () => {
    const { memory, longs } = setUp();
    const narrow = memory.cmpxchg32(A, 10, 5);
    const wide = memory.cmpxchg64(A, 10n, 5n);
    narrow.next();
    wide.next();
    longs[2] = 12n;
    expect(narrow.next(RESUME).value).toBe(-EAGAIN);
    expect(memory.observed32).toBe(12);
    longs[2] = 0xdeaddeaddeaddeadn;
    expect(wide.next(RESUME).value).toBe(-EAGAIN);
    expect(memory.observed64).toBe(0xdeaddeaddeaddeadn);
  });

  test("a fence touches nothing and is no scheduling point", () => {
    const { memory } = setUp();
    expect(memory.fence()[Symbol.iterator]().next().done).toBe(true);
  });

  test("the buffer is that of the memory underneath", () => {
    const under = new LocalMemory(new ArrayBuffer(8));
    expect(new SteppedMemory(under).buffer).toBe(under.buffer);
  });
});
