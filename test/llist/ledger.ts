/**
 * The books of a concurrent run (I20): every node is free, live or claimed, and each change of hands is
 * entered at the very step at which it happens. A node that is claimed twice, lost or reclaimed alive is an
 * error at once.
 *
 * The actors here are the operations of `llist` with their results entered; the step counts they must keep
 * (I23) are checked on the way.
 */
import { type Addr, type Coroutine, EAGAIN, wordFromAddr } from "../../src/atomics/index.ts";
import {
  LLIST_DELETED,
  llistPopMarked,
  llistPush,
  markDeleted,
  next,
  push,
  snapshot,
  takeAll,
  unlinkDeleted,
} from "../../src/llist/index.ts";
import { counted, isAccess, type Taken } from "../support/interleave.ts";
import { HEAD, indexOf, type Lists, liveBits, NODES, node } from "./fixture.ts";

/**
 * free: nobody's. live: pushed and not claimed. claimed: popped or marked, maybe still linked. gone: and
 * unlinked.
 */
export type State = "free" | "live" | "claimed" | "gone";

export interface Ledger {
  readonly lists: Lists;
  readonly states: State[];
  /** First nodes of chains that were taken whole and are still being walked. */
  readonly held: Set<Addr>;
  /** The head's word before the step that is being made; written by `settle`. */
  head: bigint;
}

export function makeLedger(lists: Lists): Ledger {
  const states = new Array<State>(NODES).fill("free");
  for (const index of lists.live()) states[index] = "live";
  for (const index of lists.deleted()) states[index] = "claimed";
  return { lists, states, held: new Set(), head: lists.longs[HEAD >>> 3]! };
}

function enter(ledger: Ledger, index: number, from: State, to: State): void {
  const state = ledger.states[index];
  if (state !== from) throw new Error(`I20: node ${index} became ${to}, but was ${state} and not ${from}`);
  ledger.states[index] = to;
}

/**
 * Call after each step. The nodes that can be found unmarked, in the list or in a chain that was taken, are
 * exactly the live ones, once each. A load changes neither the lists nor the books, so it is not followed by
 * a look at them.
 */
export function settle(ledger: Ledger, { access }: Taken): void {
  if (isAccess(access) && access.kind === "load") return;
  const { lists, states, held } = ledger;
  ledger.head = lists.longs[HEAD >>> 3]!;
  let found = liveBits(lists, ledger.head);
  for (const first of held) {
    const chain = liveBits(lists, wordFromAddr(first));
    if ((found & chain) !== 0) throw new Error(`I20: bits ${found & chain} are in two chains`);
    found |= chain;
  }
  let live = 0;
  for (let index = 0; index < states.length; index++) if (states[index] === "live") live |= 1 << index;
  if (found !== live) throw new Error(`I20: live are bits ${live}, found were ${found}`);
}

/** Kernel push. 0 or -EAGAIN. */
export function* kernelPush(ledger: Ledger, index: number, max: number): Coroutine<number> {
  let steps = 0;
  const count = (made: number): void => {
    steps = made;
  };
  const status = yield* counted(llistPush(ledger.lists.access, HEAD, node(index), max), count);
  // I23: an attempt is three steps, and only a push that has lost all of them gives up.
  if (steps > 3 * max || steps % 3 !== 0) throw new Error(`I23: ${steps} steps of a push with ${max}`);
  if (status === 0) enter(ledger, index, "free", "live");
  else if (status !== -EAGAIN || steps !== 3 * max) throw new Error(`push: ${status} after ${steps}`);
  return status;
}

/** User push. Whether it was told that the list was empty, which must be true. */
export function* userPush(ledger: Ledger, index: number): Coroutine<number> {
  const wasEmpty = yield* push(ledger.lists.user, HEAD, node(index));
  if (wasEmpty !== (ledger.head === 0n)) throw new Error(`was empty: ${wasEmpty}`);
  enter(ledger, index, "free", "live");
  return wasEmpty ? 1 : 0;
}

/**
 * Kernel pop: the index of the node, "empty", or -EAGAIN. `exact`: nobody unlinks, so that
 * both of the latter can be held to the list as it was when the head was read.
 */
export function* kernelPop(ledger: Ledger, max: number, exact: boolean): Coroutine<number | "empty"> {
  let steps = 0;
  let seen: Addr[] = [];
  const pop = counted(
    llistPopMarked(ledger.lists.access, HEAD, max),
    (made) => {
      steps = made;
    },
    (step) => {
      if (step === 1) seen = snapshot(ledger.lists.longs, HEAD).map((entry) => entry.node);
    },
  );
  const result = yield* pop;
  if (steps > 1 + 2 * max) throw new Error(`I23: ${steps} steps of a pop with ${max}`);
  if (result > 0) {
    enter(ledger, indexOf(result), "live", "claimed");
    return indexOf(result);
  }
  if (result === 0) {
    const missed = seen.filter((at) => (ledger.lists.longs[at >>> 3]! & LLIST_DELETED) === 0n);
    if (exact && missed.length > 0) throw new Error(`"empty" although ${missed.map(indexOf)} were there`);
    return "empty";
  }
  if (result !== -EAGAIN) throw new Error(`pop: ${result}`);
  if (exact && seen.length < max) throw new Error(`-EAGAIN after ${seen.length} nodes with ${max}`);
  return result;
}

/** markDeleted on a node that was pushed. 1 when this call claimed it. */
export function* userMark(ledger: Ledger, index: number): Coroutine<number> {
  if (!(yield* markDeleted(ledger.lists.user, node(index)))) return 0;
  enter(ledger, index, "live", "claimed");
  return 1;
}

/** One collection. `reclaim` is told of each node, after the books. Returns how many. */
export function* userCollect(ledger: Ledger, reclaim: (index: number) => void = () => {}): Coroutine<number> {
  return yield* unlinkDeleted(ledger.lists.user, HEAD, (at) => {
    enter(ledger, indexOf(at), "claimed", "gone");
    reclaim(indexOf(at));
  });
}

/**
 * Takes the whole list and claims what nobody else has. Returns how many it claimed; `reclaim` is told of
 * every node.
 */
export function* userTake(ledger: Ledger, reclaim: (index: number) => void = () => {}): Coroutine<number> {
  const { user } = ledger.lists;
  const first = yield* takeAll(user, HEAD);
  if (first === 0) return 0;
  ledger.held.add(first);
  let claimed = 0;
  const chain: number[] = [];
  for (let at = first; at !== 0; at = yield* next(user, at)) {
    chain.push(indexOf(at));
    claimed += yield* userMark(ledger, indexOf(at));
  }
  ledger.held.delete(first);
  for (const index of chain) {
    enter(ledger, index, "claimed", "gone");
    reclaim(index);
  }
  return claimed;
}
