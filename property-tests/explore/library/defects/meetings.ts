/** Defects of where workers meet, and of what happens when an owner ends or dies. */
import { type Defect, defectsOf } from "./defect.ts";

const DEATH = "owner's death: 2 threads with a mutex on 2 CPUs, number 0 dies";

export const MEETING_DEFECTS: readonly Defect[] = [
  ...defectsOf("src/worker/sync/rwlock.ts", [
    [
      "rwlock: the last reader goes without the room",
      "rwlock: a writer and a reader",
      "while ((found & WAITERS) === 0 || (found & COUNT) > 1) {",
      "while ((found & COUNT) >= 1) {",
    ],
    [
      "rwlock: who waits does not say so",
      "rwlock: two writers",
      "const wanted = inside === 0 ? found | WAITERS : inside;",
      "const wanted = inside === 0 ? found : inside;",
    ],
    [
      "rwlock: readers are let in before the word says so",
      "rwlock: a writer and a reader",
      "      yield* this.#settle(memory, readers.length);\n",
      "",
    ],
    [
      "rwlock: a writer that gives up keeps readers waiting",
      "rwlock: a writer gives up between two readers",
      "const admit = reading && (yield* this.#writers.first(memory)) === NULL;",
      "const admit = false;",
    ],
    [
      "rwlock: an ended writer's lock is free",
      "owner's end: a writer, and one who wants to write",
      "yield* memory.store32(this.#word, WRITER | ABANDONED | worker.tid);",
      "yield* memory.store32(this.#word, 0);",
    ],
  ]),
  ...defectsOf("src/worker/sync/barrier.ts", [
    [
      "barrier: the count is kept when it opens",
      "barrier: two, in two rounds",
      "    yield* memory.store32(this.#waiting, 0);\n",
      "",
    ],
    [
      "barrier: who gives up has come all the same",
      "barrier: two, one for a while",
      "(yield* memory.load32(this.#waiting)) - 1);",
      "yield* memory.load32(this.#waiting));",
    ],
  ]),
  ...defectsOf("src/worker/sync/once.ts", [
    [
      "once: not looked at again under the lock",
      "once: two",
      "      const found = yield* memory.load32(this.#word);\n      if (found === NEW) {",
      "      const found: number = NEW;\n      if (found === NEW) {",
    ],
    [
      "once: done before it is",
      "once: two, and the first fails",
      "let outcome = NEW;",
      "let outcome = DONE;",
    ],
  ]),
  ...defectsOf("src/worker/sync/wait-group.ts", [
    [
      "wait group: who waits does not say so",
      "wait group: one thing and a waiter",
      "if ((yield* memory.cmpxchg32(this.#word, found, found | WAITERS)) === 0) return false;",
      "if ((yield* memory.cmpxchg32(this.#word, found, found)) === 0) return false;",
    ],
    [
      "wait group: the count loses WAITERS",
      "wait group: two things and a waiter",
      "      if ((yield* memory.cmpxchg32(this.#word, found, (found & WAITERS) | count)) === 0) return;\n",
      "      if ((yield* memory.cmpxchg32(this.#word, found, count)) === 0) return;\n",
    ],
  ]),
  ...defectsOf("src/worker/sync/select.ts", [
    [
      "select: locks in the order of the cases",
      "select: two in opposite order of two channels",
      "return [...new Set(seats.map(({ core }) => core.room))].sort((a, b) => a.lock - b.lock);",
      "return [...new Set(seats.map(({ core }) => core.room))];",
    ],
    [
      "select: nodes of other cases stay in their queues",
      "select: three, all for a while",
      "for (const one of seats) yield* one.core.delist(",
      "for (const one of seats.slice(0, 1)) yield* one.core.delist(",
    ],
  ]),
  ...defectsOf("src/worker/sync/mutex.ts", [
    [
      "mutex: who waits for an ended owner is not told",
      "owner's end: a mutex",
      "yield* this.#room.grant(memory, node, REFUSED, ready);",
      "",
    ],
  ]),
  ...defectsOf("src/threads/recover.ts", [
    [
      "recovery: sleepers of a lock that was given back are not woken",
      DEATH,
      "  yield* wakeSleepers(words);\n",
      "",
    ],
    [
      "recovery: mutexes of the dead stay its",
      DEATH,
      "  yield* abandonMutexes(words.memory, board.layout, dead);\n",
      "",
    ],
    [
      "recovery: who waits for a mutex waits on",
      DEATH,
      "  else if (waits && FOR_A_WORD.has(reason)) list(board, record);\n",
      "",
    ],
    [
      "recovery: the lock is not taken from the dead",
      DEATH,
      "  yield* takeOver(words, dead, lockSpins);\n",
      "  yield* scheduler.lock();\n",
    ],
  ]),
  ...defectsOf("src/threads/mutex-words.ts", [
    [
      "robust mutex: an owner's death is forgotten",
      DEATH,
      "DIED | (found & WAITERS))) === 0) abandoned++;",
      "found & WAITERS)) === 0) abandoned++;",
    ],
  ]),
];
