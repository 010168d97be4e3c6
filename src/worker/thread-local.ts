/**
 * Thread-local values: each worker has its own, made when it first asks.
 *
 *     const requests = new ThreadLocal(() => 0);
 *     requests.set(worker, requests.get(worker) + 1);
 *
 * A worker's values are its own alone, so they are plain JS and cost no step. They go with the worker; a child inherits none.
 */
import type { Worker } from "./worker.ts";

/** A value of each worker's own, made when it is first asked for. Never shared, never inherited. */
export class ThreadLocal<T> {
  readonly #initial: (worker: Worker) => T;

  constructor(initial: (worker: Worker) => T) {
    this.#initial = initial;
  }

  /** The value of `worker`. */
  get(worker: Worker): T {
    const values = worker.locals;
    if (!values.has(this)) values.set(this, this.#initial(worker));
    return values.get(this) as T;
  }

  set(worker: Worker, value: T): void {
    worker.locals.set(this, value);
  }

  /** Has `worker` a value, or would `get` make one? */
  has(worker: Worker): boolean {
    return worker.locals.has(this);
  }

  /** Forgets the value of `worker`: the next `get` makes a new one. */
  delete(worker: Worker): void {
    worker.locals.delete(this);
  }
}
