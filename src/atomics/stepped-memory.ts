/**
 * Memory that announces itself: every operation first yields its footprint (an `Access`), and happens when resumed.
 *
 * This is what makes interleavings enumerable: the runner sees what a coroutine is about to touch, runs any others it
 * likes, and resumes it. Results are those of the memory underneath, so one model serves all hosts.
 */
import type { Addr } from "./address.ts";
import type { Memory } from "./memory.ts";
import type { Access, AccessKind, Coroutine, Step } from "./step.ts";

/** A memory whose every step announces its access before it happens, for whoever chooses among interleavings. */
export class SteppedMemory implements Memory {
  readonly #under: Memory;

  constructor(under: Memory) {
    this.#under = under;
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

  load32(a: Addr): Coroutine<number> {
    return announced("load", a, 4, () => this.#under.load32(a));
  }
  store32(a: Addr, value: number): Coroutine<number> {
    return announced("store", a, 4, () => this.#under.store32(a, value));
  }
  cmpxchg32(a: Addr, expected: number, desired: number): Coroutine<number> {
    return announced("cmpxchg", a, 4, () => this.#under.cmpxchg32(a, expected, desired));
  }
  xchg32(a: Addr, value: number): Coroutine<number> {
    return announced("xchg", a, 4, () => this.#under.xchg32(a, value));
  }
  load64(a: Addr): Coroutine<bigint> {
    return announced("load", a, 8, () => this.#under.load64(a));
  }
  store64(a: Addr, value: bigint): Coroutine<number> {
    return announced("store", a, 8, () => this.#under.store64(a, value));
  }
  cmpxchg64(a: Addr, expected: bigint, desired: bigint): Coroutine<number> {
    return announced("cmpxchg", a, 8, () => this.#under.cmpxchg64(a, expected, desired));
  }
  xchg64(a: Addr, value: bigint): Coroutine<bigint> {
    return announced("xchg", a, 8, () => this.#under.xchg64(a, value));
  }
  /** A fence orders but touches nothing: it is no scheduling point under sequential consistency. */
  fence(): Step<number> {
    return this.#under.fence();
  }
  copyOut(a: Addr, into: Uint8Array): Coroutine<number> {
    return announced("load", a, into.length, () => this.#under.copyOut(a, into));
  }
  copyIn(a: Addr, from: Uint8Array): Coroutine<number> {
    return announced("store", a, from.length, () => this.#under.copyIn(a, from));
  }
}

function* announced<T>(kind: AccessKind, a: Addr, size: number, operation: () => Step<T>): Coroutine<T> {
  const access: Access = { kind, addr: a, size };
  yield access;
  return yield* operation();
}
