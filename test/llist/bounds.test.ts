/**
 * What ends an operation other than success: the kernel's bounds (I23), faults (I39), and words that are no
 * list.
 */
import { describe, expect, test } from "vitest";
import {
  ADDR_INVALID,
  type Addr,
  addr,
  Completed,
  EAGAIN,
  EFAULT,
  LocalMemory,
  NULL,
  PAGE_SIZE,
  type Step,
  wordFromAddr,
  type Yielded,
} from "../../src/atomics/index.ts";
import {
  LlistError,
  llistPopMarked,
  llistPush,
  markDeleted,
  next,
  peek,
  push,
  snapshot,
  unlinkDeleted,
} from "../../src/llist/index.ts";
import { badAddresses } from "../atomics/fixture.ts";
import { isAccess, runAlone } from "../support/interleave.ts";
import {
  ABSENT_NODE,
  HEAD,
  indexOf,
  LONE_NODE,
  makeLists,
  node,
  POISON,
  plain,
  READONLY_NODE,
  Segfault,
  stepped,
  UNMAPPED_NODE,
} from "./fixture.ts";

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** The result of a pop and the steps it took. */
function pop(lists: ReturnType<typeof makeLists>, maxNodes: number): [result: number, steps: number] {
  const yielded: Yielded[] = [];
  const result = runAlone(llistPopMarked(lists.access, HEAD, maxNodes), yielded);
  return [result, yielded.length];
}

describe("the bound of pop", () => {
  test("with 8: seven deleted nodes and then the end is an empty list, eight is -EAGAIN", () => {
    const lists = makeLists(stepped);
    lists.chain(...range(7).map((index) => ~index));
    expect(pop(lists, 8)).toEqual([0, 8]);
    lists.chain(...range(8).map((index) => ~index));
    expect(pop(lists, 8)).toEqual([-EAGAIN, 9]);
  });

  test.each(range(9))("%d deleted nodes before a live one", (deleted) => {
    for (let max = 0; max <= 10; max++) {
      const lists = makeLists(stepped);
      lists.chain(...range(deleted).map((index) => ~index), 12);
      const before = lists.longs.slice();
      const [result, steps] = pop(lists, max);
      expect(steps).toBeLessThanOrEqual(1 + 2 * max);
      if (deleted < max) {
        expect([indexOf(result), steps]).toEqual([12, 1 + deleted + 2]);
        expect(lists.live()).toEqual([]);
      } else {
        expect(result).toBe(-EAGAIN);
        expect(lists.longs).toEqual(before);
      }
    }
  });

  test("a cycle of deleted nodes ends", () => {
    const lists = makeLists(stepped);
    lists.chain(~0, ~1, ~2);
    lists.longs[node(2) >>> 3] = wordFromAddr(node(0)) | 1n;
    expect(pop(lists, 8)).toEqual([-EAGAIN, 9]);
  });
});

describe("the bound of push", () => {
  test("no attempt is -EAGAIN at once", () => {
    const lists = makeLists(stepped);
    const yielded: Yielded[] = [];
    expect(runAlone(llistPush(lists.access, HEAD, node(0), 0), yielded)).toBe(-EAGAIN);
    expect(yielded).toEqual([]);
    expect(lists.live()).toEqual([]);
  });

  test("an undisturbed push is three steps: head, node, head", () => {
    const lists = makeLists(stepped);
    lists.chain(3);
    const yielded: Yielded[] = [];
    expect(runAlone(llistPush(lists.access, HEAD, node(0), 8), yielded)).toBe(0);
    expect(yielded.filter(isAccess).map((access) => [access.kind, access.addr])).toEqual([
      ["load", HEAD],
      ["store", node(0)],
      ["cmpxchg", HEAD],
    ]);
  });
});

