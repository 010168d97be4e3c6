/**
 * Memory that announces itself, for the explore host: every operation first yields its footprint, and happens when the task
 * is resumed. It lies over the memory of one side, user space or the kernel, and over whoever watches that.
 */
import type { Addr } from "../../atomics/address.ts";
import type { Memory } from "../../atomics/memory.ts";
import type { Step } from "../../atomics/step.ts";
import {
  type AccessSlot,
  CMPXCHG32,
  CMPXCHG64,
  COPY_IN,
  COPY_OUT,
  LOAD32,
  LOAD64,
  type SlotDesk,
  STORE32,
  STORE64,
  XCHG32,
  XCHG64,
} from "./access-slot.ts";

export class AnnouncingMemory implements Memory {
  declare private readonly under: Memory;
  declare private readonly user: boolean;
  declare private readonly desk: SlotDesk;

  constructor(under: Memory, side: "kernel" | "user", desk: SlotDesk) {
    this.under = under;
    this.user = side === "user";
    this.desk = desk;
  }

  get buffer(): ArrayBufferLike {
    return this.under.buffer;
  }
  get observed32(): number {
    return this.under.observed32;
  }
  get observed64(): bigint {
    return this.under.observed64;
  }

  load32(a: Addr): Step<number> {
    return this.#slot(LOAD32, a, 4);
  }
  store32(a: Addr, value: number): Step<number> {
    const slot = this.#slot(STORE32, a, 4);
    slot.value = value;
    return slot;
  }
  cmpxchg32(a: Addr, expected: number, desired: number): Step<number> {
    const slot = this.#slot(CMPXCHG32, a, 4);
    slot.expected = expected;
    slot.value = desired;
    return slot;
  }
  xchg32(a: Addr, value: number): Step<number> {
    const slot = this.#slot(XCHG32, a, 4);
    slot.value = value;
    return slot;
  }
  load64(a: Addr): Step<bigint> {
    return this.#slot(LOAD64, a, 8);
  }
  store64(a: Addr, value: bigint): Step<number> {
    const slot = this.#slot(STORE64, a, 8);
    slot.longValue = value;
    return slot;
  }
  cmpxchg64(a: Addr, expected: bigint, desired: bigint): Step<number> {
    const slot = this.#slot(CMPXCHG64, a, 8);
    slot.longExpected = expected;
    slot.longValue = desired;
    return slot;
  }
  xchg64(a: Addr, value: bigint): Step<bigint> {
    const slot = this.#slot(XCHG64, a, 8);
    slot.longValue = value;
    return slot;
  }
  /** A fence orders but touches nothing: it is no scheduling point under sequential consistency. */
  fence(): Step<number> {
    return this.under.fence();
  }
  copyOut(a: Addr, into: Uint8Array): Step<number> {
    const slot = this.#slot(COPY_OUT, a, into.length);
    slot.bytes = into;
    return slot;
  }
  copyIn(a: Addr, from: Uint8Array): Step<number> {
    const slot = this.#slot(COPY_IN, a, from.length);
    slot.bytes = from;
    return slot;
  }

  #slot(operation: number, a: Addr, size: number): AccessSlot {
    const { slot } = this.desk;
    slot.memory = this.under;
    slot.user = this.user;
    slot.operation = operation;
    slot.addr = a;
    slot.size = size;
    return slot;
  }
}
