/**
 * Memory that tells a watcher what was written, in the order in which it happened.
 *
 * It wraps the memory of one side, kernel or user space, when a machine checks its invariants. Loads pass; a write is
 * reported right after it, before anything else can happen, with the word that was there. A compare-exchange that
 * succeeds is a write even when it leaves the word as it was, one that loses is reported as a try.
 *
 * Rejected: comparing memory after each event (it sees neither who wrote nor what was there in between).
 */
import type { Addr } from "../../atomics/address.ts";
import type { LocalMemory } from "../../atomics/local-memory.ts";
import type { Memory } from "../../atomics/memory.ts";
import type { Coroutine, Step } from "../../atomics/step.ts";

/** One of the two sides that write user memory. */
export type Side = "kernel" | "user";

export interface WriteWatcher {
  wrote32(side: Side, a: Addr, before: number, after: number): void;
  wrote64(side: Side, a: Addr, before: bigint, after: bigint): void;
  /** A compare-exchange of 64 bits that lost. */
  lost64(side: Side, a: Addr): void;
}

export class WatchedMemory implements Memory {
  readonly #under: LocalMemory;
  readonly #side: Side;
  readonly #watcher: WriteWatcher;
  readonly #words: Uint32Array;
  readonly #longs: BigUint64Array;

  constructor(under: LocalMemory, side: Side, watcher: WriteWatcher) {
    this.#under = under;
    this.#side = side;
    this.#watcher = watcher;
    this.#words = new Uint32Array(under.buffer);
    this.#longs = new BigUint64Array(under.buffer, 0, under.buffer.byteLength >>> 3);
  }

  get buffer(): ArrayBufferLike {
    return this.#under.buffer;
  }
  get observed32(): number {
    return this.#under.observed32;
  }
  get observed64(): bigint {
    return this.#under.observed64;
  }

  load32(a: Addr): Step<number> {
    return this.#under.load32(a);
  }
  load64(a: Addr): Step<bigint> {
    return this.#under.load64(a);
  }
  fence(): Step<number> {
    return this.#under.fence();
  }
  copyOut(a: Addr, into: Uint8Array): Step<number> {
    return this.#under.copyOut(a, into);
  }
  /** Not reported: no part of the protocol writes its words this way. */
  copyIn(a: Addr, from: Uint8Array): Step<number> {
    return this.#under.copyIn(a, from);
  }

  store32(a: Addr, value: number): Step<number> {
    if (this.#under.budget <= 0) return afterPause(this, this.store32, a, value);
    const before = this.#words[a >>> 2]!;
    const step = this.#under.store32(a, value);
    this.#watcher.wrote32(this.#side, a, before, this.#words[a >>> 2]!);
    return step;
  }
  xchg32(a: Addr, value: number): Step<number> {
    if (this.#under.budget <= 0) return afterPause(this, this.xchg32, a, value);
    const before = this.#words[a >>> 2]!;
    const step = this.#under.xchg32(a, value);
    this.#watcher.wrote32(this.#side, a, before, this.#words[a >>> 2]!);
    return step;
  }
  cmpxchg32(a: Addr, expected: number, desired: number): Step<number> {
    if (this.#under.budget <= 0) return afterPause(this, this.cmpxchg32, a, expected, desired);
    const before = this.#words[a >>> 2]!;
    const step = this.#under.cmpxchg32(a, expected, desired);
    if (before === expected >>> 0) this.#watcher.wrote32(this.#side, a, before, this.#words[a >>> 2]!);
    return step;
  }
  store64(a: Addr, value: bigint): Step<number> {
    if (this.#under.budget <= 0) return afterPause(this, this.store64, a, value);
    const before = this.#longs[a >>> 3]!;
    const step = this.#under.store64(a, value);
    this.#watcher.wrote64(this.#side, a, before, value);
    return step;
  }
  xchg64(a: Addr, value: bigint): Step<bigint> {
    if (this.#under.budget <= 0) return afterPause(this, this.xchg64, a, value);
    const before = this.#longs[a >>> 3]!;
    const step = this.#under.xchg64(a, value);
    this.#watcher.wrote64(this.#side, a, before, value);
    return step;
  }
  cmpxchg64(a: Addr, expected: bigint, desired: bigint): Step<number> {
    if (this.#under.budget <= 0) return afterPause(this, this.cmpxchg64, a, expected, desired);
    const before = this.#longs[a >>> 3]!;
    const step = this.#under.cmpxchg64(a, expected, desired);
    if (before === expected) this.#watcher.wrote64(this.#side, a, before, desired);
    else this.#watcher.lost64(this.#side, a);
    return step;
  }

  /** The pause that the memory beneath makes when its budget is spent: a fence pauses as any operation does. */
  *pause(): Coroutine<void> {
    yield* this.#under.fence();
    // The fence itself is no operation of the program's: programs pause where they do without a watcher.
    this.#under.budget++;
  }
}

/** The operation after the pause, so that it is reported when it happens. */
function* afterPause<A extends unknown[], T>(
  memory: WatchedMemory,
  operation: (this: WatchedMemory, ...args: A) => Step<T>,
  ...args: A
): Coroutine<T> {
  yield* memory.pause();
  return yield* operation.apply(memory, args);
}
