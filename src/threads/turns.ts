/**
 * The frame of every call of the scheduler: its lock, telling those who were given a CPU, and waiting for one's own turn.
 *
 * Nobody is told before the lock's holder has written all there is to write; a wake-up is lost only with the one who owes it,
 * and then `recover.ts` makes up for it.
 *
 * Who waits while a CPU idles may spin a while before it sleeps (`spinUs`): it stands for that CPU's idle loop, so there are never
 * more that spin than CPUs that idle. It saves a wake-up where the host's CPUs have nothing else to do, and costs as much as five
 * where they have, because it takes them from whom it waits for: so each thread learns whether it has been worth it (worth.ts).
 *
 * The way of a hand-off is written out without coroutines for hosts whose steps happen when they are taken: a coroutine costs as
 * much as all the steps in it. The same steps as a coroutine are for the others, and for whatever is not a plain hand-off.
 */
import type { Addr } from "../atomics/address.ts";
import { ETIMEDOUT } from "../atomics/errno.ts";
import { Completed, type Coroutine, type Step } from "../atomics/step.ts";
import type { HostWords } from "../kernel-sim/lkl/host/host-words.ts";
import { deadlineOf, EVERYBODY, remaining } from "../kernel-sim/lkl/host/words.ts";
import { FOREVER } from "../kernel-sim/times.ts";
import type { Board } from "./board.ts";
import { addrOf, LAST_CPU, SERVER_TID, SPINNING, WAIT_RESULT } from "./layout.ts";
import { hasSleepers, LOCK_ADDR, lockSlow, wakeSleepers } from "./sched-lock.ts";
import { Worth } from "./worth.ts";

/** What `unlock` gives when it is over. */
const OVER: Completed<number> = new Completed(0);

/** Scheduler (scheduler.ts) without its calls. */
export class Turns {
  readonly words: HostWords;
  readonly board: Board;
  /** How long an idle thread looks before it sleeps. */
  readonly spinNs: number;
  /** How often one looks that waits for the lock. */
  readonly lockSpins: number;
  /** First word of the caller's record. */
  readonly record: number;
  /** The word that the caller waits for. */
  readonly #turn: Addr;
  readonly #direct: boolean;
  readonly #worth: Worth = new Worth();
  readonly #result: Completed<number> = new Completed(0);

  /** `direct`: every step of `words` happens when it is taken, as on a Worker. */
  constructor(words: HostWords, board: Board, spinNs: number, direct: boolean, lockSpins: number) {
    this.words = words;
    this.board = board;
    this.spinNs = spinNs;
    this.lockSpins = lockSpins;
    this.record = board.record(words.self);
    this.#turn = addrOf(this.record + SERVER_TID);
    this.#direct = direct;
  }

  /** No coroutine where the lock is free and steps happen at once: that would cost more than the step. */
  lock(): Step<number> {
    const step = this.words.memory.cmpxchg32(LOCK_ADDR, 0, this.words.self);
    return step.done && step.value === 0 ? step : this.#lock(step);
  }

