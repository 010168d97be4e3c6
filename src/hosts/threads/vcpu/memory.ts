/**
 * The memory of a machine as a CPU of the threads host sees it: `Atomics`, and before each operation a look around.
 *
 * From user mode the look is at the CPU's attention word, and now and then at its clock: what there is to do is done before the
 * operation, as an interrupt would. From the kernel it is at the locks: a section ends, and somebody may wait for it. So a program that does
 * nothing but touch memory is interrupted all the same, and one that does not even do that is not.
 */
import type { Addr } from "../../../atomics/address.ts";
import { SharedMemory } from "../../../atomics/shared-memory.ts";
import type { Coroutine, Step } from "../../../atomics/step.ts";

/** What the memories ask of the host. */
export interface LookAround {
  /** In user mode: is there something to do? */
  wanted(): boolean;
  /** Does it. May deschedule the task. */
  border(): Coroutine<void>;
  /** In the kernel: somebody else may come in here. */
  breathe(): void;
  /** In the kernel: the word at `a` is about to be changed, which is traced behind it. */
  changes(a: Addr): void;
}

export class UserSideMemory extends SharedMemory {
  readonly #host: LookAround;

  constructor(buffer: SharedArrayBuffer, host: LookAround) {
    super(buffer);
    this.#host = host;
  }

  override load32(a: Addr): Step<number> {
    return this.#host.wanted() ? this.#later(super.load32, a) : super.load32(a);
  }
  override store32(a: Addr, value: number): Step<number> {
    return this.#host.wanted() ? this.#later(super.store32, a, value) : super.store32(a, value);
  }
  override cmpxchg32(a: Addr, expected: number, desired: number): Step<number> {
    if (this.#host.wanted()) return this.#later(super.cmpxchg32, a, expected, desired);
    return super.cmpxchg32(a, expected, desired);
  }
  override xchg32(a: Addr, value: number): Step<number> {
    return this.#host.wanted() ? this.#later(super.xchg32, a, value) : super.xchg32(a, value);
  }
  override load64(a: Addr): Step<bigint> {
    return this.#host.wanted() ? this.#later(super.load64, a) : super.load64(a);
  }
  override store64(a: Addr, value: bigint): Step<number> {
    return this.#host.wanted() ? this.#later(super.store64, a, value) : super.store64(a, value);
  }
  override cmpxchg64(a: Addr, expected: bigint, desired: bigint): Step<number> {
    if (this.#host.wanted()) return this.#later(super.cmpxchg64, a, expected, desired);
    return super.cmpxchg64(a, expected, desired);
  }
  override xchg64(a: Addr, value: bigint): Step<bigint> {
    return this.#host.wanted() ? this.#later(super.xchg64, a, value) : super.xchg64(a, value);
  }

  *#later<A extends unknown[], T>(
    operation: (this: SharedMemory, ...args: A) => Step<T>,
    ...args: A
  ): Coroutine<T> {
    yield* this.#host.border();
    return yield* operation.apply(this, args);
  }
}

export class KernelSideMemory extends SharedMemory {
  readonly #host: LookAround;

  constructor(buffer: SharedArrayBuffer, host: LookAround) {
    super(buffer);
    this.#host = host;
  }

  override load32(a: Addr): Step<number> {
    this.#host.breathe();
    return super.load32(a);
  }
  override store32(a: Addr, value: number): Step<number> {
    this.#host.breathe();
    return super.store32(a, value);
  }
  override cmpxchg32(a: Addr, expected: number, desired: number): Step<number> {
    this.#host.breathe();
    this.#host.changes(a);
    return super.cmpxchg32(a, expected, desired);
  }
  override xchg32(a: Addr, value: number): Step<number> {
    this.#host.breathe();
    return super.xchg32(a, value);
  }
  override load64(a: Addr): Step<bigint> {
    this.#host.breathe();
    return super.load64(a);
  }
  override store64(a: Addr, value: bigint): Step<number> {
    this.#host.breathe();
    return super.store64(a, value);
  }
  override cmpxchg64(a: Addr, expected: bigint, desired: bigint): Step<number> {
    this.#host.breathe();
    return super.cmpxchg64(a, expected, desired);
  }
  override xchg64(a: Addr, value: bigint): Step<bigint> {
    this.#host.breathe();
    return super.xchg64(a, value);
  }
  override copyOut(a: Addr, into: Uint8Array): Step<number> {
    this.#host.breathe();
    return super.copyOut(a, into);
  }
  override copyIn(a: Addr, from: Uint8Array): Step<number> {
    this.#host.breathe();
    return super.copyIn(a, from);
  }
}
