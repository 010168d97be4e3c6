/**
 * Mutexes: a futex word, and whose it is.
 *
 * | word  | written by                                                              |
 * |-------|-------------------------------------------------------------------------|
 * | state | anybody: FREE -> LOCKED or CONTENDED; the owner: -> FREE                 |
 * | owner | who has just locked it; the owner, before it unlocks                     |
 * | depth | the owner: how often a recursive one is locked                           |
 * | kind  | nobody after it was made: 1 = recursive                                  |
 *
 * CONTENDED says that somebody may be waiting; a waiter always leaves the word so, because it cannot know whether it was
 * the last. The discipline of owners is checked always, and not as in LKL in a debug build only: the results are -EDEADLK
 * for one who locks what it has, and -EPERM for one who unlocks what it has not.
 */
import type { Addr } from "../../../atomics/address.ts";
import { EBUSY, EDEADLK, EPERM, ETIMEDOUT } from "../../../atomics/errno.ts";
import type { Coroutine } from "../../../atomics/step.ts";
import type { HostWords } from "./host-words.ts";
import { deadlineOf, remaining, wordAt } from "./words.ts";

export const MUTEX_BYTES = 16;

const FREE = 0;
const LOCKED = 1;
const CONTENDED = 2;

const OWNER = 1;
const DEPTH = 2;
const KIND = 3;

export function* mutexInit({ memory }: HostWords, mutex: Addr, recursive: boolean): Coroutine<void> {
  yield* memory.store32(mutex, FREE);
  yield* memory.store32(wordAt(mutex, OWNER), 0);
  yield* memory.store32(wordAt(mutex, DEPTH), 0);
  yield* memory.store32(wordAt(mutex, KIND), recursive ? 1 : 0);
}

/** 0, -EDEADLK, -ETIMEDOUT. */
export function* mutexLock(words: HostWords, mutex: Addr, timeoutNs: number): Coroutine<number> {
  const { memory, self } = words;
  // Only this thread could have written its own number there, so what another one writes meanwhile does not matter.
  if ((yield* memory.load32(wordAt(mutex, OWNER))) === self) {
    if ((yield* memory.load32(wordAt(mutex, KIND))) === 0) return -EDEADLK;
    const depth = yield* memory.load32(wordAt(mutex, DEPTH));
    yield* memory.store32(wordAt(mutex, DEPTH), depth + 1);
    return 0;
  }
  if ((yield* memory.cmpxchg32(mutex, FREE, LOCKED)) !== 0) {
    const deadline = deadlineOf(words, timeoutNs);
    // Each turn is a wake-up or a time-out.
    while ((yield* memory.xchg32(mutex, CONTENDED)) !== FREE) {
      const waited = yield* words.waitWord(mutex, CONTENDED, remaining(words, deadline));
      if (waited === -ETIMEDOUT) return yield* lastTry(words, mutex);
    }
  }
  yield* memory.store32(wordAt(mutex, OWNER), self);
  yield* memory.store32(wordAt(mutex, DEPTH), 1);
  return 0;
}

/** A wake-up may have been meant for the one whose time is up. It takes the mutex if it is free. */
function* lastTry(words: HostWords, mutex: Addr): Coroutine<number> {
  const { memory, self } = words;
  if ((yield* memory.cmpxchg32(mutex, FREE, CONTENDED)) !== 0) return -ETIMEDOUT;
  yield* memory.store32(wordAt(mutex, OWNER), self);
  yield* memory.store32(wordAt(mutex, DEPTH), 1);
  return 0;
}

/** 0, or -EPERM, without effect, when the caller does not have it. */
export function* mutexUnlock(words: HostWords, mutex: Addr): Coroutine<number> {
  const { memory, self } = words;
  if ((yield* memory.load32(wordAt(mutex, OWNER))) !== self) return -EPERM;
  const depth = yield* memory.load32(wordAt(mutex, DEPTH));
  yield* memory.store32(wordAt(mutex, DEPTH), depth - 1);
  if (depth > 1) return 0;
  // Before the word is free: a later owner must not find its own name taken away.
  yield* memory.store32(wordAt(mutex, OWNER), 0);
  if ((yield* memory.xchg32(mutex, FREE)) === CONTENDED) yield* words.wakeWord(mutex, 1);
  return 0;
}

/** 0, or -EBUSY while somebody has it. */
export function* mutexIdle({ memory }: HostWords, mutex: Addr): Coroutine<number> {
  return (yield* memory.load32(mutex)) === FREE ? 0 : -EBUSY;
}
