/**
 * Waits for a number of things to be done: `add` before they start, `done` as each ends, `wait` until none is left.
 *
 * One word: the count, and WAITERS when somebody waits. Counting is a load and a compare-exchange; whoever brings the count
 * to zero with WAITERS set lets everybody go, in the same section in which the count becomes zero: an `add` that comes
 * after it belongs to the next round and holds up nobody of this one. WAITERS is set under the room's lock and only
 * while the count is not zero, so a waiter that has queued is seen by whoever ends the count.
 */
import { type Addr, NULL, offsetBy } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { callerOf, SyncError } from "./sync-error.ts";
import { type Allocator, NEVER, type SyncWorker, type Words } from "./sync-worker.ts";
import { GRANTED, WAIT_LIST_SIZE, WaitList } from "./wait-list.ts";
import { type Ready, type SyncOptions, unparkAll, WaitRoom } from "./wait-room.ts";

const COUNT = 0x3fff_ffff;
const WAITERS = 0x4000_0000;

/** A count of what is not done yet; waiters go on when it is 0. */
export class WaitGroup {
  readonly name: string;
  readonly #room: WaitRoom;
  readonly #word: Addr;
  readonly #queue: WaitList;

  /** With a count of 0. Throws ERR_USER_MEMORY. */
  constructor(allocator: Allocator, options: SyncOptions = {}) {
    this.#room = new WaitRoom(allocator, "waitgroup", 8 + WAIT_LIST_SIZE, options);
    this.name = this.#room.name;
    this.#word = this.#room.words;
    this.#queue = new WaitList(offsetBy(this.#word, 8));
  }

  /** Adds an integer to the count. Throws ERR_WAITGROUP_COUNT, and changes nothing then. */
  *add(worker: SyncWorker, delta = 1): Coroutine<void> {
    const { memory } = worker;
    let found = yield* memory.load32(this.#word);
    // Bounded by the others: each failure is somebody's `add`, or a waiter.
    for (;;) {
      const count = this.#sum(worker, found, delta);
      if (count === 0 && (found & WAITERS) !== 0) break;
      if ((yield* memory.cmpxchg32(this.#word, found, (found & WAITERS) | count)) === 0) return;
      found = memory.observed32;
    }
    yield* this.#room.enter(worker);
    const ready: Ready = [];
    try {
      yield* this.#addInside(worker, delta, ready);
    } finally {
      yield* this.#room.leave(worker);
    }
    yield* unparkAll(worker, ready);
  }

  /** One thing is done. Throws ERR_WAITGROUP_COUNT. */
  *done(worker: SyncWorker): Coroutine<void> {
    yield* this.add(worker, -1);
  }

  /** Waits until the count is zero. Throws ERR_CANCELLED. */
  *wait(worker: SyncWorker): Coroutine<void> {
    yield* this.waitUntil(worker, NEVER);
  }

  /** Returns whether the count was zero. Throws ERR_CANCELLED. */
  *waitUntil(worker: SyncWorker, deadlineNs: number): Coroutine<boolean> {
    const { memory } = worker;
    if (((yield* memory.load32(this.#word)) & COUNT) === 0) return true;
    yield* this.#room.enter(worker);
    if (yield* this.#zeroOrAsk(memory)) {
      yield* this.#room.leave(worker);
      return true;
    }
    const node = yield* this.#room.seat(worker, 0);
    yield* this.#queue.append(memory, node);
    yield* this.#room.leave(worker);
    const state = yield* this.#room.wait(worker, node, deadlineNs, () => this.#withdraw(memory, node));
    return state === GRANTED;
  }

  /** Under the room's lock: the count may have changed since it was looked at, and waiters have left. */
  *#addInside(worker: SyncWorker, delta: number, ready: Ready): Coroutine<void> {
    const { memory } = worker;
    let found = yield* memory.load32(this.#word);
    // Bounded by the others, as above.
    for (;;) {
      const count = this.#sum(worker, found, delta);
      const wanted = count === 0 ? 0 : (found & WAITERS) | count;
      if ((yield* memory.cmpxchg32(this.#word, found, wanted)) === 0) break;
      found = memory.observed32;
    }
    if (found + delta !== WAITERS) return;
    // Bounded by the length of the queue, which nobody changes meanwhile.
    for (let node = yield* this.#queue.take(memory); node !== NULL; node = yield* this.#queue.take(memory)) {
      yield* this.#room.grant(memory, node, GRANTED, ready);
    }
  }

  /** Under the room's lock: is the count zero? If not, WAITERS is set. */
  *#zeroOrAsk(memory: Words): Coroutine<boolean> {
    let found = yield* memory.load32(this.#word);
    // Bounded by the others: each failure is somebody's `add`.
    while ((found & COUNT) !== 0) {
      if ((yield* memory.cmpxchg32(this.#word, found, found | WAITERS)) === 0) return false;
      found = memory.observed32;
    }
    return true;
  }

  *#withdraw(memory: Words, node: Addr): Coroutine<void> {
    yield* this.#queue.remove(memory, node);
    if ((yield* this.#queue.first(memory)) !== NULL) return;
    let found = yield* memory.load32(this.#word);
    // Bounded by the others: each failure is somebody's `add`.
    while ((yield* memory.cmpxchg32(this.#word, found, found & ~WAITERS)) !== 0) found = memory.observed32;
  }

  #sum(worker: SyncWorker, found: number, delta: number): number {
    const count = (found & COUNT) + delta;
    if (Number.isInteger(delta) && count >= 0 && count <= COUNT) return count;
    throw new SyncError(
      "ERR_WAITGROUP_COUNT",
      this.name,
      `${callerOf(worker)} adds ${delta} to ${found & COUNT}, which must stay from 0 to ${COUNT}`,
    );
  }
}
