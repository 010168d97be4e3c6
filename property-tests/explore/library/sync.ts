/** The synchronisation of src/worker/sync, with workers that are threads: all that its own words can do. */

import type { Coroutine } from "../../../src/atomics/step.ts";
import type { Bare } from "../../../src/explore/bare/bare.ts";
import type { ExploreOptions } from "../../../src/explore/index.ts";
import { bareObject as fresh, bareWorker as worker } from "../../../src/explore/library/bare-worker.ts";
import { Channel } from "../../../src/worker/sync/channel.ts";
import { Condvar } from "../../../src/worker/sync/condvar.ts";
import { Mutex } from "../../../src/worker/sync/mutex.ts";
import { Semaphore } from "../../../src/worker/sync/semaphore.ts";
import type { SyncWorker } from "../../../src/worker/sync/sync-worker.ts";
import { must, type Subject, bare as subject } from "./subject.ts";

/** Bytes for an object and the nodes of those who wait for it. */
const OBJECT_BYTES = 512;
/** Far away: it passes when the explorer says so. */
const DEADLINE_NS = 1_000_000;
/** Of three workers: all schedules with one preemption at most. */
const FEW: ExploreOptions = { strategy: "preemptions", maxBound: 1 };

/** Everybody adds one, between a load and a store. */
function critical(bare: Bare): () => Coroutine<void> {
  const count = bare.word(0, "count");
  const entered = bare.word(0, "entered");
  bare.atEnd(() => must(bare.peek32(count) === bare.peek32(entered), "two were inside"));
  return function* () {
    const seen = yield* bare.load32(count);
    yield* bare.add32(entered, 1);
    yield* bare.store32(count, seen + 1);
  };
}

function mutex(
  name: string,
  fair: boolean,
  deadlines: readonly number[],
  options: ExploreOptions = {},
): Subject {
  return subject(
    `mutex: ${name}`,
    (bare) => {
      const lock = fresh(bare, OBJECT_BYTES, (allocator) => new Mutex(allocator, { fair }));
      const inside = critical(bare);
      for (const deadline of deadlines)
        worker(bare, function* (w) {
          if (!(yield* lock().lockUntil(w, deadline))) yield* lock().lock(w);
          yield* inside();
          yield* lock().unlock(w);
        });
    },
    options,
  );
}

function semaphore(
  name: string,
  permits: number,
  wants: readonly (readonly [permits: number, deadline: number])[],
  options: ExploreOptions = {},
): Subject {
  return subject(
    `semaphore: ${name}`,
    (bare) => {
      const object = fresh(bare, OBJECT_BYTES, (allocator) => {
        return new Semaphore(allocator, permits, { maximum: permits });
      });
      const held = bare.word(0, "held");
      for (const [want, deadline] of wants)
        worker(bare, function* (w) {
          if (!(yield* object().acquireUntil(w, deadline, want))) yield* object().acquire(w, want);
          must((yield* bare.add32(held, want)) + want <= permits, "more permits are held than there are");
          yield* bare.add32(held, -want);
          yield* object().release(w, want);
        });
    },
    options,
  );
}

/** A consumer waits for a condition, a producer makes it true and notifies. */
const condvar = (name: string, consumers: number, deadline: number, options: ExploreOptions = {}): Subject =>
  subject(
    `condvar: ${name}`,
    (bare) => {
      const lock = fresh(bare, OBJECT_BYTES, (allocator) => new Mutex(allocator));
      const ready = fresh(bare, OBJECT_BYTES, (allocator) => new Condvar(allocator, lock()));
      const condition = bare.word(0, "condition");
      for (let i = 0; i < consumers; i++)
        worker(bare, function* (w) {
          yield* lock().lock(w);
          while ((yield* bare.load32(condition)) === 0) {
            if (!(yield* ready().waitUntil(w, deadline))) break;
          }
          must(yield* lock().heldBy(w), "back from a wait without the mutex");
          yield* lock().unlock(w);
        });
      worker(bare, function* (w) {
        yield* lock().lock(w);
        yield* bare.store32(condition, 1);
        yield* lock().unlock(w);
        yield* consumers > 1 ? ready().notifyAll(w) : ready().notify(w);
      });
    },
    options,
  );

type Act = (w: SyncWorker, channel: Channel<number>, log: number[]) => Coroutine<unknown>;

const send = (deadline: number, ...values: readonly number[]): Act =>
  function* (w, channel, log) {
    for (const value of values) if (!(yield* channel.sendUntil(w, value, deadline))) log.push(-value);
  };
const receive = (deadline: number, count: number): Act =>
  function* (w, channel, log) {
    for (let i = 0; i < count; i++) {
      const received = yield* channel.receiveUntil(w, deadline);
      if (received.status === "value") log.push(received.value);
    }
  };
/** Sends, closes; a receiver takes what there is. */
const sendAndClose = (...values: readonly number[]): Act =>
  function* (w, channel) {
    for (const value of values) yield* channel.send(w, value);
    yield* channel.close(w);
  };
const receiveAll: Act = function* (w, channel, log) {
  yield* channel.forEach(w, function* (value) {
    log.push(value);
  });
};

/** Each of `values` is received once, or (negative) its sender is told that it is not sent. */
function channel(name: string, capacity: number, values: readonly number[], acts: readonly Act[]): Subject {
  return subject(`channel: ${name}`, (bare) => {
    const object = fresh(bare, OBJECT_BYTES, (allocator) => new Channel<number>(allocator, capacity));
    let log: number[] = [];
    bare.onReset(() => {
      log = [];
    });
    for (const act of acts) worker(bare, (w) => act(w, object(), log));
    bare.atEnd(() => {
      must(log.map(Math.abs).sort().join() === values.join(), `sent were ${values}, received ${log}`);
    });
  });
}

const NEVER = Number.POSITIVE_INFINITY;

export const SYNC: readonly Subject[] = [
  mutex("two", false, [NEVER, NEVER]),
  mutex("two, handed over", true, [NEVER, NEVER]),
  mutex("three", false, [NEVER, NEVER, NEVER], FEW),
  mutex("two, one for a while", false, [NEVER, DEADLINE_NS]),
  semaphore("two and one permit", 1, [
    [1, NEVER],
    [1, NEVER],
  ]),
  semaphore("two and one permit, one for a while", 1, [
    [1, NEVER],
    [1, DEADLINE_NS],
  ]),
  semaphore(
    "three and two permits",
    2,
    [
      [2, NEVER],
      [1, NEVER],
      [1, NEVER],
    ],
    FEW,
  ),
  condvar("a consumer and a producer", 1, NEVER),
  condvar("a consumer waits for a while", 1, DEADLINE_NS),
  channel("rendezvous", 0, [1], [send(NEVER, 1), receive(NEVER, 1)]),
  channel("a ring of one", 1, [1, 2], [send(NEVER, 1, 2), receive(NEVER, 2)]),
  channel("closed", 1, [1], [sendAndClose(1), receiveAll]),
  channel("a send for a while", 0, [1], [send(DEADLINE_NS, 1), receive(DEADLINE_NS, 1)]),
  channel("one is left in a ring of one", 1, [1], [send(NEVER, 1, 2), receive(NEVER, 1)]),
];
