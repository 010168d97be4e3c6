/**
 * The queue of one server, in user memory: a slot for the worker to run next, and a bounded ring behind it.
 *
 * | word  | written by                                                                                             |
 * |-------|--------------------------------------------------------------------------------------------------------|
 * | head  | compare-exchange, by whoever takes: the owner one, a thief half. Counts up, modulo 2^32                |
 * | tail  | the owner, after it has filled the entry. Counts up, modulo 2^32                                       |
 * | slot  | exchange: the owner puts in, the owner or a thief takes out                                            |
 * | ring  | the owner, entries from tail on, while tail - head < capacity                                          |
 *
 * The owner is whoever runs on the server: the server itself, or its worker with its own LOCKED flag set (policy.ts).
 *
 * | against | push, pop | steal | overflow | putSlot, takeSlot |
 * |---------|-----------|-------|----------|-------------------|
 * | push, pop, overflow | one owner | yes | one owner | yes (slot and ring are independent) |
 * | steal   | yes       | yes   | yes      | yes               |
 *
 * Each worker that is pushed is taken exactly once: an entry belongs to whoever moves head over it, by a compare-exchange
 * from the very value read before the entry was. An entry is filled again only when head has moved over it, and then that
 * compare-exchange fails. Head would have to come around, 2^32 takes, between a thief's two steps to deceive it.
 *
 * A thief copies half of the entries, rounded up, into its own ring, which is empty, and then moves head: either all are
 * its own or none, and a lost race is a result (the other took something), not a loop. Between that and its own tail the
 * workers are in nobody's ring: a look at all queues may miss them, so a thief looks again, and wakes (group.ts, announce).
 *
 * Source of the shape: the run queues of Go (proc.go, runqput, runqsteal) and tokio (multi_thread/queue.rs). As there, a
 * full ring sends half of itself to the global queue. Rejected: Chase and Lev's deque, which grows and steals one by one:
 * a thief that has come from another CPU had better take more than one.
 */
import { type Addr, NULL, offsetBy } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { UserMemory } from "../atomics/user-memory.ts";
import type { Env } from "../umcg/env.ts";
import { linkOf, packRecord, unpackRecord } from "./policy-record.ts";
import type { ReadyQueue } from "./ready-queue.ts";

/** Entries of a ring: Go's and tokio's number. */
export const LOCAL_QUEUE_CAPACITY = 256;

const HEADER_BYTES = 64;

/** Bytes of a queue of `capacity` entries. */
export function localQueueSize(capacity: number): number {
  return HEADER_BYTES + 4 * capacity;
}

/** The queue of one server: a slot for the next worker and a bounded ring, from which other servers steal. Lock-free. */
export class LocalQueue {
  readonly capacity: number;
  readonly #head: Addr;
  readonly #tail: Addr;
  readonly #slot: Addr;
  readonly #ring: Addr;

  /** `at`: localQueueSize(capacity) zeroed bytes, aligned to 64. `capacity`: a power of two from 2. */
  constructor(at: Addr, capacity: number) {
    this.capacity = capacity;
    this.#head = at;
    this.#tail = offsetBy(at, 4);
    this.#slot = offsetBy(at, 8);
    this.#ring = offsetBy(at, HEADER_BYTES);
  }

