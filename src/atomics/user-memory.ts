/**
 * User space's own loads and stores: what a program is given as `memory`.
 *
 * The same operations as Memory, with the check the hardware makes. A fault is not an answer here: the handler either
 * makes the page present, and the access is retried, or it ends the program (SIGSEGV) and the step never completes.
 */
import type { Addr } from "./address.ts";
import type { Memory } from "./memory.ts";
import { type PageTable, READ, WRITE } from "./page-table.ts";
import type { Coroutine, Step } from "./step.ts";

/** Resolves a user-mode fault, or never returns. `size` in bytes; misaligned addresses come here too. */
export type TrapHandler = (a: Addr, size: number, write: boolean) => Coroutine<void>;

// Copies: V8 folds the constants of the same module only, and one of these is looked at in every access.
const MAY_READ: number = READ;
const MAY_WRITE: number = WRITE;

/**
 * Memory as a program sees it: each operation is one step, atomic and sequentially consistent. Words of 32 bits at multiples of
 * 4, of 64 at multiples of 8; else, or where nothing is mapped, SIGSEGV.
 */
export class UserMemory {
  declare private readonly memory: Memory;
  declare private readonly pages: PageTable;
  declare private readonly trap: TrapHandler;

  constructor(memory: Memory, pages: PageTable, trap: TrapHandler) {
    this.memory = memory;
    this.pages = pages;
    this.trap = trap;
  }

  /** The word the last mismatching compare-exchange found. Valid until the next step. */
  get observed32(): number {
    return this.memory.observed32;
  }
  get observed64(): bigint {
    return this.memory.observed64;
  }

  /** Reads the 32-bit word at `a`. */
  load32(a: Addr): Step<number> {
    if (this.pages.permits(a, 4, MAY_READ)) return this.memory.load32(a);
    return this.#trapped(a, 4, false, this.load32, a);
  }
  /** Writes the 32-bit word at `a`. */
  store32(a: Addr, value: number): Step<number> {
    if (this.pages.permits(a, 4, MAY_WRITE)) return this.memory.store32(a, value);
    return this.#trapped(a, 4, true, this.store32, a, value);
  }
  /** 0 when the word was `expected` and is now `desired`, else -EAGAIN with the word found in `observed32`. */
  cmpxchg32(a: Addr, expected: number, desired: number): Step<number> {
    if (this.pages.permits(a, 4, MAY_WRITE)) return this.memory.cmpxchg32(a, expected, desired);
    return this.#trapped(a, 4, true, this.cmpxchg32, a, expected, desired);
  }
  /** Writes `value` and returns the word that was there. */
  xchg32(a: Addr, value: number): Step<number> {
    if (this.pages.permits(a, 4, MAY_WRITE)) return this.memory.xchg32(a, value);
    return this.#trapped(a, 4, true, this.xchg32, a, value);
  }
  /** Reads the 64-bit word at `a`. */
  load64(a: Addr): Step<bigint> {
    if (this.pages.permits(a, 8, MAY_READ)) return this.memory.load64(a);
    return this.#trapped(a, 8, false, this.load64, a);
  }
  /** Writes the 64-bit word at `a`. */
  store64(a: Addr, value: bigint): Step<number> {
    if (this.pages.permits(a, 8, MAY_WRITE)) return this.memory.store64(a, value);
    return this.#trapped(a, 8, true, this.store64, a, value);
  }
  /** As `cmpxchg32`, on 64 bits; the word found is in `observed64`. */
  cmpxchg64(a: Addr, expected: bigint, desired: bigint): Step<number> {
    if (this.pages.permits(a, 8, MAY_WRITE)) return this.memory.cmpxchg64(a, expected, desired);
    return this.#trapped(a, 8, true, this.cmpxchg64, a, expected, desired);
  }
  /** Writes `value` and returns the word that was there. */
  xchg64(a: Addr, value: bigint): Step<bigint> {
    if (this.pages.permits(a, 8, MAY_WRITE)) return this.memory.xchg64(a, value);
    return this.#trapped(a, 8, true, this.xchg64, a, value);
  }
  /** A full barrier. */
  fence(): Step<number> {
    return this.memory.fence();
  }

  *#trapped<A extends unknown[], T>(
    a: Addr,
    size: number,
    write: boolean,
    operation: (this: UserMemory, ...args: A) => Step<T>,
    ...args: A
  ): Coroutine<T> {
    do yield* this.trap(a, size, write);
    while (!this.pages.permits(a, size, write ? WRITE : READ));
    return yield* operation.apply(this, args);
  }
}
