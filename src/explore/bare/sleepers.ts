/**
 * Who sleeps in a futex wait, in the order of falling asleep, and whom a notify wakes.
 *
 * Order "fifo": the longest asleep. Order "any": every subset of the wanted size is an alternative of the notify, numbered
 * in lexicographic order, so that alternative 0 is what "fifo" does.
 */
export type WakeOrder = "fifo" | "any";

/** Subsets one notify may choose among. */
const MAX_SUBSETS = 65_000;

export class Sleepers {
  /** Threads, in order. */
  readonly #threads: Int32Array;
  /** Word that each of them waits at. */
  readonly #words: Int32Array;
  readonly #order: WakeOrder;
  #count = 0;
  /** The threads that the last `take` woke, up to its result. */
  readonly taken: Int32Array;

  constructor(threads: number, order: WakeOrder) {
    this.#threads = new Int32Array(threads);
    this.#words = new Int32Array(threads);
    this.taken = new Int32Array(threads);
    this.#order = order;
  }

  get count(): number {
    return this.#count;
  }
  clear(): void {
    this.#count = 0;
  }
  add(thread: number, word: number): void {
    this.#threads[this.#count] = thread;
    this.#words[this.#count++] = word;
  }
  /** The word `thread` waits at, -1 if it does not. */
  wordOf(thread: number): number {
    for (let i = 0; i < this.#count; i++) if (this.#threads[i] === thread) return this.#words[i]!;
    return -1;
  }
  remove(thread: number): void {
    let kept = 0;
    for (let i = 0; i < this.#count; i++) {
      if (this.#threads[i] === thread) continue;
      this.#threads[kept] = this.#threads[i]!;
      this.#words[kept++] = this.#words[i]!;
    }
    this.#count = kept;
  }

  /** In how many ways `wanted` of those at `word` can be woken. */
  alternatives(word: number, wanted: number): number {
    if (this.#order === "fifo") return 1;
    const ways = subsets(this.#waiting(word), wanted);
    if (ways > MAX_SUBSETS) throw new RangeError(`${ways} ways to wake ${wanted} waiters`);
    return ways;
  }

  /** Removes `wanted` of those at `word` into `taken`, in order; returns how many there were. */
  take(word: number, wanted: number, alternative: number): number {
    let waiting = this.#waiting(word);
    let missing = Math.min(Math.max(wanted, 0), waiting);
    let rank = alternative;
    let taken = 0;
    let kept = 0;
    for (let i = 0; i < this.#count; i++) {
      const here = this.#words[i] === word;
      let takes = false;
      if (here && missing > 0) {
        // Subsets with this one come first.
        const withThis = subsets(--waiting, missing - 1);
        takes = rank < withThis;
        if (!takes) rank -= withThis;
      }
      if (takes) {
        missing--;
        this.taken[taken++] = this.#threads[i]!;
      } else {
        this.#threads[kept] = this.#threads[i]!;
        this.#words[kept++] = this.#words[i]!;
      }
    }
    this.#count = kept;
    return taken;
  }

  #waiting(word: number): number {
    let count = 0;
    for (let i = 0; i < this.#count; i++) if (this.#words[i] === word) count++;
    return count;
  }
}

/** Subsets of `size` of `count`; 1 when all or none are taken. */
function subsets(count: number, size: number): number {
  if (size <= 0 || size >= count) return 1;
  let ways = 1;
  for (let i = 1; i <= size; i++) ways = (ways * (count - size + i)) / i;
  return Math.round(ways);
}
