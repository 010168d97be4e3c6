/**
 * The kernel's accessors against every kind of address, on all three memories.
 *
 * The tables are in `accessors.ts` (what) and `fixture.ts` (where); a test here is one rule, applied to all
 * of them.
 */
import { describe, expect, test } from "vitest";
import {
  type Addr,
  type Coroutine,
  EAGAIN,
  EFAULT,
  PAGE_SIZE,
  READ,
  UserAccess,
  YIELD_PAUSE,
  type Yielded,
} from "../../src/atomics/index.ts";
import { runAlone } from "../support/interleave.ts";
import { ACCESSORS, type Accessor, MISMATCHES, WORD32, WORD64 } from "./accessors.ts";
import {
  ABSENT,
  ABSENT_READONLY,
  at,
  badAddresses,
  firstDifference,
  LAST,
  MEMORIES,
  makeSpace,
  READONLY,
  READWRITE,
  type Space,
} from "./fixture.ts";

/** Accessors that may sleep when `sleeping`, else those that may not. */
const family = (sleeping: boolean): readonly Accessor[] => ACCESSORS.filter((a) => a.nosleep !== sleeping);

/** Puts the table's word at `a`, behind the page table's back. */
function seed(space: Space, a: Addr, size: 4 | 8): void {
  if (size === 4) space.words[a >>> 2] = WORD32;
  else space.longs[a >>> 3] = WORD64;
}

function wordAt(space: Space, a: Addr, size: 4 | 8): bigint | number {
  return size === 4 ? space.words[a >>> 2]! : space.longs[a >>> 3]!;
}

/** All bytes but the `size` at `a`, to see that nothing else was written. */
function others(space: Space, a: Addr, size: number): Uint8Array {
  return space.bytes.slice().fill(0, a, a + size);
}