describe("faults of the kernel's operations", () => {
  test("a bad head is -EFAULT and nothing is written", () => {
    const lists = makeLists(plain);
    lists.chain(1);
    const before = lists.longs.slice();
    for (const [name, a] of badAddresses(8)) {
      // The fixture of atomics has more pages; what is good there is beyond the end or unmapped here.
      if (lists.pages.permits(a, 8, 1)) continue;
      expect([name, runAlone(llistPush(lists.access, a, node(0), 4))]).toEqual([name, -EFAULT]);
      expect([name, runAlone(llistPopMarked(lists.access, a, 4))]).toEqual([name, -EFAULT]);
    }
    expect(lists.longs).toEqual(before);
  });

  test.each([
    ["NULL", NULL],
    ["unmapped", node(UNMAPPED_NODE)],
    ["read-only", node(READONLY_NODE)],
    ["misaligned", addr(node(0) + 4)],
    ["marked", addr(node(0) + 1)],
    ["no address", ADDR_INVALID],
  ])("push of a node that is %s is -EFAULT and not linked", (_name, bad) => {
    const lists = makeLists(plain);
    lists.chain(1, 2);
    const before = lists.longs.slice();
    expect(runAlone(llistPush(lists.access, HEAD, bad, 4))).toBe(-EFAULT);
    expect(lists.longs).toEqual(before);
  });

  test.each([
    ["marked", wordFromAddr(node(0)) | 1n],
    ["nothing but the mark", 1n],
    ["misaligned", wordFromAddr(node(0)) + 4n],
    ["unmapped", wordFromAddr(node(UNMAPPED_NODE))],
    ["in page 0", 8n],
    ["poison", POISON],
    ["poison without the mark", POISON & ~7n],
    ["2^52", 2n ** 52n],
    ["2^64 - 8", 2n ** 64n - 8n],
    ["a good address in 32 bits", 2n ** 32n + wordFromAddr(node(0))],
  ])("pop from a head that is %s is -EFAULT", (_name, word) => {
    const lists = makeLists(plain);
    lists.setHead(word);
    const before = lists.longs.slice();
    expect(runAlone(llistPopMarked(lists.access, HEAD, 4))).toBe(-EFAULT);
    expect(lists.longs).toEqual(before);
  });

  test.each([
    ["misaligned", wordFromAddr(node(0)) + 2n],
    ["unmapped", wordFromAddr(node(UNMAPPED_NODE))],
    ["poison", POISON & ~1n],
  ])("pop behind a deleted node whose next is %s is -EFAULT", (_name, word) => {
    const lists = makeLists(plain);
    lists.chain(~3);
    lists.longs[node(3) >>> 3] = word | 1n;
    const before = lists.longs.slice();
    expect(runAlone(llistPopMarked(lists.access, HEAD, 4))).toBe(-EFAULT);
    expect(lists.longs).toEqual(before);
    // A bound that ends before the bad pointer is followed does not meet it.
    expect(runAlone(llistPopMarked(lists.access, HEAD, 1))).toBe(-EAGAIN);
  });

  test("a live node on a read-only page cannot be marked; a deleted one there can be passed", () => {
    const lists = makeLists(plain);
    lists.chain(READONLY_NODE, 1);
    expect(runAlone(llistPopMarked(lists.access, HEAD, 4))).toBe(-EFAULT);
    expect(lists.live()).toEqual([READONLY_NODE, 1]);
    lists.chain(~READONLY_NODE, 1);
    expect(indexOf(runAlone(llistPopMarked(lists.access, HEAD, 4)))).toBe(1);
  });

  test("absent pages are faulted in", () => {
    const lists = makeLists(plain);
    expect(runAlone(llistPush(lists.access, HEAD, node(ABSENT_NODE), 1))).toBe(0);
    lists.pages.protect(node(ABSENT_NODE), 8, "absent");
    expect(indexOf(runAlone(llistPopMarked(lists.access, HEAD, 1)))).toBe(ABSENT_NODE);
    lists.pages.protect(HEAD, 8, "absent");
    expect(runAlone(llistPush(lists.access, HEAD, node(1), 1))).toBe(0);
    expect(lists.live()).toEqual([1]);
  });

  test("a head on a read-only page: push fails at its last step, the node already written", () => {
    const lists = makeLists(plain);
    const head = addr(node(READONLY_NODE));
    lists.longs[head >>> 3] = wordFromAddr(node(2));
    expect(runAlone(llistPush(lists.access, head, node(1), 4))).toBe(-EFAULT);
    expect(lists.longs[head >>> 3]).toBe(wordFromAddr(node(2)));
    expect(lists.valueOf(1)).toBe(wordFromAddr(node(2)));
  });
});

