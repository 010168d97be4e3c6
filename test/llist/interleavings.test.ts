/**
 * Every interleaving of small programs: the table at the head of `llist.ts`, cell by cell.
 *
 * After each step of each run the list is whole (I18), node values are legal (I21), marks stay (I22) and no
 * node is lost or duplicated (I20); each call keeps its bound (I23). See `fixture.ts` and `ledger.ts`.
 */
import { describe, expect, test } from "vitest";
import { type Coroutine, EAGAIN, LocalMemory, PAGE_SIZE } from "../../src/atomics/index.ts";
import { next, takeAll } from "../../src/llist/index.ts";
import { allInterleavings, type Interleaving, isAccess, type Taken } from "../support/interleave.ts";
import { HEAD, indexOf, makeLists, node, POISON, stepped, watch } from "./fixture.ts";
import {
  kernelPop,
  kernelPush,
  type Ledger,
  makeLedger,
  settle,
  userCollect,
  userMark,
  userPush,
  userTake,
} from "./ledger.ts";

/** One memory for all executions, which are many: `makeLists` writes every word that any of them writes. */
const UNDER = new LocalMemory(new ArrayBuffer(6 * PAGE_SIZE));

type Result = number | "empty";
type Actor = (ledger: Ledger) => Coroutine<Result>;

/** What came of a run, with the ledger as it is at the end. */
type Check = (run: Interleaving<Result>, ledger: Ledger) => void;

/** Runs every interleaving on a fresh list with the given chain; returns how many there were. */
function every(chain: readonly number[], actors: readonly Actor[], check: Check = () => {}): number {
  let ledger: Ledger;
  let look: (taken: Taken) => void;
  return allInterleavings<Result>(
    () => {
      const lists = makeLists(stepped, UNDER);
      lists.chain(...chain);
      ledger = makeLedger(lists);
      look = watch(lists);
      return actors.map((actor) => actor(ledger));
    },
    (run) => check(run, ledger),
    {
      afterStep: (taken) => {
        look(taken);
        settle(ledger, taken);
      },
    },
  );
}

/** The different results, as text, sorted. */
function outcomes(chain: readonly number[], actors: readonly Actor[]): string[] {
  const seen = new Set<string>();
  every(chain, actors, ({ results }) => seen.add(results.join(" ")));
  return [...seen].sort();
}

/** Enough for every attempt of the small programs here. */
const ENOUGH = 8;

const kpush =
  (index: number, max = ENOUGH): Actor =>
  (ledger) =>
    kernelPush(ledger, index, max);
const upush =
  (index: number): Actor =>
  (ledger) =>
    userPush(ledger, index);
const pop =
  (max = ENOUGH, exact = true): Actor =>
  (ledger) =>
    kernelPop(ledger, max, exact);
const mark =
  (index: number): Actor =>
  (ledger) =>
    userMark(ledger, index);
const take: Actor = (ledger) => userTake(ledger);
/**
 * Takes the whole list and walks it without claiming: what the chain of a taker looks like to a careless one.
 */
const walk: Actor = function* walk({ lists, held }) {
  const first = yield* takeAll(lists.user, HEAD);
  held.add(first);
  let nodes = 0;
  for (let at = first; at !== 0; at = yield* next(lists.user, at)) nodes++;
  return nodes;
};
/** Reclaims into poison, which the next one to look at a reclaimed node would stumble over. */
const collect: Actor = (ledger) =>
  userCollect(ledger, (index) => {
    ledger.lists.longs[node(index) >>> 3] = POISON;
  });
/** Reclaims and leaves the words as they are: nodes stay readable until everybody has left. */
const collectKindly: Actor = (ledger) => userCollect(ledger);

