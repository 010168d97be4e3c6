/**
 * A barrier: workers wait until `parties` of them have come, then all go on and the barrier is as new.
 *
 * The last to come releases the others and is told that it was the one. A waiter whose deadline passes, or who is cancelled,
 * takes its arrival back: the others wait on for somebody in its place. Rejected: breaking the barrier for all (Java's
 * CyclicBarrier), which makes one worker's deadline everybody's error. An arrival that was counted when the barrier opened
 * stays counted.
 *
 * The count is a word beside the queue, changed under the room's lock only: there is no way past a barrier without
 * meeting the others, so there is no fast path either.
 */
import { type Addr, NULL, offsetBy } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { SyncError } from "./sync-error.ts";
import { type Allocator, NEVER, type SyncWorker, type Words } from "./sync-worker.ts";
import { GRANTED, WAIT_LIST_SIZE, WaitList } from "./wait-list.ts";
import { type Ready, type SyncOptions, unparkAll, WaitRoom } from "./wait-room.ts";

/** How a wait at a barrier ended: as the last to come, as another, or with the deadline passed. */
export type Passage = "last" | "passed" | "timeout";

/** Holds so many workers until the last of them has come; then begins anew. */
export class Barrier {
  readonly name: string;
  readonly parties: number;
  readonly #room: WaitRoom;
  /** Workers in the queue. */
  readonly #waiting: Addr;
  readonly #queue: WaitList;

  /** Throws ERR_SYNC_CONFIG (a barrier of zero), ERR_USER_MEMORY. */
  constructor(allocator: Allocator, parties: number, options: SyncOptions = {}) {
    this.#room = new WaitRoom(allocator, "barrier", 8 + WAIT_LIST_SIZE, options);
    this.name = this.#room.name;
    this.#waiting = this.#room.words;
    this.#queue = new WaitList(offsetBy(this.#waiting, 8));
    this.parties = parties;
    if (!Number.isInteger(parties) || parties < 1) {
      throw new SyncError("ERR_SYNC_CONFIG", this.name, `parties must be a positive integer, got ${parties}`);
    }
  }

  /** Waits for the others. Returns true to one of them, the last to come. Throws ERR_CANCELLED: then it has not come. */
  *wait(worker: SyncWorker): Coroutine<boolean> {
    return (yield* this.waitUntil(worker, NEVER)) === "last";
  }

  /** Throws as `wait`. */
  *waitUntil(worker: SyncWorker, deadlineNs: number): Coroutine<Passage> {
    const { memory } = worker;
    yield* this.#room.enter(worker);
    const waiting = yield* memory.load32(this.#waiting);
    if (waiting + 1 === this.parties) {
      yield* this.#open(worker);
      return "last";
    }
    yield* memory.store32(this.#waiting, waiting + 1);
    const node = yield* this.#room.seat(worker, 0);
    yield* this.#queue.append(memory, node);
    yield* this.#room.leave(worker);
    const state = yield* this.#room.wait(worker, node, deadlineNs, () => this.#withdraw(memory, node));
    return state === GRANTED ? "passed" : "timeout";
  }

  /** Under the room's lock, and leaves it. */
  *#open(worker: SyncWorker): Coroutine<void> {
    const { memory } = worker;
    const ready: Ready = [];
    yield* memory.store32(this.#waiting, 0);
    // Bounded by the parties.
    for (let node = yield* this.#queue.take(memory); node !== NULL; node = yield* this.#queue.take(memory)) {
      yield* this.#room.grant(memory, node, GRANTED, ready);
    }
    yield* this.#room.leave(worker);
    yield* unparkAll(worker, ready);
  }

  *#withdraw(memory: Words, node: Addr): Coroutine<void> {
    yield* this.#queue.remove(memory, node);
    yield* memory.store32(this.#waiting, (yield* memory.load32(this.#waiting)) - 1);
  }
}
