/**
 * Mutexes of host threads: a word each, in a table, so that one who has died cannot have taken the list of what it held along.
 *
 * The word is the slot of the owner, and WAITERS when somebody may be waiting, and DIED when the last owner died with it. Who
 * locks a mutex that is DIED has it, and is told -EOWNERDEAD: what it protects may be half changed. That is a robust mutex of
 * POSIX, without the state "not recoverable": whoever has it may put things right, or not unlock it and end.
 *
 * A waiter leaves its CPU to others; who unlocks wakes one, which tries again (no hand-over: the owner of a CPU goes on).
 */
import { EDEADLK, EINVAL, EOWNERDEAD, EPERM, ETIMEDOUT } from "../atomics/errno.ts";
import type { Memory } from "../atomics/memory.ts";
import type { Coroutine } from "../atomics/step.ts";
import { contention, deadlineOf, MAX_TRIES, remaining } from "../kernel-sim/lkl/host/words.ts";
import type { Board } from "./board.ts";
import { addrOf, ID, type ThreadLayout, WAIT_MUTEX } from "./layout.ts";
import type { Scheduler } from "./scheduler.ts";
import { waitForWord, wakeWaiters } from "./word-waits.ts";

const WAITERS: number = 1 << 29;
const DIED: number = 1 << 28;
const SLOT: number = DIED - 1;

function isMutex({ sizes }: ThreadLayout, mutex: number): boolean {
  return Number.isInteger(mutex) && mutex >= 0 && mutex < sizes.mutexes;
}

/** 0; -EOWNERDEAD: locked, and its last owner died with it; -EDEADLK, -ETIMEDOUT, -EINTR (cancelled), -EINVAL: not locked. */
export function* lockMutex(scheduler: Scheduler, mutex: number, timeoutNs: number): Coroutine<number> {
  const { words, board } = scheduler;
  const { memory, self } = words;
  if (!isMutex(board.layout, mutex)) return -EINVAL;
  const word = board.layout.mutexes + mutex;
  const a = addrOf(word);
  if ((yield* memory.cmpxchg32(a, 0, self)) === 0) return 0;
  const deadline = deadlineOf(words, timeoutNs);
  // Once it has waited it cannot know whether it was the last who did.
  let waiters = 0;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const found = yield* memory.load32(a);
    if ((found & SLOT) === self) return -EDEADLK;
    if ((found & SLOT) === 0) {
      const taken = self | (found & WAITERS) | waiters;
      if ((yield* memory.cmpxchg32(a, found, taken)) === 0) return (found & DIED) !== 0 ? -EOWNERDEAD : 0;
      continue;
    }
    const marked = found | WAITERS;
    if (marked !== found && (yield* memory.cmpxchg32(a, found, marked)) !== 0) continue;
    const waited = yield* waitForWord(scheduler, WAIT_MUTEX, word, marked, remaining(words, deadline));
    if (waited !== 0) return waited;
    waiters = WAITERS;
  }
  throw contention(a);
}

/** Without waiting: 0, -EOWNERDEAD as above; -ETIMEDOUT: somebody has it; -EINVAL. */
export function* tryLockMutex(scheduler: Scheduler, mutex: number): Coroutine<number> {
  const { words, board } = scheduler;
  if (!isMutex(board.layout, mutex)) return -EINVAL;
  const a = addrOf(board.layout.mutexes + mutex);
  const found = yield* words.memory.load32(a);
  if ((found & SLOT) !== 0) return -ETIMEDOUT;
  if ((yield* words.memory.cmpxchg32(a, found, words.self | (found & WAITERS))) !== 0) return -ETIMEDOUT;
  return (found & DIED) !== 0 ? -EOWNERDEAD : 0;
}

/** 0; -EPERM: the caller does not have it; -EINVAL. */
export function* unlockMutex(scheduler: Scheduler, mutex: number): Coroutine<number> {
  const { words, board } = scheduler;
  if (!isMutex(board.layout, mutex)) return -EINVAL;
  const word = board.layout.mutexes + mutex;
  const a = addrOf(word);
  if (((yield* words.memory.load32(a)) & SLOT) !== words.self) return -EPERM;
  if (((yield* words.memory.xchg32(a, 0)) & WAITERS) !== 0) yield* wakeWaiters(scheduler, word, 1);
  return 0;
}

/** Thread `slot` is over: what it has locked is nobody's, and DIED. How many there were. */
export function* abandonMutexes(memory: Memory, layout: ThreadLayout, slot: number): Coroutine<number> {
  let abandoned = 0;
  for (let mutex = 0; mutex < layout.sizes.mutexes; mutex++) {
    const a = addrOf(layout.mutexes + mutex);
    let found = yield* memory.load32(a);
    // Others only add WAITERS to the word of an owner, once.
    while ((found & SLOT) === slot) {
      if ((yield* memory.cmpxchg32(a, found, DIED | (found & WAITERS))) === 0) abandoned++;
      found = yield* memory.load32(a);
    }
  }
  return abandoned;
}

/** The number of the mutex that is word `word`. */
export function mutexOf({ layout }: Board, word: number): number {
  return word - layout.mutexes;
}

/** The thread that has the mutex that is word `word`; 0: nobody. */
export function ownerOfMutex(board: Board, word: number): number {
  const slot = board.words[word]! & SLOT;
  return slot === 0 ? 0 : board.words[board.record(slot) + ID]!;
}