describe("pairs that may run against one another", () => {
  test.each<[name: string, chain: number[], actors: Actor[]]>([
    ["kernel push and kernel push", [0], [kpush(4), kpush(5)]],
    ["kernel push and user push", [0], [kpush(4), upush(5)]],
    ["push and pop", [0, ~1, 2], [kpush(4), pop()]],
    ["push and pop on an empty list", [], [kpush(4), pop()]],
    ["push and markDeleted of the first", [0, 1], [upush(4), mark(0)]],
    ["push and unlinkDeleted", [~0, 1, ~2], [kpush(4), collect]],
    ["push and takeAll", [0, ~1], [kpush(4), take]],
    ["pop and pop", [0, 1], [pop(), pop()]],
    ["pop and pop of one node", [0], [pop(), pop()]],
    ["pop and markDeleted of the second", [0, 1], [pop(), mark(1)]],
    ["pop and unlinkDeleted, nodes staying readable", [~0, 1, ~2, 3], [pop(ENOUGH, false), collectKindly]],
    ["pop and takeAll, nodes staying readable", [0, ~1, 2], [pop(), take]],
    ["markDeleted of two neighbours", [0, 1], [mark(0), mark(1)]],
    ["markDeleted and unlinkDeleted", [0, 1, ~2], [mark(1), collect]],
    ["markDeleted of the predecessor and unlinkDeleted", [0, ~1, 2], [mark(0), collect]],
    ["markDeleted and takeAll", [0, 1], [mark(1), take]],
    ["takeAll and takeAll", [0, 1], [take, take]],
  ])("%s", (_name, chain, actors) => {
    expect(every(chain, actors)).toBeGreaterThan(1);
  });
});

describe("three at once", () => {
  test.each<[name: string, chain: number[], actors: Actor[]]>([
    ["two kernel pushers and a popper", [], [kpush(4), kpush(5), pop()]],
    ["two kernel pushers and a popper, a node there", [0], [kpush(4), kpush(5), pop()]],
    ["two pushers and a taker", [], [kpush(4), upush(5), take]],
    ["two poppers and a marker", [0, 1], [pop(), pop(), mark(0)]],
    ["pusher, popper and collector", [~0], [kpush(4), pop(ENOUGH, false), collectKindly]],
    ["pusher, marker and collector", [0], [upush(4), mark(0), collect]],
    ["pusher, popper and taker", [0], [kpush(4), pop(), take]],
    ["two takers and a pusher", [0], [take, take, upush(4)]],
  ])("%s", (_name, chain, actors) => {
    expect(every(chain, actors)).toBeGreaterThan(100);
  });

  test("two pushers and a popper: what is popped is what one of them pushed, or nothing", () => {
    const seen = new Set<Result>();
    every([], [kpush(4), kpush(5), pop()], ({ results }, { lists }) => {
      const popped = results[2]!;
      seen.add(popped);
      expect(results.slice(0, 2)).toEqual([0, 0]);
      expect([...lists.live(), ...lists.deleted()].sort()).toEqual([4, 5]);
      expect(lists.deleted()).toEqual(popped === "empty" ? [] : [popped]);
    });
    expect([...seen].sort()).toEqual([4, 5, "empty"]);
  });

  test("a push against takeAll ends in the chain or in the list, never in both or neither", () => {
    for (const pusher of [kpush(4), upush(4)]) {
      const seen = new Set<string>();
      every([0], [pusher, take], ({ results }, { lists }) => {
        const taken = results[1] as number;
        expect(lists.live()).toEqual(taken === 2 ? [] : [4]);
        seen.add(String(taken));
      });
      expect([...seen].sort()).toEqual(["1", "2"]);
    }
  });
});

describe("the bit that wakes somebody", () => {
  test("of two pushes onto an empty list exactly one is told that it was empty", () => {
    expect(outcomes([], [upush(0), upush(1)])).toEqual(["0 1", "1 0"]);
    expect(outcomes([7], [upush(0), upush(1)])).toEqual(["0 0"]);
  });

  test("of three too", () => {
    expect(outcomes([], [upush(0), upush(1), upush(2)])).toEqual(["0 0 1", "0 1 0", "1 0 0"]);
  });

  test("a deleted node keeps the list from being empty; a kernel push too", () => {
    expect(outcomes([~7], [upush(0), upush(1)])).toEqual(["0 0"]);
    expect(outcomes([], [upush(0), kpush(1)])).toEqual(["0 0", "1 0"]);
  });

  test("with a taker between them each push onto a list that was taken is told so", () => {
    // Third: what the taker found. Two trues mean that it came between them.
    expect(outcomes([], [upush(0), upush(1), take])).toEqual(["0 1 0", "0 1 2", "1 0 0", "1 0 2", "1 1 1"]);
  });
});

