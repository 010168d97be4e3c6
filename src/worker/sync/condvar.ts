/**
 * A condition variable, bound to its mutex when it is made: so two waiters cannot come with two mutexes.
 *
 *     yield* mutex.lock(worker);
 *     while (!ready) yield* readiness.wait(worker);
 *     yield* mutex.unlock(worker);
 *
 * The waiter queues before it unlocks, so whoever changes the condition under the mutex and notifies afterwards finds it.
 * Notifying needs no mutex. Waiters are notified in the order in which they came. A wait may still find the condition
 * false, because a newcomer had the mutex first: hence the loop.
 *
 * A waiter always has the mutex when `wait` returns or throws: when its deadline has passed or it is cancelled, it waits
 * for the mutex all the same, as pthread_cond_timedwait does. A notification that came first counts: it is not passed on,
 * the wait returns true, and a cancellation comes at the next park.
 *
 * Rejected: moving notified waiters to the mutex's queue (wait morphing). It saves the switch of a waiter that wakes only
 * to find the mutex taken; it would tie the two objects' locks to each other.
 */
import { NULL } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { Mutex } from "./mutex.ts";
import { callerOf, SyncError } from "./sync-error.ts";
import { type Allocator, NEVER, type SyncWorker } from "./sync-worker.ts";
import { GRANTED, WAIT_LIST_SIZE, WaitList } from "./wait-list.ts";
import { type Ready, type SyncOptions, unparkAll, WaitRoom } from "./wait-room.ts";

/** A condition variable, bound to its mutex. Wait in a loop over the condition. */
export class Condvar {
  readonly name: string;
  readonly mutex: Mutex;
  readonly #room: WaitRoom;
  readonly #queue: WaitList;

  /** Throws ERR_USER_MEMORY. */
  constructor(allocator: Allocator, mutex: Mutex, options: SyncOptions = {}) {
    this.#room = new WaitRoom(allocator, "condvar", WAIT_LIST_SIZE, options);
    this.#queue = new WaitList(this.#room.words);
    this.name = this.#room.name;
    this.mutex = mutex;
  }

  /** Unlocks, waits to be notified, locks. Throws ERR_CONDVAR_UNLOCKED, and ERR_CANCELLED with the mutex held. */
  *wait(worker: SyncWorker): Coroutine<void> {
    yield* this.waitUntil(worker, NEVER);
  }

  /** Returns whether the caller was notified. Throws as `wait`. */
  *waitUntil(worker: SyncWorker, deadlineNs: number): Coroutine<boolean> {
    const { memory } = worker;
    if (!(yield* this.mutex.heldBy(worker))) {
      throw new SyncError(
        "ERR_CONDVAR_UNLOCKED",
        this.name,
        `${callerOf(worker)} waits without holding ${this.mutex.name}`,
      );
    }
    yield* this.#room.enter(worker);
    const node = yield* this.#room.seat(worker, 0);
    yield* this.#queue.append(memory, node);
    yield* this.#room.leave(worker);
    yield* this.mutex.unlock(worker);
    try {
      const state = yield* this.#room.wait(worker, node, deadlineNs, () => this.#queue.remove(memory, node));
      return state === GRANTED;
    } finally {
      // A cancellation that comes meanwhile comes at the next park.
      yield* worker.shield(() => this.mutex.lock(worker));
    }
  }

  /** Lets the worker go on that has waited longest. */
  *notify(worker: SyncWorker): Coroutine<void> {
    yield* this.#notify(worker, 1);
  }

  *notifyAll(worker: SyncWorker): Coroutine<void> {
    yield* this.#notify(worker, Number.POSITIVE_INFINITY);
  }

  *#notify(worker: SyncWorker, most: number): Coroutine<void> {
    const { memory } = worker;
    const ready: Ready = [];
    yield* this.#room.enter(worker);
    // Bounded by the length of the queue, which nobody changes meanwhile.
    while (ready.length < most) {
      const node = yield* this.#queue.take(memory);
      if (node === NULL) break;
      yield* this.#room.grant(memory, node, GRANTED, ready);
    }
    yield* this.#room.leave(worker);
    yield* unparkAll(worker, ready);
  }
}
