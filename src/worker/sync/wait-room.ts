/**
 * The slow half of every synchronisation object: a lock, nodes for those who wait, and how a worker waits.
 *
 *     yield* room.enter(worker);
 *     ... look at the object's words; if there is something to wait for:
 *     const node = yield* room.seat(worker, want);
 *     yield* list.append(worker.memory, node);
 *     yield* room.leave(worker);
 *     const state = yield* room.wait(worker, node, deadlineNs, withdraw);
 *
 * One room per object. Rejected: a table of rooms hashed by address (Go's semaphore table, parking_lot), which is for locks
 * of one byte: here an object has 64 bytes and more of its own, and strangers do not meet in a bucket.
 *
 * Nothing is lost and nothing is given twice. A node's state leaves WAITING once, and only under the room's lock: by
 * whoever grants, who unlinks the node in the same section, or not at all, when the waiter withdraws: it unlinks its node
 * under the same lock after it has seen WAITING there. So exactly one of {granted, withdrawn} happens. A grant is written
 * before its unpark, and the waiter reads the state before each park: park and unpark commute, so it cannot sleep through
 * a grant. The object's word must allow what is granted before the grant is written: the waiter may be awake already.
 * What is granted to a waiter whose deadline passes or who is cancelled meanwhile is kept: the operation has
 * happened and says so, and the cancellation comes at the worker's next park (`deferCancel`). Giving it back instead is not
 * possible for all objects: the sender of a value handed over has gone on.
 *
 * An unpark that comes after the waiter has seen its grant is left over, and makes a later park return early. So whoever
 * parks does it in a loop over a word (as with every park of this kind); all waits of this library do.
 *
 * Nodes come from a free list of the room, in the JS heap: giving out memory is a primitive, as `allocate` is. The node of
 * a worker that is killed while it waits stays linked, and is never used again.
 */
import { type Addr, addrFromWord, offsetBy, wordFromAddr } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { RuntimeError } from "../../server/runtime-error.ts";
import { enterCritical, leaveCritical } from "./critical.ts";
import { type Allocator, NEVER, type SyncWorker, type Words } from "./sync-worker.ts";
import {
  claimOf,
  GRANTED,
  nodeStateOf,
  nodeTidOf,
  ownerOf,
  sinceOf,
  WAIT_NODE_SIZE,
  WAITING,
  wantOf,
} from "./wait-list.ts";

/** Options of every object. */
export interface SyncOptions {
  /** For errors. Default: the kind of object and its address. */
  readonly name?: string;
}

/** Workers to unpark, when the lock has been left. */
export type Ready = Addr[];

export class WaitRoom {
  readonly name: string;
  /** The object's own words, zeroed, aligned to 8. */
  readonly words: Addr;
  /** 0 free, 1 taken. */
  readonly lock: Addr;
  readonly #allocator: Allocator;
  readonly #free: Addr[] = [];

  /** `bytes` of words. Throws ERR_USER_MEMORY. */
  constructor(allocator: Allocator, kind: string, bytes: number, options: SyncOptions) {
    this.#allocator = allocator;
    this.lock = allocator.allocate(8 + bytes, 64);
    this.words = offsetBy(this.lock, 8);
    this.name = `${kind} ${options.name ?? `0x${this.lock.toString(16)}`}`;
  }

  *enter(worker: SyncWorker): Coroutine<void> {
    yield* enterCritical(worker, this.lock);
  }

  *leave(worker: SyncWorker): Coroutine<void> {
    yield* leaveCritical(worker, this.lock);
  }

  /** A node of the caller's, not linked. */
  *seat(worker: SyncWorker, want: number): Coroutine<Addr> {
    const { memory } = worker;
    const node = this.#free.pop() ?? this.#allocator.allocate(WAIT_NODE_SIZE, 64);
    yield* memory.store64(ownerOf(node), wordFromAddr(worker.record));
    yield* memory.store64(claimOf(node), 0n);
    yield* memory.store32(nodeStateOf(node), WAITING);
    yield* memory.store32(wantOf(node), want);
    yield* memory.store32(nodeTidOf(node), worker.tid);
    yield* memory.store64(sinceOf(node), BigInt(Math.trunc(worker.now())));
    return node;
  }

  /** A node that is in no list and that nobody will touch any more. */
  unseat(node: Addr): void {
    this.#free.push(node);
  }

  /** Decides for an unlinked node, under the lock. The node is the waiter's again from then on. */
  *grant(memory: Words, node: Addr, state: number, ready: Ready): Coroutine<void> {
    // The record first: the waiter may see its state and go before it is unparked.
    ready.push(addrFromWord(yield* memory.load64(ownerOf(node))));
    yield* memory.store32(nodeStateOf(node), state);
  }

  /**
   * Waits, outside the lock, for a decision about `node`, and gives the node back. Returns the decision, or WAITING when
   * the deadline has passed and the waiter has left: `withdraw` has taken it out of its list, under the lock, and says
   * who may go on because of that. `collect` takes what has come with a grant out of the node. Throws ERR_CANCELLED when the
   * waiter has left because it is cancelled.
   */
  *wait(
    worker: SyncWorker,
    node: Addr,
    deadlineNs: number,
    withdraw: (ready: Ready) => Coroutine<void>,
    collect?: () => Coroutine<void>,
  ): Coroutine<number> {
    const { memory } = worker;
    const thrown = yield* parkWhile(worker, nodeStateOf(node), WAITING, deadlineNs);
    const ready: Ready = [];
    let state = yield* memory.load32(nodeStateOf(node));
    if (state === WAITING) {
      yield* this.enter(worker);
      state = yield* memory.load32(nodeStateOf(node));
      if (state === WAITING) yield* withdraw(ready);
      yield* this.leave(worker);
      yield* unparkAll(worker, ready);
    }
    if (state === GRANTED && collect !== undefined) yield* collect();
    this.unseat(node);
    if (thrown !== undefined) {
      if (state === WAITING) throw thrown;
      yield* worker.deferCancel();
    }
    return state;
  }
}

/** Unparks in order. */
export function* unparkAll(worker: SyncWorker, ready: Ready): Coroutine<void> {
  for (const record of ready) yield* worker.unpark({ record });
}

/** Is this what a park throws when its worker is cancelled? */
export function isCancelled(error: unknown): error is RuntimeError {
  return error instanceof RuntimeError && error.code === "ERR_CANCELLED";
}

/** Parks until the word has another value or the deadline has passed. Returns what park threw: the cancellation. */
export function* parkWhile(
  worker: SyncWorker,
  word: Addr,
  value: number,
  deadlineNs: number,
): Coroutine<RuntimeError | undefined> {
  // Bounded by the unparks.
  while ((yield* worker.memory.load32(word)) === value) {
    if (worker.now() >= deadlineNs) return undefined;
    try {
      yield* deadlineNs === NEVER ? worker.park() : worker.parkUntil(deadlineNs);
    } catch (error) {
      if (!isCancelled(error)) throw error;
      return error;
    }
  }
  return undefined;
}
