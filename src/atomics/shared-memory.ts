/**
 * Memory that several isolates share: a SharedArrayBuffer and `Atomics`, which are sequentially consistent.
 *
 * The seam for real threads. Same results as LocalMemory (the same suite tests both); 10 to 25 times the price.
 */
import type { Addr } from "./address.ts";
import { EAGAIN } from "./errno.ts";
import type { Memory } from "./memory.ts";
import { Completed, type Step } from "./step.ts";

/** Memory that several threads share, on a SharedArrayBuffer with `Atomics`: steps complete at once. */
export class SharedMemory implements Memory {
  readonly buffer: SharedArrayBuffer;
  observed32 = 0;
  observed64 = 0n;

  readonly #words: Uint32Array<SharedArrayBuffer>;
  readonly #longs: BigUint64Array<SharedArrayBuffer>;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #number: Completed<number> = new Completed(0);
  readonly #bigint: Completed<bigint> = new Completed(0n);

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Uint32Array(buffer, 0, buffer.byteLength >>> 2);
    this.#longs = new BigUint64Array(buffer, 0, buffer.byteLength >>> 3);
    this.#bytes = new Uint8Array(buffer, 0, buffer.byteLength);
  }

  load32(a: Addr): Step<number> {
    return this.#done32(Atomics.load(this.#words, a >>> 2));
  }
  store32(a: Addr, value: number): Step<number> {
    Atomics.store(this.#words, a >>> 2, value);
    return this.#done32(0);
  }
  cmpxchg32(a: Addr, expected: number, desired: number): Step<number> {
    this.observed32 = Atomics.compareExchange(this.#words, a >>> 2, expected, desired);
    return this.#done32(this.observed32 === expected >>> 0 ? 0 : -EAGAIN);
  }
  xchg32(a: Addr, value: number): Step<number> {
    return this.#done32(Atomics.exchange(this.#words, a >>> 2, value));
  }
  load64(a: Addr): Step<bigint> {
    return this.#done64(Atomics.load(this.#longs, a >>> 3));
  }
  store64(a: Addr, value: bigint): Step<number> {
    Atomics.store(this.#longs, a >>> 3, value);
    return this.#done32(0);
  }
  cmpxchg64(a: Addr, expected: bigint, desired: bigint): Step<number> {
    this.observed64 = Atomics.compareExchange(this.#longs, a >>> 3, expected, desired);
    return this.#done32(this.observed64 === expected ? 0 : -EAGAIN);
  }
  xchg64(a: Addr, value: bigint): Step<bigint> {
    return this.#done64(Atomics.exchange(this.#longs, a >>> 3, value));
  }
  fence(): Step<number> {
    return this.#done32(0);
  }
  copyOut(a: Addr, into: Uint8Array): Step<number> {
    into.set(this.#bytes.subarray(a, a + into.length));
    return this.#done32(0);
  }
  copyIn(a: Addr, from: Uint8Array): Step<number> {
    this.#bytes.set(from, a);
    return this.#done32(0);
  }

  #done32(value: number): Step<number> {
    this.#number.value = value;
    return this.#number;
  }
  #done64(value: bigint): Step<bigint> {
    this.#bigint.value = value;
    return this.#bigint;
  }
}
