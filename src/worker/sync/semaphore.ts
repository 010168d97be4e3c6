/**
 * A counting semaphore: permits that workers take and give back, first come, first served.
 *
 * One word: permits, and WAITERS when somebody waits. Taking permits that are there is a load and a compare-exchange, and
 * so is giving them back when nobody waits. WAITERS is set if and only if the queue is not empty, whenever the room's lock
 * is free; while it is set newcomers queue, and whoever releases comes through the room and hands permits to the front of
 * the queue, to as many as they are enough for. A waiter that wants many is therefore not overtaken by those that want
 * few. When it leaves because its deadline has passed, those behind it may have had enough all along: they are let in.
 */
import { type Addr, NULL, offsetBy } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { callerOf, SyncError } from "./sync-error.ts";
import { type Allocator, NEVER, type SyncWorker, type Words } from "./sync-worker.ts";
import { GRANTED, WAIT_LIST_SIZE, WaitList, wantOf } from "./wait-list.ts";
import { type Ready, type SyncOptions, unparkAll, WaitRoom } from "./wait-room.ts";

const PERMITS = 0x3fff_ffff;
const WAITERS = 0x4000_0000;

/** Name and bound of a semaphore. */
export interface SemaphoreOptions extends SyncOptions {
  /** Permits there can be at most. Default, and limit of the limit: 2^30 - 1. */
  readonly maximum?: number;
}

/** So many permits; first come, first served. */
export class Semaphore {
  readonly name: string;
  readonly maximum: number;
  readonly #initial: number;
  readonly #room: WaitRoom;
  readonly #word: Addr;
  readonly #queue: WaitList;

  /** With `permits` to begin with. Throws ERR_SYNC_CONFIG, ERR_USER_MEMORY. */
  constructor(allocator: Allocator, permits: number, options: SemaphoreOptions = {}) {
    this.#room = new WaitRoom(allocator, "semaphore", 8 + WAIT_LIST_SIZE, options);
    this.name = this.#room.name;
    this.#word = this.#room.words;
    this.#queue = new WaitList(offsetBy(this.#word, 8));
    this.maximum = options.maximum ?? PERMITS;
    this.#initial = permits;
    this.#checkNumber("maximum", this.maximum, 1, PERMITS);
    this.#checkNumber("permits", permits, 0, this.maximum);
  }

  /** Takes `permits`, all at once. Throws ERR_SYNC_CONFIG, ERR_CANCELLED: then it has taken none. */
  *acquire(worker: SyncWorker, permits = 1): Coroutine<void> {
    yield* this.acquireUntil(worker, NEVER, permits);
  }

