/**
 * The inside of a channel, under its room's lock: a ring of values, those who wait to send, those who wait to receive.
 *
 * At most one of the queues is not empty: senders wait only while the ring is full, receivers only while it is empty. A
 * value goes from a sender straight to a receiver that waits; a receiver that makes room in the ring moves the value of the
 * first waiting sender in behind the others. So values are received in the order of the sections in which they were sent
 * or their senders queued, and a sender has one value in that order at a time.
 *
 * Values are JS objects and live outside user memory: in the ring's array, at a place that the words `head` and `count`
 * own, or in the cell of a waiter; where CPUs have objects of their own, in words (channel-words.ts). A cell is written and read by whoever holds the lock, until the waiter's node is
 * decided; then it is the waiter's.
 *
 * A waiter may wait in several channels (select): its nodes share a `claim` word, and whoever wants to deal with one of
 * them must first change that word from 0 to the number of the node's case. One succeeds; the node of one that fails is
 * out of date, and is dropped. The claim is made under the channel's lock, and the select looks at the word with the locks
 * of all its channels in its hands, so a claim that it sees is complete.
 */
import { type Addr, addrFromWord, NULL, offsetBy } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { ChannelWords, Stays } from "./channel-words.ts";
import { callerOf, SyncError } from "./sync-error.ts";
import type { Allocator, SyncWorker, Words } from "./sync-worker.ts";
import { claimOf, GRANTED, nodeValueOf, REFUSED, WAIT_LIST_SIZE, WaitList, wantOf } from "./wait-list.ts";
import { type Ready, type SyncOptions, WaitRoom } from "./wait-room.ts";

/** A value, or the news that there will be none any more. */
export type Received<T> = { readonly status: "value"; readonly value: T } | { readonly status: "closed" };

/** What a waiter sends, or has received. */
export interface Cell<T> {
  value: T | undefined;
}

export class ChannelCore<T> {
  readonly room: WaitRoom;
  readonly capacity: number;
  readonly senders: WaitList;
  readonly receivers: WaitList;
  /** 1 from `close` on. */
  readonly #closed: Addr;
  /** Values in the ring, and the place of the oldest. */
  readonly #count: Addr;
  readonly #head: Addr;
  /** State of the numbers by which selects choose among ready cases. */
  readonly #draw: Addr;
  readonly #ring: (T | undefined)[] = [];
  readonly #cells: Map<Addr, Cell<T>> = new Map();
  /** Where CPUs have objects of their own: instead of ring and cells. */
  readonly #words: ChannelWords | undefined;

  constructor(allocator: Allocator, capacity: number, options: SyncOptions) {
    this.room = new WaitRoom(allocator, "channel", 16 + 2 * WAIT_LIST_SIZE, options);
    const { words } = this.room;
    this.#closed = words;
    this.#count = offsetBy(words, 4);
    this.#head = offsetBy(words, 8);
    this.#draw = offsetBy(words, 12);
    this.senders = new WaitList(offsetBy(words, 16));
    this.receivers = new WaitList(offsetBy(words, 16 + WAIT_LIST_SIZE));
    this.capacity = capacity;
    if (!Number.isInteger(capacity) || capacity < 0) {
      throw new SyncError(
        "ERR_SYNC_CONFIG",
        this.room.name,
        `capacity must be a whole number, got ${capacity}`,
      );
    }
    const { kernel } = allocator;
    if (kernel?.manyIsolates === true)
      this.#words = new ChannelWords(kernel, allocator.allocate(8 * Math.max(1, capacity), 8));
  }

