/**
 * Which pages user space may touch, and how. One byte a page, kept in the machine's own buffer.
 *
 * Five bits: MAPPED (the address belongs to user space), PRESENT (it is resident), WRITABLE, ON_DISK, and BEING_READ. A page that is
 * MAPPED but not PRESENT is absent: touching it raises a page fault that can be resolved, by waiting if it is ON_DISK. Page 0 and the kernel region have no
 * bit set, so NULL and kernel addresses fail the same single test that guards every access.
 *
 * Written only at boot, by `protect()` and by the fault handler; read by everybody.
 */
import { ADDR_INVALID, type Addr, PAGE_SHIFT, PAGE_SIZE } from "./address.ts";

/** In memory: reads succeed. */
export const PAGE_PRESENT = 1;
/** Writes are allowed, once it is present. */
export const PAGE_WRITABLE = 2;
/** Belongs to the program, present or not. */
export const PAGE_MAPPED = 4;
/** Not present, and to be read by a device first. */
export const PAGE_ON_DISK = 8;
/** A device has been asked for it and has not answered. */
const PAGE_BEING_READ = 16;

/** What a page can be set to. */
export type Protection = "unmapped" | "absent" | "absent-readonly" | "readonly" | "readwrite";

const BITS: Readonly<Record<Protection, number>> = {
  unmapped: 0,
  absent: PAGE_MAPPED | PAGE_WRITABLE,
  "absent-readonly": PAGE_MAPPED,
  readonly: PAGE_MAPPED | PAGE_PRESENT,
  readwrite: PAGE_MAPPED | PAGE_PRESENT | PAGE_WRITABLE,
};

/** Bits of a page that a read needs. */
export const READ: number = PAGE_PRESENT;
/** Bits of a page that a write needs. */
export const WRITE: number = PAGE_PRESENT | PAGE_WRITABLE;

/** A copy: V8 folds the constants of the same module only. */
const SHIFT: number = PAGE_SHIFT;

/** What user space may do with each page, a byte a page. */
export class PageTable {
  declare private readonly flags: Uint8Array;
  /** How many hold each page in memory. */
  declare private readonly pins: Int32Array;
  /** First address behind the pages. */
  declare private readonly limit: number;

  /** `flags`: one byte for each page of the buffer, zero = unmapped. `pins`: a word for each. */
  constructor(flags: Uint8Array, pins: Int32Array = new Int32Array(flags.length)) {
    this.flags = flags;
    this.pins = pins;
    this.limit = flags.length * PAGE_SIZE;
  }

  get pages(): number {
    return this.flags.length;
  }

  /** May `size` bytes (a power of two, at most 8) at `a` be accessed now? Misaligned addresses may not. */
  permits(a: Addr, size: number, need: number): boolean {
    // ToInt32 keeps the low bits of any number, so the alignment test is exact for addresses of every size.
    if ((a & (size - 1)) !== 0 || !(a >= 0 && a < this.limit)) return false;
    return (this.flags[a >>> SHIFT]! & need) === need;
  }

  /** As `permits`, for a byte range of any length and alignment. */
  permitsRange(a: Addr, length: number, need: number): boolean {
    return this.firstDenied(a, length, need) === -1;
  }

  /**
   * The first byte address of the range that may not be accessed now, or -1; ADDR_INVALID for a range that does not
   * begin in the buffer. An empty range denies nothing, wherever it is.
   */
  firstDenied(a: Addr, length: number, need: number): number {
    if (length <= 0) return -1;
    const limit = this.flags.length * PAGE_SIZE;
    // Before any arithmetic: -1 would be read as "none", and NaN or a sum that rounds to `a` would end the loop at once.
    if (!(a >= 0 && a < limit)) return ADDR_INVALID;
    const end = a + length;
    for (let at: number = a; at < end; at = (Math.floor(at / PAGE_SIZE) + 1) * PAGE_SIZE) {
      if (at >= limit || (this.flags[at >>> PAGE_SHIFT]! & need) !== need) return at;
    }
    return -1;
  }

  /** Can a fault at `a` be resolved by making the page present? A present page has nothing to resolve. */
  resolvable(a: Addr, write: boolean): boolean {
    if (!(a >= 0 && a < this.flags.length * PAGE_SIZE)) return false;
    const flags = this.flags[a >>> PAGE_SHIFT]!;
    if ((flags & PAGE_MAPPED) === 0 || (flags & PAGE_PRESENT) !== 0) return false;
    return !write || (flags & PAGE_WRITABLE) !== 0;
  }

  /** Makes the page of `a` present. The caller has asked `resolvable()`. */
  makePresent(a: Addr): void {
    this.flags[a >>> PAGE_SHIFT] = (this.flags[a >>> PAGE_SHIFT]! | PAGE_PRESENT) & ~PAGE_ON_DISK;
  }

  isOnDisk(a: Addr): boolean {
    return a >= 0 && a < this.limit && (this.flags[a >>> PAGE_SHIFT]! & PAGE_ON_DISK) !== 0;
  }

  /** Has a device been asked for the page of `a`, which it has not given yet? */
  isBeingRead(a: Addr): boolean {
    return (this.flags[a >>> PAGE_SHIFT]! & PAGE_BEING_READ) !== 0;
  }
  setBeingRead(a: Addr, to: boolean): void {
    if (to) this.flags[a >>> PAGE_SHIFT]! |= PAGE_BEING_READ;
    else this.flags[a >>> PAGE_SHIFT]! &= ~PAGE_BEING_READ;
  }

  /** Keeps the page of `a` from going to disk, until `unpin`. What `protect` says comes first all the same. */
  pin(a: Addr): void {
    this.pins[a >>> PAGE_SHIFT]!++;
  }
  unpin(a: Addr): void {
    this.pins[a >>> PAGE_SHIFT]!--;
  }
  isPinned(a: Addr): boolean {
    return this.pins[a >>> PAGE_SHIFT]! > 0;
  }

  /** Moves the present pages that overlap [a, a + length) to disk, save those that are pinned. Returns whether all pages of the range are mapped. */
  swapOut(a: Addr, length: number): boolean {
    // Page numbers, and only those there are: adding a page to an address of 2^65 leaves it as it is.
    const first = Math.floor(a / PAGE_SIZE);
    const end = Math.ceil((a + length) / PAGE_SIZE);
    let mapped = length <= 0 || (first >= 0 && end <= this.flags.length);
    for (let page = Math.max(first, 0); page < Math.min(end, this.flags.length); page++) {
      const flags = this.flags[page]!;
      if ((flags & PAGE_MAPPED) === 0) mapped = false;
      else if ((flags & PAGE_PRESENT) !== 0 && this.pins[page] === 0) {
        this.flags[page] = (flags & ~PAGE_PRESENT) | PAGE_ON_DISK;
      }
    }
    return mapped;
  }

  /** Sets every page that overlaps [a, a + length), the page of `a` at least. Pages outside the buffer are ignored. */
  protect(a: Addr, length: number, protection: Protection): void {
    // Divided, not shifted: a shift would fold ADDR_INVALID, and all of 2^32 and above, onto the first pages.
    const first = Math.max(0, Math.floor(a / PAGE_SIZE));
    const last = Math.min(this.flags.length - 1, Math.floor((a + Math.max(length, 1) - 1) / PAGE_SIZE));
    for (let page = first; page <= last; page++)
      this.flags[page] = BITS[protection] | (this.flags[page]! & PAGE_BEING_READ);
  }
}
