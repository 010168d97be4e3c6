/**
 * What a host thread asks of the scheduler, each call a coroutine over host words: on a Worker every step has happened when it
 * is taken, the main thread awaits what would block it, and the deterministic host has others run, and die, between any two.
 *
 * Every call has the same shape: take the lock, decide (board.ts), tell those who were given a CPU, give the lock back, wake
 * them, and wait for one's own turn if one has given one's CPU away. There is no thread that schedules.
 */
import { EINTR, ESRCH } from "../atomics/errno.ts";
import type { Coroutine, Step } from "../atomics/step.ts";
import { FOREVER } from "../kernel-sim/times.ts";
import { UMCG_TASK_BLOCKED, UMCG_TASK_IDLE, UMCG_TASK_NONE } from "../umcg/abi.ts";
import {
  CANCEL,
  CANCEL_ASKED,
  CANCEL_NOT,
  CANCEL_TOLD,
  FIRST_SLOT,
  ID,
  KICKS,
  NEXT_TID,
  PERMIT,
  READY,
  REASON,
  SERVER_TID,
  WAIT_BLOCKING,
  WAIT_CALL,
  WAIT_PARK,
  WAIT_RESULT,
  WAIT_SLEEP,
  WAIT_START,
  WAIT_SWITCH,
} from "./layout.ts";
import { Turns } from "./turns.ts";

export class Scheduler extends Turns {
  /** Where `slotOf` found somebody last: peers are mostly the same. */
  #lastFound = FIRST_SLOT;

  /** Lets whoever is ready run before the caller goes on. False: nobody is. */
  *yieldNow(): Coroutine<boolean> {
    const { board, words } = this;
    const { self } = words;
    const record = this.record;
    yield* this.lock();
    const cpu = board.words[record + SERVER_TID]! - 1;
    const next = board.pick(cpu);
    // The flag of a kick is answered, whoever was there to run.
    if (next === 0) board.words[record] = board.words[record]! & 0xff;
    else {
      const now = words.now();
      board.words[record + REASON] = 0;
      board.words[record + WAIT_RESULT] = 0;
      board.take(self, UMCG_TASK_IDLE, now);
      board.ready(self, now);
      board.give(cpu, next, now);
    }
    yield* this.unlock();
    if (next !== 0) yield* this.awaitTurn(false, FOREVER);
    return next !== 0;
  }

  /** Is somebody ready? Without the lock: a hint. */
  get anybodyReady(): boolean {
    return this.board.words[READY] !== 0;
  }

  /**
   * Gives the CPU to `peer`, which is parked or ready, and waits until it is given back, or somebody unparks the caller: 0;
   * -ETIMEDOUT; -EOWNERDEAD: the peer has died meanwhile; -ESRCH, without effect: it is none that could run.
   */
  switchTo(peer: number, timeoutNs: number): Step<number> {
    const locked = this.lock();
    if (!locked.done) return this.#switchTo(locked, peer, timeoutNs);
    const refused = this.#handTo(peer);
    return refused === 0 ? this.leave(false, timeoutNs) : this.#refuse(refused);
  }

