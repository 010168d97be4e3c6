/**
 * Workers that are ready to run and that no server has taken: a FIFO of records in user memory, under a spin lock.
 *
 * The kernel's idle worker list is a stack that only grows; a server takes it whole and appends it here, oldest first,
 * so workers run in the order in which they became ready.
 */
import { type Addr, addrFromWord, NULL, offsetBy, wordFromAddr } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { Env } from "../umcg/env.ts";
import { readyNextOf } from "./record.ts";
import { spinLock, spinUnlock } from "./spin-lock.ts";

/** Bytes of a queue: lock, then head and tail. */
export const READY_QUEUE_SIZE = 24;

export class ReadyQueue {
  readonly #lock: Addr;
  readonly #head: Addr;
  readonly #tail: Addr;

  /** `at`: READY_QUEUE_SIZE zeroed bytes, aligned to 8. */
  constructor(at: Addr) {
    this.#lock = at;
    this.#head = offsetBy(at, 8);
    this.#tail = offsetBy(at, 16);
  }

  /** Appends records in order. */
  *append(env: Env, records: readonly Addr[]): Coroutine<void> {
    if (records.length === 0) return;
    const { memory } = env;
    yield* spinLock(env, this.#lock);
    for (const record of records) {
      yield* memory.store64(readyNextOf(record), 0n);
      const tail = addrFromWord(yield* memory.load64(this.#tail));
      yield* memory.store64(tail === NULL ? this.#head : readyNextOf(tail), wordFromAddr(record));
      yield* memory.store64(this.#tail, wordFromAddr(record));
    }
    yield* spinUnlock(env, this.#lock);
  }

  /** Takes the oldest record; NULL when the queue is empty. */
  *take(env: Env): Coroutine<Addr> {
    const { memory } = env;
    yield* spinLock(env, this.#lock);
    const record = addrFromWord(yield* memory.load64(this.#head));
    if (record !== NULL) {
      const next = yield* memory.load64(readyNextOf(record));
      yield* memory.store64(this.#head, next);
      if (next === 0n) yield* memory.store64(this.#tail, 0n);
    }
    yield* spinUnlock(env, this.#lock);
    return record;
  }

  /** Is anything queued? A look without the lock: true may be stale, and an append after the look is not seen. */
  *occupied(env: Env): Coroutine<boolean> {
    return (yield* env.memory.load64(this.#head)) !== 0n;
  }
}
