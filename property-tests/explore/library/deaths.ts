/**
 * Owners that end or die with a lock: who waits is told, and nobody waits for ever.
 *
 * A worker *ends*: it runs to the end of its body and hands back what it holds (held.ts). A host thread *dies*: from some step on
 * it does nothing any more, and the owner of the runtime puts things right (src/threads/recover.ts). At which step is a choice, so
 * every one is tried. What a thread writes between two steps, under the lock of the scheduler, it writes whole; half written
 * records are the matter of test/threads.
 */

import { EOWNERDEAD } from "../../../src/atomics/errno.ts";
import { type Coroutine, RESUME } from "../../../src/atomics/step.ts";
import type { Bare } from "../../../src/explore/bare/bare.ts";
import { bareObject as fresh, bareWorker as worker } from "../../../src/explore/library/bare-worker.ts";
import type { HostWords } from "../../../src/kernel-sim/lkl/host/host-words.ts";
import { FOREVER } from "../../../src/kernel-sim/times.ts";
import { Board } from "../../../src/threads/board.ts";
import {
  addrOf,
  CPU_OWNER,
  FIRST_SLOT,
  ID,
  LAST_CPU,
  LOCK,
  layOutThreads,
  OWNER,
  PHASE,
  PHASE_TAKEN,
  SERVER_TID,
  STATE,
} from "../../../src/threads/layout.ts";
import { lockMutex, unlockMutex } from "../../../src/threads/mutex-words.ts";
import { fifo } from "../../../src/threads/policies/fifo.ts";
import { recover } from "../../../src/threads/recover.ts";
import { Scheduler } from "../../../src/threads/scheduler.ts";
import { UMCG_TASK_RUNNING } from "../../../src/umcg/abi.ts";
import { abandonHeld } from "../../../src/worker/sync/held.ts";
import { Mutex } from "../../../src/worker/sync/mutex.ts";
import { RwLock } from "../../../src/worker/sync/rwlock.ts";
import { SyncError } from "../../../src/worker/sync/sync-error.ts";
import type { Allocator, Held, SyncWorker } from "../../../src/worker/sync/sync-worker.ts";
import { must, type Subject, bare as subject } from "./subject.ts";

type Take = (w: SyncWorker) => Coroutine<void>;

/** One takes it and ends; the others take it and give it back, or are told that its owner has ended. */
function ends<T extends Held>(
  name: string,
  make: (allocator: Allocator) => T,
  take: (lock: T) => Take,
  others: readonly (readonly [take: (lock: T) => Take, give: (lock: T) => Take])[],
): Subject {
  return subject(`owner's end: ${name}`, (bare) => {
    const lock = fresh(bare, 512, make);
    const over = bare.word(0, "over");
    worker(bare, function* (w) {
      yield* take(lock())(w);
      must((yield* abandonHeld(w))?.code === "ERR_LOCK_HELD", "it ends with a lock and no error");
      must(w.held.length === 0, "it has handed it back, and has it");
      yield* bare.store32(over, 1);
    });
    for (const [takeIt, giveIt] of others)
      worker(bare, function* (w) {
        try {
          yield* takeIt(lock())(w);
        } catch (error) {
          if (!(error instanceof SyncError) || error.code !== "ERR_LOCK_ABANDONED") throw error;
          return must(!w.held.includes(lock()), "it is refused, and has it");
        }
        must((yield* bare.load32(over)) === 0, "a lock whose owner has ended is given out");
        yield* giveIt(lock())(w);
      });
  });
}

/** `body` as far as its first `steps` steps; whether it came to its end. */
function* until(steps: number, body: Coroutine<unknown>): Coroutine<boolean> {
  let next = body.next(RESUME);
  for (let step = 0; !next.done; step++) {
    if (step === steps) return false;
    next = body.next(yield next.value);
  }
  return true;
}

function hostWords(bare: Bare, self: number): HostWords {
  const never = (): never => {
    throw new Error("no host operation of a death");
  };
  return {
    memory: bare,
    self,
    launch: never,
    print: never,
    waitWord: (a, expected, timeoutNs) => bare.wait(a, expected, timeoutNs !== FOREVER),
    wakeWord: (a, count) => bare.notify(a, count),
    now: () => 0,
  };
}

