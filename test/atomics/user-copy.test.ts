/**
 * copyFromUser and copyToUser: byte ranges of any length and alignment, across page borders, all or nothing.
 */
import { describe, expect, test } from "vitest";
import { type Addr, addr, type Coroutine, EFAULT, PAGE_SIZE, UserAccess } from "../../src/atomics/index.ts";
import { runAlone } from "../support/interleave.ts";
import {
  ABSENT,
  ABSENT_READONLY,
  at,
  badAddresses,
  firstDifference,
  KERNEL,
  LAST,
  LIMIT,
  MEMORIES,
  makeSpace,
  READONLY,
  READWRITE,
  SECOND_READWRITE,
  type Space,
  THIRD_READWRITE,
  UNMAPPED,
} from "./fixture.ts";

const MARK = 0xa5;

/** The addresses at which even one byte may not be copied: misalignment is no obstacle to a copy. */
const BAD: readonly (readonly [string, Addr])[] = badAddresses(8).filter(
  ([name]) => !/misaligned/.test(name),
);

function copyOut(space: Space, a: Addr, length: number): { result: number; into: Uint8Array } {
  const into = new Uint8Array(length).fill(MARK);
  return { result: runAlone(space.access.copyFromUser(a, into)), into };
}

/** Bytes that all differ from what the fixture put in memory at `a`. */
function different(space: Space, a: Addr, length: number): Uint8Array {
  return space.bytes.slice(a, a + length).map((byte) => byte ^ 0xff);
}

