/**
 * Pending events on typed arrays: an indexed binary heap ordered by (time, order of scheduling).
 *
 * Every event has a fixed slot, so nothing is allocated per event, re-arming replaces and cancelling is O(log n). The
 * second key makes simultaneous events run in the order in which they were scheduled: no tie is left to the heap's shape.
 * Rejected: a timer wheel (only wins above some 500 timers) and lazy deletion (the heap would grow without bound).
 */
export class EventHeap {
  /** Time of the earliest event, Infinity when there is none. */
  top: number = Number.POSITIVE_INFINITY;

  declare private readonly time: Float64Array;
  declare private readonly order: Float64Array;
  declare private readonly heap: Int32Array;
  /** Position of a slot in the heap, +1; 0 = not pending. */
  declare private readonly place: Int32Array;
  #size = 0;
  #scheduled = 0;

  /** `slots`: how many different events can be pending at once. */
  constructor(slots: number) {
    this.time = new Float64Array(slots);
    this.order = new Float64Array(slots);
    this.heap = new Int32Array(slots + 1);
    this.place = new Int32Array(slots);
  }

  get size(): number {
    return this.#size;
  }

  isPending(slot: number): boolean {
    return this.place[slot] !== 0;
  }

  /** When a pending slot is due. */
  timeOf(slot: number): number {
    return this.time[slot]!;
  }

  /** Place of the earliest event among those of its time. Meaningless when there is none. */
  get topOrder(): number {
    return this.order[this.heap[0]!]!;
  }

  /**
   * Makes `slot` due at `at`; a pending one is moved and goes behind others of the same time. `order`: its place among
   * those, when the caller counts.
   */
  schedule(slot: number, at: number, order: number = ++this.#scheduled): void {
    this.time[slot] = at;
    this.order[slot] = order;
    let place = this.place[slot]! - 1;
    if (place < 0) place = this.#size++;
    this.#sink(this.#rise(place, slot), slot);
    this.top = this.time[this.heap[0]!]!;
  }

  /** Takes the earliest event; -1 when there is none. */
  pop(): number {
    if (this.#size === 0) return -1;
    const slot = this.heap[0]!;
    this.cancel(slot);
    return slot;
  }

  /** No-op when the slot is not pending. */
  cancel(slot: number): void {
    const place = this.place[slot]! - 1;
    if (place < 0) return;
    this.place[slot] = 0;
    const last = this.heap[--this.#size]!;
    if (last !== slot) this.#sink(this.#rise(place, last), last);
    this.top = this.#size === 0 ? Number.POSITIVE_INFINITY : this.time[this.heap[0]!]!;
  }

  #before(a: number, b: number): boolean {
    const ta = this.time[a]!;
    const tb = this.time[b]!;
    return ta < tb || (ta === tb && this.order[a]! < this.order[b]!);
  }

  /** Moves the hole at `place` up until `slot` fits; returns where. */
  #rise(place: number, slot: number): number {
    const heap = this.heap;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent]!;
      if (!this.#before(slot, above)) break;
      heap[place] = above;
      this.place[above] = place + 1;
      place = parent;
    }
    return place;
  }

  /** Moves the hole at `place` down until `slot` fits, and puts it there. */
  #sink(place: number, slot: number): void {
    const heap = this.heap;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#before(heap[child + 1]!, heap[child]!)) child++;
      const below = heap[child]!;
      if (!this.#before(below, slot)) break;
      heap[place] = below;
      this.place[below] = place + 1;
      place = child;
    }
    heap[place] = slot;
    this.place[slot] = place + 1;
  }
}
