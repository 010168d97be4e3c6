/**
 * Workers in an order of their own, in user memory, under a spin lock: a skew heap (Sleator and Tarjan, 1986) linked
 * through the workers' words `link` (left) and `right`. Equals keep the order in which they came.
 *
 * Unbounded, allocates nothing, and all it does is to merge two heaps from the top: the smaller root wins, its children
 * change sides, and the loser goes on with what is now on the left. A turn each node on the way: O(log n) amortised, n at
 * worst, which is what bounds the loop.
 *
 * Rejected: an array of lists, one a level, which is faster for few priorities but knows no deadlines; a binary heap, whose
 * array has a bound; a pairing heap, which needs a list of children to be walked twice.
 */
import { type Addr, NULL, offsetBy } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { UserMemory } from "../atomics/user-memory.ts";
import type { Env } from "../umcg/env.ts";
import { linkOf, orderOf, packRecord, rightOf, unpackRecord } from "./policy-record.ts";
import { spinLock, spinUnlock } from "./spin-lock.ts";

/** Bytes of a queue: lock, root, number of the next worker. */
export const ORDERED_QUEUE_SIZE = 16;

/** Negative: `a` before `b`; positive: after; 0: whoever came first. Reads what does not change while they are queued. */
export type Comparison = (memory: UserMemory, a: Addr, b: Addr) => Coroutine<number>;

/** A queue of ready workers in an order of one's own, in user memory, under a spin lock. No bound. */
export class OrderedQueue {
  readonly #lock: Addr;
  readonly #root: Addr;
  readonly #next: Addr;
  readonly #compare: Comparison;

  /** `at`: ORDERED_QUEUE_SIZE zeroed bytes, aligned to 4. */
  constructor(at: Addr, compare: Comparison) {
    this.#lock = at;
    this.#root = offsetBy(at, 4);
    this.#next = offsetBy(at, 8);
    this.#compare = compare;
  }

  /** `again`: the worker was taken but is not done; it comes before its equals, in the order it had. */
  *insert(env: Env, worker: Addr, again: boolean): Coroutine<void> {
    const { memory } = env;
    yield* spinLock(env, this.#lock);
    if (!again) {
      const order = yield* memory.load32(this.#next);
      yield* memory.store32(this.#next, (order + 1) >>> 0);
      yield* memory.store32(orderOf(worker), order);
    }
    yield* memory.store32(linkOf(worker), 0);
    yield* memory.store32(rightOf(worker), 0);
    yield* this.#merge(memory, yield* this.first(memory), worker);
    yield* spinUnlock(env, this.#lock);
  }

  /** Takes the first worker; NULL when there is none. */
  *take(env: Env): Coroutine<Addr> {
    const { memory } = env;
    if ((yield* this.first(memory)) === NULL) return NULL;
    yield* spinLock(env, this.#lock);
    const first = yield* this.first(memory);
    if (first !== NULL) {
      const left = unpackRecord(yield* memory.load32(linkOf(first)));
      const right = unpackRecord(yield* memory.load32(rightOf(first)));
      yield* this.#merge(memory, left, right);
    }
    yield* spinUnlock(env, this.#lock);
    return first;
  }

  /** The first worker, without taking it; NULL when there is none. A look without the lock. */
  *first(memory: UserMemory): Coroutine<Addr> {
    return unpackRecord(yield* memory.load32(this.#root));
  }

  /** Makes the heaps `a` and `b` the one under the root. The root is never empty on the way unless both are. */
  *#merge(memory: UserMemory, a: Addr, b: Addr): Coroutine<void> {
    let link = this.#root;
    // Bounded by the number of workers: each turn goes one down.
    while (a !== NULL && b !== NULL) {
      const swap = !(yield* this.#before(memory, a, b));
      const winner = swap ? b : a;
      const loser = swap ? a : b;
      yield* memory.store32(link, packRecord(winner));
      const right = unpackRecord(yield* memory.load32(rightOf(winner)));
      yield* memory.store32(rightOf(winner), yield* memory.load32(linkOf(winner)));
      link = linkOf(winner);
      a = right;
      b = loser;
    }
    yield* memory.store32(link, packRecord(a === NULL ? b : a));
  }

  *#before(memory: UserMemory, a: Addr, b: Addr): Coroutine<boolean> {
    const order = yield* this.#compare(memory, a, b);
    if (order !== 0) return order < 0;
    // Modulo 2^32: right as long as no more workers than 2^31 pass one that waits.
    return (((yield* memory.load32(orderOf(a))) - (yield* memory.load32(orderOf(b)))) | 0) < 0;
  }
}
