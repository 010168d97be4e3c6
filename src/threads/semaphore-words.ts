/**
 * Semaphores of host threads: so many permits, each of which is somebody's until it gives it back.
 *
 * Everything is under the scheduler's lock. What is true of a semaphore is how many permits each thread has, a word for each: how many
 * are free follows from these, and is put right from them after a death. Permits of a thread that has died, or ended with them, are
 * free again, and whoever takes the next one is told -EOWNERDEAD, once: what it is a permit for may be half done.
 *
 * Rejected: a counter that anybody may raise, as POSIX has it. It cannot say whose the permits of a dead thread are, so they would be
 * lost with it; for news from one thread to another there are channels.
 */
import { EINVAL, EOWNERDEAD, EPERM, ETIMEDOUT } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import { contention, deadlineOf, MAX_TRIES, remaining } from "../kernel-sim/lkl/host/words.ts";
import type { Board } from "./board.ts";
import {
  addrOf,
  FREE_PERMITS,
  HELD_PERMITS,
  PERMITS,
  SEMAPHORE_DIED,
  SEMAPHORE_WAITERS,
  WAIT_SEMAPHORE,
} from "./layout.ts";
import type { Scheduler } from "./scheduler.ts";
import { wakeFirst } from "./word-waits.ts";

/** First word of a semaphore; 0: there is none of this number. */
export function semaphoreAt({ layout, words }: Board, semaphore: number): number {
  const { sizes, semaphores, semaphoreWords } = layout;
  if (!Number.isInteger(semaphore) || semaphore < 0 || semaphore >= (sizes.semaphores ?? 0)) return 0;
  const at = semaphores + semaphore * semaphoreWords;
  return words[at + PERMITS] === 0 ? 0 : at;
}

/** 0; -EOWNERDEAD: taken, and somebody has died with one; -ETIMEDOUT, -EINTR (cancelled), -EINVAL: not taken. */
export function* acquirePermit(
  scheduler: Scheduler,
  semaphore: number,
  timeoutNs: number,
): Coroutine<number> {
  const { board, words } = scheduler;
  const at = semaphoreAt(board, semaphore);
  if (at === 0) return -EINVAL;
  let deadline = 0;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    yield* scheduler.lock();
    if (board.words[at + FREE_PERMITS]! > 0) {
      const died = board.words[at + SEMAPHORE_DIED]! !== 0;
      board.words[at + HELD_PERMITS + words.self]!++;
      board.words[at + FREE_PERMITS]!--;
      if (died) board.words[at + SEMAPHORE_DIED] = 0;
      yield* scheduler.unlock();
      return died ? -EOWNERDEAD : 0;
    }
    if (deadline === 0) deadline = deadlineOf(words, timeoutNs);
    const left = remaining(words, deadline);
    if (left === 0) {
      yield* scheduler.unlock();
      return -ETIMEDOUT;
    }
    board.words[at + SEMAPHORE_WAITERS] = 1;
    const waited = yield* scheduler.waitFor(WAIT_SEMAPHORE, addrOf(at), left, words.now());
    if (waited !== 0) return waited;
  }
  throw contention(addrOf(at));
}

/** 0; -EPERM: the caller has none; -EINVAL. */
export function* releasePermit(scheduler: Scheduler, semaphore: number): Coroutine<number> {
  const { board, words } = scheduler;
  const at = semaphoreAt(board, semaphore);
  if (at === 0) return -EINVAL;
  yield* scheduler.lock();
  const has = board.words[at + HELD_PERMITS + words.self]! > 0;
  if (has) {
    board.words[at + HELD_PERMITS + words.self]!--;
    board.words[at + FREE_PERMITS]!++;
    wakeFirst(scheduler, at, at + SEMAPHORE_WAITERS);
  }
  yield* scheduler.unlock();
  return has ? 0 : -EPERM;
}

/** The caller ends: what it has is free, and who waits looks again. */
export function* abandonPermits(scheduler: Scheduler): Coroutine<void> {
  yield* scheduler.lock();
  for (const at of allOf(scheduler.board)) {
    if (scheduler.board.words[at + HELD_PERMITS + scheduler.words.self] === 0) continue;
    settle(scheduler.board, at, scheduler.words.self);
    // One for each permit would do; the others wait again.
    while (wakeFirst(scheduler, at, at + SEMAPHORE_WAITERS));
  }
  yield* scheduler.unlock();
}

/** By who puts the records right after the death of `dead`: whoever waits is ready in any case. */
export function recoverPermits(board: Board, dead: number): void {
  for (const at of allOf(board)) settle(board, at, dead);
}

function* allOf(board: Board): Generator<number> {
  for (let semaphore = 0; semaphore < (board.layout.sizes.semaphores ?? 0); semaphore++) {
    const at = semaphoreAt(board, semaphore);
    if (at !== 0) yield at;
  }
}

/** `gone` has no permits any more, and those that nobody has are free. */
function settle({ layout, words }: Board, at: number, gone: number): void {
  if (words[at + HELD_PERMITS + gone] !== 0) {
    // First: who dies in between has not forgotten it.
    words[at + SEMAPHORE_DIED] = 1;
    words[at + HELD_PERMITS + gone] = 0;
  }
  let free = words[at + PERMITS]!;
  for (let word = at + HELD_PERMITS; word < at + layout.semaphoreWords; word++) free -= words[word]!;
  words[at + FREE_PERMITS] = free;
}
