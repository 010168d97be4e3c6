/**
 * The deterministic host of host operations: every host thread is a coroutine, and one driver runs them all.
 *
 * Time is virtual and stands still while anybody can go on; when nobody can, it goes to the earliest deadline. When there is
 * none either, everybody waits for ever: ERR_HOST_STUCK says who waits for which word.
 *
 * Who makes the next step is a *choice*. Over a plain memory a thread runs until it has to wait. Over a SteppedMemory each
 * access is a choice, and whoever makes the choices goes through every interleaving (test/support/schedules.ts). Some more
 * things can be made choices: that a deadline passes while others could go on, that a wait returns for no reason, and that a
 * thread dies where it is. So a time-out that comes at the worst moment needs no luck to be met.
 */
import type { Addr } from "../../atomics/address.ts";
import { EAGAIN, ETIMEDOUT } from "../../atomics/errno.ts";
import { LocalMemory, STEP_BUDGET } from "../../atomics/local-memory.ts";
import type { Memory } from "../../atomics/memory.ts";
import { type Coroutine, RESUME, type Yielded } from "../../atomics/step.ts";
import { YIELD_PARK } from "../../kernel-sim/host.ts";
import { LklError } from "../../kernel-sim/lkl/errors.ts";
import { completeImage, Operations } from "../../kernel-sim/lkl/host/create-operations.ts";
import { type HostEntry, type HostImage, THREAD_DIED } from "../../kernel-sim/lkl/host/host-operations.ts";
import type { HostWords } from "../../kernel-sim/lkl/host/host-words.ts";
import type { HostLayout } from "../../kernel-sim/lkl/host/layout.ts";
import { threadMain } from "../../kernel-sim/lkl/host/thread-main.ts";
import { endThread, slotState } from "../../kernel-sim/lkl/host/threads.ts";
import { FOREVER } from "../../kernel-sim/times.ts";

export interface CoroutineHostOptions {
  readonly memory: Memory;
  readonly layout: HostLayout;
  readonly image: HostImage;
  /** Which of `width` possibilities is next, from 0; always 0 unless given. First is who went last, then others by age. */
  readonly choose?: (width: number) => number;
  /** May a deadline pass while somebody can go on? */
  readonly earlyTimeouts?: boolean;
  /** How many waits may return for no reason. */
  readonly nudges?: number;
  /** Slots of threads each of which may die at any moment while somebody can go on: at its steps, and in its waits. */
  readonly mortal?: readonly number[];
  /** Runs when a thread has died, before who joins it is told and its slot can be another's. */
  readonly reap?: (host: Operations, slot: number) => Coroutine<void>;
  /** Steps until the run is called endless. */
  readonly maxSteps?: number;
  readonly print?: (text: string) => void;
}

/** Words of one thread. `waiting` and `answer` are between it and the driver. */
class ThreadWords implements HostWords {
  readonly self: number;
  readonly memory: Memory;
  readonly coroutine: Coroutine<unknown>;
  waiting: { readonly at: Addr; readonly deadlineNs: number } | undefined;
  readonly #host: CoroutineHost;
  #answer = 0;

  constructor(
    host: CoroutineHost,
    memory: Memory,
    self: number,
    body: (words: ThreadWords) => Coroutine<unknown>,
  ) {
    this.#host = host;
    this.memory = memory;
    this.self = self;
    this.coroutine = body(this);
  }

