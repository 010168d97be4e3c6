/**
 * What a program in bare mode is written against: words, mutexes, threads, and the steps they take.
 *
 * ```ts
 * const lostUpdate = (bare: Bare) => {
 *   const x = bare.word();
 *   for (const name of ["a", "b"]) {
 *     bare.thread(function* () {
 *       const seen = yield* bare.load32(x);
 *       yield* bare.store32(x, seen + 1);
 *     }, name);
 *   }
 *   bare.atEnd(() => bare.check(bare.peek32(x) === 2, "an update was lost"));
 * };
 * ```
 *
 * It is a `Memory`, so the project's own algorithms (llist, accessors) run on it unchanged; each operation is one step. The
 * program is called once, to lay out its memory and name its threads; bodies run anew in every execution, and must keep
 * their state in locals or in words. State that bodies share through variables of the program is reset in `onReset`.
 */
import { type Addr, addr } from "../../atomics/address.ts";
import type { Memory } from "../../atomics/memory.ts";
import { Completed, type Step } from "../../atomics/step.ts";
import { BareError } from "./bare-error.ts";
import {
  type Body,
  OP_ADD,
  OP_CAS,
  OP_CAS64,
  OP_CHOOSE,
  OP_COPY_IN,
  OP_COPY_OUT,
  OP_CUT,
  OP_JOIN,
  OP_LOAD,
  OP_LOAD64,
  OP_LOCK,
  OP_NOTIFY,
  OP_PAUSE,
  OP_PLAIN_LOAD,
  OP_PLAIN_STORE,
  OP_SPAWN,
  OP_STORE,
  OP_STORE64,
  OP_TRY_LOCK,
  OP_UNLOCK,
  OP_UNTIL,
  OP_WAIT,
  OP_XCHG,
  OP_XCHG64,
  Request,
} from "./request.ts";

/** Lays out a program: its words, its threads, its checks. Called once. */
export type Program = (bare: Bare) => void;

/** A thread that the program starts with. */
export type StaticThread = { readonly name: string; readonly body: Body };

/** Wakes as many as there are. */
export const ALL = 0x7fffffff;
/** First address that is given out: 0 is NULL. */
const FIRST_ADDR = 64;
const BAD = -1;

/** Memory, threads and locks of a program. `peek32` and `poke32` are no steps: they are for the layout and for checks at the end. */
export class Bare implements Memory {
  // Declared: so V8 keeps their types (docs/performance.md). `bytes`, because the buffer's own length is a call.
  declare readonly buffer: ArrayBuffer;
  declare readonly words: Uint32Array<ArrayBuffer>;
  declare readonly longs: BigUint64Array<ArrayBuffer>;
  declare private readonly bytes: number;
  readonly threads: StaticThread[] = [];
  readonly mutexes: string[] = [];
  readonly checks: (() => void)[] = [];
  readonly resets: (() => void)[] = [];
  observed32 = 0;
  observed64 = 0n;
  /** The record of the thread that runs now, written by the system. */
  current: Request = new Request(-1);
  /** Called for each plain access. Written by the system, as is the next. */
  onPlain: () => void = () => {};
  nameOfThread: (thread: number) => string = String;
  readonly #names: Map<number, string> = new Map();
  readonly #fenced: Completed<number> = new Completed(0);
  #next = FIRST_ADDR;

  /** `bytes` of memory, a multiple of 8. */
  constructor(bytes: number) {
    this.buffer = new ArrayBuffer(bytes);
    this.bytes = bytes;
    this.words = new Uint32Array(this.buffer);
    this.longs = new BigUint64Array(this.buffer);
  }

  // --- Layout: called by the program, once.
  /** A 32-bit word. */
  word(initial = 0, name?: string): Addr {
    return this.array(1, initial, name);
  }

  /** `count` words side by side; element i is at `offsetBy(a, 4 * i)`. */
  array(count: number, initial = 0, name?: string): Addr {
    const a = this.#allocate(4 * count, 4);
    this.words.fill(initial, a >>> 2, (a >>> 2) + count);
    for (let i = 0; name !== undefined && i < count; i++) {
      this.#names.set((a >>> 2) + i, count === 1 ? name : `${name}[${i}]`);
    }
    return a;
  }

  /** A 64-bit word. */
  long(initial = 0n, name?: string): Addr {
    const a = this.#allocate(8, 8);
    this.longs[a >>> 3] = initial;
    if (name !== undefined) this.#names.set(a >>> 2, name);
    return a;
  }

  /** A mutex: not recursive, nobody in particular is next. */
  mutex(name = `mutex ${this.mutexes.length}`): number {
    return this.mutexes.push(name) - 1;
  }

  /** A thread that exists from the beginning. Returns its number. */
  thread(body: Body, name = `t${this.threads.length}`): number {
    return this.threads.push({ name, body }) - 1;
  }

  /** Called when an execution has come to its end; what it throws is a violation. */
  atEnd(check: () => void): void {
    this.checks.push(check);
  }

  /** Called before each execution. */
  onReset(reset: () => void): void {
    this.resets.push(reset);
  }

