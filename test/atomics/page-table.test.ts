/**
 * The page table: the one test that guards every access, and the edges of the ranges it is asked about.
 */
import { describe, expect, test } from "vitest";
import {
  ADDR_INVALID,
  type Addr,
  addr,
  NULL,
  offsetBy,
  PAGE_MAPPED,
  PAGE_PRESENT,
  PAGE_SIZE,
  PAGE_WRITABLE,
  PageTable,
  type Protection,
  READ,
  WRITE,
} from "../../src/atomics/index.ts";
import { at, badAddresses, wild } from "./fixture.ts";

const PROTECTIONS: readonly (readonly [Protection, number])[] = [
  ["unmapped", 0],
  ["absent", PAGE_MAPPED | PAGE_WRITABLE],
  ["absent-readonly", PAGE_MAPPED],
  ["readonly", PAGE_MAPPED | PAGE_PRESENT],
  ["readwrite", PAGE_MAPPED | PAGE_PRESENT | PAGE_WRITABLE],
];

/** Which of `count` pages differ from unmapped after one call of protect. */
function protectedPages(count: number, a: Addr, length: number): number[] {
  const flags = new Uint8Array(count);
  new PageTable(flags).protect(a, length, "readwrite");
  return [...flags.entries()].filter(([, bits]) => bits !== 0).map(([page]) => page);
}

describe("protect", () => {
  test.each(PROTECTIONS)("%s sets the page's bits, whatever they were", (protection, bits) => {
    for (const [before] of PROTECTIONS) {
      const flags = new Uint8Array(3);
      const pages = new PageTable(flags);
      pages.protect(at(1), PAGE_SIZE, before);
      pages.protect(at(1), PAGE_SIZE, protection);
      expect([...flags]).toEqual([0, bits, 0]);
    }
  });

  test.each([
    ["one page", at(2), PAGE_SIZE, [2]],
    ["one byte at a page's start", at(2), 1, [2]],
    ["one byte at a page's end", at(2, PAGE_SIZE - 1), 1, [2]],
    ["two bytes across a border", at(2, PAGE_SIZE - 1), 2, [2, 3]],
    ["no byte, which counts as one", at(2, 9), 0, [2]],
    ["a page and a byte", at(2), PAGE_SIZE + 1, [2, 3]],
    ["a page's length from its middle", at(2, 8), PAGE_SIZE, [2, 3]],
    ["the first page", NULL, PAGE_SIZE, [0]],
    ["the last page", at(5), PAGE_SIZE, [5]],
    ["from the last page beyond the buffer", at(5), 9 * PAGE_SIZE, [5]],
    ["everything", NULL, 6 * PAGE_SIZE, [0, 1, 2, 3, 4, 5]],
    ["more than everything", NULL, 2 ** 33, [0, 1, 2, 3, 4, 5]],
    ["more than 32 bits can count", NULL, 2 ** 32 + 1, [0, 1, 2, 3, 4, 5]],
    ["beyond the buffer", at(6), PAGE_SIZE, []],
    ["an address that is 0 in 32 bits", addr(2 ** 32), PAGE_SIZE, []],
    ["an address that is a page in 32 bits", addr(2 ** 32 + 2 * PAGE_SIZE), PAGE_SIZE, []],
    ["no address", ADDR_INVALID, PAGE_SIZE, []],
    ["not a number", wild(Number.NaN), PAGE_SIZE, []],
    ["below the buffer", wild(-PAGE_SIZE), PAGE_SIZE, []],
    ["from below the buffer", wild(-PAGE_SIZE), 3 * PAGE_SIZE, [0, 1]],
  ])("%s", (_name, a, length, expected) => {
    expect(protectedPages(6, a, length)).toEqual(expected);
  });
});

describe("permits", () => {
  test.each(PROTECTIONS)("%s", (protection, bits) => {
    const pages = new PageTable(new Uint8Array(4));
    pages.protect(at(2), PAGE_SIZE, protection);
    for (const [a, size] of [
      [at(2), 1],
      [at(2), 8],
      [at(2, PAGE_SIZE - 8), 8],
      [at(2, PAGE_SIZE - 4), 4],
      [at(2, PAGE_SIZE - 1), 1],
    ] as const) {
      expect(pages.permits(a, size, READ)).toBe((bits & PAGE_PRESENT) !== 0);
      expect(pages.permits(a, size, WRITE)).toBe(protection === "readwrite");
      expect(pages.permitsRange(a, size, READ)).toBe((bits & PAGE_PRESENT) !== 0);
      expect(pages.permitsRange(a, size, WRITE)).toBe(protection === "readwrite");
    }
    expect(pages.permits(at(1, PAGE_SIZE - 4), 4, READ)).toBe(false);
    expect(pages.permits(at(3), 4, READ)).toBe(false);
  });

  test("only multiples of the size, and only inside the buffer", () => {
    const pages = new PageTable(new Uint8Array(10));
    pages.protect(at(2), PAGE_SIZE, "readwrite");
    pages.protect(at(6), 2 * PAGE_SIZE, "readwrite");
    pages.protect(at(9), PAGE_SIZE, "readwrite");
    expect(pages.pages).toBe(10);
    for (const size of [4, 8] as const) {
      const permitted = badAddresses(size).filter(([, a]) => pages.permits(a, size, READ));
      expect(permitted).toEqual([]);
      for (let off = 0; off < 32; off++) {
        expect(pages.permits(at(9, PAGE_SIZE - 32 + off), size, WRITE)).toBe(off % size === 0);
      }
    }
  });
});

