/**
 * The timers of all CPUs, one queue a CPU, in the machine's buffer: a high-resolution timer base without its clock device
 * (timers.ts has that).
 *
 * A timer may fire from its soft expiry on and must by its hard one; the difference is its slack. A queue is ordered by
 * (hard expiry, order of arming): its first timer says when the device has to interrupt. Timers are numbered from 1; a
 * number is on one queue at most, and arming it again moves it.
 *
 * A queue is a pairing heap, linked through the records: arming is O(1), taking the first and cancelling are O(log n)
 * amortised, and n timers take no room but their records. Rejected: an array heap for each CPU (each would need room for
 * all timers) and a timer wheel (it rounds).
 * Sources: hrtimer_set_expires_range_ns in include/linux/hrtimer.h; Fredman, Sedgewick, Sleator, Tarjan, "The pairing
 * heap" (1986).
 */
import type { Arena } from "./arena.ts";
import { assert } from "./errors.ts";

export class TimerQueue {
  /** Timers are 1 to this. */
  declare readonly capacity: number;
  /** First timer of each CPU's queue, 0 = none. */
  declare private readonly roots: Int32Array;
  /** Records of 64 bytes: as 16 int32 and as 8 float64. Record 0 is never armed. */
  declare private readonly words: Int32Array;
  declare private readonly numbers: Float64Array;
  /** When the clock device of each CPU interrupts. */
  declare private readonly clocks: Float64Array;
  /** How many times a timer was armed on each CPU. */
  declare private readonly armed: Float64Array;

  constructor(arena: Arena, timers: number, vcpus: number) {
    this.capacity = timers;
    this.roots = arena.int32(vcpus);
    this.clocks = arena.float64(vcpus, Number.POSITIVE_INFINITY);
    this.armed = arena.float64(vcpus);
    this.numbers = arena.float64((timers + 1) << 3);
    this.words = new Int32Array(this.numbers.buffer, this.numbers.byteOffset, this.numbers.length << 1);
  }

  /** The timer that has to fire first on `cpu`, 0 = none. */
  first(cpu: number): number {
    return this.roots[cpu]!;
  }

  /** When the first timer of `cpu` has to fire; Infinity when there is none. */
  nextNs(cpu: number): number {
    const first = this.roots[cpu]!;
    return first === 0 ? Number.POSITIVE_INFINITY : this.hardNs(first);
  }

  /** When the clock device of `cpu` will interrupt: the first timer's hard expiry, or earlier. Infinity: it is off. */
  clockNs(cpu: number): number {
    return this.clocks[cpu]!;
  }
  setClockNs(cpu: number, to: number): void {
    this.clocks[cpu] = to;
  }

  isArmed(timer: number): boolean {
    return this.words[timer << 4] !== 0;
  }
  /** The CPU an armed timer fires on. */
  cpuOf(timer: number): number {
    return this.words[timer << 4]! - 1;
  }
  softNs(timer: number): number {
    return this.numbers[(timer << 3) | 2]!;
  }
  hardNs(timer: number): number {
    return this.numbers[(timer << 3) | 3]!;
  }

  /** Arms `timer` on `cpu` between two times, ns since boot. An armed one is moved, behind others of its hard expiry. */
  arm(timer: number, cpu: number, softNs: number, hardNs: number): void {
    assert(timer > 0 && timer <= this.capacity, `no timer ${timer}`);
    assert(softNs <= hardNs && hardNs < Number.POSITIVE_INFINITY, `timer from ${softNs} to ${hardNs}`);
    if (this.isArmed(timer)) this.cancel(timer);
    this.words[timer << 4] = cpu + 1;
    this.numbers[(timer << 3) | 2] = softNs;
    this.numbers[(timer << 3) | 3] = hardNs;
    this.numbers[(timer << 3) | 4] = ++this.armed[cpu]!;
    this.roots[cpu] = this.#meld(this.roots[cpu]!, timer);
  }

  /** Takes `timer` off its queue; returns whether it was armed. */
  cancel(timer: number): boolean {
    if (!this.isArmed(timer)) return false;
    const cpu = this.cpuOf(timer);
    const rest = this.#meldChildren(timer);
    if (this.roots[cpu] === timer) this.roots[cpu] = rest;
    else {
      this.#cut(timer);
      this.roots[cpu] = this.#meld(this.roots[cpu]!, rest);
    }
    this.words[timer << 4] = 0;
    return true;
  }

  // Links: the first child, the next sibling, and the previous sibling or, of a first child, the parent.

  #child(timer: number): number {
    return this.words[(timer << 4) | 1]!;
  }
  #next(timer: number): number {
    return this.words[(timer << 4) | 2]!;
  }
  #prev(timer: number): number {
    return this.words[(timer << 4) | 3]!;
  }
  #setChild(timer: number, to: number): void {
    this.words[(timer << 4) | 1] = to;
  }
  #setNext(timer: number, to: number): void {
    this.words[(timer << 4) | 2] = to;
  }
  #setPrev(timer: number, to: number): void {
    this.words[(timer << 4) | 3] = to;
  }

  #before(a: number, b: number): boolean {
    const ta = this.hardNs(a);
    const tb = this.hardNs(b);
    return ta < tb || (ta === tb && this.numbers[(a << 3) | 4]! < this.numbers[(b << 3) | 4]!);
  }

  /** Makes one heap of two, either of which may be empty (0); returns its root. */
  #meld(a: number, b: number): number {
    if (a === 0) return b;
    if (b === 0) return a;
    const [over, under] = this.#before(a, b) ? [a, b] : [b, a];
    const child = this.#child(over);
    this.#setNext(under, child);
    if (child !== 0) this.#setPrev(child, under);
    this.#setPrev(under, over);
    this.#setChild(over, under);
    return over;
  }

  /** Takes a timer that is no root out of its siblings, with all that is below it. */
  #cut(timer: number): void {
    const next = this.#next(timer);
    const prev = this.#prev(timer);
    if (next !== 0) this.#setPrev(next, prev);
    if (this.#child(prev) === timer) this.#setChild(prev, next);
    else this.#setNext(prev, next);
    this.#setNext(timer, 0);
  }

  /** Takes the children of a timer and makes one heap of them: in pairs from the left, then all from the right. */
  #meldChildren(timer: number): number {
    let pairs = 0;
    // Bounded, as the loop below, by the number of children.
    for (let left = this.#child(timer); left !== 0; ) {
      const right = this.#next(left);
      const rest = right === 0 ? 0 : this.#next(right);
      this.#setNext(left, 0);
      if (right !== 0) this.#setNext(right, 0);
      const root = this.#meld(left, right);
      this.#setNext(root, pairs);
      pairs = root;
      left = rest;
    }
    this.#setChild(timer, 0);
    let heap = 0;
    while (pairs !== 0) {
      const rest = this.#next(pairs);
      this.#setNext(pairs, 0);
      heap = this.#meld(heap, pairs);
      pairs = rest;
    }
    return heap;
  }
}
