/** The queue of one server: every interleaving of small programs, and its order alone. */
import { describe, expect, test } from "vitest";
import {
  type Coroutine,
  LocalQueue,
  localQueueSize,
  NULL,
  READY_QUEUE_SIZE,
  ReadyQueue,
} from "../../src/index.ts";
import { allInterleavings, runAlone } from "../support/interleave.ts";
import { makeYard, type Yard } from "./yard.ts";

interface Queues {
  readonly yard: Yard;
  readonly own: LocalQueue;
  readonly other: LocalQueue;
  readonly third: LocalQueue;
  readonly overflow: ReadyQueue;
}

function make(stepped: boolean, capacity: number, filled: number): Queues {
  const yard = makeYard(stepped, 3);
  const queue = (): LocalQueue => new LocalQueue(yard.allocate(localQueueSize(capacity)), capacity);
  const queues: Queues = {
    yard,
    own: queue(),
    other: queue(),
    third: queue(),
    overflow: new ReadyQueue(yard.allocate(READY_QUEUE_SIZE)),
  };
  for (let i = 0; i < filled; i++) runAlone(queues.own.push(yard.memory, yard.worker(i)));
  return queues;
}

/** Everything left in the rings, the slot and the overflow, oldest first. */
function rest({ yard, own, other, third, overflow }: Queues): number[] {
  const left: number[] = [];
  for (const queue of [own, other, third]) runAlone(queue.drain(yard.env, overflow));
  for (;;) {
    const worker = runAlone(overflow.take(yard.env));
    if (worker === NULL) return left;
    left.push(yard.indexOf(worker));
  }
}

type Actor = (queues: Queues) => Coroutine<number[]>;

const pop: Actor = function* ({ yard, own }) {
  return [yard.indexOf(yield* own.pop(yard.memory))];
};
const steal: Actor = function* ({ yard, own, other }) {
  return [yard.indexOf(yield* other.stealFrom(yard.memory, own))];
};
const stealToo: Actor = function* ({ yard, own, third }) {
  return [yard.indexOf(yield* third.stealFrom(yard.memory, own))];
};
const takeSlot: Actor = function* ({ yard, own }) {
  return [yard.indexOf(yield* own.takeSlot(yard.memory))];
};
const push = (index: number): Actor =>
  function* ({ yard, own, overflow }) {
    yield* own.pushOrOverflow(yard.env, yard.worker(index), overflow);
    return [];
  };
const put = (index: number): Actor =>
  function* ({ yard, own }) {
    return [yard.indexOf(yield* own.putSlot(yard.memory, yard.worker(index)))];
  };
const inTurn = (...actors: readonly Actor[]): Actor =>
  function* (queues) {
    const taken: number[] = [];
    for (const actor of actors) taken.push(...(yield* actor(queues)));
    return taken;
  };

/** Runs every interleaving; in each, what was put in comes out exactly once. Returns how many there were. */
function every(capacity: number, filled: number, put: readonly number[], actors: readonly Actor[]): number {
  let queues: Queues;
  const wanted = [...Array.from({ length: filled }, (_, i) => i), ...put].sort();
  return allInterleavings<number[]>(
    () => {
      queues = make(true, capacity, filled);
      return actors.map((actor) => actor(queues));
    },
    ({ results }) => {
      const taken = results.flat().filter((index) => index !== -1);
      expect([...taken, ...rest(queues)].sort()).toEqual(wanted);
    },
  );
}

describe("each worker is taken exactly once", () => {
  test.each<[string, number, number, number[], Actor[], number]>([
    ["two take the last one", 4, 1, [], [pop, steal], 126],
    ["two thieves", 4, 2, [], [steal, stealToo], 252],
    ["a thief takes two while the owner takes", 4, 3, [], [pop, steal], 300],
    ["the owner fills what it empties", 2, 2, [2], [inTurn(pop, push(2)), steal], 1000],
    ["the ring comes around under a thief", 2, 2, [2, 3], [inTurn(pop, pop, push(2), push(3)), steal], 3000],
    ["a full ring overflows under a thief", 2, 2, [2], [push(2), steal], 1000],
    ["two take the slot", 2, 0, [0], [inTurn(put(0), takeSlot), takeSlot], 5],
    ["one is put in the slot while one takes", 2, 0, [0, 1], [inTurn(put(0), put(1)), takeSlot], 4],
  ])("%s", (_, capacity, filled, put, actors, least) => {
    expect(every(capacity, filled, put, actors)).toBeGreaterThanOrEqual(least);
  });
});

describe("alone", () => {
  test("the ring is first in, first out, around its end many times and around 2^32 once", () => {
    const { yard, own } = make(false, 4, 0);
    // Head and tail are the first two words of the queue, which is the first thing in the yard.
    const counters = yard.words.subarray(1024, 1026).fill(2 ** 32 - 5);
    for (let i = 0; i < 12; i++) {
      expect(runAlone(own.push(yard.memory, yard.worker(i)))).toBe(true);
      expect(runAlone(own.push(yard.memory, yard.worker(i + 1)))).toBe(true);
      expect(yard.indexOf(runAlone(own.pop(yard.memory)))).toBe(i);
      expect(yard.indexOf(runAlone(own.pop(yard.memory)))).toBe(i + 1);
      expect(runAlone(own.pop(yard.memory))).toBe(NULL);
    }
    expect([...counters]).toEqual([19, 19]);
  });

  test("a ring holds its capacity; one more sends the older half and the new one to the overflow, in order", () => {
    const { yard, own, overflow } = make(false, 4, 4);
    expect(runAlone(own.push(yard.memory, yard.worker(4)))).toBe(false);
    runAlone(own.pushOrOverflow(yard.env, yard.worker(4), overflow));
    const taken = [1, 2, 3].map(() => yard.indexOf(runAlone(overflow.take(yard.env))));
    expect(taken).toEqual([0, 1, 4]);
    expect(runAlone(overflow.take(yard.env))).toBe(NULL);
    expect([1, 2].map(() => yard.indexOf(runAlone(own.pop(yard.memory))))).toEqual([2, 3]);
  });

  test.each([
    [1, [0], []],
    [2, [0], [1]],
    [3, [0, 1], [2]],
    [4, [0, 1], [2, 3]],
  ])("a thief takes the older half of %d, rounded up, in order", (filled, stolen, left) => {
    const { yard, own, other } = make(false, 4, filled);
    const first = yard.indexOf(runAlone(other.stealFrom(yard.memory, own)));
    const more = stolen.slice(1).map(() => yard.indexOf(runAlone(other.pop(yard.memory))));
    expect([first, ...more]).toEqual(stolen);
    expect(runAlone(other.occupied(yard.memory))).toBe(false);
    expect(left.map(() => yard.indexOf(runAlone(own.pop(yard.memory))))).toEqual(left);
    expect(runAlone(own.occupied(yard.memory))).toBe(false);
  });

  test("nothing is stolen from nothing, and a slot does not count as the ring", () => {
    const { yard, own, other } = make(false, 4, 0);
    runAlone(own.putSlot(yard.memory, yard.worker(0)));
    expect(runAlone(other.stealFrom(yard.memory, own))).toBe(NULL);
    expect(runAlone(own.occupied(yard.memory))).toBe(true);
  });
});
