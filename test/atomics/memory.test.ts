/**
 * The seam itself: the three memories give the same results for every operation.
 */
import { describe, expect, test } from "vitest";
import { addr, type Coroutine, EAGAIN, type Memory, type Step } from "../../src/atomics/index.ts";
import { runAlone } from "../support/interleave.ts";
import { MEMORIES } from "./fixture.ts";

const ALL_ONES = 0xffffffffffffffffn;
const POISON = 0xdeaddeaddeaddeadn;

describe.each(MEMORIES)("%s", (_name, make) => {
  const setUp = (): { memory: Memory; bytes: Uint8Array; run: <T>(step: Step<T>) => T } => {
    const memory = make(64);
    return { memory, bytes: new Uint8Array(memory.buffer), run: (step) => runAlone(step) };
  };

  test("stores are little-endian and stay within their word", () => {
    const { memory, bytes, run } = setUp();
    bytes.fill(0x77);
    expect(run(memory.store32(addr(12), 0x80c0ffee))).toBe(0);
    expect(run(memory.store64(addr(24), 0x8123456789abcdefn))).toBe(0);
    const expected = new Uint8Array(64).fill(0x77);
    expected.set([0xee, 0xff, 0xc0, 0x80], 12);
    expected.set([0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x81], 24);
    expect(bytes).toEqual(expected);
  });

  test("a 64-bit word is its two 32-bit words", () => {
    const { memory, run } = setUp();
    run(memory.store32(addr(8), 0x89abcdef));
    run(memory.store32(addr(12), 0xfedcba98));
    expect(run(memory.load64(addr(8)))).toBe(0xfedcba9889abcdefn);
    run(memory.xchg64(addr(8), POISON));
    expect(run(memory.load32(addr(8)))).toBe(0xdeaddead);
    expect(run(memory.load32(addr(12)))).toBe(0xdeaddead);
  });

  test("32 bits: values are unsigned and reduced to their word", () => {
    const { memory, run } = setUp();
    const a = addr(16);
    for (const value of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
      run(memory.store32(a, value));
      expect(run(memory.load32(a))).toBe(value);
      expect(run(memory.xchg32(a, value | 0))).toBe(value);
      expect(run(memory.cmpxchg32(a, value | 0, 5))).toBe(0);
      expect(run(memory.cmpxchg32(a, value === 5 ? 4 : value, 6))).toBe(-EAGAIN);
      expect(memory.observed32).toBe(5);
      expect(run(memory.xchg32(a, 0))).toBe(5);
    }
    run(memory.store32(a, -2));
    expect(run(memory.load32(a))).toBe(0xfffffffe);
    run(memory.store32(a, 2 ** 32 + 3));
    expect(run(memory.load32(a))).toBe(3);
  });

  test("64 bits: compared, exchanged and loaded whole", () => {
    const { memory, run } = setUp();
    const a = addr(40);
    for (const value of [0n, 1n, 1n << 32n, 1n << 63n, POISON, ALL_ONES]) {
      run(memory.store64(a, value));
      for (const near of [value ^ 1n, value ^ (1n << 32n), value ^ (1n << 63n)]) {
        expect(run(memory.cmpxchg64(a, near, 7n))).toBe(-EAGAIN);
        expect(memory.observed64).toBe(value);
        expect(run(memory.load64(a))).toBe(value);
      }
      expect(run(memory.cmpxchg64(a, value, value ^ ALL_ONES))).toBe(0);
      expect(run(memory.xchg64(a, value))).toBe(value ^ ALL_ONES);
      expect(run(memory.load64(a))).toBe(value);
    }
  });

  test("a compare-exchange with the value already there writes and succeeds", () => {
    const { memory, run } = setUp();
    expect(run(memory.cmpxchg32(addr(0), 0, 0))).toBe(0);
    expect(run(memory.cmpxchg64(addr(0), 0n, 0n))).toBe(0);
    expect(run(memory.load64(addr(0)))).toBe(0n);
  });

  test("results read one after another do not disturb one another", () => {
    // Memories reuse one result object; a value must be out of it before the next operation.
    const { memory, run } = setUp();
    run(memory.store32(addr(0), 1));
    run(memory.store32(addr(4), 2));
    run(memory.store64(addr(8), 3n));
    run(memory.store64(addr(16), 4n));
    function* body(): Coroutine<(bigint | number)[]> {
      return [
        yield* memory.load32(addr(0)),
        yield* memory.load32(addr(4)),
        yield* memory.load64(addr(8)),
        yield* memory.load64(addr(16)),
        yield* memory.cmpxchg32(addr(0), 9, 9),
      ];
    }
    expect(run(body())).toEqual([1, 2, 3n, 4n, -EAGAIN]);
  });

  test("copies move bytes of any alignment", () => {
    const { memory, bytes, run } = setUp();
    for (let i = 0; i < 64; i++) bytes[i] = i;
    const into = new Uint8Array(5);
    expect(run(memory.copyOut(addr(59), into))).toBe(0);
    expect([...into]).toEqual([59, 60, 61, 62, 63]);
    expect(run(memory.copyIn(addr(1), Uint8Array.of(9, 8, 7)))).toBe(0);
    expect([...bytes.subarray(0, 6)]).toEqual([0, 9, 8, 7, 4, 5]);
    expect(run(memory.copyOut(addr(3), new Uint8Array(0)))).toBe(0);
  });

  test("a fence answers 0", () => {
    const { memory, run } = setUp();
    expect(run(memory.fence())).toBe(0);
  });
});