  *#switchTo(locked: Step<number>, peer: number, timeoutNs: number): Coroutine<number> {
    yield* locked;
    const refused = this.#handTo(peer);
    return yield* refused === 0 ? this.leave(false, timeoutNs) : this.#refuse(refused);
  }

  *#refuse(result: number): Coroutine<number> {
    yield* this.unlock();
    return result;
  }

  /** By who has the lock: gives its CPU to `peer`: 0. Without effect: -ESRCH, that could not run; -EINTR, the caller is cancelled. */
  #handTo(peer: number): number {
    const { board, words } = this;
    const { self } = words;
    const slot = this.slotOf(peer);
    if (slot === 0 || slot === self || !this.#runnable(slot)) return -ESRCH;
    if (board.words[this.record + CANCEL] === CANCEL_ASKED) return -EINTR;
    const now = words.now();
    if (board.isListed(slot)) board.dequeue(slot);
    board.words[this.record + NEXT_TID] = peer;
    const cpu = board.wait(self, WAIT_SWITCH, 0, now);
    board.words[board.record(slot) + WAIT_RESULT] = 0;
    board.give(cpu, slot, now);
    this.#spendPermit();
    return 0;
  }

  /** Waits until somebody unparks the caller or switches to it: 0, -ETIMEDOUT. At once when that has happened before. */
  *park(timeoutNs: number): Coroutine<number> {
    const { board, words } = this;
    yield* this.lock();
    if (board.words[this.record + PERMIT] !== 0) {
      board.words[this.record + PERMIT] = 0;
      yield* this.unlock();
      return 0;
    }
    return yield* this.waitFor(WAIT_PARK, 0, timeoutNs, words.now());
  }

  /** Time or a cancellation ends this wait. */
  *sleep(timeoutNs: number): Coroutine<number> {
    yield* this.lock();
    return yield* this.waitFor(WAIT_SLEEP, 0, timeoutNs, this.words.now());
  }

  /**
   * By who has the lock: waits, gives the lock back, and waits for its turn. -EINTR, at once or later: it has been cancelled, and
   * has not been told of it; -ETIMEDOUT; 0.
   */
  waitFor(reason: number, address: number, timeoutNs: number, nowNs: number): Step<number> {
    const { board, words } = this;
    if (reason !== WAIT_CALL && board.words[this.record + CANCEL] === CANCEL_ASKED)
      return this.#refuse(-EINTR);
    const cpu = board.wait(words.self, reason, address, nowNs);
    board.next(cpu, nowNs);
    return this.leave(this.looksFirst(), timeoutNs);
  }

  /** Ends a thread's park, or its next one. False: there is no such thread. */
  *unpark(peer: number): Coroutine<boolean> {
    const { board, words } = this;
    yield* this.lock();
    const slot = this.slotOf(peer);
    if (slot !== 0) {
      const reason = board.words[board.record(slot) + REASON];
      if (board.isWaiting(slot) && (reason === WAIT_PARK || reason === WAIT_SWITCH)) {
        board.wake(slot, 0, words.now());
        board.fill(words.now());
      } else board.words[board.record(slot) + PERMIT] = 1;
    }
    yield* this.unlock();
    return slot !== 0;
  }

  /**
   * Asks a thread to end: its next wait, or the one that it is in, gives -EINTR. False: it has been asked before, or there is none.
   */
  *cancel(peer: number): Coroutine<boolean> {
    const { board, words } = this;
    yield* this.lock();
    const slot = this.slotOf(peer);
    const record = board.record(slot);
    const asked = slot !== 0 && board.words[record + CANCEL] === CANCEL_NOT;
    if (asked) {
      board.words[record + CANCEL] = CANCEL_ASKED;
      // A call is over when its result is there: nobody else would take that.
      const reason = board.words[record + REASON]!;
      if (board.isWaiting(slot) && reason !== WAIT_CALL && reason !== WAIT_START) {
        board.wake(slot, -EINTR, words.now());
        board.fill(words.now());
      }
    }
    yield* this.unlock();
    return asked;
  }

  /** Has the caller been cancelled, and not been told? Then it is, by this. */
  takeCancel(): boolean {
    const { words } = this.board;
    if (words[this.record + CANCEL] !== CANCEL_ASKED) return false;
    words[this.record + CANCEL] = CANCEL_TOLD;
    return true;
  }

  /** Block detection: the caller is going to do something that blocks its host thread, and its CPU is for others meanwhile. */
  *block(): Coroutine<void> {
    const { board, words } = this;
    yield* this.lock();
    const now = words.now();
    board.words[this.record + REASON] = WAIT_BLOCKING;
    const cpu = board.take(words.self, UMCG_TASK_BLOCKED, now);
    board.next(cpu, now);
    yield* this.unlock();
  }

  /** Wake detection: it is ready again, and goes on when it has a CPU. */
  *unblock(): Coroutine<void> {
    const { board, words } = this;
    yield* this.lock();
    const now = words.now();
    board.words[this.record + WAIT_RESULT] = 0;
    board.ready(words.self, now);
    board.fill(now);
    yield* this.unlock();
    yield* this.awaitTurn(false, FOREVER);
  }

  /** Asks a thread to give way at its next safepoint. False: it does not run. */
  *kick(peer: number): Coroutine<boolean> {
    const { board } = this;
    yield* this.lock();
    const slot = this.slotOf(peer);
    const kicked = slot !== 0 && board.preempt(slot);
    if (kicked) board.words[board.record(slot) + KICKS]!++;
    yield* this.unlock();
    return kicked;
  }

  /**
   * The caller's thread is over: its CPU is somebody else's. `settle` writes what becomes of it, under the lock. Whether to spin
   * for what the Worker is to be next.
   */
  *end(settle: (nowNs: number) => void): Coroutine<boolean> {
    const { board, words } = this;
    yield* this.lock();
    const now = words.now();
    const cpu = board.take(words.self, UMCG_TASK_NONE, now);
    settle(now);
    board.next(cpu, now);
    const idle = this.looksFirst();
    yield* this.unlock();
    return idle;
  }

  /** The slot of a thread that has begun and not ended; 0: none. By who has the lock. */
  slotOf(thread: number): number {
    const { board } = this;
    const hint = this.#lastFound;
    if (board.words[board.record(hint) + ID] === thread && board.lives(hint)) return hint;
    for (let slot = FIRST_SLOT; slot <= board.lastSlot; slot++)
      if (board.words[board.record(slot) + ID] === thread && board.lives(slot)) {
        this.#lastFound = slot;
        return slot;
      }
    return 0;
  }

  #runnable(slot: number): boolean {
    const { board } = this;
    if (board.isListed(slot)) return true;
    const reason = board.words[board.record(slot) + REASON];
    return board.isWaiting(slot) && (reason === WAIT_PARK || reason === WAIT_SWITCH);
  }

  /** Who waits with a permit is ready at once. */
  #spendPermit(): void {
    const { board, words } = this;
    if (board.words[this.record + PERMIT] === 0) return;
    board.words[this.record + PERMIT] = 0;
    board.wake(words.self, 0, words.now());
    board.fill(words.now());
  }
}