  /** Sends `value` if that is possible at once. Throws ERR_CHANNEL_CLOSED. */
  *offer(worker: SyncWorker, value: T, ready: Ready): Coroutine<boolean> {
    const { memory } = worker;
    if ((yield* memory.load32(this.#closed)) !== 0) throw this.closedError(worker);
    const receiver = yield* this.#takeLive(memory, this.receivers);
    if (receiver !== NULL) {
      if (this.#words === undefined) this.#cells.get(receiver)!.value = value;
      else yield* this.#words.put(memory, nodeValueOf(receiver), value);
      yield* this.#decide(memory, receiver, GRANTED, ready);
      return true;
    }
    const count = yield* memory.load32(this.#count);
    if (count === this.capacity) return false;
    const head = yield* memory.load32(this.#head);
    const last = (head + count) % this.capacity;
    if (this.#words === undefined) this.#ring[last] = value;
    else yield* this.#words.put(memory, this.#words.place(last), value);
    yield* memory.store32(this.#count, count + 1);
    return true;
  }

  /** Receives if that is possible at once. */
  *poll({ memory }: SyncWorker, ready: Ready): Coroutine<Received<T> | undefined> {
    const count = yield* memory.load32(this.#count);
    const sender = yield* this.#takeLive(memory, this.senders);
    if (count === 0 && sender === NULL) {
      return (yield* memory.load32(this.#closed)) === 0 ? undefined : { status: "closed" };
    }
    let value = sender === NULL ? undefined : yield* this.#offered(memory, sender, count > 0);
    if (sender !== NULL && this.#words === undefined) yield* this.#decide(memory, sender, GRANTED, ready);
    if (count > 0) {
      const head = yield* memory.load32(this.#head);
      // The ring was full if somebody waits to send: the new value takes the place of the oldest.
      if (this.#words !== undefined) {
        const from = sender === NULL ? undefined : nodeValueOf(sender);
        value = (yield* this.#words.replace(memory, head, from)) as T;
      } else {
        const oldest = this.#ring[head];
        this.#ring[head] = value;
        value = oldest;
      }
      yield* memory.store32(this.#head, (head + 1) % this.capacity);
      if (sender === NULL) yield* memory.store32(this.#count, count - 1);
    }
    // In words, not before: the node is the sender's again then, and what it sends is in it.
    if (sender !== NULL && this.#words !== undefined) yield* this.#decide(memory, sender, GRANTED, ready);
    return { status: "value", value: value as T };
  }

  /** What a waiting sender sends; in words only if it is not to go `inTheRing`. */
  *#offered(memory: Words, sender: Addr, inTheRing: boolean): Coroutine<T | undefined> {
    if (this.#words === undefined) return this.#cells.get(sender)!.value;
    return inTheRing ? undefined : ((yield* this.#words.take(memory, nodeValueOf(sender))) as T);
  }

  /** By a receiver that has waited, before it gives its node back: what it has received. */
  *collect(memory: Words, node: Addr, cell: Cell<T>): Coroutine<void> {
    if (this.#words !== undefined) cell.value = (yield* this.#words.take(memory, nodeValueOf(node))) as T;
  }

  /** A value that was received. Throws ERR_VALUE_STAYS. */
  here(worker: SyncWorker, value: T): T {
    if (!(value instanceof Stays)) return value;
    throw new SyncError(
      "ERR_VALUE_STAYS",
      this.room.name,
      `what ${callerOf(worker)} has received lies on CPU ${value.cpu}, and is no number`,
    );
  }

  /** Nothing is sent any more: senders and receivers that wait are told. Throws ERR_CHANNEL_CLOSED. */
  *close(worker: SyncWorker, ready: Ready): Coroutine<void> {
    const { memory } = worker;
    if ((yield* memory.load32(this.#closed)) !== 0) throw this.closedError(worker);
    yield* memory.store32(this.#closed, 1);
    for (const list of [this.senders, this.receivers]) {
      // Bounded by the length of the queue, which nobody changes meanwhile.
      for (let node = yield* this.#takeLive(memory, list); node !== NULL; ) {
        yield* this.#decide(memory, node, REFUSED, ready);
        node = yield* this.#takeLive(memory, list);
      }
    }
  }

  /** Queues a node of the caller's with its cell. */
  *enlist(memory: Words, list: WaitList, node: Addr, cell: Cell<T>): Coroutine<void> {
    if (this.#words === undefined) this.#cells.set(node, cell);
    else if (list === this.senders) yield* this.#words.put(memory, nodeValueOf(node), cell.value);
    yield* list.append(memory, node);
  }

  /** Takes a node out that nobody has dealt with. One that is out already stays out. `unsent`: what it was to send is not sent. */
  *delist(memory: Words, list: WaitList, node: Addr, unsent: boolean): Coroutine<void> {
    this.#cells.delete(node);
    if (unsent && this.#words !== undefined && list === this.senders)
      yield* this.#words.take(memory, nodeValueOf(node));
    yield* list.remove(memory, node);
  }

  /** The next of a sequence of numbers that look random, 0 to 65535: x -> 1664525 x + 1013904223 modulo 2^32. */
  *draw(memory: Words): Coroutine<number> {
    const next = (Math.imul(yield* memory.load32(this.#draw), 1_664_525) + 1_013_904_223) >>> 0;
    yield* memory.store32(this.#draw, next);
    return next >>> 16;
  }

  closedError(worker: SyncWorker): SyncError {
    return new SyncError("ERR_CHANNEL_CLOSED", this.room.name, `is closed, says ${callerOf(worker)}'s call`);
  }

  /** The first node whose waiter still waits, unlinked and claimed; NULL when there is none. */
  *#takeLive(memory: Words, list: WaitList): Coroutine<Addr> {
    // Bounded by the length of the queue, which nobody changes meanwhile.
    for (;;) {
      const node = yield* list.take(memory);
      if (node === NULL) return NULL;
      const claim = addrFromWord(yield* memory.load64(claimOf(node)));
      if (claim === NULL) return node;
      if ((yield* memory.cmpxchg32(claim, 0, yield* memory.load32(wantOf(node)))) === 0) return node;
    }
  }

  *#decide(memory: Words, node: Addr, state: number, ready: Ready): Coroutine<void> {
    this.#cells.delete(node);
    yield* this.room.grant(memory, node, state, ready);
  }
}
