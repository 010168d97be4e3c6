/**
 * The flaws of the v0.3 lists that are kept on purpose, each as the interleaving that shows it.
 *
 * A test that fails here means that a flaw is gone: then the table at the head of `llist.ts` changes with it.
 */
import { describe, expect, test } from "vitest";
import { type Coroutine, EAGAIN, EFAULT, wordFromAddr } from "../../src/atomics/index.ts";
import { LLIST_DELETED, llistPopMarked, llistPush, push, unlinkDeleted } from "../../src/llist/index.ts";
import { allInterleavings, counted, inOrder, interleave, isAccess } from "../support/interleave.ts";
import { HEAD, indexOf, type Lists, LONE_NODE, makeLists, node, POISON, stepped } from "./fixture.ts";

/** The bound of a machine with four CPUs. */
const MAX = 8;

function setUp(...chain: number[]): Lists {
  const lists = makeLists(stepped);
  lists.chain(...chain);
  return lists;
}

const pop = ({ access }: Lists): Coroutine<number> => llistPopMarked(access, HEAD, MAX);

/** One collection, each reclaimed node handed to `reclaim`. */
const collect = ({ user }: Lists, reclaim: (index: number) => void = () => {}): Coroutine<number> =>
  unlinkDeleted(user, HEAD, (at) => reclaim(indexOf(at)));

const POPPER = 0;
const COLLECTOR = 1;

describe("F1: a popper dereferences a node that was reclaimed meanwhile", () => {
  // The popper reads the head, and holds the address of node 0, which is marked; the collector unlinks and
  // reclaims it.
  const schedule = inOrder([POPPER, 1], [COLLECTOR, 3]);

  test("poisoned: the kernel follows the poison, and the worker is killed with -EFAULT", () => {
    const lists = setUp(~0, 1);
    const poison = (index: number): void => {
      lists.longs[node(index) >>> 3] = POISON;
    };
    const run = interleave([pop(lists), collect(lists, poison)], schedule);
    expect(run.results).toEqual([-EFAULT, 1]);
    // An idle server was there all the time.
    expect(lists.live()).toEqual([1]);
    const touched = run.taken.filter(({ actor, access }) => actor === POPPER && isAccess(access));
    expect(touched.map(({ access }) => isAccess(access) && indexOf(access.addr))).toEqual([HEAD, 0]);
  });

  test("unmapped: -EFAULT, be it one node further on", () => {
    // Both are unlinked while the popper is about to read node 0, whose word still leads to the lone node.
    const lists = setUp(~0, ~LONE_NODE, 1);
    const unmap = (index: number): void => {
      if (index === LONE_NODE) lists.pages.protect(node(index), 8, "unmapped");
    };
    const run = interleave([pop(lists), collect(lists, unmap)], inOrder([POPPER, 1], [COLLECTOR, 6]));
    expect(run.results).toEqual([-EFAULT, 2]);
    expect(lists.live()).toEqual([1]);
  });

  test("reused for something else: the kernel changes a word that is none of its business", () => {
    const lists = setUp(~0, 1);
    const reuse = (index: number): void => {
      lists.longs[node(index) >>> 3] = 0n;
    };
    const run = interleave([pop(lists), collect(lists, reuse)], schedule);
    expect(indexOf(run.results[POPPER]!)).toBe(0);
    expect(lists.valueOf(0)).toBe(LLIST_DELETED);
    expect(lists.live()).toEqual([1]);
  });

  test("pushed again at once: popped before it is in the list, and once more after", () => {
    const lists = setUp(~0, 1);
    const owner = function* (): Coroutine<number> {
      yield* collect(lists);
      yield* push(lists.user, HEAD, node(0));
      return 0;
    };
    // The collection is 6 steps: it ends after it has passed node 1. Then the push: load head, store node,
    // and before the third step, which publishes, the popper marks the node; another push makes that step
    // fail, and its second attempt writes the node anew: the mark is lost.
    const second = function* (): Coroutine<number> {
      yield* push(lists.user, HEAD, node(2));
      return 0;
    };
    const run = interleave(
      [pop(lists), owner(), second()],
      inOrder([POPPER, 1], [1, 6 + 2], [POPPER, 2], [1, 3], [1, 4]),
    );
    expect(indexOf(run.results[POPPER]!)).toBe(0);
    expect(lists.live()).toEqual([0, 2, 1]);
    expect(indexOf(interleave([pop(lists)], []).results[0]!)).toBe(0);
  });

  test("an exhaustive search finds it", () => {
    let lists = setUp();
    const results = new Set<number>();
    allInterleavings(
      () => {
        lists = setUp(~0, 1);
        const poison = (index: number): void => {
          lists.longs[node(index) >>> 3] = POISON;
        };
        return [pop(lists), collect(lists, poison)];
      },
      (run) => results.add(indexOf(run.results[POPPER]!)),
    );
    expect([...results].sort((a, b) => a - b)).toEqual([-EFAULT, 1]);
  });
});