describe("ranges", () => {
  const pages = new PageTable(new Uint8Array(6));
  pages.protect(at(1), 2 * PAGE_SIZE, "readwrite");
  pages.protect(at(3), PAGE_SIZE, "readonly");
  pages.protect(at(5), PAGE_SIZE, "readwrite");

  test.each([
    ["inside", at(1, 5), 7, WRITE, -1],
    ["two pages", at(1), 2 * PAGE_SIZE, WRITE, -1],
    ["up to a read-only page", at(2), PAGE_SIZE, WRITE, -1],
    ["into a read-only page, to write", at(2, 1), PAGE_SIZE, WRITE, at(3)],
    ["into a read-only page, to read", at(2, 1), PAGE_SIZE, READ, -1],
    ["into a hole", at(3, 9), PAGE_SIZE, READ, at(4)],
    ["beginning in a hole", at(4, 9), 1, READ, at(4, 9)],
    ["over a hole", at(3), 3 * PAGE_SIZE, READ, at(4)],
    ["to the end of the buffer", at(5, 1), PAGE_SIZE - 1, WRITE, -1],
    ["past the end of the buffer", at(5, 1), PAGE_SIZE, WRITE, at(6)],
    ["nothing", at(4), 0, WRITE, -1],
  ])("%s", (_name, a, length, need, expected) => {
    expect(pages.firstDenied(a, length, need)).toBe(expected);
    expect(pages.permitsRange(a, length, need)).toBe(expected === -1);
  });

  test("no range at an address outside the buffer is permitted", () => {
    // Among them -1 (the answer for "none denied") and numbers so large that adding the length changes
    // nothing.
    const outside = badAddresses(8).filter(([, a]) => !(a >= 0 && a < 6 * PAGE_SIZE));
    expect(outside.length).toBeGreaterThan(10);
    for (const length of [1, 2, 8, PAGE_SIZE, 2 ** 33]) {
      expect(outside.filter(([, a]) => pages.permitsRange(a, length, READ))).toEqual([]);
    }
  });

  test("an address moved below 0 is outside", () => {
    expect(pages.permitsRange(offsetBy(NULL, -1), 1, READ)).toBe(false);
    expect(pages.permitsRange(offsetBy(NULL, -1), 2 * PAGE_SIZE, READ)).toBe(false);
  });
});

describe("faults", () => {
  test.each([
    ["unmapped", false, false],
    ["absent", true, true],
    ["absent-readonly", true, false],
    ["readonly", false, false],
    ["readwrite", false, false],
  ] as const)("%s: resolvable for a read %s, for a write %s", (protection, read, write) => {
    const pages = new PageTable(new Uint8Array(3));
    pages.protect(at(1), PAGE_SIZE, protection);
    for (const off of [0, 3, PAGE_SIZE - 1]) {
      expect(pages.resolvable(at(1, off), false)).toBe(read);
      expect(pages.resolvable(at(1, off), true)).toBe(write);
    }
    expect(pages.resolvable(at(0, PAGE_SIZE - 1), false)).toBe(false);
    expect(pages.resolvable(at(2), false)).toBe(false);
  });

  test("makePresent adds presence and no right", () => {
    const pages = new PageTable(new Uint8Array(3));
    pages.protect(at(1), PAGE_SIZE, "absent");
    pages.protect(at(2), PAGE_SIZE, "absent-readonly");
    pages.makePresent(at(1, 77));
    pages.makePresent(at(2));
    expect([pages.permits(at(1), 8, READ), pages.permits(at(1), 8, WRITE)]).toEqual([true, true]);
    expect([pages.permits(at(2), 8, READ), pages.permits(at(2), 8, WRITE)]).toEqual([true, false]);
    expect(pages.resolvable(at(1), true)).toBe(false);
    expect(pages.permits(NULL, 8, READ)).toBe(false);
  });

  test("nothing outside the buffer is resolvable", () => {
    const pages = new PageTable(new Uint8Array(10));
    pages.protect(NULL, 10 * PAGE_SIZE, "absent");
    const outside = badAddresses(8).filter(([, a]) => !(a >= 0 && a < 10 * PAGE_SIZE));
    expect(outside.filter(([, a]) => pages.resolvable(a, false))).toEqual([]);
    expect(pages.resolvable(at(9, PAGE_SIZE - 1), true)).toBe(true);
  });
});
