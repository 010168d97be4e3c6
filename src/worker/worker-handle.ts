/**
 * A worker seen from outside: what spawn gives, to join, unpark, cancel or detach the worker.
 *
 * A handle stays valid for good: it names a record and the generation in which the record was this worker's. How the
 * worker ended is kept here and not in user memory, because it is a JS value; it is written once, by the worker, or by the
 * server that meets it dead, before the worker's join word says so.
 */
import type { Addr } from "../atomics/address.ts";
import { NO_TASK, type Tid } from "../kernel-sim/ids.ts";
import type { RuntimeError } from "../server/runtime-error.ts";

/**
 * How a worker ended: not yet; its function returned; threw; threw its own ERR_CANCELLED; a signal killed it; its function
 * returned, on another CPU, what has stayed there (ends-elsewhere.ts).
 */
export const ENDED_NOT = 0;
export const ENDED_RETURNED = 1;
export const ENDED_THREW = 2;
export const ENDED_CANCELLED = 3;
export const ENDED_KILLED = 4;
export const ENDED_STAYS = 5;

/**
 * Names a worker, for good, to be joined, cancelled, unparked or detached. Its record may serve others; the generation tells
 * them apart.
 */
export class WorkerHandle<T> {
  readonly record: Addr;
  readonly generation: number;
  /** Of the kernel task under it, while that lives. 0: it has not run yet. */
  tid: Tid = NO_TASK;
  readonly #name: string | number;
  /** ENDED_; `value` is the result, the error, or the signal. */
  ending: number = ENDED_NOT;
  value: unknown = undefined;
  /** Of a worker that is more than a coroutine: says how it was killed, if there is more to say. No field of the others. */
  declare epitaph?: (signal: number) => RuntimeError | undefined;

  /** `name`: a number n stands for "worker-n". */
  constructor(record: Addr, generation: number, name: string | number) {
    this.record = record;
    this.generation = generation;
    this.#name = name;
  }

  get name(): string {
    return typeof this.#name === "string" ? this.#name : `worker-${this.#name}`;
  }

  /** What the worker's function returned; undefined until it has. */
  get result(): T | undefined {
    return this.ending === ENDED_RETURNED ? (this.value as T) : undefined;
  }

  end(ending: number, value: unknown): void {
    this.ending = ending;
    this.value = value;
  }
}