  // --- Not steps.
  peek32(a: Addr): number {
    return this.words[this.#index(a)]!;
  }
  peek64(a: Addr): bigint {
    return this.longs[this.#index(a) >> 1]!;
  }
  /** For the layout only: what a body writes this way is not undone. */
  poke32(a: Addr, value: number): void {
    this.words[this.#index(a)] = value;
  }

  /** Throws when `holds` is false: the execution has a violation. */
  check(holds: boolean, message: string): void {
    if (!holds) throw new BareError("ERR_CHECK", message);
  }

  nameOfWord(index: number): string {
    return this.#names.get(index) ?? `0x${(index * 4).toString(16)}`;
  }

  // --- Steps on words.
  load32(a: Addr): Step<number> {
    return this.#ask(OP_LOAD, this.#index(a));
  }
  store32(a: Addr, value: number): Step<number> {
    return this.#ask(OP_STORE, this.#index(a), value);
  }
  cmpxchg32(a: Addr, expected: number, desired: number): Step<number> {
    const request = this.current;
    request.c = desired;
    return this.#ask(OP_CAS, this.#index(a), expected);
  }
  xchg32(a: Addr, value: number): Step<number> {
    return this.#ask(OP_XCHG, this.#index(a), value);
  }
  /** Adds and returns the word that was there. */
  add32(a: Addr, value: number): Step<number> {
    return this.#ask(OP_ADD, this.#index(a), value);
  }
  /** As of a variable that is not atomic: it orders nothing, and see races.ts for what it must not meet. */
  plainLoad32(a: Addr): Step<number> {
    this.onPlain();
    return this.#ask(OP_PLAIN_LOAD, this.#index(a));
  }
  plainStore32(a: Addr, value: number): Step<number> {
    this.onPlain();
    return this.#ask(OP_PLAIN_STORE, this.#index(a), value);
  }
  load64(a: Addr): Step<bigint> {
    return this.#askWide(OP_LOAD64, a, 0n, 0n);
  }
  store64(a: Addr, value: bigint): Step<number> {
    this.#askWide(OP_STORE64, a, value, 0n);
    return this.current;
  }
  cmpxchg64(a: Addr, expected: bigint, desired: bigint): Step<number> {
    this.#askWide(OP_CAS64, a, expected, desired);
    return this.current;
  }
  xchg64(a: Addr, value: bigint): Step<bigint> {
    return this.#askWide(OP_XCHG64, a, value, 0n);
  }
  /** Orders and touches nothing: no step under sequential consistency. */
  fence(): Step<number> {
    return this.#fenced;
  }
  /** All of `into` in one step; `a` and its length multiples of 4. */
  copyOut(a: Addr, into: Uint8Array): Step<number> {
    this.current.bytes = into;
    return this.#ask(OP_COPY_OUT, this.#range(a, into.length), into.length >> 2);
  }
  copyIn(a: Addr, from: Uint8Array): Step<number> {
    this.current.bytes = from;
    return this.#ask(OP_COPY_IN, this.#range(a, from.length), from.length >> 2);
  }

  // --- Steps that wait and wake.
  /** A read that is enabled only when `accepts` the word: `while (!accepts(load(a)));` in one step. Returns the word. */
  until(a: Addr, accepts: (value: number) => boolean): Step<number> {
    this.current.predicate = accepts;
    return this.#ask(OP_UNTIL, this.#index(a));
  }
  /**
   * Sleeps while nobody notifies, if the word is `expected`. 0: woken; -EAGAIN: it is not; -ETIMEDOUT (only if `timed`): at any
   * moment after it fell asleep, since no clock runs.
   */
  wait(a: Addr, expected: number, timed = false): Step<number> {
    this.current.c = timed ? 1 : 0;
    return this.#ask(OP_WAIT, this.#index(a), expected);
  }
  /** Wakes `count` of those that wait at `a`; returns how many it woke. */
  notify(a: Addr, count: number = ALL): Step<number> {
    return this.#ask(OP_NOTIFY, this.#index(a), count);
  }
  lock(mutex: number): Step<number> {
    return this.#ask(OP_LOCK, mutex);
  }
  /** 1: it was free and is taken. 0: it is not. */
  tryLock(mutex: number): Step<number> {
    return this.#ask(OP_TRY_LOCK, mutex);
  }
  unlock(mutex: number): Step<number> {
    return this.#ask(OP_UNLOCK, mutex);
  }
  /** Starts a thread and returns its number. */
  spawn(body: Body, argument = 0): Step<number> {
    this.current.child = body;
    return this.#ask(OP_SPAWN, argument);
  }
  /** Until the thread has ended. */
  join(thread: number): Step<number> {
    return this.#ask(OP_JOIN, thread);
  }
  /** One of 0 .. count - 1; every one is explored. */
  choose(count: number): Step<number> {
    return this.#ask(OP_CHOOSE, count);
  }
  /** Touches nothing: lets others run. Unfair strategies take it as "not me". */
  pause(): Step<number> {
    return this.#ask(OP_PAUSE, 0);
  }
  /** Gives up an iteration that had no effect: executions that come here add nothing to those where it was not begun. */
  cut(): Step<number> {
    return this.#ask(OP_CUT, 0);
  }

  #ask(op: number, a: number, b = 0): Request {
    const request = this.current;
    request.op = op;
    request.a = a;
    request.b = b;
    return request;
  }

  #askWide(op: number, a: Addr, x: bigint, y: bigint): Step<bigint> {
    const request = this.current;
    request.op = op;
    request.a = (a & 7) === 0 ? this.#index(a) : BAD;
    request.x = x;
    request.y = y;
    return request.wide;
  }

  #index(a: Addr): number {
    return (a & 3) === 0 && a < this.bytes ? a >>> 2 : BAD;
  }

  #range(a: Addr, bytes: number): number {
    return (bytes & 3) === 0 && a + bytes <= this.buffer.byteLength ? this.#index(a) : BAD;
  }

  #allocate(bytes: number, align: number): Addr {
    const start = Math.ceil(this.#next / align) * align;
    if (start + bytes > this.buffer.byteLength) {
      throw new BareError("ERR_MEMORY", `${bytes} bytes wanted and ${this.buffer.byteLength - start} left`);
    }
    this.#next = start + bytes;
    return addr(start);
  }
}
