/**
 * Memory for one isolate: plain typed-array access, 10 to 25 times cheaper than `Atomics`.
 *
 * An operation completes at once: the virtual host keeps order by interleaving tasks only where time passes. A program
 * that spins on a word would therefore never let time pass; `budget` is its bound. The host refills it whenever it
 * resumes a task, each operation takes one unit, and the operation that finds it empty yields YIELD_PAUSE first. User
 * space and the kernel have a LocalMemory each over the same buffer: what comes after a pause differs (`afterPause`).
 */
import type { Addr } from "./address.ts";
import { EAGAIN } from "./errno.ts";
import type { Memory } from "./memory.ts";
import { Completed, type Coroutine, Pause, type Step, YIELD_PAUSE } from "./step.ts";

const PAUSE: Pause = new Pause(YIELD_PAUSE);

/** Operations a task may do before it must let time pass. Large enough to cost nothing, small enough to be prompt. */
export const STEP_BUDGET = 4096;

/** The same for the kernel, whose loops are bounded: as good as never, so that it need not be refilled at each resume. */
export const KERNEL_STEP_BUDGET: number = 2 ** 30;

/** Memory of one thread, on plain typed arrays: steps complete at once, until their budget is spent. */
export class LocalMemory implements Memory {
  declare readonly buffer: ArrayBufferLike;
  observed32 = 0;
  observed64 = 0n;
  /** Operations left before the next one pauses. Written by the host at each resume. */
  budget: number = STEP_BUDGET;
  /** What a pause is followed by, before the operation: user space takes its signals there. */
  afterPause: (() => Coroutine<void>) | undefined = undefined;

  declare private readonly words: Uint32Array;
  declare private readonly longs: BigUint64Array;
  declare private readonly bytes: Uint8Array;
  readonly #number: Completed<number> = new Completed(0);
  readonly #bigint: Completed<bigint> = new Completed(0n);

  /** `buffer`: length a multiple of 8. Fixed-length views are taken: growable buffers are 40 times slower. */
  constructor(buffer: ArrayBufferLike) {
    this.buffer = buffer;
    this.words = new Uint32Array(buffer, 0, buffer.byteLength >>> 2);
    this.longs = new BigUint64Array(buffer, 0, buffer.byteLength >>> 3);
    this.bytes = new Uint8Array(buffer, 0, buffer.byteLength);
  }

  load32(a: Addr): Step<number> {
    if (--this.budget < 0) return later(this, this.load32, a);
    const done = this.#number;
    done.value = this.words[a >>> 2]!;
    return done;
  }

  store32(a: Addr, value: number): Step<number> {
    if (--this.budget < 0) return later(this, this.store32, a, value);
    this.words[a >>> 2] = value;
    return this.#zero();
  }

  cmpxchg32(a: Addr, expected: number, desired: number): Step<number> {
    if (--this.budget < 0) return later(this, this.cmpxchg32, a, expected, desired);
    const found = this.words[a >>> 2]!;
    this.observed32 = found;
    const same = found === expected >>> 0;
    if (same) this.words[a >>> 2] = desired;
    return this.#status(same);
  }

  xchg32(a: Addr, value: number): Step<number> {
    if (--this.budget < 0) return later(this, this.xchg32, a, value);
    const done = this.#number;
    done.value = this.words[a >>> 2]!;
    this.words[a >>> 2] = value;
    return done;
  }

  load64(a: Addr): Step<bigint> {
    if (--this.budget < 0) return later(this, this.load64, a);
    const done = this.#bigint;
    done.value = this.longs[a >>> 3]!;
    return done;
  }

  store64(a: Addr, value: bigint): Step<number> {
    if (--this.budget < 0) return later(this, this.store64, a, value);
    this.longs[a >>> 3] = value;
    return this.#zero();
  }

  cmpxchg64(a: Addr, expected: bigint, desired: bigint): Step<number> {
    if (--this.budget < 0) return later(this, this.cmpxchg64, a, expected, desired);
    const found = this.longs[a >>> 3]!;
    this.observed64 = found;
    const same = found === expected;
    if (same) this.longs[a >>> 3] = desired;
    return this.#status(same);
  }

  xchg64(a: Addr, value: bigint): Step<bigint> {
    if (--this.budget < 0) return later(this, this.xchg64, a, value);
    const done = this.#bigint;
    done.value = this.longs[a >>> 3]!;
    this.longs[a >>> 3] = value;
    return done;
  }

  fence(): Step<number> {
    if (--this.budget < 0) return later(this, this.fence);
    return this.#zero();
  }

  copyOut(a: Addr, into: Uint8Array): Step<number> {
    into.set(this.bytes.subarray(a, a + into.length));
    return this.#zero();
  }

  copyIn(a: Addr, from: Uint8Array): Step<number> {
    this.bytes.set(from, a);
    return this.#zero();
  }

  #zero(): Step<number> {
    const done = this.#number;
    done.value = 0;
    return done;
  }

  #status(same: boolean): Step<number> {
    const done = this.#number;
    done.value = same ? 0 : -EAGAIN;
    return done;
  }
}

/** The slow path. Not a closure over the arguments: those would cost every call a heap-allocated context. */
function* later<A extends unknown[], T>(
  memory: LocalMemory,
  operation: (this: LocalMemory, ...args: A) => Step<T>,
  ...args: A
): Coroutine<T> {
  yield* PAUSE;
  if (memory.afterPause !== undefined) yield* memory.afterPause();
  return yield* operation.apply(memory, args);
}
