/** The lists of src/llist: all operations, in the pairs that may run against each other (the table in llist.ts). */
import { type Addr, addr, NULL } from "../../../src/atomics/address.ts";
import { EAGAIN } from "../../../src/atomics/errno.ts";
import type { Coroutine } from "../../../src/atomics/step.ts";
import type { Bare } from "../../../src/explore/bare/bare.ts";
import { History } from "../../../src/explore/bare/history.ts";
import type { Model } from "../../../src/explore/linearizability.ts";
import {
  llistPopMarked,
  llistPush,
  markDeleted,
  next,
  peek,
  push,
  snapshot,
  takeAll,
  unlinkDeleted,
} from "../../../src/llist/llist.ts";
import { accessTo } from "./grounds.ts";
import { must, type Subject, bare as subject } from "./subject.ts";

/**
 * "push 1" -> was empty; "pop" -> whom, or 0; "take" -> whom, first to last. Negative: marked. A pop that finds nothing live on
 * its way answers 0 although there was something at every moment, if nodes are marked one by one meanwhile: marks are not here.
 */
const LIST: Model<readonly number[], string, string> = {
  initial: [],
  apply(list, input) {
    const [what, index = 0] = [input.split(" ")[0], Number(input.split(" ")[1])];
    if (what === "push") return [[index, ...list], String(list.length === 0)];
    if (what === "kernel-push") return [[index, ...list], "0"];
    if (what === "take") return [[], list.join()];
    const at = list.findIndex((i) => i > 0);
    return [list.map((i, place) => (place === at ? -i : i)), String(list[at] ?? 0)];
  },
};

interface Lists {
  readonly head: Addr;
  /** From 1. */
  readonly nodes: readonly Addr[];
  indexOf(node: number): number;
  /** What the list holds at the end, marked ones negative. */
  held(): number[];
}

function makeList(bare: Bare, count: number, linked: readonly number[] = []): Lists {
  const head = bare.long(0n, "head");
  const nodes = [NULL];
  for (let i = 1; i <= count; i++) nodes.push(bare.long(0n, `node ${i}`));
  const indexOf = (node: number): number => nodes.indexOf(addr(node));
  let last = head;
  for (const i of linked) {
    bare.poke32(last, nodes[i]!);
    last = nodes[i]!;
  }
  const held = (): number[] =>
    snapshot(bare.longs, head).map(({ node, deleted }) => (deleted ? -indexOf(node) : indexOf(node)));
  return { head, nodes, indexOf, held };
}

function* operation(bare: Bare, lists: Lists, what: string): Coroutine<string> {
  const { head, nodes, indexOf } = lists;
  const [name, index] = [what.split(" ")[0], Number(what.split(" ")[1])];
  if (name === "push") return String(yield* push(bare as never, head, nodes[index]!));
  if (name === "kernel-push") return String(yield* llistPush(accessTo(bare), head, nodes[index]!, 4));
  if (name === "pop") return String(indexOf(yield* llistPopMarked(accessTo(bare), head, 8)));
  const taken: number[] = [];
  for (
    let node = yield* takeAll(bare as never, head);
    node !== NULL;
    node = yield* next(bare as never, node)
  ) {
    const marked = ((yield* bare.load64(node)) & 1n) !== 0n;
    taken.push(marked ? -indexOf(node) : indexOf(node));
  }
  return taken.join();
}

/** What each thread does, one thing after the other; held to the sequential list. */
function linearizable(name: string, ...threads: readonly (readonly string[])[]): Subject {
  return subject(name, (bare) => {
    const lists = makeList(bare, 4);
    const history = new History<string, string>(bare, threads.length);
    for (const [i, all] of threads.entries())
      bare.thread(function* () {
        for (const what of all) yield* history.call(i, what, operation(bare, lists, what));
      });
    bare.atEnd(() => history.check(LIST));
  });
}