describe("one node, several who want it", () => {
  test("popMarked against markDeleted: exactly one wins", () => {
    expect(outcomes([3], [pop(), mark(3)])).toEqual(["3 0", "empty 1"]);
  });

  test("two marks, and two marks and a pop", () => {
    expect(outcomes([3], [mark(3), mark(3)])).toEqual(["0 1", "1 0"]);
    expect(outcomes([3], [mark(3), mark(3), pop()])).toEqual(["0 0 3", "0 1 empty", "1 0 empty"]);
  });

  test("three pops of two nodes: each once, and one finds nothing", () => {
    const seen = outcomes([0, 1], [pop(), pop(), pop()]);
    expect(seen.every((line) => line.split(" ").sort().join(" ") === "0 1 empty")).toBe(true);
    expect(seen).toHaveLength(6);
  });

  test("a popper and a taker share a chain without sharing a node", () => {
    // Popped node, and how many the taker claimed.
    expect(outcomes([0, 1], [pop(), take])).toEqual(["0 1", "1 1", "empty 2"]);
  });
});

describe("bounds under contention", () => {
  test("a push with one attempt fails exactly when another came between", () => {
    expect(outcomes([], [kpush(0, 1), kpush(1, 1)])).toEqual([`${-EAGAIN} 0`, `0 ${-EAGAIN}`, "0 0"].sort());
  });

  test("with as many attempts as there are pushers no push fails", () => {
    expect(outcomes([], [kpush(0, 2), kpush(1, 2)])).toEqual(["0 0"]);
    // A taker moves the head as well: one attempt more than pushers is needed then.
    expect(outcomes([], [kpush(0, 2), kpush(1, 2), take])).toContain(`${-EAGAIN} 0 1`);
    expect(outcomes([], [kpush(0, 3), kpush(1, 3), take])).toEqual(["0 0 0", "0 0 1", "0 0 2"]);
  });

  test("a pop that loses its node to another looks at the next, within its bound", () => {
    expect(outcomes([0, 1], [pop(1), pop(1)])).toEqual([`${-EAGAIN} 0`, `0 ${-EAGAIN}`].sort());
    expect(outcomes([0, 1], [pop(2), pop(2)])).toEqual(["0 1", "1 0"]);
  });
});

describe("reclaimed nodes (I24)", () => {
  /**
   * In how many interleavings of `actors` and of `collectors` somebody touches a node after it was reclaimed.
   */
  function touched(chain: readonly number[], actors: readonly Actor[], collectors = 1): number {
    let count = 0;
    let broken = false;
    let ledger: Ledger;
    const gone = new Set<number>();
    allInterleavings<Result>(
      () => {
        const lists = makeLists(stepped, UNDER);
        lists.chain(...chain);
        ledger = makeLedger(lists);
        broken = false;
        gone.clear();
        const reclaim = (index: number): void => {
          gone.add(index);
        };
        const collecting = Array.from({ length: collectors }, () => userCollect(ledger, reclaim));
        return [...actors.map((actor) => actor(ledger)), ...collecting];
      },
      ({ results }) => {
        expect(results).toHaveLength(actors.length + collectors);
        if (broken) count++;
      },
      {
        afterStep: (taken) => {
          // A node is reclaimed by a step on its predecessor: the step that unlinks it does not touch it.
          if (isAccess(taken.access) && gone.has(indexOf(taken.access.addr))) broken = true;
          settle(ledger, taken);
        },
      },
    );
    return count;
  }

  test("are touched by nobody, of those who may run against the collector", () => {
    expect(touched([~0, 1, ~2], [kpush(4)])).toBe(0);
    expect(touched([0], [kpush(4), mark(0)])).toBe(0);
    expect(touched([0, ~1], [mark(0)])).toBe(0);
    expect(touched([0, 1], [mark(0), mark(1)])).toBe(0);
    // A taker that marks each node before it reads the next holds the collector's compare-exchange off.
    expect(touched([0, ~1, 2], [take])).toBe(0);
  });

  test("are touched by those who may not: poppers, takers and other collectors", () => {
    expect(touched([~0, 1], [pop(ENOUGH, false)])).toBeGreaterThan(0);
    expect(touched([0, ~1], [walk])).toBeGreaterThan(0);
    expect(touched([0, ~1], [], 2)).toBeGreaterThan(0);
  });
});