/** Every compare-exchange loses, to nobody. */
class LosingMemory extends LocalMemory {
  override cmpxchg64(a: Addr, expected: bigint, _desired: bigint): Step<number> {
    this.observed64 = expected ^ wordFromAddr(a);
    return new Completed(-EAGAIN);
  }
}

describe("faults and bounds of user space's operations", () => {
  test("a bad word ends the program", () => {
    const lists = makeLists(plain);
    lists.setHead(POISON & ~7n);
    expect(() => runAlone(peek(lists.user, HEAD))).toThrow(Segfault);
    expect(() => runAlone(unlinkDeleted(lists.user, HEAD, () => {}))).toThrow(Segfault);
    expect(() => runAlone(push(lists.user, HEAD, node(UNMAPPED_NODE)))).toThrow(Segfault);
    expect(() => runAlone(push(lists.user, node(UNMAPPED_NODE), node(0)))).toThrow(Segfault);
    expect(() => runAlone(markDeleted(lists.user, NULL))).toThrow(Segfault);
    expect(() => runAlone(next(lists.user, ADDR_INVALID))).toThrow(Segfault);
    expect(lists.longs[HEAD >>> 3]).toBe(POISON & ~7n);
  });

  test("a cycle is an error, not a hang", () => {
    const lists = makeLists(plain);
    lists.chain(0, 1);
    lists.longs[node(1) >>> 3] = wordFromAddr(node(0));
    expect(() => runAlone(unlinkDeleted(lists.user, HEAD, () => {}))).toThrow(LlistError);
    expect(() => snapshot(lists.longs, HEAD)).toThrow(LlistError);
    lists.chain(~0, ~1);
    lists.longs[node(1) >>> 3] = wordFromAddr(node(0)) | 1n;
    expect(() => runAlone(peek(lists.user, HEAD))).toThrow(LlistError);
  });

  test("a push that always loses, and a mark that does, are errors with a code", () => {
    const lists = makeLists(plain, new LosingMemory(new ArrayBuffer(6 * PAGE_SIZE)));
    const run = (body: () => unknown): unknown => {
      try {
        return body();
      } catch (error) {
        return error;
      }
    };
    const pushed = run(() => runAlone(push(lists.user, HEAD, node(0))));
    expect(pushed).toBeInstanceOf(LlistError);
    expect(pushed).toMatchObject({ code: "ERR_LLIST_BOUND", name: "LlistError" });
    expect((pushed as Error).message).toMatch(/^push on the list at 0x1000 /);
    expect(run(() => runAlone(markDeleted(lists.user, node(0))))).toBeInstanceOf(LlistError);
    expect(lists.live()).toEqual([]);
  });

  test("a snapshot of words that are no list is an error", () => {
    const lists = makeLists(plain);
    for (const word of [
      POISON,
      POISON & ~7n,
      wordFromAddr(node(0)) + 4n,
      2n ** 32n + wordFromAddr(node(0)),
    ]) {
      lists.setHead(word);
      expect(() => snapshot(lists.longs, HEAD)).toThrow(LlistError);
    }
    lists.chain(LONE_NODE);
    expect(snapshot(lists.longs, HEAD)).toEqual([{ node: node(LONE_NODE), deleted: false }]);
  });
});