describe.each(MEMORIES)("copies on %s", (_name, make) => {
  const places: [name: string, a: Addr, length: number][] = [
    ["one byte", at(READWRITE, 1), 1],
    ["an odd range", at(READWRITE, 3), 77],
    ["a whole page", at(READWRITE), PAGE_SIZE],
    ["the last byte of a page", at(SECOND_READWRITE, PAGE_SIZE - 1), 1],
    ["across a border, misaligned", at(SECOND_READWRITE, PAGE_SIZE - 3), 9],
    ["two whole pages", at(SECOND_READWRITE), 2 * PAGE_SIZE],
    ["the end of the buffer", at(LAST, PAGE_SIZE - 5), 5],
  ];

  test.each(places)("%s, in both directions", (_place, a, length) => {
    const space = makeSpace(make);
    const before = space.bytes.slice();
    expect(copyOut(space, a, length)).toEqual({ result: 0, into: before.slice(a, a + length) });
    expect(firstDifference(space.bytes, before)).toBe(-1);

    const from = different(space, a, length);
    expect(runAlone(space.access.copyToUser(a, from))).toBe(0);
    before.set(from, a);
    expect(firstDifference(space.bytes, before)).toBe(-1);
    expect(space.faults).toEqual([]);
  });

  const partly: [name: string, a: Addr, length: number][] = [
    ["begins in an unmapped page", at(READWRITE, -2), 4],
    ["runs into an unmapped page", at(THIRD_READWRITE, PAGE_SIZE - 2), 4],
    ["has an unmapped page in its middle", at(THIRD_READWRITE, PAGE_SIZE - 1), PAGE_SIZE + 2],
    ["runs out of the buffer", at(LAST, PAGE_SIZE - 4), 5],
    ["is the whole buffer", addr(0), LIMIT],
    ["is longer than the buffer", at(READWRITE), 2 * LIMIT],
  ];

  test.each(partly)("a range that %s is refused whole", (_name, a, length) => {
    const space = makeSpace(make);
    const before = space.bytes.slice();
    const { result, into } = copyOut(space, a, length);
    expect(result).toBe(-EFAULT);
    expect(into.every((byte) => byte === MARK)).toBe(true);
    expect(runAlone(space.access.copyToUser(a, new Uint8Array(length).fill(MARK)))).toBe(-EFAULT);
    expect(firstDifference(space.bytes, before)).toBe(-1);
  });

  test("no bad address is read or written", () => {
    const space = makeSpace(make);
    const before = space.bytes.slice();
    for (const [name, a] of BAD) {
      for (const length of [1, 4, 8, 8192]) {
        const { result, into } = copyOut(space, a, length);
        expect([name, length, result]).toEqual([name, length, -EFAULT]);
        expect(into.every((byte) => byte === MARK)).toBe(true);
        const status = runAlone(space.access.copyToUser(a, new Uint8Array(length).fill(MARK)));
        expect([name, length, status]).toEqual([name, length, -EFAULT]);
      }
    }
    expect(firstDifference(space.bytes, before)).toBe(-1);
    expect(space.faults).toEqual([]);
  });

  test("nothing can be copied anywhere", () => {
    // As copy_to_user: a length of 0 touches no byte, so no address is wrong.
    const space = makeSpace(make);
    const before = space.bytes.slice();
    for (const [name, a] of [...BAD, ["a good address", at(READWRITE, 3)] as const]) {
      expect([name, runAlone(space.access.copyFromUser(a, new Uint8Array(0)))]).toEqual([name, 0]);
      expect([name, runAlone(space.access.copyToUser(a, new Uint8Array(0)))]).toEqual([name, 0]);
    }
    expect(firstDifference(space.bytes, before)).toBe(-1);
  });

  test("read-only pages are read and not written", () => {
    const space = makeSpace(make);
    const before = space.bytes.slice();
    // From the writable page into the read-only one behind it.
    const a = at(READWRITE, PAGE_SIZE - 6);
    expect(copyOut(space, a, 12)).toEqual({ result: 0, into: before.slice(a, a + 12) });
    expect(runAlone(space.access.copyToUser(a, new Uint8Array(12)))).toBe(-EFAULT);
    expect(firstDifference(space.bytes, before)).toBe(-1);
    expect(space.faults).toEqual([]);
  });

  test("absent pages are faulted in, each at the first byte it is needed for", () => {
    const space = makeSpace(make);
    const a = at(READONLY, PAGE_SIZE - 1);
    const length = 2 * PAGE_SIZE + 2;
    const expected = space.bytes.slice(a, a + length);
    expect(copyOut(space, a, length)).toEqual({ result: 0, into: expected });
    expect(space.faults).toEqual([
      { a: at(ABSENT), write: false },
      { a: at(ABSENT_READONLY), write: false },
    ]);
    expect(copyOut(space, a, length).result).toBe(0);
    expect(space.faults).toHaveLength(2);
  });

  test("a write faults an absent page in, and stops at an absent read-only one", () => {
    const space = makeSpace(make);
    const before = space.bytes.slice();
    const a = at(ABSENT, 9);
    expect(runAlone(space.access.copyToUser(a, different(space, a, PAGE_SIZE)))).toBe(-EFAULT);
    expect(firstDifference(space.bytes, before)).toBe(-1);
    expect(space.faults).toEqual([{ a, write: true }]);
    const from = different(space, a, 100);
    expect(runAlone(space.access.copyToUser(a, from))).toBe(0);
    expect(space.bytes.slice(a, a + 100)).toEqual(from);
    expect(space.faults).toHaveLength(1);
  });

  test.each(["deny", "lie"] as const)("a handler that does not resolve (%s) ends in -EFAULT", (handler) => {
    const space = makeSpace(make, { handler });
    const before = space.bytes.slice();
    const { result, into } = copyOut(space, at(ABSENT, 4), 2 * PAGE_SIZE - 4);
    expect(result).toBe(-EFAULT);
    expect(into.every((byte) => byte === MARK)).toBe(true);
    expect(runAlone(space.access.copyToUser(at(ABSENT), new Uint8Array(64)))).toBe(-EFAULT);
    expect(firstDifference(space.bytes, before)).toBe(-1);
    expect(space.faults.length).toBeGreaterThanOrEqual(2);
    expect(space.faults.length).toBeLessThanOrEqual(64);
  });

  test("pages that evict one another end in -EFAULT", () => {
    // The last pages of two tasks fight over one frame: both are never present at once.
    const { memory, pages, bytes } = makeSpace(make);
    const before = bytes.slice();
    const access = new UserAccess(memory, pages, function* evict(a): Coroutine<boolean> {
      pages.protect(at(ABSENT), 2 * PAGE_SIZE, "absent-readonly");
      pages.makePresent(a);
      return true;
    });
    const into = new Uint8Array(PAGE_SIZE + 1);
    expect(runAlone(access.copyFromUser(at(ABSENT), into))).toBe(-EFAULT);
    expect(firstDifference(bytes, before)).toBe(-1);
    expect(runAlone(access.copyFromUser(at(ABSENT), new Uint8Array(PAGE_SIZE)))).toBe(0);
  });

  test("the kernel region and NULL are never written through a range beside them", () => {
    const space = makeSpace(make);
    const before = space.bytes.slice();
    for (const page of [KERNEL, UNMAPPED]) {
      const a = at(page + 1, -1);
      expect(runAlone(space.access.copyToUser(a, new Uint8Array(2)))).toBe(-EFAULT);
    }
    expect(firstDifference(space.bytes, before)).toBe(-1);
  });
});
