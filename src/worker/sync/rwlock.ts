/**
 * A lock for many readers or one writer, phase-fair.
 *
 * Reading and writing alternate when both are wanted. A reader that comes while a writer waits waits for that one writer
 * and no more: when a writer leaves, all readers that wait by then go in together. A writer that comes waits for the
 * readers that are in, and for the writers before it, each with one phase of readers in between. So both have a bound
 * (Brandenburg and Anderson, "Spin-based reader-writer synchronization for multiprocessor real-time systems", 2010).
 * Rejected: reader preference (starves writers) and writer preference (starves readers, and a stream of writers is as
 * common as one of readers).
 *
 * One word: the number of readers, or WRITER with the writer's tid; WAITERS when somebody waits. Reading without
 * contention is a load and a compare-exchange, writing one compare-exchange, and so is leaving. WAITERS is set if and only
 * if a queue is not empty, whenever the room's lock is free. While it is set newcomers queue, whoever is the last to leave
 * comes through the room, and the lock is handed over there: it is never free while somebody waits.
 *
 * A worker reads at most once at a time: a reader that reads again while a writer waits would wait for itself.
 */
import { type Addr, NULL, offsetBy } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { hold, holds, letGo } from "./held.ts";
import { callerOf, SyncError } from "./sync-error.ts";
import { type Allocator, type Held, NEVER, type SyncWorker, type Words } from "./sync-worker.ts";
import { GRANTED, nodeTidOf, REFUSED, WAIT_LIST_SIZE, WaitList } from "./wait-list.ts";
import { type Ready, type SyncOptions, unparkAll, WaitRoom } from "./wait-room.ts";

/** Number of readers, or tid of the writer. */
const COUNT = 0x0fff_ffff;
const WRITER = 0x1000_0000;
const ABANDONED = 0x2000_0000;
const WAITERS = 0x4000_0000;

/** Many readers or one writer at a time. Phase-fair: neither can starve the other. */
export class RwLock implements Held {
  readonly name: string;
  readonly #room: WaitRoom;
  readonly #word: Addr;
  readonly #readers: WaitList;
  readonly #writers: WaitList;

  /** Throws ERR_USER_MEMORY. */
  constructor(allocator: Allocator, options: SyncOptions = {}) {
    this.#room = new WaitRoom(allocator, "rwlock", 8 + 2 * WAIT_LIST_SIZE, options);
    this.name = this.#room.name;
    this.#word = this.#room.words;
    this.#readers = new WaitList(offsetBy(this.#word, 8));
    this.#writers = new WaitList(offsetBy(this.#word, 8 + WAIT_LIST_SIZE));
  }

  /** Throws ERR_LOCK_RECURSIVE, ERR_LOCK_ABANDONED, ERR_CANCELLED: then the caller does not hold it. */
  *readLock(worker: SyncWorker): Coroutine<void> {
    yield* this.readLockUntil(worker, NEVER);
  }

  /** Throws as `readLock`. */
  *writeLock(worker: SyncWorker): Coroutine<void> {
    yield* this.writeLockUntil(worker, NEVER);
  }

