/**
 * Waiters of a synchronisation object: a doubly linked list of nodes in user memory, changed only by whoever holds the
 * object's lock. Doubly linked, so that a waiter whose deadline has passed leaves from the middle in a few steps.
 *
 * | node | word   | written by                                                                                     |
 * |------|--------|------------------------------------------------------------------------------------------------|
 * | 0    | next   | holder of the lock                                                                             |
 * | 8    | prev   | holder of the lock                                                                             |
 * | 16   | owner  | the waiter, before it is linked: its record, to unpark it                                      |
 * | 24   | claim  | the waiter, before it is linked: the word of its select, 0 = it waits here only                |
 * | 32   | state  | the waiter: WAITING, before it is linked; then once, by the holder of the lock that unlinks it |
 * | 36   | want   | the waiter, before it is linked: reader or writer, permits, number of the case                 |
 * | 40   | tid    | the waiter, before it is linked                                                                |
 * | 44   | linked | holder of the lock                                                                             |
 * | 48   | since  | the waiter, before it is linked: when it began to wait, ns; of a channel in words: what is sent |
 * |      |        | or has been received, by the sender                                                            |
 * | 56   | shared | claim word of a select, in its first node: the waiter, before a node is linked; then once, 0 ->  |
 * |      |        | number of a case, by the holder of the lock of that case's channel                             |
 *
 * A list is two words, first and last node.
 */
import { type Addr, addrFromWord, NULL, offsetBy, wordFromAddr } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { Words } from "./sync-worker.ts";

export const WAIT_NODE_SIZE = 64;
export const WAIT_LIST_SIZE = 16;

/** Nobody has decided yet. */
export const WAITING = 0;
/** The waiter has what it waits for. */
export const GRANTED = 1;
/** The waiter should try again. */
export const WOKEN = 2;
/** What the waiter waits for will never come. */
export const REFUSED = 3;

function nextOf(node: Addr): Addr {
  return node;
}
function previousOf(node: Addr): Addr {
  return offsetBy(node, 8);
}
export function ownerOf(node: Addr): Addr {
  return offsetBy(node, 16);
}
export function claimOf(node: Addr): Addr {
  return offsetBy(node, 24);
}
export function nodeStateOf(node: Addr): Addr {
  return offsetBy(node, 32);
}
export function wantOf(node: Addr): Addr {
  return offsetBy(node, 36);
}
export function nodeTidOf(node: Addr): Addr {
  return offsetBy(node, 40);
}
function linkedOf(node: Addr): Addr {
  return offsetBy(node, 44);
}
export function sinceOf(node: Addr): Addr {
  return offsetBy(node, 48);
}
export function nodeValueOf(node: Addr): Addr {
  return sinceOf(node);
}
export function sharedClaimOf(node: Addr): Addr {
  return offsetBy(node, 56);
}

export class WaitList {
  readonly #first: Addr;
  readonly #last: Addr;

  /** `at`: WAIT_LIST_SIZE zeroed bytes, aligned to 8. */
  constructor(at: Addr) {
    this.#first = at;
    this.#last = offsetBy(at, 8);
  }

  /** The node that has waited longest; NULL when nobody waits. */
  *first(memory: Words): Coroutine<Addr> {
    return addrFromWord(yield* memory.load64(this.#first));
  }

  *append(memory: Words, node: Addr): Coroutine<void> {
    const last = addrFromWord(yield* memory.load64(this.#last));
    yield* this.#link(memory, node, last, NULL);
  }

  *prepend(memory: Words, node: Addr): Coroutine<void> {
    yield* this.#link(memory, node, NULL, yield* this.first(memory));
  }

  *#link(memory: Words, node: Addr, before: Addr, after: Addr): Coroutine<void> {
    yield* memory.store32(linkedOf(node), 1);
    yield* this.#join(memory, before, node);
    yield* this.#join(memory, node, after);
  }

  /** `left` is followed by `right`; NULL stands for the end of the list on its side. */
  *#join(memory: Words, left: Addr, right: Addr): Coroutine<void> {
    yield* memory.store64(left === NULL ? this.#first : nextOf(left), wordFromAddr(right));
    yield* memory.store64(right === NULL ? this.#last : previousOf(right), wordFromAddr(left));
  }

  /** Takes a node out, wherever it is. One that is not in the list is left alone. */
  *remove(memory: Words, node: Addr): Coroutine<void> {
    if ((yield* memory.load32(linkedOf(node))) === 0) return;
    yield* memory.store32(linkedOf(node), 0);
    const before = addrFromWord(yield* memory.load64(previousOf(node)));
    const after = addrFromWord(yield* memory.load64(nextOf(node)));
    yield* this.#join(memory, before, after);
  }

  /** Takes the node out that has waited longest; NULL when nobody waits. */
  *take(memory: Words): Coroutine<Addr> {
    const node = yield* this.first(memory);
    if (node !== NULL) yield* this.remove(memory, node);
    return node;
  }
}
