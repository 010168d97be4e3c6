/**
 * A head and a row of nodes in a small address space, seen from the kernel (UserAccess) and from user space
 * (UserMemory), and the invariants that hold between any two steps.
 *
 * | page | what it is  |                                              |
 * |------|-------------|----------------------------------------------|
 * | 0    | unmapped    | NULL                                         |
 * | 1    | readwrite   | the head and nodes 0 .. 15                   |
 * | 2    | readwrite   | node 16: alone on its page                   |
 * | 3    | absent      | node 17                                      |
 * | 4    | readonly    | node 18                                      |
 * | 5    | unmapped    | node 19                                      |
 */
import {
  type Addr,
  addr,
  type Coroutine,
  LocalMemory,
  type Memory,
  offsetBy,
  PAGE_SIZE,
  PageTable,
  SteppedMemory,
  UserAccess,
  UserMemory,
  wordFromAddr,
} from "../../src/atomics/index.ts";
import { LLIST_DELETED, snapshot } from "../../src/llist/index.ts";
import { isAccess, type Taken } from "../support/interleave.ts";

/** Ordinary nodes, on the head's page. */
export const NODES = 16;
export const LONE_NODE = 16;
export const ABSENT_NODE = 17;
export const READONLY_NODE = 18;
export const UNMAPPED_NODE = 19;

export const HEAD: Addr = addr(PAGE_SIZE);
export const POISON = 0xdeaddeaddeaddeadn;

/** A node is a field of a 64-byte record, as in struct umcg_task. */
const ADDRESSES: readonly Addr[] = Array.from({ length: UNMAPPED_NODE + 1 }, (_, index) =>
  index < NODES ? addr(PAGE_SIZE + 64 * (index + 1) + 24) : addr(PAGE_SIZE * (2 + index - NODES) + 24),
);

export function node(index: number): Addr {
  return ADDRESSES[index]!;
}

const INDICES: ReadonlyMap<number, number> = new Map(ADDRESSES.map((a, index) => [a, index]));

/** The index of a node's address, or the number itself: for messages and results. */
export function indexOf(a: number): number {
  return INDICES.get(a) ?? a;
}

/** What a program is told that touches what it may not. */
export class Segfault extends Error {
  constructor(a: Addr) {
    super(`segmentation fault at 0x${a.toString(16)}`);
  }
}

export interface Lists {
  readonly memory: Memory;
  readonly pages: PageTable;
  readonly access: UserAccess;
  readonly user: UserMemory;
  readonly longs: BigUint64Array;
  /** Node indices from the head on. */
  live(): number[];
  deleted(): number[];
  /** Writes a list: indices in order, a negative one `~index` deleted. */
  chain(...indices: number[]): void;
  valueOf(index: number): bigint;
  setHead(word: bigint): void;
}

export type Wrap = (memory: Memory) => Memory;

/** Without steps, for sequential tests; give `stepped` for interleavings. */
export const plain: Wrap = (memory) => memory;
export const stepped: Wrap = (memory) => new SteppedMemory(memory);

export function makeLists(
  wrap: Wrap,
  under: Memory = new LocalMemory(new ArrayBuffer(6 * PAGE_SIZE)),
): Lists {
  if (under instanceof LocalMemory) under.budget = Number.POSITIVE_INFINITY;
  const memory = wrap(under);
  const pages = new PageTable(new Uint8Array(6));
  pages.protect(addr(PAGE_SIZE), 2 * PAGE_SIZE, "readwrite");
  pages.protect(addr(3 * PAGE_SIZE), PAGE_SIZE, "absent");
  pages.protect(addr(4 * PAGE_SIZE), PAGE_SIZE, "readonly");
  const access = new UserAccess(memory, pages, function* resolve(a): Coroutine<boolean> {
    pages.makePresent(a);
    return true;
  });
  const user = new UserMemory(memory, pages, function* trap(a): Coroutine<void> {
    if (!pages.resolvable(a, true)) throw new Segfault(a);
    pages.makePresent(a);
  });
  const longs = new BigUint64Array(memory.buffer);
  longs[HEAD >>> 3] = 0n;
  // Not listed: the value is the head's address (I21).
  for (let index = 0; index <= UNMAPPED_NODE; index++) longs[node(index) >>> 3] = wordFromAddr(HEAD);

  const nodes = (deleted: boolean): number[] =>
    snapshot(longs, HEAD)
      .filter((entry) => entry.deleted === deleted)
      .map((entry) => indexOf(entry.node));

  return {
    memory,
    pages,
    access,
    user,
    longs,
    live: () => nodes(false),
    deleted: () => nodes(true),
    chain(...indices) {
      let next = 0n;
      for (const entry of indices.toReversed()) {
        const a = node(entry < 0 ? ~entry : entry);
        longs[a >>> 3] = entry < 0 ? next | LLIST_DELETED : next;
        next = wordFromAddr(a);
      }
      longs[HEAD >>> 3] = next;
    },
    valueOf: (index) => longs[node(index) >>> 3]!,
    setHead(word) {
      longs[HEAD >>> 3] = word;
    },
  };
}

/**
 * Walks a chain of ordinary nodes from `word` and returns the unmarked ones as a set of bits. An error when
 * it does not end (I18) or holds a value that no node may hold (I21).
 */
export function liveBits({ longs }: Lists, word: bigint): number {
  let seen = 0;
  let live = 0;
  for (let at = word; at !== 0n; ) {
    const index = indexOf(Number(at));
    const bit = 1 << index;
    if (index >= NODES) throw new Error(`I21: 0x${at.toString(16)} is linked and is no node`);
    if ((seen & bit) !== 0) throw new Error(`I18: node ${index} is linked twice`);
    seen |= bit;
    const value = longs[Number(at >> 3n)]!;
    if ((value & LLIST_DELETED) === 0n) live |= bit;
    at = value & ~LLIST_DELETED;
  }
  return live;
}

/** I21: the head's address (not listed), a next pointer or 0, and the latter two with the mark. */
export function isLegalValue(value: bigint): boolean {
  if (value === wordFromAddr(HEAD)) return true;
  const pointer = value & ~LLIST_DELETED;
  return pointer === 0n || indexOf(Number(pointer)) < NODES;
}

/**
 * Call the result after each step: the word it may have written has a legal value (I21), and its mark, if it
 * had one, is there still (I22) unless the node is in `reused`, for which the caller vouches.
 */
export function watch({ longs }: Lists, reused: ReadonlySet<number> = new Set()): (taken: Taken) => void {
  let marked = 0;
  for (let index = 0; index < NODES; index++) {
    if ((longs[node(index) >>> 3]! & LLIST_DELETED) !== 0n) marked |= 1 << index;
  }
  return ({ access }) => {
    const index = isAccess(access) && access.kind !== "load" ? INDICES.get(access.addr) : undefined;
    if (index === undefined || index >= NODES) return;
    const value = longs[node(index) >>> 3]!;
    if (value === POISON) return;
    if (!isLegalValue(value)) throw new Error(`I21: node ${index} holds 0x${value.toString(16)}`);
    const bit = 1 << index;
    if ((value & LLIST_DELETED) !== 0n) {
      marked |= bit;
    } else if ((marked & bit) !== 0) {
      if (!reused.has(index)) throw new Error(`I22: the mark of node ${index} is gone`);
      marked &= ~bit;
    }
  };
}

/** The word right behind a node: nothing may ever write it. */
export function neighbour(index: number): number {
  return offsetBy(node(index), 8) >>> 3;
}
