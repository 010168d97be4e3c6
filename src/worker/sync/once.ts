/**
 * Something that is done once, by whoever needs it first; the others wait and get the same result.
 *
 *     const table = yield* tableOnce.run(worker, function* () { return yield* buildTable(); });
 *
 * A function that throws, a cancelled one included, has not done it: the error is its runner's, and the next who wants the
 * result tries again (as std::call_once; Go counts a panic as done, which leaves the others without a result). After it
 * is done, asking costs one load.
 */
import { type Addr, NULL, offsetBy } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { callerOf, SyncError } from "./sync-error.ts";
import { type Allocator, NEVER, type SyncWorker } from "./sync-worker.ts";
import { WAIT_LIST_SIZE, WAITING, WaitList, WOKEN } from "./wait-list.ts";
import { type Ready, type SyncOptions, unparkAll, WaitRoom } from "./wait-room.ts";

/** The word: nobody has run it, or the tid of the worker that runs it, or it is done. */
const NEW = 0;
const DONE = 0x4000_0000;

/** Runs a function once, for all who ask, and gives all of them its result. */
export class Once<T> {
  readonly name: string;
  readonly #room: WaitRoom;
  readonly #word: Addr;
  readonly #queue: WaitList;
  /** Written before the word says DONE. */
  #result: T | undefined;

  /** Throws ERR_USER_MEMORY. */
  constructor(allocator: Allocator, options: SyncOptions = {}) {
    this.#room = new WaitRoom(allocator, "once", 8 + WAIT_LIST_SIZE, options);
    this.name = this.#room.name;
    this.#word = this.#room.words;
    this.#queue = new WaitList(offsetBy(this.#word, 8));
  }

  /** The result, from `body` if nobody has it yet. Throws what `body` throws, ERR_ONCE_RECURSIVE, ERR_CANCELLED. */
  *run(worker: SyncWorker, body: () => Coroutine<T>): Coroutine<T> {
    return (yield* this.#ask(worker, body, NEVER))!.result;
  }

  /** The same; undefined when another worker still runs its function at `deadlineNs`. */
  *runUntil(
    worker: SyncWorker,
    body: () => Coroutine<T>,
    deadlineNs: number,
  ): Coroutine<{ readonly result: T } | undefined> {
    return yield* this.#ask(worker, body, deadlineNs);
  }

  *#ask(
    worker: SyncWorker,
    body: () => Coroutine<T>,
    deadlineNs: number,
  ): Coroutine<{ readonly result: T } | undefined> {
    const { memory } = worker;
    // Bounded by the functions that fail: each turn but the first follows one.
    while ((yield* memory.load32(this.#word)) !== DONE) {
      yield* this.#room.enter(worker);
      const found = yield* memory.load32(this.#word);
      if (found === NEW) {
        yield* memory.store32(this.#word, worker.tid);
        yield* this.#room.leave(worker);
        return { result: yield* this.#runNow(worker, body) };
      }
      if (found === DONE || found === worker.tid) {
        yield* this.#room.leave(worker);
        if (found === DONE) break;
        throw new SyncError("ERR_ONCE_RECURSIVE", this.name, `${callerOf(worker)} runs it already`);
      }
      const node = yield* this.#room.seat(worker, 0);
      yield* this.#queue.append(memory, node);
      yield* this.#room.leave(worker);
      const state = yield* this.#room.wait(worker, node, deadlineNs, () => this.#queue.remove(memory, node));
      if (state === WAITING) return undefined;
    }
    return { result: this.#result as T };
  }

  *#runNow(worker: SyncWorker, body: () => Coroutine<T>): Coroutine<T> {
    let outcome = NEW;
    try {
      this.#result = yield* body();
      outcome = DONE;
      return this.#result;
    } finally {
      yield* this.#end(worker, outcome);
    }
  }

  /** Wakes everybody: to take the result, or for one of them to try. */
  *#end(worker: SyncWorker, outcome: number): Coroutine<void> {
    const { memory } = worker;
    const ready: Ready = [];
    yield* this.#room.enter(worker);
    yield* memory.store32(this.#word, outcome);
    // Bounded by the length of the queue, which nobody changes meanwhile.
    for (let node = yield* this.#queue.take(memory); node !== NULL; node = yield* this.#queue.take(memory)) {
      yield* this.#room.grant(memory, node, WOKEN, ready);
    }
    yield* this.#room.leave(worker);
    yield* unparkAll(worker, ready);
  }
}
