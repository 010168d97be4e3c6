/**
 * A neighbourhood: the objects that some tens of workers share, and what each of them must have kept at the end.
 *
 * Counters are words in user memory, changed by a load, a pause and a store under the lock that protects them: one that is
 * not exclusive loses an increment.
 */
import { type Addr, offsetBy } from "../../../src/atomics/address.ts";
import type { Coroutine } from "../../../src/atomics/step.ts";
import {
  type Allocator,
  Barrier,
  Channel,
  Condvar,
  Mutex,
  Once,
  RwLock,
  Semaphore,
  WaitGroup,
} from "../../../src/worker/sync/index.ts";
import type { Worker } from "../../../src/worker/worker.ts";
import type { Act } from "./plan.ts";

/** Words of a neighbourhood. */
const COUNTERS = ["mutex", "fair", "write"] as const;
export type CounterName = (typeof COUNTERS)[number];

export class Hood {
  readonly mutex: Mutex;
  readonly changed: Condvar;
  readonly fair: Mutex;
  readonly lock: RwLock;
  readonly permits: Semaphore;
  readonly barrier: Barrier;
  readonly group: WaitGroup;
  readonly once: Once<number>;
  readonly channels: readonly [Channel<number>, Channel<number>];
  /** A word that futexes wait on; it stays 0. */
  readonly futex: Addr;
  readonly #words: Addr;
  readonly #expected: Record<CounterName, number> = { mutex: 0, fair: 0, write: 0 };
  #inside = 0;
  /** Times that `once` was done. */
  #done = 0;
  #messages = 0;
  /** Sent and not received: message -> 1; received first, its sender has not returned yet: -1. */
  readonly #underWay: Map<number, number> = new Map();

  constructor(memory: Allocator) {
    this.mutex = new Mutex(memory, { handOffAfterNs: 50_000 });
    this.changed = new Condvar(memory, this.mutex);
    this.fair = new Mutex(memory, { fair: true });
    this.lock = new RwLock(memory);
    this.permits = new Semaphore(memory, 3, { maximum: 3 });
    this.barrier = new Barrier(memory, 2);
    this.group = new WaitGroup(memory);
    this.once = new Once(memory);
    this.channels = [new Channel(memory), new Channel(memory, 3)];
    this.#words = memory.allocate(64);
    this.futex = offsetBy(this.#words, 32);
  }

  /** Adds 1 to a counter, taking its time. The caller has it to itself. */
  *increment(worker: Worker, name: CounterName, act: Act): Coroutine<void> {
    const word = offsetBy(this.#words, 4 * COUNTERS.indexOf(name));
    const before = yield* worker.memory.load32(word);
    yield* this.pause(worker, act);
    yield* worker.memory.store32(word, before + 1);
    this.#expected[name]++;
  }

  /** Reads what writers write, twice. */
  *compare(worker: Worker, act: Act): Coroutine<void> {
    const word = offsetBy(this.#words, 4 * COUNTERS.indexOf("write"));
    const before = yield* worker.memory.load32(word);
    yield* this.pause(worker, act);
    const after = yield* worker.memory.load32(word);
    if (after !== before) throw new Error(`a writer wrote while ${worker.name} read`);
  }

  *insidePermits(worker: Worker, permits: number, act: Act): Coroutine<void> {
    this.#inside += permits;
    if (this.#inside > 3) throw new Error(`${this.#inside} permits are out`);
    try {
      yield* this.pause(worker, act);
    } finally {
      this.#inside -= permits;
    }
  }

  /** With the mutex: waits until somebody has incremented, or not. */
  *notified(worker: Worker, act: Act): Coroutine<void> {
    yield* this.changed.waitUntil(worker, worker.now() + act.ns);
    yield* this.increment(worker, "mutex", act);
  }

  *count(worker: Worker, act: Act, untilNs: number): Coroutine<void> {
    yield* this.group.add(worker);
    try {
      yield* this.pause(worker, act);
    } finally {
      yield* this.group.done(worker);
    }
    yield* this.group.waitUntil(worker, untilNs);
  }

  /** The first whose function succeeds has done it for all. */
  *askOnce(worker: Worker, act: Act, untilNs: number): Coroutine<void> {
    const hood = this;
    const got = yield* this.once.runUntil(
      worker,
      function* () {
        yield* hood.pause(worker, act);
        return ++hood.#done;
      },
      untilNs,
    );
    if (got !== undefined && got.result !== 1) throw new Error(`once was done ${got.result} times`);
  }

  /** In a section. A sleep may be where a cancellation comes. */
  *pause(worker: Worker, { pick, ns, flag }: Act): Coroutine<void> {
    const short = ns >> 3;
    if (!flag) yield* worker.work(short);
    else if (pick % 3 === 0) yield* worker.sleep(short);
    else if (pick % 3 === 1) yield* worker.sys.nanosleep(short);
    else yield* worker.yield();
  }

  nextMessage(): number {
    return ++this.#messages;
  }
  sent(message: number): void {
    this.#move(message, 1);
  }
  received(message: number): void {
    this.#move(message, -1);
  }
  #move(message: number, by: number): void {
    const sum = (this.#underWay.get(message) ?? 0) + by;
    if (Math.abs(sum) > 1) throw new Error(`message ${message} was ${by > 0 ? "sent" : "received"} twice`);
    if (sum === 0) this.#underWay.delete(message);
    else this.#underWay.set(message, sum);
  }

  /** By the last worker: everything is free, and nothing is missing. Closes the channels, whose receiver then ends. */
  *close(worker: Worker): Coroutine<void> {
    for (const name of COUNTERS) {
      const found = yield* worker.memory.load32(offsetBy(this.#words, 4 * COUNTERS.indexOf(name)));
      if (found !== this.#expected[name])
        throw new Error(`${name} counted ${found}, there were ${this.#expected[name]}`);
    }
    const free =
      (yield* this.mutex.tryLock(worker)) &&
      (yield* this.fair.tryLock(worker)) &&
      (yield* this.lock.writeLockUntil(worker, 0)) &&
      (yield* this.permits.available(worker)) === 3 &&
      (yield* this.group.waitUntil(worker, 0));
    if (!free) throw new Error("something is still taken");
    yield* this.mutex.unlock(worker);
    yield* this.fair.unlock(worker);
    yield* this.lock.writeUnlock(worker);
    for (const channel of this.channels) yield* channel.close(worker);
  }

  /** When its receiver has ended. */
  checkMessages(): void {
    for (const [message, sum] of this.#underWay)
      throw new Error(
        `message ${message} was ${sum > 0 ? "sent and not received" : "received and not sent"}`,
      );
  }
}