describe.each(MEMORIES)("UserAccess on %s", (_name, make) => {
  test.each(ACCESSORS)("$name succeeds on a present page and touches its word alone", (accessor) => {
    for (const a of [
      at(READWRITE),
      at(READWRITE, 8),
      at(READWRITE, PAGE_SIZE - 8),
      at(LAST, PAGE_SIZE - 8),
    ]) {
      const space = makeSpace(make);
      seed(space, a, accessor.size);
      const around = others(space, a, accessor.size);
      expect(runAlone(accessor.call(space.access, a))).toBe(accessor.answer);
      expect(wordAt(space, a, accessor.size)).toBe(accessor.leaves);
      expect(firstDifference(others(space, a, accessor.size), around)).toBe(-1);
      expect(space.faults).toEqual([]);
    }
  });

  test.each(MISMATCHES)("$name hands back the word it found and leaves it", ({ size, call }) => {
    const space = makeSpace(make);
    const a = at(READWRITE, 16);
    seed(space, a, size);
    const before = space.bytes.slice();
    expect(runAlone(call(space.access, a))).toBe(-EAGAIN);
    expect(size === 4 ? space.access.observed32 : space.access.observed64).toBe(size === 4 ? WORD32 : WORD64);
    expect(firstDifference(space.bytes, before)).toBe(-1);
  });

  test("32-bit words of 2^31 and above come back unsigned", () => {
    const { access, words } = makeSpace(make);
    const a = at(READWRITE);
    for (const value of [0x80000000, 0xdeadbeef, 0xffffffff]) {
      expect(runAlone(access.putUser32(a, value))).toBe(0);
      expect(words[a >>> 2]).toBe(value);
      expect(runAlone(access.getUser32(a))).toBe(value);
      expect(runAlone(access.getUser32Nosleep(a))).toBe(value);
      expect(runAlone(access.cmpxchgUser32(a, 0, 1))).toBe(-EAGAIN);
      expect(access.observed32).toBe(value);
      // An expected word that went through JavaScript's signed operators is the same word.
      expect(runAlone(access.cmpxchgUser32(a, value | 0, 1))).toBe(0);
    }
  });

  test("64-bit words are compared and moved whole", () => {
    const { access, longs, words } = makeSpace(make);
    const a = at(READWRITE, 8);
    const values = [0n, 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 0xdeaddeaddeaddeadn, 2n ** 64n - 1n];
    for (const value of values) {
      expect(runAlone(access.putUser64(a, value))).toBe(0);
      expect(longs[a >>> 3]).toBe(value);
      expect([words[a >>> 2], words[(a >>> 2) + 1]]).toEqual([
        Number(value & 0xffffffffn),
        Number(value >> 32n),
      ]);
      expect(runAlone(access.getUser64(a))).toBe(value);
      // Each of the two differs from the word in one half only.
      for (const near of [value ^ (1n << 32n), value ^ 1n]) {
        expect(runAlone(access.cmpxchgUser64(a, near, 0n))).toBe(-EAGAIN);
        expect(access.observed64).toBe(value);
      }
      expect(runAlone(access.cmpxchgUser64(a, value, value ^ (2n ** 64n - 1n)))).toBe(0);
      expect(runAlone(access.xchgUser64(a, value))).toBe(value ^ (2n ** 64n - 1n));
    }
  });

  describe.each(["refuse", "resolve-as-write"] as const)("nosleep: %s", (nosleep) => {
    test.each(ACCESSORS)("$name answers -EFAULT to every bad address and writes nothing", (accessor) => {
      const space = makeSpace(make, { nosleep });
      const before = space.bytes.slice();
      for (const [name, a] of badAddresses(accessor.size)) {
        expect([name, runAlone(accessor.call(space.access, a))]).toEqual([name, -EFAULT]);
      }
      expect(firstDifference(space.bytes, before)).toBe(-1);
      expect(space.faults).toEqual([]);
    });

    test.each(ACCESSORS)("$name may read a read-only page, and only read it", (accessor) => {
      const space = makeSpace(make, { nosleep });
      const a = at(READONLY, 24);
      seed(space, a, accessor.size);
      const before = space.bytes.slice();
      const answer = accessor.writes ? -EFAULT : accessor.answer;
      expect(runAlone(accessor.call(space.access, a))).toBe(answer);
      expect(firstDifference(space.bytes, before)).toBe(-1);
      expect(space.faults).toEqual([]);
    });

    test.each(MISMATCHES)("$name is a writer even when it would not match", ({ size, call }) => {
      const space = makeSpace(make, { nosleep });
      for (const page of [READONLY, ABSENT_READONLY]) {
        seed(space, at(page), size);
        expect(runAlone(call(space.access, at(page)))).toBe(-EFAULT);
      }
      expect(space.faults).toEqual([]);
    });

    test.each(family(true))("$name faults an absent page in, once", (accessor) => {
      const space = makeSpace(make, { nosleep });
      const a = at(ABSENT, PAGE_SIZE - 8);
      seed(space, a, accessor.size);
      expect(runAlone(accessor.call(space.access, a))).toBe(accessor.answer);
      expect(space.faults).toEqual([{ a, write: accessor.writes }]);
      expect(wordAt(space, a, accessor.size)).toBe(accessor.leaves);
      seed(space, a, accessor.size);
      expect(runAlone(accessor.call(space.access, a))).toBe(accessor.answer);
      expect(space.faults).toHaveLength(1);
    });

    test.each(family(true))("$name on an absent read-only page: readers fault it in", (accessor) => {
      const space = makeSpace(make, { nosleep });
      const a = at(ABSENT_READONLY);
      seed(space, a, accessor.size);
      const before = space.bytes.slice();
      expect(runAlone(accessor.call(space.access, a))).toBe(accessor.writes ? -EFAULT : accessor.answer);
      expect(space.faults).toEqual(accessor.writes ? [] : [{ a, write: false }]);
      expect(firstDifference(space.bytes, before)).toBe(-1);
    });

    test.each(family(true))("$name gives up when the handler cannot resolve", (accessor) => {
      const space = makeSpace(make, { nosleep, handler: "deny" });
      const a = at(ABSENT);
      const before = space.bytes.slice();
      expect(runAlone(accessor.call(space.access, a))).toBe(-EFAULT);
      expect(space.faults).toEqual([{ a, write: accessor.writes }]);
      expect(firstDifference(space.bytes, before)).toBe(-1);
    });

    test.each(family(true))("$name ends, with -EFAULT, when the handler lies", (accessor) => {
      const space = makeSpace(make, { nosleep, handler: "lie" });
      const before = space.bytes.slice();
      expect(runAlone(accessor.call(space.access, at(ABSENT)))).toBe(-EFAULT);
      expect(space.faults.length).toBeGreaterThan(0);
      expect(space.faults.length).toBeLessThanOrEqual(16);
      expect(firstDifference(space.bytes, before)).toBe(-1);
    });
  });

  test.each(family(false))("$name refuses absent pages without asking the handler", (accessor) => {
    const space = makeSpace(make, { nosleep: "refuse" });
    const before = space.bytes.slice();
    for (const page of [ABSENT, ABSENT_READONLY]) {
      expect(runAlone(accessor.call(space.access, at(page)))).toBe(-EFAULT);
      expect(space.pages.permits(at(page), 4, READ)).toBe(false);
    }
    expect(space.faults).toEqual([]);
    expect(firstDifference(space.bytes, before)).toBe(-1);
  });

  test.each(family(false))("$name refuses by default", (accessor) => {
    const space = makeSpace(make);
    expect(runAlone(accessor.call(space.access, at(ABSENT)))).toBe(-EFAULT);
    expect(space.faults).toEqual([]);
  });

  test.each(family(false))("$name in v0.3 resolves each fault as a write fault", (accessor) => {
    const space = makeSpace(make, { nosleep: "resolve-as-write" });
    const a = at(ABSENT, 40);
    seed(space, a, accessor.size);
    expect(runAlone(accessor.call(space.access, a))).toBe(accessor.answer);
    expect(wordAt(space, a, accessor.size)).toBe(accessor.leaves);
    expect(space.faults).toEqual([{ a, write: true }]);
    // The quirk: a reader of an absent read-only page fails where a reader of a present one does not.
    seed(space, at(ABSENT_READONLY), accessor.size);
    expect(runAlone(accessor.call(space.access, at(ABSENT_READONLY)))).toBe(-EFAULT);
    expect(space.faults).toHaveLength(1);
  });

  test.each(family(false))("$name in v0.3 gives up when the handler cannot resolve, or lies", (accessor) => {
    for (const handler of ["deny", "lie"] as const) {
      const space = makeSpace(make, { nosleep: "resolve-as-write", handler });
      const before = space.bytes.slice();
      expect(runAlone(accessor.call(space.access, at(ABSENT)))).toBe(-EFAULT);
      expect(space.faults.length).toBeGreaterThan(0);
      expect(firstDifference(space.bytes, before)).toBe(-1);
    }
  });

  test.each(family(true))("$name faults again when the page is taken away meanwhile", (accessor) => {
    const space = makeSpace(make);
    let calls = 0;
    const access = new UserAccess(space.memory, space.pages, function* reclaim(a): Coroutine<boolean> {
      yield YIELD_PAUSE;
      if (++calls === 3) space.pages.makePresent(a);
      return true;
    });
    seed(space, at(ABSENT), accessor.size);
    expect(runAlone(accessor.call(access, at(ABSENT)))).toBe(accessor.answer);
    expect(calls).toBe(3);
  });

  test.each(family(true))("$name when the page comes back read-only, or not at all", (accessor) => {
    for (const protection of ["readonly", "unmapped"] as const) {
      const space = makeSpace(make);
      const access = new UserAccess(space.memory, space.pages, function* change(a): Coroutine<boolean> {
        yield YIELD_PAUSE;
        space.pages.protect(a, 1, protection);
        return true;
      });
      seed(space, at(ABSENT), accessor.size);
      const refused = accessor.writes || protection === "unmapped";
      expect(runAlone(accessor.call(access, at(ABSENT)))).toBe(refused ? -EFAULT : accessor.answer);
      expect(wordAt(space, at(ABSENT), accessor.size)).toBe(accessor.size === 4 ? WORD32 : WORD64);
    }
  });

  test("a fence is free and answers 0", () => {
    const { access } = makeSpace(make);
    const yielded: Yielded[] = [];
    expect(runAlone(access.fence(), yielded)).toBe(0);
    expect(yielded).toEqual([]);
  });

  test("one call is one compare-exchange, whatever comes of it", () => {
    const { memory, pages } = makeSpace(make);
    let calls = 0;
    const counting = new Proxy(memory, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (key === "cmpxchg32" || key === "cmpxchg64") calls++;
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const counted = new UserAccess(counting, pages, function* never(): Coroutine<boolean> {
      return false;
    });
    for (const { call } of MISMATCHES) {
      calls = 0;
      expect(runAlone(call(counted, at(READWRITE)))).toBe(-EAGAIN);
      expect(calls).toBe(1);
    }
  });
});
