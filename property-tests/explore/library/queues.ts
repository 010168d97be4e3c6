/** The queues of src/server: what is put in comes out once, in the order it was put in by one. */
import { type Addr, NULL } from "../../../src/atomics/address.ts";
import type { Coroutine } from "../../../src/atomics/step.ts";
import type { Bare } from "../../../src/explore/bare/bare.ts";
import { allocateBare, bareEnv, workerRecord } from "../../../src/explore/library/bare-env.ts";
import { LocalQueue, localQueueSize } from "../../../src/server/local-queue.ts";
import { READY_QUEUE_SIZE, ReadyQueue } from "../../../src/server/ready-queue.ts";
import type { Env } from "../../../src/umcg/env.ts";
import { must, type Subject, bare as subject } from "./subject.ts";

/** The owner's ring, two thieves' rings, and the global queue. */
interface Queues {
  readonly own: LocalQueue;
  readonly thieves: readonly LocalQueue[];
  readonly overflow: ReadyQueue;
  readonly workers: readonly Addr[];
}

type Actor = (queues: Queues, env: Env) => Coroutine<readonly Addr[]>;

const put = (...indices: readonly number[]): Actor =>
  function* ({ own, overflow, workers }, env) {
    for (const i of indices) yield* own.pushOrOverflow(env, workers[i]!, overflow);
    return [];
  };
const pop: Actor = function* ({ own }, env) {
  return [yield* own.pop(env.memory)];
};
const steal = (thief: number): Actor =>
  function* ({ own, thieves }, env) {
    const mine = thieves[thief]!;
    const taken = [yield* mine.stealFrom(env.memory, own)];
    taken.push(yield* mine.pop(env.memory));
    return taken;
  };
const slot = (...indices: readonly number[]): Actor =>
  function* ({ own, workers }, env) {
    const out: Addr[] = [];
    for (const i of indices) out.push(yield* own.putSlot(env.memory, workers[i]!));
    return out;
  };
const takeSlot: Actor = function* ({ own }, env) {
  return [yield* own.takeSlot(env.memory)];
};
const inTurn = (...actors: readonly Actor[]): Actor =>
  function* (queues, env) {
    const all: Addr[] = [];
    for (const actor of actors) all.push(...(yield* actor(queues, env)));
    return all;
  };
const drain: Actor = function* ({ own, overflow }, env) {
  yield* own.drain(env, overflow);
  const all: Addr[] = [];
  for (let one = yield* overflow.take(env); one !== NULL; one = yield* overflow.take(env)) all.push(one);
  return all;
};

function makeQueues(bare: Bare, capacity: number): Queues {
  const ring = (): LocalQueue => new LocalQueue(allocateBare(bare, localQueueSize(capacity)), capacity);
  return {
    own: ring(),
    thieves: [ring(), ring()],
    overflow: new ReadyQueue(allocateBare(bare, READY_QUEUE_SIZE)),
    workers: Array.from({ length: 5 }, () => workerRecord(bare)),
  };
}

/**
 * Each of `actors` in a thread; the last one has been in its own before, with the owner's. When all are done the owner drains
 * what is left, and each worker that was put in has come out once.
 */
function onceEach(
  name: string,
  capacity: number,
  inside: Actor,
  count: number,
  ...actors: readonly Actor[]
): Subject {
  return subject(name, (bare) => {
    const queues = makeQueues(bare, capacity);
    let taken: Addr[] = [];
    bare.onReset(() => {
      taken = [];
    });
    const run = (actor: Actor) =>
      function* (): Coroutine<void> {
        taken.push(...(yield* actor(queues, bareEnv(bare))));
      };
    bare.thread(function* () {
      yield* run(inside)();
      const children: number[] = [];
      for (const actor of actors) children.push(yield* bare.spawn(run(actor)));
      for (const child of children) yield* bare.join(child);
      yield* run(drain)();
    }, "owner");
    bare.atEnd(() => {
      const found = taken.filter((worker) => worker !== NULL).map((worker) => queues.workers.indexOf(worker));
      const wanted = Array.from({ length: count }, (_, i) => i);
      must(found.sort().join() === wanted.join(), `${wanted} were put in, ${found} came out`);
    });
  });
}

/** A queue of all servers: appended by two, taken by one, in the order of each. */
const readyQueue = subject("ready queue: two append, one takes", (bare) => {
  const queue = new ReadyQueue(allocateBare(bare, READY_QUEUE_SIZE));
  const workers = Array.from({ length: 3 }, () => workerRecord(bare));
  let taken: number[] = [];
  bare.onReset(() => {
    taken = [];
  });
  const appends = (indices: readonly number[]) =>
    function* (): Coroutine<void> {
      const env = bareEnv(bare);
      for (const i of indices) yield* queue.append(env, workers[i]!);
    };
  bare.thread(function* () {
    const env = bareEnv(bare);
    const children = [yield* bare.spawn(appends([0, 1])), yield* bare.spawn(appends([2]))];
    const take = function* (): Coroutine<void> {
      const one = yield* queue.take(env);
      if (one !== NULL) taken.push(workers.indexOf(one));
    };
    yield* take();
    for (const child of children) yield* bare.join(child);
    for (let i = 0; i < 3; i++) yield* take();
  }, "taker");
  bare.atEnd(() => {
    must([...taken].sort().join() === "0,1,2", `0, 1 and 2 were put in, ${taken} came out`);
    must(taken.indexOf(0) < taken.indexOf(1), `1 came out before 0: ${taken}`);
  });
});

export const QUEUES: readonly Subject[] = [
  onceEach("local queue: the owner and a thief take the last", 4, put(0), 1, pop, steal(0)),
  onceEach("local queue: two thieves", 4, put(0, 1), 2, steal(0), steal(1)),
  onceEach("local queue: a thief takes two while the owner takes", 4, put(0, 1, 2), 3, pop, steal(0)),
  onceEach("local queue: the owner fills while a thief takes", 4, put(), 2, put(0, 1), steal(0)),
  onceEach("local queue: the ring comes around", 2, put(0, 1), 4, inTurn(pop, pop, put(2, 3)), steal(0)),
  onceEach("local queue: it overflows under a thief", 2, put(0, 1), 3, put(2), steal(0)),
  onceEach("local queue: the slot", 2, put(), 2, inTurn(slot(0, 1), takeSlot), takeSlot),
  readyQueue,
];
