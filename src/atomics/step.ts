/**
 * Steps: what `yield*` marks.
 *
 * Every access to shared words by interleavable code is written `yield* memory.load32(a)`. The expression on the right
 * is a `Step`: an iterable that either completes at once (a preallocated `Completed`, about 7 ns) or first yields to
 * whoever runs the coroutine. Those points, and only those, are where another CPU may come between. The host decides
 * which of the two happens, so one program text serves simulation, exploration and real threads.
 *
 * Rejected: `await` (3 to 8 times slower, 600 bytes a task, order fixed by the promise queue) and a helper generator an
 * operation (43 ns against 7).
 *
 * What a coroutine may yield is a `Yielded`: a small integer of the host protocol (see kernel-sim/host.ts), or, under
 * memories that announce themselves, the `Access` about to happen. A host resumes with RESUME and nothing else: a step
 * that has to yield tells its first call from its second by that value, and so needs no state of its own.
 */
import type { Addr } from "./address.ts";

/** The value a host passes to `next()` when it resumes a coroutine. */
export const RESUME = 1;
/** What `next()` is given. */
export type Resume = typeof RESUME;

/** Yielded by a step that only wants others to run before it completes (see `Pause`). */
export const YIELD_PAUSE = 0;

/** What a step does to its word. */
export type AccessKind = "load" | "store" | "cmpxchg" | "xchg" | "fence";

/** The footprint of one shared step, known before it happens. `size` in bytes. */
export interface Access {
  readonly kind: AccessKind;
  readonly addr: Addr;
  readonly size: number;
}

/** What a coroutine yields: why it stops, a YIELD_ number of the kernel's, or the access that it announces. */
export type Yielded = number | Access;

/** The half of an iterator that steps have. */
export interface StepIterator<T> {
  next(value?: Resume): IteratorResult<Yielded, T>;
}

/** A step that happens when it is taken, after whatever it yields. */
export interface PendingStep<T> {
  readonly done?: undefined;
  [Symbol.iterator](): StepIterator<T>;
}

/**
 * One interleavable step with result `T`. Use it only in `yield*`, once, at the place where it is made.
 *
 * On the paths of a context switch `yield* step` is written out as `step.done ? step.value : yield* step`, which means
 * the same: V8 never inlines the call of next() in a `yield*`, and without it a step that has happened costs 8 ns less.
 */
export type Step<T> = Completed<T> | PendingStep<T>;

/** Code made of steps: user programs, library code and the UMCG half of the kernel. */
export type Coroutine<T> = Generator<Yielded, T, Resume>;

/** What `yield*` takes of a coroutine: enough for one that is not a generator. */
export interface Call<T> {
  [Symbol.iterator](): StepIterator<T>;
}

/**
 * A step that has already happened. One instance is reused for every operation: its value is read at once.
 *
 * `done` is a property of the prototype: V8 then knows it from the shape of the object, and neither loads nor tests it.
 */
export class Completed<T> implements StepIterator<T>, IteratorReturnResult<T> {
  declare readonly done: true;
  value: T;
  static {
    (Completed.prototype as { done: boolean }).done = true;
  }
  constructor(value: T) {
    this.value = value;
  }
  [Symbol.iterator](): StepIterator<T> {
    return this;
  }
  next(): IteratorReturnResult<T> {
    return this;
  }
}

/** A stateless step that yields `request` once and completes, without a value, when resumed. */
export class Pause implements PendingStep<void>, StepIterator<void> {
  readonly #request: IteratorYieldResult<Yielded>;
  readonly #finished: IteratorReturnResult<void> = { done: true, value: undefined };
  constructor(request: Yielded) {
    this.#request = { done: false, value: request };
  }
  [Symbol.iterator](): StepIterator<void> {
    return this;
  }
  next(value?: Resume): IteratorResult<Yielded, void> {
    return value === undefined ? this.#request : this.#finished;
  }
}
