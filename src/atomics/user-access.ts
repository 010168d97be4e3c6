/**
 * The kernel's way into user memory: every address is checked, every fault is an answer and not an exception.
 *
 * Two families, as in patch 2 of UMCG v0.3 (arch/x86 uaccess helpers):
 * - the plain ones may sleep: an absent page is faulted in and the access retried;
 * - `...Nosleep` must not: an absent page is -EFAULT, and so is, in every mode, one that is on disk. v0.3 gave the name to helpers that did resolve faults, always as
 *   *write* faults, so that an absent read-only page failed and a present one did not. The posted
 *   profile asks for that behaviour with `nosleep: "resolve-as-write"`.
 *
 * | result                     | 32 bit                          | 64 bit                     |
 * |----------------------------|---------------------------------|----------------------------|
 * | get, xchg                  | the value, or -EFAULT           | bigint value, or -EFAULT   |
 * | put                        | 0 or -EFAULT                    | 0 or -EFAULT               |
 * | cmpxchg                    | 0, -EAGAIN (word found in `observed32`/`observed64`) or -EFAULT                   ||
 *
 * -EFAULT: NULL, kernel, unmapped, out of range, misaligned; read-only for writers (a compare-exchange is a writer even
 * when it would not match). Misaligned is refused outright, as from v0.7 on: the loop of F49 cannot happen.
 *
 * One compare-exchange a call, strong, never a loop on mismatch: retrying is the caller's policy, with the caller's bound.
 */
import { type Addr, addr } from "./address.ts";
import { EFAULT } from "./errno.ts";
import type { Memory } from "./memory.ts";
import { type PageTable, READ, WRITE } from "./page-table.ts";
import { Completed, type Coroutine, type Step } from "./step.ts";

/** Resolves a page fault at `a`. Returns whether the access may be retried. Called only for resolvable faults. */
export type FaultHandler = (a: Addr, write: boolean) => Coroutine<boolean>;

/** "refuse": an absent page is -EFAULT. "resolve-as-write": v0.3, see above. */
export type NosleepMode = "refuse" | "resolve-as-write";

// Copies: V8 folds the constants of the same module only, and one of these is looked at in every access.
const MAY_READ: number = READ;
const MAY_WRITE: number = WRITE;

/** How often one access may fault before it is answered with -EFAULT: the page can be taken away again in between. */
const MAX_FAULTS = 8;

/** The kernel's way into user memory. A fault is an answer, -EFAULT or -EAGAIN, and no exception. */
export class UserAccess {
  declare private readonly memory: Memory;
  declare private readonly pages: PageTable;
  declare private readonly fault: FaultHandler;
  declare private readonly nosleep: NosleepMode;
  readonly #refused: Completed<number> = new Completed(-EFAULT);

  constructor(memory: Memory, pages: PageTable, fault: FaultHandler, nosleep: NosleepMode = "refuse") {
    this.memory = memory;
    this.pages = pages;
    this.fault = fault;
    this.nosleep = nosleep;
  }

  /** The word the last mismatching compare-exchange found. Valid until the next step. */
  get observed32(): number {
    return this.memory.observed32;
  }
  get observed64(): bigint {
    return this.memory.observed64;
  }

  fence(): Step<number> {
    return this.memory.fence();
  }

  getUser32(a: Addr): Step<number> {
    if (this.pages.permits(a, 4, MAY_READ)) return this.memory.load32(a);
    return this.#retry(a, 4, false, this.getUser32, a);
  }
  getUser32Nosleep(a: Addr): Step<number> {
    if (this.pages.permits(a, 4, MAY_READ)) return this.memory.load32(a);
    return this.#refuse(a, 4, this.getUser32Nosleep, a);
  }
  putUser32(a: Addr, value: number): Step<number> {
    if (this.pages.permits(a, 4, MAY_WRITE)) return this.memory.store32(a, value);
    return this.#retry(a, 4, true, this.putUser32, a, value);
  }
  putUser32Nosleep(a: Addr, value: number): Step<number> {
    if (this.pages.permits(a, 4, MAY_WRITE)) return this.memory.store32(a, value);
    return this.#refuse(a, 4, this.putUser32Nosleep, a, value);
  }
  cmpxchgUser32(a: Addr, expected: number, desired: number): Step<number> {
    if (this.pages.permits(a, 4, MAY_WRITE)) return this.memory.cmpxchg32(a, expected, desired);
    return this.#retry(a, 4, true, this.cmpxchgUser32, a, expected, desired);
  }
  cmpxchgUser32Nosleep(a: Addr, expected: number, desired: number): Step<number> {
    if (this.pages.permits(a, 4, MAY_WRITE)) return this.memory.cmpxchg32(a, expected, desired);
    return this.#refuse(a, 4, this.cmpxchgUser32Nosleep, a, expected, desired);
  }