  /** Owner: puts `worker` at the end. False: the ring is full. */
  *push(memory: UserMemory, worker: Addr): Coroutine<boolean> {
    const tail = yield* memory.load32(this.#tail);
    const head = yield* memory.load32(this.#head);
    if ((tail - head) >>> 0 === this.capacity) return false;
    yield* memory.store32(this.#entry(tail), packRecord(worker));
    yield* memory.store32(this.#tail, (tail + 1) >>> 0);
    return true;
  }

  /** Owner: puts `worker` at the end; if the ring is full, moves the older half of it and `worker` to `overflow`. */
  *pushOrOverflow(env: Env, worker: Addr, overflow: ReadyQueue): Coroutine<void> {
    // Bounded: a ring that is full and does not give its half away has lost entries to a thief.
    while (!(yield* this.push(env.memory, worker))) {
      if (yield* this.#giveHalf(env, worker, overflow)) return;
    }
  }

  /** Owner: takes the oldest worker; NULL when the ring is empty. */
  *pop(memory: UserMemory): Coroutine<Addr> {
    const tail = yield* memory.load32(this.#tail);
    // Bounded by the entries: each failure means that a thief has taken some.
    for (;;) {
      const head = yield* memory.load32(this.#head);
      if (head === tail) return NULL;
      const worker = yield* memory.load32(this.#entry(head));
      if ((yield* memory.cmpxchg32(this.#head, head, (head + 1) >>> 0)) === 0) return unpackRecord(worker);
    }
  }

  /** Owner: makes `worker` the next to run. Returns whom it drove out, or NULL. */
  *putSlot(memory: UserMemory, worker: Addr): Coroutine<Addr> {
    return unpackRecord(yield* memory.xchg32(this.#slot, packRecord(worker)));
  }

  /** Takes the worker in the slot, or NULL. Anybody may. */
  *takeSlot(memory: UserMemory): Coroutine<Addr> {
    if ((yield* memory.load32(this.#slot)) === 0) return NULL;
    return unpackRecord(yield* memory.xchg32(this.#slot, 0));
  }

  /**
   * Takes half of `victim`'s ring, rounded up: one to run now, the rest into this ring, which is empty and the caller's.
   * NULL: there was nothing, or somebody else was faster.
   */
  *stealFrom(memory: UserMemory, victim: LocalQueue): Coroutine<Addr> {
    const head = yield* memory.load32(victim.#head);
    const tail = yield* memory.load32(victim.#tail);
    const length = (tail - head) >>> 0;
    const count = length - (length >>> 1);
    // More than half of a ring: head moved between the two looks, and the difference is no length.
    if (count === 0 || count > this.capacity >>> 1) return NULL;
    const own = yield* memory.load32(this.#tail);
    let first = 0;
    for (let i = 0; i < count; i++) {
      const entry = yield* memory.load32(victim.#entry((head + i) >>> 0));
      if (i === 0) first = entry;
      else yield* memory.store32(this.#entry((own + i - 1) >>> 0), entry);
    }
    if ((yield* memory.cmpxchg32(victim.#head, head, (head + count) >>> 0)) !== 0) return NULL;
    if (count > 1) yield* memory.store32(this.#tail, (own + count - 1) >>> 0);
    return unpackRecord(first);
  }

  /** Is anything in the ring or the slot? A look: true may be stale. */
  *occupied(memory: UserMemory): Coroutine<boolean> {
    if ((yield* memory.load32(this.#slot)) !== 0) return true;
    const head = yield* memory.load32(this.#head);
    return head !== (yield* memory.load32(this.#tail));
  }

  /** Owner: moves everything to `other`, oldest first, for a server that leaves. */
  *drain(env: Env, other: ReadyQueue): Coroutine<void> {
    const { memory } = env;
    const next = yield* this.takeSlot(memory);
    if (next !== NULL) yield* other.append(env, next);
    // Bounded by the entries.
    for (;;) {
      const worker = yield* this.pop(memory);
      if (worker === NULL) return;
      yield* other.append(env, worker);
    }
  }

  /** The older half and `worker` as one chain to `overflow`. False: a thief was there, and there is room again. */
  *#giveHalf(env: Env, worker: Addr, overflow: ReadyQueue): Coroutine<boolean> {
    const { memory } = env;
    const head = yield* memory.load32(this.#head);
    const count = this.capacity >>> 1;
    if (((yield* memory.load32(this.#tail)) - head) >>> 0 !== this.capacity) return false;
    const half: Addr[] = [];
    for (let i = 0; i < count; i++) {
      half.push(unpackRecord(yield* memory.load32(this.#entry((head + i) >>> 0))));
    }
    if ((yield* memory.cmpxchg32(this.#head, head, (head + count) >>> 0)) !== 0) return false;
    half.push(worker);
    // Only now: the links belong to whoever owns the workers.
    for (let i = 1; i < half.length; i++) yield* memory.store32(linkOf(half[i - 1]!), packRecord(half[i]!));
    yield* overflow.appendChain(env, half[0]!, worker);
    return true;
  }

  #entry(index: number): Addr {
    return offsetBy(this.#ring, 4 * (index & (this.capacity - 1)));
  }
}