  *#lock(step: Step<number>): Coroutine<number> {
    if ((step.done ? step.value : yield* step) !== 0) yield* lockSlow(this.words, this.lockSpins);
    return 0;
  }

  /** Tells who was given a CPU, gives the lock back, and wakes them. */
  unlock(): Step<number> {
    const { memory } = this.words;
    const { told } = this.board;
    if (!this.#direct || told.length > 1) return this.#unlock();
    // The way of a hand-off, where a coroutine would cost as much as all its steps.
    const slot = told.pop() ?? 0;
    if (slot !== 0)
      memory.store32(this.#turnOf(slot), this.board.words[this.board.record(slot) + LAST_CPU]! + 1);
    const given = memory.xchg32(LOCK_ADDR, 0) as Completed<number>;
    if (hasSleepers(given.value)) this.words.wakeWord(LOCK_ADDR, EVERYBODY);
    if (slot !== 0 && slot !== this.words.self) this.words.wakeWord(this.#turnOf(slot), 1);
    return OVER;
  }

  *#unlock(): Coroutine<number> {
    const { board, words } = this;
    for (const slot of board.told) {
      const turn = board.words[board.record(slot) + LAST_CPU]! + 1;
      yield* words.memory.store32(this.#turnOf(slot), turn);
    }
    if (hasSleepers(yield* words.memory.xchg32(LOCK_ADDR, 0))) yield* wakeSleepers(words);
    for (const slot of board.told.splice(0))
      if (slot !== words.self) yield* words.wakeWord(this.#turnOf(slot), 1);
    return 0;
  }

  #turnOf(slot: number): Addr {
    return addrOf(this.board.record(slot) + SERVER_TID);
  }

  /** By who has given its CPU away and has the lock: gives that back, and waits for a CPU. */
  leave(spin: boolean, timeoutNs: number): Step<number> {
    const unlocked = this.unlock();
    return unlocked.done ? this.awaitTurn(spin, timeoutNs) : this.#leave(unlocked, spin, timeoutNs);
  }

  *#leave(unlocked: Step<number>, spin: boolean, timeoutNs: number): Coroutine<number> {
    yield* unlocked;
    return yield* this.awaitTurn(spin, timeoutNs);
  }

  /** By who has the lock, and has given its CPU away: shall it look for its next turn before it sleeps? */
  protected looksFirst(): boolean {
    return this.spinNs > 0 && this.#worth.tries() && this.board.spin(this.words.self);
  }

  /** Looks for the turn for a while. It has paid if it took no longer than it may: preempted, this thread is not worth its CPU. */
  *#look(): Coroutine<void> {
    const { words } = this;
    const until = words.now() + this.spinNs;
    let come = false;
    let paid = true;
    while (!come && paid) {
      const step = words.memory.load32(this.#turn);
      come = (step.done ? step.value : yield* step) !== 0;
      paid = words.now() < until;
    }
    this.#worth.came(come && paid);
    this.board.words[this.record + SPINNING] = 0;
  }

  /**
   * Waits for a CPU; `spin`: looks for a while before it sleeps. A thread that waits for something else as well does so for
   * `timeoutNs`. What its wait has come to.
   */
  awaitTurn(spin: boolean, timeoutNs: number): Step<number> {
    if (spin || !this.#direct) return this.#awaitTurn(spin, timeoutNs);
    const { board, words } = this;
    const { value } = words.waitWord(this.#turn, 0, timeoutNs) as Completed<number>;
    // After a wake-up for nothing the time begins again.
    if (board.words[this.record + SERVER_TID] === 0)
      return this.#awaitTurn(false, value === -ETIMEDOUT ? 0 : timeoutNs);
    this.#result.value = board.words[this.record + WAIT_RESULT]!;
    return this.#result;
  }

  *#awaitTurn(spin: boolean, timeoutNs: number): Coroutine<number> {
    const { memory } = this.words;
    if (spin) yield* this.#look();
    let deadline = 0;
    let left = timeoutNs;
    // Each turn is a wake-up: for the turn, for a deadline, or for no reason.
    while ((yield* memory.load32(this.#turn)) === 0) {
      // To read the clock is not for nothing: once a wait.
      if (deadline === 0) deadline = deadlineOf(this.words, timeoutNs);
      const waited = yield* this.words.waitWord(this.#turn, 0, left);
      if (left === FOREVER) continue;
      left = remaining(this.words, deadline);
      if (waited !== -ETIMEDOUT && left > 0) continue;
      yield* this.#expire();
      left = FOREVER;
    }
    return this.board.words[this.record + WAIT_RESULT]!;
  }

  /** The caller's time is up: unless what it waits for has come by now, it is ready, and will be told -ETIMEDOUT. */
  *#expire(): Coroutine<void> {
    const { board, words } = this;
    yield* this.lock();
    if (board.isWaiting(words.self)) {
      board.wake(words.self, -ETIMEDOUT, words.now());
      board.fill(words.now());
    }
    yield* this.unlock();
  }
}
