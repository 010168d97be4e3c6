/**
 * The list operations one after another, from both sides, on all three memories.
 */
import { describe, expect, test } from "vitest";
import { type Addr, addr, PAGE_SIZE, wordFromAddr } from "../../src/atomics/index.ts";
import {
  LLIST_DELETED,
  llistPopMarked,
  llistPush,
  markDeleted,
  next,
  peek,
  push,
  snapshot,
  takeAll,
  unlinkDeleted,
} from "../../src/llist/index.ts";
import { MEMORIES } from "../atomics/fixture.ts";
import { runAlone } from "../support/interleave.ts";
import { HEAD, indexOf, type Lists, makeLists, neighbour, node, plain } from "./fixture.ts";

describe.each(MEMORIES)("lists on %s", (_name, make) => {
  const setUp = (...chain: number[]): Lists => {
    const lists = makeLists(plain, make(6 * PAGE_SIZE));
    lists.chain(...chain);
    return lists;
  };
  const gc = ({ user }: Lists): [number, number[]] => {
    const reclaimed: number[] = [];
    const count = runAlone(unlinkDeleted(user, HEAD, (at) => reclaimed.push(indexOf(at))));
    return [count, reclaimed];
  };

  test("kernel and user push put the node first; user push says whether the list was empty", () => {
    const lists = setUp();
    expect(runAlone(push(lists.user, HEAD, node(0)))).toBe(true);
    expect(lists.valueOf(0)).toBe(0n);
    expect(runAlone(push(lists.user, HEAD, node(1)))).toBe(false);
    expect(runAlone(llistPush(lists.access, HEAD, node(2), 1))).toBe(0);
    expect(runAlone(push(lists.user, HEAD, node(3)))).toBe(false);
    expect(lists.live()).toEqual([3, 2, 1, 0]);
    expect(lists.valueOf(2)).toBe(wordFromAddr(node(1)));
  });

  test("a list of deleted nodes is not empty to a push", () => {
    const lists = setUp(~0);
    expect(runAlone(push(lists.user, HEAD, node(1)))).toBe(false);
    expect([lists.live(), lists.deleted()]).toEqual([[1], [0]]);
  });

  test("kernel pop marks the first live node and leaves the list linked", () => {
    const lists = setUp(0, 1, 2);
    for (const expected of [0, 1, 2]) {
      expect(indexOf(runAlone(llistPopMarked(lists.access, HEAD, 8)))).toBe(expected);
    }
    expect(lists.valueOf(0)).toBe(wordFromAddr(node(1)) | LLIST_DELETED);
    expect(lists.valueOf(2)).toBe(LLIST_DELETED);
    expect([lists.live(), lists.deleted()]).toEqual([[], [0, 1, 2]]);
    expect(runAlone(llistPopMarked(lists.access, HEAD, 8))).toBe(0);
  });

  test("pop on an empty list is 0", () => {
    expect(runAlone(llistPopMarked(setUp().access, HEAD, 1))).toBe(0);
  });

  test("pop skips deleted nodes", () => {
    const lists = setUp(~0, ~1, 2, ~3, 4);
    expect(indexOf(runAlone(llistPopMarked(lists.access, HEAD, 8)))).toBe(2);
    expect(indexOf(runAlone(llistPopMarked(lists.access, HEAD, 8)))).toBe(4);
    expect(lists.deleted()).toEqual([0, 1, 2, 3, 4]);
  });

  test("markDeleted marks one node, once, wherever it is", () => {
    const lists = setUp(0, 1, 2);
    expect(runAlone(markDeleted(lists.user, node(1)))).toBe(true);
    expect(runAlone(markDeleted(lists.user, node(1)))).toBe(false);
    expect([lists.live(), lists.deleted()]).toEqual([[0, 2], [1]]);
    expect(runAlone(markDeleted(lists.user, node(2)))).toBe(true);
    expect(lists.valueOf(2)).toBe(LLIST_DELETED);
  });

  test.each([
    [[], []],
    [[0], []],
    [[~0], [0]],
    [
      [~0, ~1, ~2],
      [0, 1, 2],
    ],
    [[0, 1, 2], []],
    [
      [~0, 1, ~2],
      [0, 2],
    ],
    [
      [0, ~1, ~2, 3],
      [1, 2],
    ],
    [
      [0, ~1, 2, ~3],
      [1, 3],
    ],
  ])("unlinkDeleted on %j unlinks %j, in list order", (chain, expected) => {
    const lists = setUp(...chain);
    expect(gc(lists)).toEqual([expected.length, expected]);
    expect(lists.live()).toEqual(chain.filter((index) => index >= 0));
    expect(lists.deleted()).toEqual([]);
    // A node that was unlinked keeps its mark until somebody writes it anew.
    for (const index of expected) expect(lists.valueOf(index) & LLIST_DELETED).toBe(LLIST_DELETED);
    expect(gc(lists)).toEqual([0, []]);
  });

  test("reclaimed is called when the node is out of the list already", () => {
    const lists = setUp(0, ~1, 2);
    const seen: number[][] = [];
    runAlone(unlinkDeleted(lists.user, HEAD, () => seen.push(lists.live())));
    expect(seen).toEqual([[0, 2]]);
  });

  test("takeAll empties the list; next walks the chain and drops the marks", () => {
    const lists = setUp(0, ~1, 2);
    let at: Addr = runAlone(takeAll(lists.user, HEAD));
    const walked: number[] = [];
    for (; at !== 0; at = runAlone(next(lists.user, at))) walked.push(indexOf(at));
    expect(walked).toEqual([0, 1, 2]);
    expect(lists.live()).toEqual([]);
    expect(runAlone(takeAll(lists.user, HEAD))).toBe(0);
    expect(runAlone(push(lists.user, HEAD, node(1)))).toBe(true);
    expect(lists.live()).toEqual([1]);
  });

  test("peek finds the first live node and changes nothing", () => {
    for (const [chain, expected] of [
      [[], 0],
      [[~0, ~1], 0],
      [[3, 4], node(3)],
      [[~0, ~1, 5, 6], node(5)],
    ] as const) {
      const lists = setUp(...chain);
      const before = lists.longs.slice();
      expect(runAlone(peek(lists.user, HEAD))).toBe(expected);
      expect(lists.longs).toEqual(before);
    }
  });

  test("a node may be pushed again after it was unlinked, and is alive again", () => {
    const lists = setUp(0, ~1);
    gc(lists);
    runAlone(push(lists.user, HEAD, node(1)));
    expect([lists.live(), lists.deleted()]).toEqual([[1, 0], []]);
    expect(indexOf(runAlone(llistPopMarked(lists.access, HEAD, 1)))).toBe(1);
  });

  test("nothing is written but the head and the nodes", () => {
    const lists = setUp(0, 1, 2);
    for (let index = 0; index < 4; index++) lists.longs[neighbour(index)] = 0x5a5a5a5a5a5a5a5an;
    lists.longs[(HEAD >>> 3) + 1] = 0x5a5a5a5a5a5a5a5an;
    runAlone(llistPush(lists.access, HEAD, node(3), 4));
    runAlone(llistPopMarked(lists.access, HEAD, 4));
    runAlone(markDeleted(lists.user, node(1)));
    gc(lists);
    runAlone(push(lists.user, HEAD, node(1)));
    runAlone(takeAll(lists.user, HEAD));
    for (let index = 0; index < 4; index++) expect(lists.longs[neighbour(index)]).toBe(0x5a5a5a5a5a5a5a5an);
    expect(lists.longs[(HEAD >>> 3) + 1]).toBe(0x5a5a5a5a5a5a5a5an);
  });

  test("two lists do not know of one another", () => {
    const lists = setUp(0, 1);
    const other = addr(HEAD + 8);
    expect(runAlone(push(lists.user, other, node(5)))).toBe(true);
    expect(runAlone(llistPush(lists.access, other, node(6), 1))).toBe(0);
    expect(snapshot(lists.longs, other).map((entry) => indexOf(entry.node))).toEqual([6, 5]);
    expect(indexOf(runAlone(llistPopMarked(lists.access, other, 2)))).toBe(6);
    expect(lists.live()).toEqual([0, 1]);
  });
});
