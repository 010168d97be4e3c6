/**
 * One access to shared memory that a task has announced and not yet made: at once its footprint, its step and its result.
 *
 * A task is at one place at a time, so that it needs one such record, which is used over and over. Nothing is allocated
 * for an access, and none is a closure. (SteppedMemory, which has a generator for each, costs 6 times as much.)
 */
import type { Addr } from "../../atomics/address.ts";
import type { Memory } from "../../atomics/memory.ts";
import type { Access, AccessKind, PendingStep, Resume, Step, StepIterator } from "../../atomics/step.ts";

export const LOAD32 = 0;
export const STORE32 = 1;
export const CMPXCHG32 = 2;
export const XCHG32 = 3;
export const LOAD64 = 4;
export const STORE64 = 5;
export const CMPXCHG64 = 6;
export const XCHG64 = 7;
export const COPY_OUT = 8;
export const COPY_IN = 9;

const KINDS: readonly AccessKind[] = [
  "load",
  "store",
  "cmpxchg",
  "xchg",
  "load",
  "store",
  "cmpxchg",
  "xchg",
  "load",
  "store",
];
const NOTHING = new Uint8Array(0);

export class AccessSlot implements Access, PendingStep<never>, StepIterator<never> {
  declare readonly done?: undefined;
  operation: number = LOAD32;
  addr: Addr = 0 as Addr;
  size = 4;
  /** It is user mode that makes the access, so that an interrupt may lead the task elsewhere first. */
  user = false;
  declare memory: Memory;
  value = 0;
  expected = 0;
  longValue = 0n;
  longExpected = 0n;
  bytes: Uint8Array = NOTHING;
  readonly #announced: IteratorYieldResult<Access> = { done: false, value: this };
  readonly #made: { readonly done: true; value: unknown } = { done: true, value: 0 };

  get kind(): AccessKind {
    return KINDS[this.operation]!;
  }
  /** May it change memory? A compare-exchange that would lose does not. */
  get writes(): boolean {
    switch (this.operation) {
      case LOAD32:
      case LOAD64:
      case COPY_OUT:
        return false;
      default:
        return true;
    }
  }

  [Symbol.iterator](): StepIterator<never> {
    return this;
  }

  next(resumed?: Resume): IteratorResult<Access, never> {
    if (resumed === undefined) return this.#announced;
    const made = this.#made;
    const step = this.#make();
    if (step.done === undefined) throw new Error("kernel bug: the memory beneath an announced access waits");
    made.value = step.value;
    return made as IteratorReturnResult<never>;
  }

  #make(): Step<unknown> {
    const { memory, addr } = this;
    switch (this.operation) {
      case LOAD32:
        return memory.load32(addr);
      case STORE32:
        return memory.store32(addr, this.value);
      case CMPXCHG32:
        return memory.cmpxchg32(addr, this.expected, this.value);
      case XCHG32:
        return memory.xchg32(addr, this.value);
      case LOAD64:
        return memory.load64(addr);
      case STORE64:
        return memory.store64(addr, this.longValue);
      case CMPXCHG64:
        return memory.cmpxchg64(addr, this.longExpected, this.longValue);
      case XCHG64:
        return memory.xchg64(addr, this.longValue);
      case COPY_OUT:
        return memory.copyOut(addr, this.bytes);
      default:
        return memory.copyIn(addr, this.bytes);
    }
  }
}

/** Where the memories of a machine find the record of whoever executes. Set by the host before it resumes a task. */
export interface SlotDesk {
  slot: AccessSlot;
}
