/**
 * Counting semaphores: two words, and waits on the first.
 *
 * | word    | written by                                     |
 * |---------|------------------------------------------------|
 * | count   | anybody: +1 by up, -1 by down while it is not 0 |
 * | waiters | a thread about to wait, and when it has waited |
 *
 * No lost wake-up: a waiter announces itself before it waits, and the wait compares the count with 0 as one step; up
 * raises the count before it looks for waiters. Whichever comes second sees the other. A post wakes one thread, and whoever
 * comes by may take the count before it: it waits again. So a semaphore is not fair, which LKL does not ask of it.
 */
import type { Addr } from "../../../atomics/address.ts";
import { ETIMEDOUT } from "../../../atomics/errno.ts";
import type { Coroutine } from "../../../atomics/step.ts";
import type { HostWords } from "./host-words.ts";
import { contention, deadlineOf, fetchAdd, MAX_TRIES, remaining, wordAt } from "./words.ts";

export const SEMAPHORE_BYTES = 8;

export function* semInit({ memory }: HostWords, sem: Addr, count: number): Coroutine<void> {
  yield* memory.store32(sem, count);
  yield* memory.store32(wordAt(sem, 1), 0);
}

export function* semUp(words: HostWords, sem: Addr): Coroutine<void> {
  yield* fetchAdd(words.memory, sem, 1);
  if ((yield* words.memory.load32(wordAt(sem, 1))) > 0) yield* words.wakeWord(sem, 1);
}

/** 0, or -ETIMEDOUT. Returns for no other reason. */
export function* semDown(words: HostWords, sem: Addr, timeoutNs: number): Coroutine<number> {
  const { memory } = words;
  const deadline = deadlineOf(words, timeoutNs);
  for (let tries = 0; tries < MAX_TRIES; ) {
    const count = yield* memory.load32(sem);
    if (count > 0) {
      if ((yield* memory.cmpxchg32(sem, count, count - 1)) === 0) return 0;
      tries++;
      continue;
    }
    yield* fetchAdd(memory, wordAt(sem, 1), 1);
    const waited = yield* words.waitWord(sem, 0, remaining(words, deadline));
    yield* fetchAdd(memory, wordAt(sem, 1), -1);
    // A post that came at the last moment is taken all the same: its up has counted on somebody.
    if (waited === -ETIMEDOUT && (yield* memory.load32(sem)) === 0) return -ETIMEDOUT;
  }
  throw contention(sem);
}