  getUser64(a: Addr): Step<bigint | number> {
    if (this.pages.permits(a, 8, MAY_READ)) return this.memory.load64(a);
    return this.#retry(a, 8, false, this.getUser64, a);
  }
  getUser64Nosleep(a: Addr): Step<bigint | number> {
    if (this.pages.permits(a, 8, MAY_READ)) return this.memory.load64(a);
    return this.#refuse(a, 8, this.getUser64Nosleep, a);
  }
  putUser64(a: Addr, value: bigint): Step<number> {
    if (this.pages.permits(a, 8, MAY_WRITE)) return this.memory.store64(a, value);
    return this.#retry(a, 8, true, this.putUser64, a, value);
  }
  putUser64Nosleep(a: Addr, value: bigint): Step<number> {
    if (this.pages.permits(a, 8, MAY_WRITE)) return this.memory.store64(a, value);
    return this.#refuse(a, 8, this.putUser64Nosleep, a, value);
  }
  cmpxchgUser64(a: Addr, expected: bigint, desired: bigint): Step<number> {
    if (this.pages.permits(a, 8, MAY_WRITE)) return this.memory.cmpxchg64(a, expected, desired);
    return this.#retry(a, 8, true, this.cmpxchgUser64, a, expected, desired);
  }
  cmpxchgUser64Nosleep(a: Addr, expected: bigint, desired: bigint): Step<number> {
    if (this.pages.permits(a, 8, MAY_WRITE)) return this.memory.cmpxchg64(a, expected, desired);
    return this.#refuse(a, 8, this.cmpxchgUser64Nosleep, a, expected, desired);
  }
  xchgUser64(a: Addr, value: bigint): Step<bigint | number> {
    if (this.pages.permits(a, 8, MAY_WRITE)) return this.memory.xchg64(a, value);
    return this.#retry(a, 8, true, this.xchgUser64, a, value);
  }
  xchgUser64Nosleep(a: Addr, value: bigint): Step<bigint | number> {
    if (this.pages.permits(a, 8, MAY_WRITE)) return this.memory.xchg64(a, value);
    return this.#refuse(a, 8, this.xchgUser64Nosleep, a, value);
  }

  /** copy_from_user: fills `into` from user memory. 0 or -EFAULT; any alignment. May sleep. */
  *copyFromUser(a: Addr, into: Uint8Array): Coroutine<number> {
    if (into.length === 0) return 0;
    if (!(yield* this.#present(a, into.length, READ))) return -EFAULT;
    return yield* this.memory.copyOut(a, into);
  }

  /** copy_to_user: writes `from` to user memory. 0 or -EFAULT; any alignment. May sleep. */
  *copyToUser(a: Addr, from: Uint8Array): Coroutine<number> {
    if (from.length === 0) return 0;
    if (!(yield* this.#present(a, from.length, WRITE))) return -EFAULT;
    return yield* this.memory.copyIn(a, from);
  }

  /** Makes a range present for writing, so that a copy to it that follows at once cannot fail. 0 or -EFAULT. */
  *faultInForWrite(a: Addr, length: number): Coroutine<number> {
    return (yield* this.#present(a, length, WRITE)) ? 0 : -EFAULT;
  }

  *#present(a: Addr, length: number, need: number): Coroutine<boolean> {
    // Each page may fault MAX_FAULTS times: the bound covers pages that are taken away again meanwhile.
    const bound = (Math.ceil(length / 4096) + 1) * MAX_FAULTS;
    for (let fault = 0; fault <= bound; fault++) {
      const denied = this.pages.firstDenied(a, length, need);
      if (denied === -1) return true;
      if (!this.pages.resolvable(addr(denied), need === WRITE)) return false;
      if (!(yield* this.fault(addr(denied), need === WRITE))) return false;
    }
    return false;
  }

  #refuse<A extends unknown[], T>(
    a: Addr,
    size: number,
    operation: (this: UserAccess, ...args: A) => Step<T>,
    ...args: A
  ): Step<T | number> {
    if (this.nosleep === "refuse" || this.pages.isOnDisk(a)) return this.#refused;
    return this.#retry(a, size, true, operation, ...args);
  }

  *#retry<A extends unknown[], T>(
    a: Addr,
    size: number,
    write: boolean,
    operation: (this: UserAccess, ...args: A) => Step<T>,
    ...args: A
  ): Coroutine<T | number> {
    const need = write ? WRITE : READ;
    for (let fault = 0; fault < MAX_FAULTS; fault++) {
      if ((a & (size - 1)) !== 0 || !this.pages.resolvable(a, write)) return -EFAULT;
      if (!(yield* this.fault(a, write))) return -EFAULT;
      if (this.pages.permits(a, size, need)) return yield* operation.apply(this, args);
    }
    return -EFAULT;
  }
}