describe("F2: a popper skips a live server", () => {
  // List S1 -> S2, S2 marked. The popper reads the head and *S1 (-> S2, unmarked). The collector unlinks S2:
  // *S1 = 0. The popper's compare-exchange on S1 fails; it takes the 0 that it found for the end of the list.
  const schedule = inOrder([POPPER, 2], [COLLECTOR, 5]);

  test("and answers that the list is empty with an idle server in it", () => {
    const lists = setUp(1, ~2);
    // Poisoned, to see that it goes by the word it found and not by the one it had read.
    const poison = (index: number): void => {
      lists.longs[node(index) >>> 3] = POISON;
    };
    const run = interleave([pop(lists), collect(lists, poison)], schedule);
    expect(run.results).toEqual([0, 1]);
    expect(lists.live()).toEqual([1]);
    // Nobody interferes any more and the server is found: it was the pop that missed it.
    expect(indexOf(interleave([pop(lists)], []).results[0]!)).toBe(1);
  });

  test("and pops the one behind it", () => {
    const lists = setUp(1, ~2, 3);
    const run = interleave([pop(lists), collect(lists)], schedule);
    expect(indexOf(run.results[POPPER]!)).toBe(3);
    expect(lists.live()).toEqual([1]);
  });

  test("exactly in those interleavings in which its compare-exchange comes between unlink and mark", () => {
    let lists = setUp();
    const counts = { popped: 0, skipped: 0 };
    allInterleavings(
      () => {
        lists = setUp(1, ~2);
        return [pop(lists), collect(lists)];
      },
      ({ results, taken }) => {
        // The steps on node 1 in their order: the popper's load and compare-exchange, the collector's unlink.
        const [loaded, marked] = taken.flatMap(({ actor, access }, at) =>
          actor === POPPER && isAccess(access) && access.addr === node(1) ? [at] : [],
        );
        const unlinked = taken.findIndex(
          ({ actor, access }) =>
            actor === COLLECTOR && isAccess(access) && access.kind === "cmpxchg" && access.addr === node(1),
        );
        const between = loaded! < unlinked && unlinked < marked!;
        if (results[POPPER] === 0) {
          counts.skipped++;
          expect(between).toBe(true);
          expect(lists.live()).toEqual([1]);
        } else {
          counts.popped++;
          expect(between).toBe(false);
          expect(indexOf(results[POPPER]!)).toBe(1);
          expect(lists.live()).toEqual([]);
        }
      },
    );
    expect(counts.skipped).toBeGreaterThan(0);
    expect(counts.popped).toBeGreaterThan(counts.skipped);
  });

  test("never without a collector: a lost compare-exchange then means that the node is taken", () => {
    let lists = setUp();
    const runs = allInterleavings(
      () => {
        lists = setUp(1, ~2, 3);
        return [pop(lists), pop(lists), llistPush(lists.access, HEAD, node(4), MAX)];
      },
      ({ results }) => {
        expect(results[0]).not.toBe(results[1]);
        for (const result of results.slice(0, 2)) expect([1, 3, 4]).toContain(indexOf(result));
      },
    );
    expect(runs).toBeGreaterThan(100);
  });
});

describe("F3: a push gives up after so many lost races, and its worker is killed", () => {
  const VICTIM = 0;
  const RIVALS = 1;

  test.each([1, 2, 8])("with %d attempts and as many rivals", (max) => {
    const lists = setUp();
    let steps = 0;
    const victim = counted(llistPush(lists.access, HEAD, node(0), max), (made) => {
      steps = made;
    });
    const rivals = function* (count: number): Coroutine<number> {
      for (let index = 1; index <= count; index++) yield* push(lists.user, HEAD, node(index));
      return count;
    };
    // Each time the victim has read the head and written its node, a rival pushes; then the compare-exchange
    // loses.
    const round = inOrder([VICTIM, 2], [RIVALS, 3], [VICTIM, 1]);
    const schedule = Array.from({ length: max }, () => round).flat();
    const run = interleave([victim, rivals(max)], schedule);
    expect(run.results).toEqual([-EAGAIN, max]);
    expect(steps).toBe(3 * max);
    // The worker is IDLE and in no list: nobody will ever run it.
    expect(lists.live()).not.toContain(0);
    expect(lists.live()).toHaveLength(max);
    expect(lists.valueOf(0)).not.toBe(wordFromAddr(HEAD));
  });

  test.each([2, 3, 8])("and does not with %d attempts and one rival fewer", (max) => {
    const lists = setUp();
    const victim = llistPush(lists.access, HEAD, node(0), max);
    const rivals = function* (): Coroutine<number> {
      for (let index = 1; index < max; index++) yield* push(lists.user, HEAD, node(index));
      return 0;
    };
    const round = inOrder([VICTIM, 2], [RIVALS, 3], [VICTIM, 1]);
    const schedule = Array.from({ length: max }, () => round).flat();
    expect(interleave([victim, rivals()], schedule).results).toEqual([0, 0]);
    expect(lists.live()).toHaveLength(max);
    expect(lists.live()[0]).toBe(0);
  });
});

describe("pushes of what is in a list already", () => {
  test("F6, F9: the first node pushed again is a cycle, and the user side says so", () => {
    const lists = setUp(0, 1);
    expect(interleave([llistPush(lists.access, HEAD, node(0), MAX)], []).results).toEqual([0]);
    expect(lists.valueOf(0)).toBe(wordFromAddr(node(0)));
    expect(() => lists.live()).toThrow(/list at 0x1000/);
    // The kernel's pop is bounded all the same, and marks the node that closes the cycle.
    expect(indexOf(interleave([pop(lists)], []).results[0]!)).toBe(0);
    expect(interleave([pop(lists)], []).results).toEqual([-EAGAIN]);
  });
});