/** Threads as `assign` and the scheduler have left them: the first have the CPUs, the others are ready. */
function boards(bare: Bare, threads: number, cpus: number): (self: number) => Scheduler {
  const sizes = { threads, cpus, mutexes: 1 };
  const layout = layOutThreads({ ...sizes, policyWords: fifo.words(sizes) });
  while (bare.array(1) < layout.bytes);
  const words = new Int32Array(bare.buffer);
  const times = new Float64Array(bare.buffer);
  const make = (self: number): Scheduler =>
    new Scheduler(hostWords(bare, self), new Board(layout, fifo, words, times), 0, false, 0);
  const { board } = make(OWNER);
  for (let i = 0; i < threads; i++) {
    const [slot, record] = [FIRST_SLOT + i, board.record(FIRST_SLOT + i)];
    words[record + ID] = 100 + slot;
    words[record + PHASE] = PHASE_TAKEN;
    words[record + LAST_CPU] = -1;
    if (i >= cpus) board.ready(slot, 0);
    else {
      words[record + STATE] = UMCG_TASK_RUNNING;
      words[record + SERVER_TID] = i + 1;
      words[board.cpuRecord(i) + CPU_OWNER] = slot;
    }
  }
  const first = words.slice(0, layout.bytes >> 2);
  // What is written under the lock is no step: nobody else takes it back.
  bare.onReset(() => words.set(first));
  return make;
}

/** More than the steps of a thread's life here. */
const LIFE = 60;
/** More preemptions in a campaign. */
const MORE = process.env["FC_RUNS"] === undefined ? 0 : 1;

interface Dying {
  readonly threads: number;
  readonly cpus: number;
  /** Which of them dies, from 0. */
  readonly victim: number;
  /** Preemptions at most. Every such schedule is made: what is written under the lock is in no footprint. */
  readonly maxBound: number;
}

/** Each locks the mutex, adds one and unlocks it; one dies on its way. The others are told, if it had the mutex, and go on. */
function dies({ threads, cpus, victim, maxBound }: Dying): Subject {
  const name = `owner's death: ${threads} threads with a mutex on ${cpus} CPUs, number ${victim} dies`;
  const program = (bare: Bare): void => {
    const make = boards(bare, threads, cpus);
    const [count, halves] = [bare.word(0, "count"), bare.word(0, "halves")];
    const body = function* (i: number): Coroutine<void> {
      const scheduler = make(FIRST_SLOT + i);
      if (i >= cpus) yield* scheduler.awaitTurn(false, FOREVER);
      const answer = yield* lockMutex(scheduler, 0, FOREVER);
      must(answer === 0 || (answer === -EOWNERDEAD && i !== victim), `locking answers ${answer}`);
      const half = yield* bare.load32(halves);
      must(half === 0 || answer === -EOWNERDEAD, "the mutex of a dead owner is given out like any other");
      yield* bare.store32(halves, 1);
      const seen = yield* bare.load32(count);
      yield* bare.store32(count, seen + 1);
      yield* bare.store32(halves, 0);
      must((yield* unlockMutex(scheduler, 0)) === 0, "its owner cannot unlock it");
      yield* scheduler.end(() => {});
    };
    for (let i = 0; i < threads; i++) {
      if (i !== victim) bare.thread(() => body(i), `survivor ${i}`);
      else
        bare.thread(function* () {
          yield* until(yield* bare.choose(LIFE), body(i));
        }, "victim");
    }
    bare.thread(function* () {
      yield* bare.join(victim);
      // One that has ended by itself has left nothing, and nothing is made of it.
      yield* recover(make(OWNER), FIRST_SLOT + victim);
    }, "owner");
    bare.atEnd(() => {
      const { board } = make(OWNER);
      for (let cpu = 0; cpu < cpus; cpu++) must(board.ownerOf(cpu) === 0, `CPU ${cpu} is still somebody's`);
      must(bare.peek32(addrOf(LOCK)) === 0, "somebody has the scheduler's lock");
    });
  };
  return subject(name, program, { strategy: "preemptions", maxBound: maxBound + MORE }, { bytes: 8192 });
}

export const DEATHS: readonly Subject[] = [
  ends(
    "a mutex",
    (allocator) => new Mutex(allocator),
    (lock) => (w) => lock.lock(w),
    [[(lock) => (w) => lock.lock(w), (lock) => (w) => lock.unlock(w)]],
  ),
  ends(
    "a writer, and one who wants to read",
    (allocator) => new RwLock(allocator),
    (lock) => (w) => lock.writeLock(w),
    [[(lock) => (w) => lock.readLock(w), (lock) => (w) => lock.readUnlock(w)]],
  ),
  ends(
    "a writer, and one who wants to write",
    (allocator) => new RwLock(allocator),
    (lock) => (w) => lock.writeLock(w),
    [[(lock) => (w) => lock.writeLock(w), (lock) => (w) => lock.writeUnlock(w)]],
  ),
  dies({ threads: 2, cpus: 2, victim: 0, maxBound: 1 }),
  dies({ threads: 2, cpus: 1, victim: 0, maxBound: 1 }),
  dies({ threads: 2, cpus: 1, victim: 1, maxBound: 1 }),
  dies({ threads: 3, cpus: 2, victim: 0, maxBound: 0 }),
];
