/**
 * A mutual exclusion lock.
 *
 *     const accounts = new Mutex(machine, { name: "accounts" });
 *     yield* accounts.lock(worker);
 *     try { ... } finally { yield* accounts.unlock(worker); }
 *
 * One word: 0 free, else the tid of the owner, with WAITERS when somebody waits. Locking what is free is one
 * compare-exchange, unlocking what nobody waits for another.
 *
 * Who gets it. An unlock with waiters wakes the one that has waited longest and leaves the lock free: the waker, who is
 * running and has what the lock protects in its cache, or a newcomer may take it again first (*barging*), and the woken
 * one goes back to the front of the queue. That is what makes throughput: a lock handed over is held by somebody who does
 * not run yet. Against starvation an unlock that finds the first waiter to have waited for `handOffAfterNs` (1 ms) hands
 * the lock over: the word goes from one owner to the next and is never free. `fair: true` is that bound at 0: strictly
 * first come, first served, at the price of a switch per hand-off.
 * Go decides the same on the waiter's side and then stays in its starvation mode until a waiter got the lock within 1 ms;
 * here each unlock decides by itself (as parking_lot's eventual fairness, with a bound instead of a random time), and the
 * bound on waiting is the same: 1 ms, and then one critical section per worker that has waited longer.
 *
 * WAITERS is set if and only if the queue is not empty, whenever the room's lock is free; it is set and removed under that
 * lock. While it is set every unlock comes through the room, so a waiter that has queued under the lock is seen by the
 * unlock of whoever owned the word then. A woken waiter tries the word before it leaves, whatever its deadline says: a
 * wake-up is not lost with it.
 *
 * Rejected: spinning before parking. A worker that spins keeps a server from running others, maybe the very owner.
 */
import { type Addr, NULL, offsetBy } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { hold, letGo } from "./held.ts";
import { callerOf, SyncError } from "./sync-error.ts";
import type { Allocator } from "./sync-worker.ts";
import { type Held, NEVER, type SyncWorker } from "./sync-worker.ts";
import {
  GRANTED,
  nodeTidOf,
  REFUSED,
  sinceOf,
  WAIT_LIST_SIZE,
  WAITING,
  WaitList,
  WOKEN,
} from "./wait-list.ts";
import { type Ready, type SyncOptions, unparkAll, WaitRoom } from "./wait-room.ts";

const OWNER = 0x0fff_ffff;
/** The owner has ended. */
const ABANDONED = 0x2000_0000;
const WAITERS = 0x4000_0000;

const HAND_OFF_AFTER_NS = 1_000_000;

/** Name and fairness of a mutex. */
export interface MutexOptions extends SyncOptions {
  /** First come, first served. Default false. */
  readonly fair?: boolean;
  /** Hand over to a waiter that has waited for so long, ns. Default 1 000 000; `fair` is 0. */
  readonly handOffAfterNs?: number;
}

/** One worker at a time. Not recursive. Barging, with a bound after which it is handed over (`handOffAfterNs`). */
export class Mutex implements Held {
  readonly name: string;
  readonly #room: WaitRoom;
  readonly #word: Addr;
  readonly #queue: WaitList;
  readonly #handOffAfterNs: number;