  /** Takes `permits` if they are there and nobody waits before the caller. Returns whether. */
  *tryAcquire(worker: SyncWorker, permits = 1): Coroutine<boolean> {
    this.#checkNumber("permits", permits, 1, this.maximum);
    const { memory } = worker;
    let found = yield* memory.load32(this.#word);
    // Bounded by the others: each failure is somebody's permit taken or given back.
    while ((found & WAITERS) === 0 && this.#swap(found) >= permits) {
      const wanted = this.#swap(this.#swap(found) - permits);
      if ((yield* memory.cmpxchg32(this.#word, found, wanted)) === 0) return true;
      found = memory.observed32;
    }
    return false;
  }

  /** Returns whether the caller has them now. Throws as `acquire`. */
  *acquireUntil(worker: SyncWorker, deadlineNs: number, permits = 1): Coroutine<boolean> {
    if (yield* this.tryAcquire(worker, permits)) return true;
    const { memory } = worker;
    yield* this.#room.enter(worker);
    if (yield* this.#takeOrAsk(memory, permits)) {
      yield* this.#room.leave(worker);
      return true;
    }
    const node = yield* this.#room.seat(worker, permits);
    yield* this.#queue.append(memory, node);
    yield* this.#room.leave(worker);
    const state = yield* this.#room.wait(worker, node, deadlineNs, (ready) =>
      this.#withdraw(memory, node, ready),
    );
    return state === GRANTED;
  }

  /** Gives permits back, or new ones. Throws ERR_SEMAPHORE_OVERFLOW, and changes nothing then. */
  *release(worker: SyncWorker, permits = 1): Coroutine<void> {
    this.#checkNumber("permits", permits, 1, this.maximum);
    const { memory } = worker;
    let found = yield* memory.load32(this.#word);
    // Bounded by the others: each failure is somebody's permit taken or given back.
    while ((found & WAITERS) === 0) {
      const wanted = this.#swap(this.#sum(worker, found, permits));
      if ((yield* memory.cmpxchg32(this.#word, found, wanted)) === 0) return;
      found = memory.observed32;
    }
    yield* this.#releaseToQueue(worker, permits);
  }

  /** Permits that nobody has. */
  *available(worker: SyncWorker): Coroutine<number> {
    return this.#swap(yield* worker.memory.load32(this.#word));
  }

  *#releaseToQueue(worker: SyncWorker, permits: number): Coroutine<void> {
    const { memory } = worker;
    const ready: Ready = [];
    yield* this.#room.enter(worker);
    try {
      let found = yield* memory.load32(this.#word);
      // Bounded as above; while WAITERS is set the first turn succeeds.
      for (;;) {
        const wanted = this.#swap(this.#sum(worker, found, permits)) | (found & WAITERS);
        if ((yield* memory.cmpxchg32(this.#word, found, wanted)) === 0) break;
        found = memory.observed32;
      }
      if ((found & WAITERS) !== 0) yield* this.#letIn(memory, ready);
    } finally {
      yield* this.#room.leave(worker);
    }
    yield* unparkAll(worker, ready);
  }

  /** Under the room's lock: takes permits, or sets WAITERS and returns false. */
  *#takeOrAsk(memory: Words, permits: number): Coroutine<boolean> {
    // Bounded by the others: each failure is somebody's permit taken or given back.
    for (;;) {
      const found = yield* memory.load32(this.#word);
      if ((found & WAITERS) !== 0) return false;
      const enough = this.#swap(found) >= permits;
      const wanted = enough ? this.#swap(this.#swap(found) - permits) : found | WAITERS;
      if ((yield* memory.cmpxchg32(this.#word, found, wanted)) === 0) return enough;
    }
  }

  /** Under the room's lock, with WAITERS set: nobody else changes the word meanwhile. */
  *#letIn(memory: Words, ready: Ready): Coroutine<void> {
    const word = yield* memory.load32(this.#word);
    let left = this.#swap(word);
    const nodes: Addr[] = [];
    let node = yield* this.#queue.first(memory);
    // Bounded by the length of the queue.
    while (node !== NULL) {
      const want = yield* memory.load32(wantOf(node));
      if (want > left) break;
      left -= want;
      nodes.push(yield* this.#queue.take(memory));
      node = yield* this.#queue.first(memory);
    }
    yield* memory.store32(this.#word, this.#swap(left) | (node === NULL ? 0 : WAITERS));
    for (const waiter of nodes) yield* this.#room.grant(memory, waiter, GRANTED, ready);
  }

  *#withdraw(memory: Words, node: Addr, ready: Ready): Coroutine<void> {
    yield* this.#queue.remove(memory, node);
    yield* this.#letIn(memory, ready);
  }

  /**
   * Permits from the word, and the word from permits. The word counts how many of the first ones are gone, so that zeroed
   * memory is a semaphore that nobody has used yet.
   */
  #swap(permitsOrWord: number): number {
    return (this.#initial - permitsOrWord) & PERMITS;
  }

  #sum(worker: SyncWorker, found: number, permits: number): number {
    const sum = this.#swap(found) + permits;
    if (sum <= this.maximum) return sum;
    throw new SyncError(
      "ERR_SEMAPHORE_OVERFLOW",
      this.name,
      `${callerOf(worker)} releases ${permits}, which makes ${sum} of at most ${this.maximum}`,
    );
  }

  #checkNumber(what: string, value: number, least: number, most: number): void {
    if (Number.isInteger(value) && value >= least && value <= most) return;
    throw new SyncError(
      "ERR_SYNC_CONFIG",
      this.name,
      `${what} must be an integer from ${least} to ${most}, got ${value}`,
    );
  }
}
