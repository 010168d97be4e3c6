/**
 * A channel: values from many senders to many receivers, each received exactly once, in the order sent.
 *
 *     const results = new Channel<number>(machine, 8, { name: "results" });
 *     yield* results.send(worker, 42);
 *     const received = yield* results.receive(worker);
 *     if (received.status === "value") use(received.value);
 *
 * With capacity 0 a send is over when a receiver has the value (rendezvous). Closing says that nothing more is sent: what is
 * in the channel is still received, then everybody gets "closed"; whoever sends, or waits to, gets ERR_CHANNEL_CLOSED, and
 * its value is not delivered. A send or a receive that ends by its deadline or by ERR_CANCELLED has not happened; one that
 * has happened says so, whatever came at the same time (wait-room.ts).
 *
 * On real threads numbers, booleans, undefined and null cross CPUs; other values are for receivers of the sender's CPU.
 *
 * Under one lock, as Go's: every operation is a short section. Rejected: a ring with a sequence number per place (Vyukov's
 * bounded queue) for the fast path. It saves half of the steps of an uncontended send; but a select that has to be atomic
 * over several channels, rendezvous and closing all need the lock, and would have to keep both in step.
 */
import type { Addr } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { type Cell, ChannelCore, type Received } from "./channel-core.ts";
import { type Allocator, NEVER, type SyncWorker } from "./sync-worker.ts";
import { GRANTED, REFUSED, type WaitList } from "./wait-list.ts";
import { type Ready, type SyncOptions, unparkAll } from "./wait-room.ts";

/** Hands values from senders to receivers in order, with room for `capacity` (0: each send waits for its receive). */
export class Channel<T> {
  readonly name: string;
  /** For select. */
  readonly core: ChannelCore<T>;

  /** `capacity`: values it holds. Throws ERR_SYNC_CONFIG, ERR_USER_MEMORY. */
  constructor(allocator: Allocator, capacity = 0, options: SyncOptions = {}) {
    this.core = new ChannelCore<T>(allocator, capacity, options);
    this.name = this.core.room.name;
  }

  get capacity(): number {
    return this.core.capacity;
  }

  /** Throws ERR_CHANNEL_CLOSED, ERR_CANCELLED: then the value has not been sent. */
  *send(worker: SyncWorker, value: T): Coroutine<void> {
    yield* this.sendUntil(worker, value, NEVER);
  }

  /** Returns whether the value has been sent. Throws as `send`. */
  *sendUntil(worker: SyncWorker, value: T, deadlineNs: number): Coroutine<boolean> {
    const { core } = this;
    const { sent, node } = yield* this.#locked(worker, function* (ready) {
      if (yield* core.offer(worker, value, ready)) return { sent: true };
      return { sent: false, node: yield* seat(worker, core, core.senders, { value }) };
    });
    if (node === undefined) return sent;
    const state = yield* this.#wait(worker, core.senders, node, deadlineNs);
    if (state === REFUSED) throw core.closedError(worker);
    return state === GRANTED;
  }

  /** Sends if that is possible at once. Returns whether. Throws ERR_CHANNEL_CLOSED. */
  *trySend(worker: SyncWorker, value: T): Coroutine<boolean> {
    return yield* this.#locked(worker, (ready) => this.core.offer(worker, value, ready));
  }

  /**
   * Throws ERR_CANCELLED: then nothing has been received. On real threads, ERR_VALUE_STAYS: it has been sent on another CPU, and is
   * neither a number, a boolean, undefined nor null.
   */
  *receive(worker: SyncWorker): Coroutine<Received<T>> {
    return (yield* this.receiveUntil(worker, NEVER)) as Received<T>;
  }

  /** Throws as `receive`. */
  *receiveUntil(
    worker: SyncWorker,
    deadlineNs: number,
  ): Coroutine<Received<T> | { readonly status: "timeout" }> {
    const { core } = this;
    const cell: Cell<T> = { value: undefined };
    const { received, node } = yield* this.#locked(worker, function* (ready) {
      const received = yield* core.poll(worker, ready);
      if (received !== undefined) return { received };
      return { received: undefined, node: yield* seat(worker, core, core.receivers, cell) };
    });
    if (node === undefined) return this.#here(worker, received);
    const collect = () => core.collect(worker.memory, node, cell);
    const state = yield* this.#wait(worker, core.receivers, node, deadlineNs, collect);
    return state === GRANTED
      ? { status: "value", value: core.here(worker, cell.value as T) }
      : { status: state === REFUSED ? "closed" : "timeout" };
  }

  /** Receives if that is possible at once. */
  *tryReceive(worker: SyncWorker): Coroutine<Received<T> | { readonly status: "empty" }> {
    const received = yield* this.#locked(worker, (ready) => this.core.poll(worker, ready));
    return received === undefined ? { status: "empty" } : this.#here(worker, received);
  }

  #here(worker: SyncWorker, received: Received<T>): Received<T> {
    if (received.status === "value") this.core.here(worker, received.value);
    return received;
  }

  /** Calls `body` with each value until the channel is closed and empty. Throws as `receive`, and what `body` throws. */
  *forEach(worker: SyncWorker, body: (value: T) => Coroutine<void>): Coroutine<void> {
    // Bounded by the values sent.
    for (;;) {
      const received = yield* this.receive(worker);
      if (received.status === "closed") return;
      yield* body(received.value);
    }
  }

  /** Nothing more is sent. Throws ERR_CHANNEL_CLOSED: it is closed already. */
  *close(worker: SyncWorker): Coroutine<void> {
    yield* this.#locked(worker, (ready) => this.core.close(worker, ready));
  }

  *#locked<R>(worker: SyncWorker, section: (ready: Ready) => Coroutine<R>): Coroutine<R> {
    const ready: Ready = [];
    yield* this.core.room.enter(worker);
    let result: R;
    try {
      result = yield* section(ready);
    } finally {
      yield* this.core.room.leave(worker);
    }
    yield* unparkAll(worker, ready);
    return result;
  }

  *#wait(
    worker: SyncWorker,
    list: WaitList,
    node: Addr,
    deadlineNs: number,
    collect?: () => Coroutine<void>,
  ): Coroutine<number> {
    const { core } = this;
    const withdraw = () => core.delist(worker.memory, list, node, true);
    return yield* core.room.wait(worker, node, deadlineNs, withdraw, collect);
  }
}

function* seat<T>(worker: SyncWorker, core: ChannelCore<T>, list: WaitList, cell: Cell<T>): Coroutine<Addr> {
  const node = yield* core.room.seat(worker, 0);
  yield* core.enlist(worker.memory, list, node, cell);
  return node;
}
