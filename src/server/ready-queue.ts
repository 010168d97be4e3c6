/**
 * A FIFO of workers in user memory, under a spin lock: the queue that all servers share, and the simplest part to build a
 * policy of. Linked through the workers' own words, so it has no bound and allocates nothing.
 *
 * Head and tail change under the lock only; `occupied` looks without it. An append is over when the lock is free again, so
 * an `occupied` that begins after it sees the worker: the head is written before.
 */
import { type Addr, NULL, offsetBy } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { Env } from "../umcg/env.ts";
import { linkOf, packRecord, unpackRecord } from "./policy-record.ts";
import { spinLock, spinUnlock } from "./spin-lock.ts";

/** Bytes of a queue: lock, head, tail. */
export const READY_QUEUE_SIZE = 16;

/** A FIFO of ready workers in user memory, under a spin lock. No bound; any server may call it. */
export class ReadyQueue {
  readonly #lock: Addr;
  readonly #head: Addr;
  readonly #tail: Addr;

  /** `at`: READY_QUEUE_SIZE zeroed bytes, aligned to 4. */
  constructor(at: Addr) {
    this.#lock = at;
    this.#head = offsetBy(at, 4);
    this.#tail = offsetBy(at, 8);
  }

  /** Puts `worker` behind the others. */
  append(env: Env, worker: Addr): Coroutine<void> {
    return this.appendChain(env, worker, worker);
  }

  /** Puts a chain behind the others: `first` to `last`, joined by their links. `last` need not say that it is. */
  *appendChain(env: Env, first: Addr, last: Addr): Coroutine<void> {
    const { memory } = env;
    yield* memory.store32(linkOf(last), 0);
    yield* spinLock(env, this.#lock);
    const tail = unpackRecord(yield* memory.load32(this.#tail));
    yield* memory.store32(this.#tail, packRecord(last));
    yield* memory.store32(tail === NULL ? this.#head : linkOf(tail), packRecord(first));
    yield* spinUnlock(env, this.#lock);
  }

  /** Takes the oldest worker; NULL when there is none. */
  *take(env: Env): Coroutine<Addr> {
    const { memory } = env;
    // Without the lock: an empty queue is looked at often, and nobody is to wait for it.
    if ((yield* memory.load32(this.#head)) === 0) return NULL;
    yield* spinLock(env, this.#lock);
    const worker = unpackRecord(yield* memory.load32(this.#head));
    if (worker !== NULL) {
      const next = yield* memory.load32(linkOf(worker));
      yield* memory.store32(this.#head, next);
      if (next === 0) yield* memory.store32(this.#tail, 0);
    }
    yield* spinUnlock(env, this.#lock);
    return worker;
  }

  /** Is anything queued? A look without the lock: true may be stale, and an append after the look is not seen. */
  *occupied(env: Env): Coroutine<boolean> {
    return (yield* env.memory.load32(this.#head)) !== 0;
  }
}
