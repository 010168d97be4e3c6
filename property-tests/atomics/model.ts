/**
 * The naive model of the address space: a map of bytes, a record for each page, and the rules of
 * access written out one at a time. It shares nothing with the code it judges but the error numbers.
 */
import { EAGAIN, EFAULT, type Protection } from "../../src/atomics/index.ts";

export const MODEL_PAGE = 4096;

export interface ModelFault {
  readonly a: number;
  readonly write: boolean;
}

interface Page {
  mapped: boolean;
  present: boolean;
  writable: boolean;
}

const PAGE_OF: Readonly<Record<Protection, Page>> = {
  unmapped: { mapped: false, present: false, writable: false },
  absent: { mapped: true, present: false, writable: true },
  "absent-readonly": { mapped: true, present: false, writable: false },
  readonly: { mapped: true, present: true, writable: false },
  readwrite: { mapped: true, present: true, writable: true },
};

export class Model {
  /** The faults that the handler must have seen so far. */
  readonly faults: ModelFault[] = [];
  /** What the last compare-exchange that did not match found. */
  observed = 0n;
  readonly #bytes = new Map<number, number>();
  readonly #pages: Page[];
  readonly #resolves: boolean;

  constructor(protections: readonly Protection[], resolves: boolean) {
    this.#pages = protections.map((protection) => ({ ...PAGE_OF[protection] }));
    this.#resolves = resolves;
  }

  protect(page: number, protection: Protection): void {
    this.#pages[page] = { ...PAGE_OF[protection] };
  }

  /** `[readable, writable]` of each page, as it is now. */
  rights(): [boolean, boolean][] {
    return this.#pages.map(({ present, writable }) => [present, present && writable]);
  }

  image(length: number): number[] {
    return Array.from({ length }, (_, i) => this.#bytes.get(i) ?? 0);
  }

  word(a: number, size: number): bigint {
    let word = 0n;
    for (let i = size - 1; i >= 0; i--) word = (word << 8n) | BigInt(this.#bytes.get(a + i) ?? 0);
    return word;
  }

  put(a: number, size: number, word: bigint): void {
    for (let i = 0; i < size; i++) this.#bytes.set(a + i, Number((word >> BigInt(8 * i)) & 0xffn));
  }

  /** May the byte at `a` be accessed, after a fault if it takes one? `write` is what the access asks for. */
  reach(a: number, write: boolean, fault: "read" | "write" | "refuse"): boolean {
    const page = this.#pages[Math.floor(a / MODEL_PAGE)];
    if (page === undefined || !page.mapped) return false;
    if (!page.present) {
      if (fault === "refuse") return false;
      if (fault === "write" && !page.writable) return false;
      this.faults.push({ a, write: fault === "write" });
      if (!this.#resolves) return false;
      page.present = true;
    }
    return !write || page.writable;
  }

  /** As `reach`, for an aligned word. */
  reachWord(a: number, size: number, write: boolean, fault: "read" | "write" | "refuse"): boolean {
    return a % size === 0 && this.reach(a, write, fault);
  }

  /** As `reach`, for each byte of a range in order. */
  reachRange(a: number, length: number, write: boolean): boolean {
    for (let i = 0; i < length; i++) {
      if (!this.reach(a + i, write, write ? "write" : "read")) return false;
    }
    return true;
  }

  cmpxchg(a: number, size: number, expected: bigint, desired: bigint): bigint {
    const found = this.word(a, size);
    if (found === expected) {
      this.put(a, size, desired);
      return 0n;
    }
    this.observed = found;
    return BigInt(-EAGAIN);
  }

  xchg(a: number, size: number, value: bigint): bigint {
    const found = this.word(a, size);
    this.put(a, size, value);
    return found;
  }
}

export const FAULT: bigint = BigInt(-EFAULT);