  /** Returns whether the caller reads now. Throws as `readLock`. */
  *readLockUntil(worker: SyncWorker, deadlineNs: number): Coroutine<boolean> {
    this.#refuseRecursion(worker);
    const { memory } = worker;
    let found = yield* memory.load32(this.#word);
    // Bounded by the others: each failure is a reader that came or went.
    while ((found & ~COUNT) === 0) {
      if ((yield* memory.cmpxchg32(this.#word, found, found + 1)) === 0) {
        hold(worker, this);
        return true;
      }
      found = memory.observed32;
    }
    return yield* this.#queueUp(
      worker,
      this.#readers,
      (word) => ((word & ~COUNT) === 0 ? word + 1 : 0),
      deadlineNs,
    );
  }

  /** Returns whether the caller writes now. Throws as `readLock`. */
  *writeLockUntil(worker: SyncWorker, deadlineNs: number): Coroutine<boolean> {
    this.#refuseRecursion(worker);
    const own = WRITER | worker.tid;
    if ((yield* worker.memory.cmpxchg32(this.#word, 0, own)) === 0) {
      hold(worker, this);
      return true;
    }
    return yield* this.#queueUp(worker, this.#writers, (word) => (word === 0 ? own : 0), deadlineNs);
  }

  /** Throws ERR_LOCK_NOT_HELD, ERR_LOCK_STRANGER, and changes nothing then. */
  *readUnlock(worker: SyncWorker): Coroutine<void> {
    const { memory } = worker;
    let found = yield* memory.load32(this.#word);
    if (!holds(worker, this) || (found & WRITER) !== 0) throw this.#notYours(worker, found, "reading");
    letGo(worker, this);
    // Bounded by the others. The last reader of a phase goes through the room.
    while ((found & WAITERS) === 0 || (found & COUNT) > 1) {
      if ((yield* memory.cmpxchg32(this.#word, found, found - 1)) === 0) return;
      found = memory.observed32;
    }
    const ready: Ready = [];
    yield* this.#room.enter(worker);
    yield* this.#leaveReading(memory, ready);
    yield* this.#room.leave(worker);
    yield* unparkAll(worker, ready);
  }

  /** Throws ERR_LOCK_NOT_HELD, ERR_LOCK_STRANGER, and changes nothing then. */
  *writeUnlock(worker: SyncWorker): Coroutine<void> {
    const { memory } = worker;
    const own = WRITER | worker.tid;
    if ((yield* memory.cmpxchg32(this.#word, own, 0)) === 0) return letGo(worker, this);
    const found = memory.observed32;
    if ((found & ~WAITERS) !== own) throw this.#notYours(worker, found, "writing");
    letGo(worker, this);
    const ready: Ready = [];
    yield* this.#room.enter(worker);
    const readers = yield* this.#takeReaders(memory);
    if (readers.length === 0) yield* this.#admitWriter(memory, ready);
    else {
      yield* this.#settle(memory, readers.length);
      for (const node of readers) yield* this.#room.grant(memory, node, GRANTED, ready);
    }
    yield* this.#room.leave(worker);
    yield* unparkAll(worker, ready);
  }

  /** By a holder that ends: whoever waits or comes gets ERR_LOCK_ABANDONED if it wrote. A reader simply leaves. */
  *abandon(worker: SyncWorker): Coroutine<void> {
    const { memory } = worker;
    if (((yield* memory.load32(this.#word)) & WRITER) === 0) return yield* this.readUnlock(worker);
    const ready: Ready = [];
    letGo(worker, this);
    yield* this.#room.enter(worker);
    yield* memory.store32(this.#word, WRITER | ABANDONED | worker.tid);
    for (const list of [this.#readers, this.#writers]) {
      // Bounded by the length of the queue, which nobody changes meanwhile.
      for (let node = yield* list.take(memory); node !== NULL; node = yield* list.take(memory)) {
        yield* this.#room.grant(memory, node, REFUSED, ready);
      }
    }
    yield* this.#room.leave(worker);
    yield* unparkAll(worker, ready);
  }

  /** `take`: the word with the caller inside, 0 when it has to wait. */
  *#queueUp(
    worker: SyncWorker,
    queue: WaitList,
    take: (word: number) => number,
    deadlineNs: number,
  ): Coroutine<boolean> {
    const { memory } = worker;
    yield* this.#room.enter(worker);
    const found = yield* this.#takeOrAsk(memory, take);
    if (found < 0 || (found & ABANDONED) !== 0) {
      yield* this.#room.leave(worker);
      if (found >= 0) throw this.#abandoned(worker, found);
      hold(worker, this);
      return true;
    }
    const node = yield* this.#room.seat(worker, 0);
    yield* queue.append(memory, node);
    yield* this.#room.leave(worker);
    const state = yield* this.#room.wait(worker, node, deadlineNs, (ready) =>
      this.#withdraw(memory, queue, node, ready),
    );
    if (state === REFUSED) throw this.#abandoned(worker, yield* memory.load32(this.#word));
    if (state === GRANTED) hold(worker, this);
    return state === GRANTED;
  }

  /** Under the room's lock: gets in (-1), or sets WAITERS and returns the word that stood in the way. */
  *#takeOrAsk(memory: Words, take: (word: number) => number): Coroutine<number> {
    // Bounded by the others: each failure is somebody who came or left.
    for (;;) {
      const found = yield* memory.load32(this.#word);
      const inside = take(found);
      if (inside === 0 && (found & (WAITERS | ABANDONED)) !== 0) return found;
      const wanted = inside === 0 ? found | WAITERS : inside;
      if ((yield* memory.cmpxchg32(this.#word, found, wanted)) === 0) return inside === 0 ? found : -1;
    }
  }

  /** Under the room's lock, by a reader. It may not be the last any more, nor anybody wait. */
  *#leaveReading(memory: Words, ready: Ready): Coroutine<void> {
    // Bounded by the other readers that leave: with WAITERS set nobody comes in but through the room.
    for (;;) {
      const found = yield* memory.load32(this.#word);
      if ((yield* memory.cmpxchg32(this.#word, found, found - 1)) !== 0) continue;
      if (found - 1 === WAITERS) yield* this.#admitWriter(memory, ready);
      return;
    }
  }

  /** Under the room's lock, with nobody inside: the first writer goes in. Readers wait only while a writer waits too. */
  *#admitWriter(memory: Words, ready: Ready): Coroutine<void> {
    const node = yield* this.#writers.take(memory);
    const word = node === NULL ? 0 : WRITER | (yield* memory.load32(nodeTidOf(node)));
    yield* this.#settle(memory, word);
    if (node !== NULL) yield* this.#room.grant(memory, node, GRANTED, ready);
  }

  /** Under the room's lock: all readers that wait, to be let in. The word must say so before they are told. */
  *#takeReaders(memory: Words): Coroutine<Addr[]> {
    const nodes: Addr[] = [];
    // Bounded by the length of the queue, which nobody changes meanwhile.
    for (
      let node = yield* this.#readers.take(memory);
      node !== NULL;
      node = yield* this.#readers.take(memory)
    ) {
      nodes.push(node);
    }
    return nodes;
  }

  *#anybodyWaits(memory: Words): Coroutine<boolean> {
    return (yield* this.#readers.first(memory)) !== NULL || (yield* this.#writers.first(memory)) !== NULL;
  }

  /** Under the room's lock, with WAITERS set and nobody inside who could leave: writes who is inside now. */
  *#settle(memory: Words, inside: number): Coroutine<void> {
    yield* memory.store32(this.#word, inside | ((yield* this.#anybodyWaits(memory)) ? WAITERS : 0));
  }

  /** Under the room's lock: a waiter leaves. When it was the last writer, readers need not wait for readers any more. */
  *#withdraw(memory: Words, queue: WaitList, node: Addr, ready: Ready): Coroutine<void> {
    yield* queue.remove(memory, node);
    const reading = ((yield* memory.load32(this.#word)) & WRITER) === 0;
    const admit = reading && (yield* this.#writers.first(memory)) === NULL;
    const entering = admit ? yield* this.#takeReaders(memory) : [];
    const waiters = (yield* this.#anybodyWaits(memory)) ? WAITERS : 0;
    let found = yield* memory.load32(this.#word);
    // Bounded by the readers that leave meanwhile.
    while (
      (yield* memory.cmpxchg32(this.#word, found, ((found & ~WAITERS) + entering.length) | waiters)) !== 0
    ) {
      found = memory.observed32;
    }
    for (const reader of entering) yield* this.#room.grant(memory, reader, GRANTED, ready);
  }

  #refuseRecursion(worker: SyncWorker): void {
    if (holds(worker, this)) {
      throw new SyncError("ERR_LOCK_RECURSIVE", this.name, `${callerOf(worker)} holds it already`);
    }
  }

  #notYours(worker: SyncWorker, found: number, how: string): SyncError {
    const who = callerOf(worker);
    if ((found & COUNT) === 0)
      return new SyncError("ERR_LOCK_NOT_HELD", this.name, `${who} stops ${how} what nobody holds`);
    const holder = (found & WRITER) !== 0 ? `tid ${found & COUNT} writes` : `${found & COUNT} workers read`;
    return new SyncError("ERR_LOCK_STRANGER", this.name, `${who} stops ${how} what ${holder}`);
  }

  #abandoned(worker: SyncWorker, found: number): SyncError {
    return new SyncError(
      "ERR_LOCK_ABANDONED",
      this.name,
      `tid ${found & COUNT} ended while it wrote, ${callerOf(worker)} cannot have it`,
    );
  }
}
