/**
 * Footprints: what a step touches, as one small integer, so that asking whether two steps depend on each other is a
 * comparison.
 *
 * An *object* is a number that means the same in every execution of a program: a word, a wait queue, a mutex. An access is
 * `object * 2`, plus 1 if it writes. A footprint of one access is that access itself; of none, NO_ACCESS; of several, a
 * negative number that names a list kept here. Equal lists have equal numbers, so the strategies copy numbers only.
 *
 * Two steps of different actors depend on each other iff they share an object that one of them writes.
 *
 * Objects from `orderingFrom` on only say what follows from what (a thread's first step from its spawn, a woken one's
 * next step from the wake-up): who reads one comes after the last that wrote it, and that is never reversed, because the later
 * step cannot be taken before the earlier one. No step both reads and writes the same one: the read would be lost.
 *
 * Rejected: bit sets of objects (memories have thousands of words), arrays of accesses (a copy for each event and each
 * node of a wakeup tree).
 */
export const NO_ACCESS = -1;

/** A read of `object`, as a footprint. */
export function reads(object: number): number {
  return object * 2;
}

/** A write of `object`, or anything that a read of it does not commute with. */
export function writes(object: number): number {
  return object * 2 + 1;
}

/** Pairs are looked up by one number: both accesses must be smaller than this. */
const MAX_ACCESS: number = 2 ** 26;

/** What steps touch, and which of them conflict. */
export class Footprints {
  readonly orderingFrom: number;
  /** The list that footprint -2 - i names. Sorted by object, each object once. */
  readonly #lists: Int32Array[] = [];
  readonly #digests: number[] = [];
  readonly #pairs: Map<number, number> = new Map();
  readonly #longer: Map<string, number> = new Map();
  readonly #byDigest: Map<number, number[]> = new Map();

  /** `orderingFrom`: the first of the objects that only order. */
  constructor(orderingFrom: number) {
    this.orderingFrom = orderingFrom;
  }

  /** The footprint of one step that has both accesses. */
  pair(first: number, second: number): number {
    if (first >> 1 === second >> 1) return first | second;
    const low = Math.min(first, second);
    const high = Math.max(first, second);
    const key = low * MAX_ACCESS + high;
    const known = this.#pairs.get(key);
    if (known !== undefined) return known;
    if (high >= MAX_ACCESS) throw new RangeError(`object ${high >> 1} of a footprint is too large`);
    const made = this.#keep(Int32Array.of(low, high));
    this.#pairs.set(key, made);
    return made;
  }

  /** The footprint with the accesses of both. */
  union(first: number, second: number): number {
    if (first === NO_ACCESS) return second;
    if (second === NO_ACCESS) return first;
    if (first >= 0 && second >= 0) return this.pair(first, second);
    return this.of([...this.accesses(first), ...this.accesses(second)]);
  }

  /** The footprint of any accesses, in any order. */
  of(accesses: Iterable<number>): number {
    const byObject = new Map<number, number>();
    for (const access of accesses) {
      byObject.set(access >> 1, (byObject.get(access >> 1) ?? access) | access);
    }
    const list = Int32Array.from(byObject.values()).sort();
    if (list.length === 0) return NO_ACCESS;
    if (list.length === 1) return list[0]!;
    if (list.length === 2) return this.pair(list[0]!, list[1]!);
    const key = list.join();
    const known = this.#longer.get(key);
    if (known !== undefined) return known;
    const made = this.#keep(list);
    this.#longer.set(key, made);
    return made;
  }

  /** The footprint of these accesses, ascending, each object once. Copies what it keeps. */
  ofAscending(accesses: Int32Array): number {
    if (accesses.length === 0) return NO_ACCESS;
    if (accesses.length === 1) return accesses[0]!;
    const digest = digestOf(accesses);
    const candidates = this.#byDigest.get(digest) ?? [];
    for (const known of candidates) if (equal(this.list(known), accesses)) return known;
    if (candidates.length === 0) this.#byDigest.set(digest, candidates);
    const made = accesses.length === 2 ? this.pair(accesses[0]!, accesses[1]!) : this.of(accesses);
    candidates.push(made);
    return made;
  }

  /** The accesses of a footprint of several. */
  list(footprint: number): Int32Array {
    return this.#lists[-2 - footprint]!;
  }

  /** The accesses of any footprint, by object. Allocates: not for inner loops. */
  accesses(footprint: number): readonly number[] {
    if (footprint === NO_ACCESS) return [];
    return footprint >= 0 ? [footprint] : [...this.list(footprint)];
  }

  /** 32 bits that mean the same whatever was asked for before: the numbers of lists depend on that. */
  digest(footprint: number): number {
    return footprint >= -1 ? footprint : this.#digests[-2 - footprint]!;
  }

  /** Whether two steps with these footprints may not be exchanged. */
  dependent(a: number, b: number): boolean {
    if (a >= 0 && b >= 0) return a >> 1 === b >> 1 && ((a | b) & 1) !== 0;
    return this.#listsMeet(a, b);
  }

  #listsMeet(a: number, b: number): boolean {
    if (a === NO_ACCESS || b === NO_ACCESS) return false;
    if (a >= 0) return meets(this.list(b), a);
    const list = this.list(a);
    if (b >= 0) return meets(list, b);
    return listsMeet(list, this.list(b));
  }

  #keep(list: Int32Array): number {
    this.#digests.push(digestOf(list));
    return -1 - this.#lists.push(list);
  }
}

function digestOf(accesses: Int32Array): number {
  let digest = 0x811c9dc5 | 0;
  for (let i = 0; i < accesses.length; i++) digest = Math.imul(digest ^ accesses[i]!, 0x01000193);
  return digest;
}

function equal(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Both ascending. */
function listsMeet(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [left, right] = [a[i]! >> 1, b[j]! >> 1];
    if (left === right && ((a[i]! | b[j]!) & 1) !== 0) return true;
    if (left <= right) i++;
    if (left >= right) j++;
  }
  return false;
}

function meets(list: Int32Array, access: number): boolean {
  for (let i = 0; i < list.length; i++) {
    const other = list[i]!;
    if (other >> 1 === access >> 1) return ((other | access) & 1) !== 0;
  }
  return false;
}
