/**
 * Waiting for a word, as by a futex: who waits leaves its CPU to others, and who changes the word wakes them.
 *
 * There is no list of waiters, which a death could leave half linked: each thread's record says for which word it waits, and who
 * wakes looks at all records. That is a microsecond for a hundred threads, and only when somebody may be waiting.
 */
import type { Coroutine } from "../atomics/step.ts";
import type { Board } from "./board.ts";
import { addrOf, FIRST_SLOT, TICKET, WAIT_ADDR } from "./layout.ts";
import type { Scheduler } from "./scheduler.ts";

/** Waits while word number `word` is `expected`: 0 (look again, there may be no reason), -ETIMEDOUT. `reason`: WAIT_. */
export function* waitForWord(
  scheduler: Scheduler,
  reason: number,
  word: number,
  expected: number,
  timeoutNs: number,
): Coroutine<number> {
  const { words } = scheduler;
  const address = addrOf(word);
  yield* scheduler.lock();
  // Who changes the word does so before it takes the lock to wake.
  if ((yield* words.memory.load32(address)) !== expected >>> 0) {
    yield* scheduler.unlock();
    return 0;
  }
  return yield* scheduler.waitFor(reason, address, timeoutNs, words.now());
}

/** Makes at most `count` of those ready that wait for a word, those first that came first. How many. */
export function* wakeWaiters(scheduler: Scheduler, word: number, count: number): Coroutine<number> {
  const { board, words } = scheduler;
  yield* scheduler.lock();
  let woken = 0;
  for (; woken < count; woken++) {
    const slot = firstWaiter(board, addrOf(word));
    if (slot === 0) break;
    board.wake(slot, 0, words.now());
  }
  board.fill(words.now());
  yield* scheduler.unlock();
  return woken;
}

/**
 * By who has the lock: makes the first of those ready that wait for word number `word`. `hint`: a word that says that somebody may,
 * so that nobody looks at all records in vain twice. False: nobody waits.
 */
export function wakeFirst({ board, words }: Scheduler, word: number, hint: number): boolean {
  if (board.words[hint] === 0) return false;
  const slot = firstWaiter(board, addrOf(word));
  if (slot === 0) {
    board.words[hint] = 0;
    return false;
  }
  board.wake(slot, 0, words.now());
  board.fill(words.now());
  return true;
}

function firstWaiter(board: Board, address: number): number {
  let first = 0;
  for (let slot = FIRST_SLOT; slot <= board.lastSlot; slot++) {
    const record = board.record(slot);
    if (board.words[record + WAIT_ADDR] !== address || !board.isWaiting(slot)) continue;
    // Tickets wrap around: the difference tells who was first.
    const earlier =
      first === 0 || ((board.words[record + TICKET]! - board.words[board.record(first) + TICKET]!) | 0) < 0;
    if (earlier) first = slot;
  }
  return first;
}
