/**
 * The memory of the machine as a host thread sees it: `UserMemory`, as plain functions. The same addresses, the same pages, the
 * same faults: an absent page is fetched, or the task dies of SIGSEGV, and with it the thread.
 *
 * Each access looks whether the thread is to come in, as those of coroutines look at their CPU.
 */
import type { Addr } from "../../../atomics/address.ts";
import { EAGAIN } from "../../../atomics/errno.ts";
import { type PageTable, READ, WRITE } from "../../../atomics/page-table.ts";

/** What the memory asks of its thread. */
export interface Faulting {
  safepoint(): void;
  /** The access may be tried again. Does not return otherwise. */
  fault(a: number, size: number, write: boolean): void;
}

export class HostMemory {
  observed32 = 0;
  observed64 = 0n;
  readonly #pages: PageTable;
  readonly #words: Uint32Array<SharedArrayBuffer>;
  readonly #longs: BigUint64Array<SharedArrayBuffer>;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #thread: Faulting;

  constructor(buffer: SharedArrayBuffer, pages: PageTable, thread: Faulting) {
    this.#pages = pages;
    this.#words = new Uint32Array(buffer, 0, buffer.byteLength >>> 2);
    this.#longs = new BigUint64Array(buffer, 0, buffer.byteLength >>> 3);
    this.#bytes = new Uint8Array(buffer);
    this.#thread = thread;
  }

  #check(a: number, size: number, need: number): void {
    this.#thread.safepoint();
    // Bounded by whoever takes the page away again.
    while (!this.#pages.permits(a as Addr, size, need)) this.#thread.fault(a, size, need === WRITE);
  }

  load32(a: number): number {
    this.#check(a, 4, READ);
    return Atomics.load(this.#words, a >>> 2);
  }
  store32(a: number, value: number): void {
    this.#check(a, 4, WRITE);
    Atomics.store(this.#words, a >>> 2, value);
  }
  /** 0 when the word was `expected` and is now `desired`, else -EAGAIN with the word found in `observed32`. */
  cmpxchg32(a: number, expected: number, desired: number): number {
    this.#check(a, 4, WRITE);
    this.observed32 = Atomics.compareExchange(this.#words, a >>> 2, expected, desired);
    return this.observed32 === expected >>> 0 ? 0 : -EAGAIN;
  }
  xchg32(a: number, value: number): number {
    this.#check(a, 4, WRITE);
    return Atomics.exchange(this.#words, a >>> 2, value);
  }
  load64(a: number): bigint {
    this.#check(a, 8, READ);
    return Atomics.load(this.#longs, a >>> 3);
  }
  store64(a: number, value: bigint): void {
    this.#check(a, 8, WRITE);
    Atomics.store(this.#longs, a >>> 3, value);
  }
  cmpxchg64(a: number, expected: bigint, desired: bigint): number {
    this.#check(a, 8, WRITE);
    this.observed64 = Atomics.compareExchange(this.#longs, a >>> 3, expected, desired);
    return this.observed64 === expected ? 0 : -EAGAIN;
  }
  xchg64(a: number, value: bigint): bigint {
    this.#check(a, 8, WRITE);
    return Atomics.exchange(this.#longs, a >>> 3, value);
  }

  /** A copy of `length` bytes at `a`. */
  read(a: number, length: number): Uint8Array {
    this.#checkRange(a, length, READ);
    return this.#bytes.slice(a, a + length);
  }
  write(a: number, bytes: Uint8Array): void {
    this.#checkRange(a, bytes.length, WRITE);
    this.#bytes.set(bytes, a);
  }

  #checkRange(a: number, length: number, need: number): void {
    this.#thread.safepoint();
    // Bounded by the pages of the range, and by whoever takes one away again.
    for (;;) {
      const denied = this.#pages.firstDenied(a as Addr, length, need);
      if (denied === -1) return;
      this.#thread.fault(denied, 1, need === WRITE);
    }
  }
}
