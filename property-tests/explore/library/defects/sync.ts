/** Defects of src/worker/sync. */
import { type Defect, defectsOf } from "./defect.ts";

const MUTEX = "mutex: two";
const HANDED = "mutex: two, handed over";
const MUTEX_TIMED = "mutex: two, one for a while";
const SEMAPHORE = "semaphore: two and one permit";
const CONDVAR = "condvar: a consumer and a producer";
const RING = "channel: a ring of one";

const ROOMS: readonly Defect[] = [
  ...defectsOf("src/worker/sync/critical.ts", [
    ["critical section: without the lock", SEMAPHORE, "  yield* spinLock(worker, lock);\n", ""],
  ]),
  ...defectsOf("src/worker/sync/wait-room.ts", [
    [
      "wait: withdraws without a second look under the lock",
      "channel: a send for a while",
      "      yield* this.enter(worker);\n      state = yield* memory.load32(nodeStateOf(node));\n",
      "      yield* this.enter(worker);\n",
    ],
    [
      "wait: leaves its node in the queue",
      "semaphore: two and one permit, one for a while",
      "if (state === WAITING) yield* withdraw(ready);",
      "",
    ],
    ["grant: the state is not written", MUTEX, "    yield* memory.store32(nodeStateOf(node), state);\n", ""],
    [
      "unpark: nobody is",
      MUTEX,
      "for (const record of ready) yield* worker.unpark({ record });",
      "if (ready.length > 1) yield* worker.unpark({ record: ready[1]! });",
    ],
    [
      "wait: a deadline is over before it is",
      "condvar: a consumer and a producer",
      "if (worker.now() >= deadlineNs) return undefined;",
      "if (worker.now() < deadlineNs) return undefined;",
    ],
  ]),
];

const MUTEXES: readonly Defect[] = defectsOf("src/worker/sync/mutex.ts", [
  [
    "mutex: a store instead of the compare-exchange",
    MUTEX,
    "if ((yield* memory.cmpxchg32(this.#word, 0, tid)) === 0) {",
    "if ((yield* memory.load32(this.#word)) === 0) {\n      yield* memory.store32(this.#word, tid);",
  ],
  [
    "mutex: WAITERS is not set",
    MUTEX,
    "const wanted = free ? found | tid : found | WAITERS;",
    "const wanted = free ? found | tid : found;",
  ],
  [
    "mutex: unlocked by a store",
    MUTEX,
    "if ((yield* memory.cmpxchg32(this.#word, tid, 0)) === 0) return letGo(worker, this);",
    "if ((yield* memory.load32(this.#word)) === tid) {\n      yield* memory.store32(this.#word, 0);\n      return letGo(worker, this);\n    }",
  ],
  [
    "mutex: granted before the word says so",
    HANDED,
    `    yield* memory.store32(this.#word, owner | waiters);
    yield* this.#room.grant(memory, node, handOff ? GRANTED : WOKEN, ready);`,
    `    yield* this.#room.grant(memory, node, handOff ? GRANTED : WOKEN, ready);
    yield* memory.store32(this.#word, owner | waiters);`,
  ],
  [
    "mutex: handed over, and free",
    HANDED,
    "const owner = handOff ? yield* memory.load32(nodeTidOf(node)) : 0;",
    "const owner = 0;",
  ],
  [
    "mutex: the queue is looked at no more when all have withdrawn",
    MUTEX_TIMED,
    "if (node === NULL) return void (yield* memory.store32(this.#word, 0));",
    "if (node === NULL) return;",
  ],
  [
    "mutex: the second to wait is forgotten",
    "mutex: three",
    "const waiters = (yield* this.#queue.first(memory)) === NULL ? 0 : WAITERS;",
    "const waiters = 0;",
  ],
]);

const SEMAPHORES: readonly Defect[] = defectsOf("src/worker/sync/semaphore.ts", [
  [
    "semaphore: released without a look at who waits",
    SEMAPHORE,
    "    while ((found & WAITERS) === 0) {\n      const wanted",
    "    for (;;) {\n      const wanted",
  ],
  [
    "semaphore: the last permit is not given",
    SEMAPHORE,
    "      if (want > left) break;",
    "      if (want >= left) break;",
  ],
  ["semaphore: permits given are not taken", SEMAPHORE, "      left -= want;\n", ""],
]);

const CONDVARS: readonly Defect[] = defectsOf("src/worker/sync/condvar.ts", [
  [
    "condvar: unlocks before it queues",
    CONDVAR,
    `    yield* this.#room.enter(worker);
    const node = yield* this.#room.seat(worker, 0);
    yield* this.#queue.append(memory, node);
    yield* this.#room.leave(worker);
    yield* this.mutex.unlock(worker);`,
    `    yield* this.mutex.unlock(worker);
    yield* this.#room.enter(worker);
    const node = yield* this.#room.seat(worker, 0);
    yield* this.#queue.append(memory, node);
    yield* this.#room.leave(worker);`,
  ],
  [
    "condvar: comes back without the mutex",
    CONDVAR,
    "      yield* worker.shield(() => this.mutex.lock(worker));\n",
    "",
  ],
]);

const CHANNELS: readonly Defect[] = defectsOf("src/worker/sync/channel-core.ts", [
  [
    "channel: a full ring takes one more",
    RING,
    "    if (count === this.capacity) return false;",
    "    if (count > this.capacity) return false;",
  ],
  ["channel: the value of a waiting sender is not moved in", RING, "      this.#ring[head] = value;\n", ""],
  [
    "channel: receivers are not told that it is closed",
    "channel: closed",
    "for (const list of [this.senders, this.receivers]) {",
    "for (const list of [this.senders]) {",
  ],
  [
    "channel: a waiting sender is looked at only when the ring is empty",
    "channel: one is left in a ring of one",
    "    const sender = yield* this.#takeLive(memory, this.senders);",
    "    const sender = count === 0 ? yield* this.#takeLive(memory, this.senders) : NULL;",
  ],
]);

export const SYNC_DEFECTS: readonly Defect[] = [
  ...ROOMS,
  ...MUTEXES,
  ...SEMAPHORES,
  ...CONDVARS,
  ...CHANNELS,
];
