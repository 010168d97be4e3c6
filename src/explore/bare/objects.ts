/**
 * The objects of bare mode, numbered: words, their wait queues, mutexes, and three per thread that only order.
 *
 * | object      | written by                                             | read by                             |
 * |-------------|--------------------------------------------------------|-------------------------------------|
 * | word        | store, xchg, add, a compare-exchange that succeeds     | load, a compare-exchange that fails, wait |
 * | queue       | wait and notify, always; timeouts and other faults     |                                     |
 * | mutex       | lock, unlock, a try-lock that succeeds                 | a try-lock that fails (BareOptions.refusalsOrdered: writes) |
 * | life (t)    | spawn of t, a wake-up of t                             | t's next step                       |
 * | end (t)     | the last step of t                                     | join                                |
 * | armed (t)   | a wait of t that a timeout or a fault may end          | that timeout or fault               |
 *
 * A wait whose value does not match and a notify that finds nobody write the queue like all others: with less, executions
 * vanish (testing notes in docs/explorer.md: `store | wait | notify` has three classes).
 */
import { Footprints, reads, writes } from "../../interleaving/footprints.ts";

/** Owner of a mutex that has none. */
export const FREE = -1;

export class Objects {
  readonly footprints: Footprints;
  readonly count: number;
  readonly #words: number;
  readonly #mutexes: number;
  readonly #lives: number;
  readonly #armed: number;
  readonly #ends: number;
  readonly #refusalsOrdered: boolean;

  constructor(words: number, mutexes: number, threads: number, refusalsOrdered = false) {
    this.#words = words;
    this.#refusalsOrdered = refusalsOrdered;
    this.#mutexes = 2 * words;
    this.#lives = this.#mutexes + mutexes;
    this.#armed = this.#lives + threads;
    this.#ends = this.#armed + threads;
    this.count = this.#ends + threads;
    this.footprints = new Footprints(this.#lives);
  }

  queue(word: number): number {
    return writes(this.#words + word);
  }
  lock(mutex: number): number {
    return writes(this.#mutexes + mutex);
  }
  refused(mutex: number): number {
    return this.#refusalsOrdered ? this.lock(mutex) : reads(this.#mutexes + mutex);
  }
  endOf(thread: number): number {
    return writes(this.#ends + thread);
  }
  afterEndOf(thread: number): number {
    return reads(this.#ends + thread);
  }
  /** t comes to be, or is woken. */
  lifeOf(thread: number): number {
    return writes(this.#lives + thread);
  }
  afterLifeOf(thread: number): number {
    return reads(this.#lives + thread);
  }
  arms(thread: number): number {
    return writes(this.#armed + thread);
  }
  afterArming(thread: number): number {
    return reads(this.#armed + thread);
  }
}
