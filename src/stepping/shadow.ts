/** A copy of user memory that tells what the kernel has changed since it was last asked. */
import type { Addr } from "../atomics/address.ts";
import { MachineError } from "../kernel-sim/errors.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";

/** A 32-bit word of user memory that changed. */
export interface WordChange {
  readonly addr: number;
  readonly before: number;
  readonly after: number;
}

/** A copy of user memory that tells what the kernel has changed since it was last asked. */
export class Shadow {
  readonly #kernel: Kernel;
  readonly #words: Uint32Array;
  readonly #longs: BigUint64Array;
  readonly #copy: Uint32Array;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#words = new Uint32Array(kernel.buffer);
    this.#longs = new BigUint64Array(kernel.buffer, 0, kernel.buffer.byteLength >>> 3);
    this.#copy = this.#words.slice(kernel.userBase >>> 2);
  }

  load32(a: Addr): number {
    return this.#words[this.#check(a, 4) >>> 2]!;
  }
  load64(a: Addr): bigint {
    return this.#longs[this.#check(a, 8) >>> 3]!;
  }
  /** A store of the driver's own: not reported as a change. */
  store32(a: Addr, value: number): void {
    this.#words[this.#check(a, 4) >>> 2] = value;
    this.#forget(a, 1);
  }
  store64(a: Addr, value: bigint): void {
    this.#longs[this.#check(a, 8) >>> 3] = value;
    this.#forget(a, 2);
  }

  takeChanges(): WordChange[] {
    const base = this.#kernel.userBase >>> 2;
    const changes: WordChange[] = [];
    for (let i = 0; i < this.#copy.length; i++) {
      const after = this.#words[base + i]!;
      const before = this.#copy[i]!;
      if (after === before) continue;
      changes.push({ addr: (base + i) * 4, before, after });
      this.#copy[i] = after;
    }
    return changes;
  }

  #forget(a: Addr, words: number): void {
    const first = (a - this.#kernel.userBase) >>> 2;
    for (let i = first; i < first + words; i++)
      this.#copy[i] = this.#words[(this.#kernel.userBase >>> 2) + i]!;
  }

  #check(a: Addr, size: number): Addr {
    const inside = a >= this.#kernel.userBase && a + size <= this.#kernel.userEnd && a % size === 0;
    if (!inside)
      throw new MachineError("ERR_STEP", `no ${size}-byte word of user memory at 0x${a.toString(16)}`);
    return a;
  }
}