  /** Throws ERR_SYNC_CONFIG, ERR_USER_MEMORY. */
  constructor(allocator: Allocator, options: MutexOptions = {}) {
    this.#room = new WaitRoom(allocator, "mutex", 8 + WAIT_LIST_SIZE, options);
    this.name = this.#room.name;
    this.#word = this.#room.words;
    this.#queue = new WaitList(offsetBy(this.#word, 8));
    this.#handOffAfterNs = options.fair === true ? 0 : (options.handOffAfterNs ?? HAND_OFF_AFTER_NS);
    if (!(this.#handOffAfterNs >= 0)) {
      throw new SyncError("ERR_SYNC_CONFIG", this.name, `handOffAfterNs is ${this.#handOffAfterNs}`);
    }
  }

  /** Takes the lock. Throws ERR_LOCK_RECURSIVE, ERR_LOCK_ABANDONED, ERR_CANCELLED: then the caller does not hold it. */
  *lock(worker: SyncWorker): Coroutine<void> {
    yield* this.lockUntil(worker, NEVER);
  }

  /** Takes the lock unless that takes until after `deadlineNs`. Returns whether. Throws as `lock`. */
  *lockUntil(worker: SyncWorker, deadlineNs: number): Coroutine<boolean> {
    const { memory, tid } = worker;
    if ((yield* memory.cmpxchg32(this.#word, 0, tid)) === 0) {
      hold(worker, this);
      return true;
    }
    const found = memory.observed32;
    if ((found & (OWNER | ABANDONED)) === tid) {
      throw new SyncError("ERR_LOCK_RECURSIVE", this.name, `${callerOf(worker)} holds it already`);
    }
    return yield* this.#lockSlowly(worker, deadlineNs);
  }

  /** Takes the lock if it is free. Returns whether. */
  *tryLock(worker: SyncWorker): Coroutine<boolean> {
    const { memory, tid } = worker;
    // Bounded by the others: a word that is free and differs each time is somebody's lock and unlock.
    for (let free = 0; (free & OWNER) === 0; free = memory.observed32) {
      if ((yield* memory.cmpxchg32(this.#word, free, free | tid)) !== 0) continue;
      hold(worker, this);
      return true;
    }
    return false;
  }

  /** Runs `body` with the lock held. */
  *withLock<T>(worker: SyncWorker, body: () => Coroutine<T>): Coroutine<T> {
    yield* this.lock(worker);
    try {
      return yield* body();
    } finally {
      yield* this.unlock(worker);
    }
  }

  /** Throws ERR_LOCK_NOT_HELD, ERR_LOCK_STRANGER, and changes nothing then. */
  *unlock(worker: SyncWorker): Coroutine<void> {
    const { memory, tid } = worker;
    if ((yield* memory.cmpxchg32(this.#word, tid, 0)) === 0) return letGo(worker, this);
    const found = memory.observed32;
    if ((found & (OWNER | ABANDONED)) !== tid) throw this.#notYours(worker, found);
    letGo(worker, this);
    const ready: Ready = [];
    yield* this.#room.enter(worker);
    yield* this.#passOn(worker, ready);
    yield* this.#room.leave(worker);
    yield* unparkAll(worker, ready);
  }

  /** Does `worker` hold it? One step. */
  *heldBy(worker: SyncWorker): Coroutine<boolean> {
    return ((yield* worker.memory.load32(this.#word)) & (OWNER | ABANDONED)) === worker.tid;
  }

  /** Everybody who waits, and everybody who comes, gets ERR_LOCK_ABANDONED. */
  *abandon(worker: SyncWorker): Coroutine<void> {
    const { memory } = worker;
    const ready: Ready = [];
    letGo(worker, this);
    yield* this.#room.enter(worker);
    yield* memory.store32(this.#word, worker.tid | ABANDONED);
    // Bounded by the length of the queue, which nobody changes meanwhile.
    for (let node = yield* this.#queue.take(memory); node !== NULL; node = yield* this.#queue.take(memory)) {
      yield* this.#room.grant(memory, node, REFUSED, ready);
    }
    yield* this.#room.leave(worker);
    yield* unparkAll(worker, ready);
  }

  *#lockSlowly(worker: SyncWorker, deadlineNs: number): Coroutine<boolean> {
    const { memory } = worker;
    const since = BigInt(Math.trunc(worker.now()));
    // Bounded by the wake-ups: each turn but the first follows one.
    for (let woken = false; ; woken = true) {
      yield* this.#room.enter(worker);
      const found = yield* this.#takeOrAsk(worker);
      if (found === worker.tid || (found & ABANDONED) !== 0) {
        yield* this.#room.leave(worker);
        if (found !== worker.tid) throw this.#abandoned(worker, found);
        hold(worker, this);
        return true;
      }
      const node = yield* this.#room.seat(worker, 0);
      yield* memory.store64(sinceOf(node), since);
      yield* woken ? this.#queue.prepend(memory, node) : this.#queue.append(memory, node);
      yield* this.#room.leave(worker);
      const state = yield* this.#room.wait(worker, node, deadlineNs, () => this.#withdraw(memory, node));
      if (state === WAITING) return false;
      if (state === REFUSED) throw this.#abandoned(worker, yield* memory.load32(this.#word));
      if (state === WOKEN) continue;
      hold(worker, this);
      return true;
    }
  }

  /** Under the room's lock: takes the word if it has no owner (returns the caller's tid), else sets WAITERS. */
  *#takeOrAsk(worker: SyncWorker): Coroutine<number> {
    const { memory, tid } = worker;
    // Bounded by the others: each failure is somebody's lock or unlock.
    for (;;) {
      const found = yield* memory.load32(this.#word);
      const free = (found & OWNER) === 0;
      if (!free && (found & (WAITERS | ABANDONED)) !== 0) return found;
      const wanted = free ? found | tid : found | WAITERS;
      if ((yield* memory.cmpxchg32(this.#word, found, wanted)) === 0) return free ? tid : found;
    }
  }

  /** Under the room's lock, by the owner: the first waiter is woken or becomes the owner. */
  *#passOn(worker: SyncWorker, ready: Ready): Coroutine<void> {
    const { memory } = worker;
    const node = yield* this.#queue.take(memory);
    // All have withdrawn since WAITERS was seen.
    if (node === NULL) return void (yield* memory.store32(this.#word, 0));
    const waiters = (yield* this.#queue.first(memory)) === NULL ? 0 : WAITERS;
    const waited = BigInt(Math.trunc(worker.now())) - (yield* memory.load64(sinceOf(node)));
    const handOff = Number(waited) >= this.#handOffAfterNs;
    const owner = handOff ? yield* memory.load32(nodeTidOf(node)) : 0;
    yield* memory.store32(this.#word, owner | waiters);
    yield* this.#room.grant(memory, node, handOff ? GRANTED : WOKEN, ready);
  }

  *#withdraw(memory: SyncWorker["memory"], node: Addr): Coroutine<void> {
    yield* this.#queue.remove(memory, node);
    if ((yield* this.#queue.first(memory)) !== NULL) return;
    // Bounded: with WAITERS set the word changes under the room's lock only, but for newcomers who take it, once.
    for (;;) {
      const found = yield* memory.load32(this.#word);
      if ((yield* memory.cmpxchg32(this.#word, found, found & ~WAITERS)) === 0) return;
    }
  }

  #notYours(worker: SyncWorker, found: number): SyncError {
    const owner = found & OWNER;
    if (owner === 0)
      return new SyncError("ERR_LOCK_NOT_HELD", this.name, `${callerOf(worker)} unlocks what nobody holds`);
    return new SyncError(
      "ERR_LOCK_STRANGER",
      this.name,
      `${callerOf(worker)} unlocks what tid ${owner} holds`,
    );
  }

  #abandoned(worker: SyncWorker, found: number): SyncError {
    return new SyncError(
      "ERR_LOCK_ABANDONED",
      this.name,
      `tid ${found & OWNER} ended without unlocking it, ${callerOf(worker)} cannot have it`,
    );
  }
}
