/**
 * Shared words, whoever shares them: the seam between the code that uses memory and the host that runs it.
 *
 * | implementation  | words          | an operation                                    | for                        |
 * |-----------------|----------------|-------------------------------------------------|----------------------------|
 * | LocalMemory     | ArrayBuffer    | happens at once, plain typed-array access       | the virtual host           |
 * | SteppedMemory   | any of these   | yields its footprint, then happens              | exploration, interleavings |
 * | SharedMemory    | SharedArrayBuffer | happens at once, `Atomics`                   | real threads               |
 *
 * Every operation is sequentially consistent: the kernel code that uses it was written for x86 with full barriers at
 * each of these points, and JavaScript offers no weaker order. `fence()` is therefore free, and stays in the code as
 * the place where the original has a barrier that carries an argument.
 *
 * No operation here checks an address: UserMemory and UserAccess do, each with its own answer to a fault.
 *
 * 32-bit values are unsigned numbers, 64-bit values are unsigned bigints. A compare-exchange answers 0 or -EAGAIN and
 * leaves the word it found in `observed32` / `observed64`, valid until the next step of the same isolate.
 */
import type { Addr } from "./address.ts";
import type { Step } from "./step.ts";

/** Words of 32 and 64 bits that CPUs share; each operation is one step. Addresses are not checked. */
export interface Memory {
  readonly buffer: ArrayBufferLike;
  readonly observed32: number;
  readonly observed64: bigint;

  load32(a: Addr): Step<number>;
  store32(a: Addr, value: number): Step<number>;
  cmpxchg32(a: Addr, expected: number, desired: number): Step<number>;
  xchg32(a: Addr, value: number): Step<number>;

  load64(a: Addr): Step<bigint>;
  store64(a: Addr, value: bigint): Step<number>;
  cmpxchg64(a: Addr, expected: bigint, desired: bigint): Step<number>;
  xchg64(a: Addr, value: bigint): Step<bigint>;

  fence(): Step<number>;

  /** Reads `length` bytes as one step (copy_from_user: not atomic across words on hardware). */
  copyOut(a: Addr, into: Uint8Array): Step<number>;
  copyIn(a: Addr, from: Uint8Array): Step<number>;
}
