/**
 * A small address space for the tests of `atomics`: one page of each kind, on each of the three memories.
 *
 * | page | what it is                      |
 * |------|---------------------------------|
 * | 0    | unmapped (NULL)                 |
 * | 1    | unmapped (stands for the kernel)|
 * | 2    | readwrite                       |
 * | 3    | readonly                        |
 * | 4    | absent                          |
 * | 5    | absent-readonly                 |
 * | 6    | readwrite                       |
 * | 7    | readwrite                       |
 * | 8    | unmapped                        |
 * | 9    | readwrite, the last one         |
 */
import {
  type Addr,
  addr,
  type Coroutine,
  type FaultHandler,
  LocalMemory,
  type Memory,
  type NosleepMode,
  PAGE_SIZE,
  PageTable,
  SharedMemory,
  SteppedMemory,
  UserAccess,
  YIELD_PAUSE,
} from "../../src/atomics/index.ts";

export const PAGES = 10;
export const LIMIT: number = PAGES * PAGE_SIZE;

/** The address `offset` bytes into page `page`. */
export function at(page: number, offset = 0): Addr {
  return addr(page * PAGE_SIZE + offset);
}

const NULL_PAGE = 0;
export const KERNEL = 1;
export const READWRITE = 2;
export const READONLY = 3;
export const ABSENT = 4;
export const ABSENT_READONLY = 5;
export const SECOND_READWRITE = 6;
export const THIRD_READWRITE = 7;
export const UNMAPPED = 8;
export const LAST = 9;

/** A number that is no address in any buffer, without the care that `addr()` takes. */
export function wild(offset: number): Addr {
  return offset as Addr;
}

/** Every address that no accessor may touch, whatever it does there; for `size` bytes. */
export function badAddresses(size: 4 | 8): readonly (readonly [name: string, a: Addr])[] {
  const misaligned = size === 4 ? [1, 2, 3] : [1, 2, 3, 4, 5, 6, 7];
  return [
    ["NULL", at(NULL_PAGE)],
    ["just above NULL", at(NULL_PAGE, 8)],
    ["the last word of page 0", at(NULL_PAGE, PAGE_SIZE - 8)],
    ["a kernel address", at(KERNEL, 64)],
    ["an unmapped page", at(UNMAPPED, 16)],
    ["the last word of an unmapped page", at(UNMAPPED, PAGE_SIZE - 8)],
    ...misaligned.map((off) => [`misaligned by ${off}`, at(READWRITE, 8 + off)] as const),
    ["misaligned across a page border", at(SECOND_READWRITE, PAGE_SIZE - size / 2)],
    ["misaligned on an absent page", at(ABSENT, 9)],
    ["misaligned at the end of the buffer", at(LAST, PAGE_SIZE - size / 2)],
    ["the end of the buffer", addr(LIMIT)],
    ["beyond the buffer", addr(LIMIT + 64 * PAGE_SIZE)],
    ["2^31", addr(2 ** 31)],
    ["2^32, 0 in 32 bits", addr(2 ** 32)],
    ["2^32 above a good address", addr(2 ** 32 + at(READWRITE, 8))],
    ["2^44 above a good address", addr(2 ** 44 + at(READWRITE, 8))],
    ["2^52", addr(2 ** 52)],
    ["ADDR_INVALID", addr(Number.NaN)],
    ["2^53", wild(2 ** 53)],
    ["2^64", wild(2 ** 64)],
    ["1e300", wild(1e300)],
    ["-1", wild(-1)],
    ["-size", wild(-size)],
    ["-2^32 + a good address", wild(at(READWRITE, 8) - 2 ** 32)],
    ["-2^53", wild(-(2 ** 53))],
    ["NaN", wild(Number.NaN)],
    ["Infinity", wild(Number.POSITIVE_INFINITY)],
    ["-Infinity", wild(Number.NEGATIVE_INFINITY)],
  ];
}

function makePages(): PageTable {
  const pages = new PageTable(new Uint8Array(PAGES));
  pages.protect(at(READWRITE), PAGE_SIZE, "readwrite");
  pages.protect(at(READONLY), PAGE_SIZE, "readonly");
  pages.protect(at(ABSENT), PAGE_SIZE, "absent");
  pages.protect(at(ABSENT_READONLY), PAGE_SIZE, "absent-readonly");
  pages.protect(at(SECOND_READWRITE), 2 * PAGE_SIZE, "readwrite");
  pages.protect(at(LAST), PAGE_SIZE, "readwrite");
  return pages;
}

export type MakeMemory = (byteLength: number) => Memory;

/** The implementations that must not differ in any result. */
export const MEMORIES: readonly (readonly [name: string, make: MakeMemory])[] = [
  ["LocalMemory", (length) => new LocalMemory(new ArrayBuffer(length))],
  ["SharedMemory", (length) => new SharedMemory(new SharedArrayBuffer(length))],
  ["SteppedMemory", (length) => new SteppedMemory(new LocalMemory(new ArrayBuffer(length)))],
];

/** What the fault handler does: see `faultHandler`. */
export type HandlerMode = "resolve" | "deny" | "lie";

export interface Fault {
  readonly a: Addr;
  readonly write: boolean;
}

/** Makes the page present, says it cannot, or says it did and did not. Sleeps once, as a real fault may. */
export function faultHandler(pages: PageTable, faults: Fault[], mode: HandlerMode): FaultHandler {
  return function* resolve(a: Addr, write: boolean): Coroutine<boolean> {
    faults.push({ a, write });
    yield YIELD_PAUSE;
    if (mode === "resolve") pages.makePresent(a);
    return mode !== "deny";
  };
}

export interface Space {
  readonly memory: Memory;
  readonly pages: PageTable;
  readonly access: UserAccess;
  /** The faults the handler was asked to resolve, in order. */
  readonly faults: Fault[];
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly longs: BigUint64Array;
}

/** An address space on the memory that `make` makes, each byte set to a value of its own (modulo 256). */
export function makeSpace(
  make: MakeMemory,
  { handler = "resolve", nosleep }: { handler?: HandlerMode; nosleep?: NosleepMode } = {},
): Space {
  const memory = make(LIMIT);
  const pages = makePages();
  const faults: Fault[] = [];
  const access = new UserAccess(memory, pages, faultHandler(pages, faults, handler), nosleep);
  const bytes = new Uint8Array(memory.buffer);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 167 + (i >>> 8) * 31 + 1) & 0xff;
  const words = new Uint32Array(memory.buffer);
  const longs = new BigUint64Array(memory.buffer);
  return { memory, pages, access, faults, bytes, words, longs };
}

/** Where two images of memory first differ, or -1. */
export function firstDifference(one: Uint8Array, other: Uint8Array): number {
  return one.findIndex((byte, i) => byte !== other[i]);
}