/** The kernel pushes, with one try more than there are others; what it gives up is not there. */
const kernelPush = subject("llist: the kernel pushes against two", (bare) => {
  const lists = makeList(bare, 3);
  const access = accessTo(bare);
  const status = [bare.word(1), bare.word(1)];
  for (const i of [0, 1])
    bare.thread(function* () {
      const answer = yield* llistPush(access, lists.head, lists.nodes[i + 1]!, 2);
      yield* bare.store32(status[i]!, answer === 0 ? 0 : 1);
    });
  bare.thread(function* () {
    yield* push(bare as never, lists.head, lists.nodes[3]!);
  });
  bare.atEnd(() => {
    const wanted = [1, 2].filter((i) => bare.peek32(status[i - 1]!) === 0);
    const found = lists.held().sort();
    must([...wanted, 3].join() === found.join(), `the list holds ${found}, pushed were ${wanted},3`);
    must(wanted.length > 0, "both gave up");
  });
});

/** The kernel looks at no more nodes than it is told, and says so. */
const bounded = subject("llist: a pop keeps its bound", (bare) => {
  const lists = makeList(bare, 3, [1, 2, 3]);
  const access = accessTo(bare);
  bare.thread(function* () {
    for (const i of [1, 2]) yield* markDeleted(bare as never, lists.nodes[i]!);
  });
  bare.thread(function* () {
    const found = yield* llistPopMarked(access, lists.head, 2);
    must(found === -EAGAIN || found > 0, `a pop that sees two of three nodes answers ${found}`);
    must(found !== lists.nodes[3], "it has looked at three");
  });
});

/** A collector against pushers and markers: each marked node is unlinked once at most, no live one is. */
const collector = subject("llist: unlinking against a push and two marks", (bare) => {
  const lists = makeList(bare, 4, [1, 2, 3]);
  let reclaimed: number[] = [];
  bare.onReset(() => {
    reclaimed = [];
  });
  bare.thread(function* () {
    yield* unlinkDeleted(bare as never, lists.head, (node) => reclaimed.push(lists.indexOf(node)));
  });
  bare.thread(function* () {
    yield* markDeleted(bare as never, lists.nodes[2]!);
    yield* markDeleted(bare as never, lists.nodes[1]!);
  });
  bare.thread(function* () {
    yield* push(bare as never, lists.head, lists.nodes[4]!);
  });
  bare.atEnd(() => {
    const all = [...reclaimed.map((i) => -i), ...lists.held()];
    must([...all].sort().join() === "-1,-2,3,4", `reclaimed ${reclaimed}, left ${lists.held()}`);
    must(new Set(reclaimed).size === reclaimed.length, `reclaimed twice: ${reclaimed}`);
  });
});

/** Of several that mark one node one wins, be they users or the kernel. */
const markers = subject("llist: one marker wins, and a look finds what is live", (bare) => {
  const lists = makeList(bare, 2, [1, 2]);
  const access = accessTo(bare);
  const wins = bare.word(0);
  for (const user of [true, false, true])
    bare.thread(function* () {
      const won = user
        ? yield* markDeleted(bare as never, lists.nodes[1]!)
        : (yield* llistPopMarked(access, lists.head, 4)) === lists.nodes[1];
      if (won) yield* bare.add32(wins, 1);
      const found = lists.indexOf(yield* peek(bare as never, lists.head));
      must(found === 2 || found === 0, `a look finds ${found}, which is marked`);
    });
  bare.atEnd(() => must(bare.peek32(wins) === 1, `${bare.peek32(wins)} have marked one node`));
});

export const LISTS: readonly Subject[] = [
  linearizable("llist: pushes and a taker", ["push 1", "push 2"], ["push 3"], ["take"]),
  linearizable("llist: pushes and two takers", ["push 1"], ["take", "push 2"], ["take"]),
  linearizable("llist: pushes and pops", ["push 1", "pop"], ["push 2", "pop"]),
  linearizable("llist: a push and two pops", ["push 1", "push 2"], ["pop"], ["pop"]),
  linearizable("llist: pushes of the kernel and pops", ["kernel-push 1", "pop"], ["kernel-push 2", "pop"]),
  kernelPush,
  bounded,
  collector,
  markers,
];