  *waitWord(a: Addr, expected: number, timeoutNs: number): Coroutine<number> {
    if ((yield* this.memory.load32(a)) !== expected >>> 0) return -EAGAIN;
    // No step of anybody's lies between the comparison and this.
    this.waiting = { at: a, deadlineNs: timeoutNs === FOREVER ? FOREVER : this.#host.nowNs + timeoutNs };
    yield YIELD_PARK;
    return this.#answer;
  }
  *wakeWord(a: Addr, count: number): Coroutine<number> {
    yield* this.memory.load32(a);
    return this.#host.wake(a, count);
  }
  now(): number {
    return this.#host.nowNs;
  }
  *launch(slot: number): Coroutine<number> {
    const state = yield* slotState(this, this.#host.layout, slot);
    this.#host.add(slot, (host) => threadMain(host, state));
    return 0;
  }
  print(text: string): void {
    this.#host.print(text);
  }

  /** Its wait is over. */
  release(answer: number): void {
    this.waiting = undefined;
    this.#answer = answer;
  }
}

const NOBODY: readonly ThreadWords[] = [];

export class CoroutineHost {
  readonly layout: HostLayout;
  /** ns of virtual time. */
  nowNs = 0;
  /** The state word of each slot when its thread was launched. */
  readonly launched: Map<number, number> = new Map();
  readonly #options: CoroutineHostOptions;
  readonly #image: HostImage;
  /** Threads that have not ended, by age. */
  readonly #threads: ThreadWords[] = [];
  /** Waiters, by age of their waits. */
  readonly #waiters: ThreadWords[] = [];
  readonly #mortal: Set<number>;
  #nudges: number;
  /** Who has made the last step. */
  #last: ThreadWords | undefined;

  constructor(options: CoroutineHostOptions) {
    this.#options = options;
    this.layout = options.layout;
    this.#image = completeImage(options.image);
    this.#nudges = options.nudges ?? 0;
    this.#mortal = new Set(options.mortal);
  }

  /**
   * Boots, runs `main` as the first thread and every thread that comes of it, to the end of all. Throws what `main` throws,
   * ERR_HOST_STUCK, and ERR_HOST_PANIC when a thread panics.
   */
  run(main: HostEntry, arg = 0): void {
    this.add(1, function* (host: Operations): Coroutine<void> {
      yield* host.boot();
      yield* main(host, arg);
      yield* host.close(FOREVER);
    });
    this.drive();
  }

  /** Runs the threads there are, and all that comes of them, to their ends. Throws as `run` does. */
  drive(): void {
    const limit = this.#options.maxSteps ?? 1e6;
    for (let steps = 0; this.#threads.length > 0; steps++) {
      if (steps === limit) throw new LklError("ERR_HOST_STUCK", `still running after ${limit} steps`);
      this.#next();
    }
  }

  /** A thread more: `body` runs on `slot`. */
  add(slot: number, body: (host: Operations) => Coroutine<unknown>): void {
    const memory = this.#options.memory;
    this.#threads.push(
      new ThreadWords(this, memory, slot, (words) => body(new Operations(words, this.layout, this.#image))),
    );
  }

  wake(a: Addr, count: number): number {
    let woken = 0;
    for (const waiter of this.#waiters.filter(({ waiting }) => waiting?.at === a).slice(0, count)) {
      this.#release(waiter, 0);
      woken++;
    }
    return woken;
  }

  print(text: string): void {
    this.#options.print?.(text);
  }

  /** Makes one of the possibilities happen: somebody's step, a death, a deadline, a wake-up for no reason. */
  #next(): void {
    const runnable = this.#runnable();
    if (runnable.length === 0) {
      this.#passTime();
      return;
    }
    const { earlyTimeouts = false, choose } = this.#options;
    const dying = this.#mortal.size > 0 ? this.#threads.filter(({ self }) => this.#mortal.has(self)) : NOBODY;
    const late = earlyTimeouts
      ? this.#waiters.filter(({ waiting }) => waiting!.deadlineNs < FOREVER)
      : NOBODY;
    const nudged = this.#nudges > 0 ? this.#waiters : NOBODY;
    const deaths = runnable.length;
    const timeouts = deaths + dying.length;
    const nudges = timeouts + late.length;
    const width = nudges + nudged.length;
    const choice = width > 1 ? (choose?.(width) ?? 0) : 0;
    if (choice < deaths) this.#step(runnable[choice]!);
    else if (choice < timeouts) this.#die(dying[choice - deaths]!);
    else if (choice < nudges) this.#timeOut(late[choice - timeouts]!);
    else this.#nudge(nudged[choice - nudges]!);
  }

  #runnable(): ThreadWords[] {
    const runnable = this.#threads.filter(({ waiting }) => waiting === undefined);
    const last = this.#last === undefined ? -1 : runnable.indexOf(this.#last);
    if (last > 0) runnable.unshift(...runnable.splice(last, 1));
    return runnable;
  }

  #step(thread: ThreadWords): void {
    const { memory } = this.#options;
    if (memory instanceof LocalMemory) memory.budget = STEP_BUDGET;
    this.#last = thread;
    const result: IteratorResult<Yielded, unknown> = thread.coroutine.next(RESUME);
    if (result.done) this.#threads.splice(this.#threads.indexOf(thread), 1);
    else if (result.value === YIELD_PARK) this.#waiters.push(thread);
  }

  /** Nobody can go on: it is later. */
  #passTime(): void {
    const deadline = Math.min(...this.#waiters.map(({ waiting }) => waiting!.deadlineNs));
    if (deadline === FOREVER)
      throw new LklError("ERR_HOST_STUCK", `every thread waits for ever: ${this.#whoWaits()}`);
    this.#timeOut(this.#waiters.find(({ waiting }) => waiting!.deadlineNs === deadline)!);
  }

  #timeOut(thread: ThreadWords): void {
    this.nowNs = Math.max(this.nowNs, thread.waiting!.deadlineNs);
    this.#release(thread, -ETIMEDOUT);
  }

  /** Its wait returns for no reason. */
  #nudge(thread: ThreadWords): void {
    this.#nudges--;
    this.#release(thread, 0);
  }

  #release(thread: ThreadWords, answer: number): void {
    this.#waiters.splice(this.#waiters.indexOf(thread), 1);
    thread.release(answer);
  }

  /** The thread is gone between two steps, with whatever it has. Somebody finds it. */
  #die(thread: ThreadWords): void {
    const { self } = thread;
    this.#mortal.delete(self);
    this.#threads.splice(this.#threads.indexOf(thread), 1);
    if (thread.waiting !== undefined) this.#waiters.splice(this.#waiters.indexOf(thread), 1);
    const { reap } = this.#options;
    const launched = this.launched.get(self) ?? 0;
    this.add(1, function* (host: Operations): Coroutine<void> {
      if (reap !== undefined) yield* reap(host, self);
      yield* endThread(host.words, host.layout, self, launched, THREAD_DIED);
    });
  }

  #whoWaits(): string {
    return this.#waiters
      .map(({ self, waiting }) => `thread ${self} for the word at 0x${waiting!.at.toString(16)}`)
      .join(", ");
  }
}
