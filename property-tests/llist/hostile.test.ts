/**
 * The kernel's operations on words that user space may have made anything of (I39): they end within their
 * bound with a defined answer, do what v0.3 does to the word, and write nothing else.
 */
import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { expect } from "vitest";
import {
  type Addr,
  addr,
  EAGAIN,
  EFAULT,
  PAGE_SIZE,
  wordFromAddr,
  type Yielded,
} from "../../src/atomics/index.ts";
import { llistPopMarked, llistPush } from "../../src/llist/index.ts";
import {
  HEAD,
  type Lists,
  makeLists,
  NODES,
  node,
  stepped,
  UNMAPPED_NODE,
} from "../../test/llist/fixture.ts";
import { runAlone } from "../../test/support/interleave.ts";

const nodeWord = fc.nat(UNMAPPED_NODE).map((index) => wordFromAddr(node(index)));
const mark = fc.constantFrom(0n, 0n, 1n);

/** What a node or a head may hold: mostly lists, cycles among them, and now and then anything. */
const word: fc.Arbitrary<bigint> = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(nodeWord, mark).map(([pointer, bit]) => pointer | bit) },
  { weight: 3, arbitrary: mark },
  { weight: 1, arbitrary: nodeWord.map((pointer) => pointer + 4n) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0xdeaddeaddeaddeadn, 0xdeaddeaddeaddea8n, 2n ** 52n, 8n, 2n ** 64n - 1n),
  },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) },
);

const heap = fc.tuple(word, fc.array(word, { minLength: UNMAPPED_NODE + 1, maxLength: UNMAPPED_NODE + 1 }));

function setUp([head, values]: [bigint, bigint[]]): Lists {
  const lists = makeLists(stepped);
  // As the pages are in the fixture: the absent one is faulted in, which both operations may wait for.
  values.forEach((value, index) => {
    lists.longs[node(index) >>> 3] = value;
  });
  lists.setHead(head);
  return lists;
}

/** 0: no access, 1: reads, 2: reads and writes; of the 8 bytes at a word's value taken for an address. */
function rights(pointer: bigint): number {
  if (pointer % 8n !== 0n || pointer < PAGE_SIZE || pointer >= 5 * PAGE_SIZE) return 0;
  return pointer >= 4 * PAGE_SIZE ? 1 : 2;
}

/**
 * Pop as v0.3 has it, on a copy of the words. Nobody interferes, so no compare-exchange is
 * lost.
 */
function modelPop(longs: BigUint64Array, max: number): number {
  let at = longs[HEAD >>> 3]!;
  for (let step = 0; step < max; step++) {
    if (at === 0n) return 0;
    if (at % 2n === 1n || rights(at) === 0) return -EFAULT;
    const value = longs[Number(at / 8n)]!;
    if (value % 2n === 0n) {
      if (rights(at) === 1) return -EFAULT;
      longs[Number(at / 8n)] = value + 1n;
      return Number(at);
    }
    at = value - 1n;
  }
  return -EAGAIN;
}

test.prop([heap, fc.nat(10)])("pop", (words, max) => {
  const lists = setUp(words);
  const longs = lists.longs.slice();
  const wanted = modelPop(longs, max);
  const yielded: Yielded[] = [];
  expect(runAlone(llistPopMarked(lists.access, HEAD, max), yielded)).toBe(wanted);
  expect(yielded.length).toBeLessThanOrEqual(1 + 2 * max);
  expect(lists.longs).toEqual(longs);
});

const anyNode: fc.Arbitrary<Addr> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(UNMAPPED_NODE).map(node) },
  { weight: 2, arbitrary: fc.nat(6 * PAGE_SIZE).map(addr) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 32 + node(0), 2 ** 52 + 1, 2 ** 53).map(addr) },
);

test.prop([heap, anyNode, anyNode, fc.integer({ min: 1, max: 8 })])("push", (words, head, at, max) => {
  const lists = setUp(words);
  const longs = lists.longs.slice();
  let wanted = -EFAULT;
  const headWord = wordFromAddr(head);
  const atWord = wordFromAddr(at);
  if (rights(headWord) > 0 && rights(atWord) === 2) {
    longs[at >>> 3] = longs[head >>> 3]!;
    if (rights(headWord) === 2) {
      longs[head >>> 3] = atWord;
      wanted = 0;
    }
  }
  // A node pushed onto itself holds what it found, and then its own address.
  const yielded: Yielded[] = [];
  expect(runAlone(llistPush(lists.access, head, at, max), yielded)).toBe(wanted);
  expect(yielded.length).toBeLessThanOrEqual(3 * max);
  expect(lists.longs).toEqual(longs);
});

test.prop([heap, fc.integer({ min: 1, max: 24 })])(
  "pops one after another mark no word twice",
  (words, pops) => {
    const lists = setUp(words);
    const popped = new Set<number>();
    for (let i = 0; i < pops; i++) {
      const result = runAlone(llistPopMarked(lists.access, HEAD, NODES));
      // Nothing changes after an answer that is no node.
      if (result <= 0) break;
      expect(popped.has(result)).toBe(false);
      popped.add(result);
      expect(lists.longs[result >>> 3]! & 1n).toBe(1n);
    }
    expect(popped.size).toBeLessThanOrEqual(pops);
  },
);
