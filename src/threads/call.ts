/**
 * Threads by threads: one has another run a function, waits for its result at once (a procedure call that runs on another stack)
 * or later (spawn and join).
 *
 * Nobody lies between the two: the caller makes a thread of a Worker that waits, gives its own CPU away when it waits, and is made
 * ready by the one it has called. Arguments and results are in words, so no port is used and nothing is cloned. Where a CPU idles
 * both see their turns by spinning, and a call takes a microsecond or two.
 *
 * A child has a Worker from the first, or is none: there is no queue, in which parents could wait for children that wait for the
 * parents' Workers. It is its parent's until it is joined or the parent has ended; then it is nobody's, and goes on.
 */
import { EAGAIN, ESRCH } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { HostWords } from "../kernel-sim/lkl/host/host-words.ts";
import { FOREVER } from "../kernel-sim/times.ts";
import { freeSlot, occupy } from "./assign.ts";
import { ring } from "./bell.ts";
import type { Board } from "./board.ts";
import {
  addrOf,
  CALLER,
  CALLS,
  FIRST_SLOT,
  ID,
  NEXT_TID,
  OWNER,
  PHASE,
  PHASE_ENDED,
  PHASE_FREE,
  PHASE_TAKEN,
  RESULT,
  TEXT,
  TEXT_LENGTH,
  WAIT_CALL,
  WAIT_JOIN,
  WANTED,
} from "./layout.ts";
import type { Scheduler } from "./scheduler.ts";
import { takeText } from "./texts.ts";
import { putArguments, RESULT_IN_PORT, takeResult } from "./values.ts";

/** Threads that were spawned by threads have numbers below 0. */
const LAST_CALL: number = 2 ** 30;

/** What a child has come to: a value; why there is none, RESULT_ and a text; a negated errno. */
export type Called = { readonly value: unknown } | { readonly kind: number; readonly text: string } | number;

/** Has function number `code` called with numbers, and waits. -EAGAIN: no Worker waits; -EOWNERDEAD: the called one has died. */
export function* callThread(
  scheduler: Scheduler,
  code: number,
  values: readonly number[],
): Coroutine<Called> {
  yield* scheduler.lock();
  const now = scheduler.words.now();
  const slot = begin(scheduler, code, values, now);
  if (slot !== 0) return yield* awaitChild(scheduler, slot, WAIT_CALL, FOREVER, now);
  yield* scheduler.unlock();
  return -EAGAIN;
}

/** Has it called, and goes on. The number of the child, which is below 0; 0: no Worker waits. */
export function* spawnThread(
  scheduler: Scheduler,
  code: number,
  values: readonly number[],
): Coroutine<number> {
  const { board, words } = scheduler;
  yield* scheduler.lock();
  const slot = begin(scheduler, code, values, words.now());
  const id = slot === 0 ? 0 : board.words[board.record(slot) + ID]!;
  yield* scheduler.unlock();
  return id;
}

/** Waits for a child of the caller's. -ETIMEDOUT; -EOWNERDEAD: it dies meanwhile; -ESRCH: it is not there, so it has died before. */
export function* joinThread(scheduler: Scheduler, id: number, timeoutNs: number): Coroutine<Called> {
  const { board, words } = scheduler;
  yield* scheduler.lock();
  const slot = childOf(board, words.self, id);
  if (slot !== 0 && board.words[board.record(slot) + PHASE] !== PHASE_ENDED)
    return yield* awaitChild(scheduler, slot, WAIT_JOIN, timeoutNs, words.now());
  yield* scheduler.unlock();
  return slot === 0 ? -ESRCH : yield* collect(scheduler, slot);
}

/** The caller ends: its children are nobody's. */
export function* leaveChildren(scheduler: Scheduler): Coroutine<void> {
  yield* scheduler.lock();
  disownChildren(scheduler.board, scheduler.words.self);
  yield* scheduler.unlock();
  yield* offerWorker(scheduler.words);
}

/** By who has the lock. */
export function disownChildren(board: Board, parent: number): void {
  const { words } = board;
  for (let slot = FIRST_SLOT; slot <= board.lastSlot; slot++) {
    const record = board.record(slot);
    if (words[record + CALLER] !== parent) continue;
    words[record + CALLER] = OWNER;
    if (words[record + PHASE] === PHASE_ENDED) words[record + PHASE] = PHASE_FREE;
  }
}

/** By who has the lock: a child of the caller's is ready. Its slot; 0: no Worker waits. */
function begin({ board, words }: Scheduler, code: number, values: readonly number[], nowNs: number): number {
  const slot = freeSlot(board);
  if (slot === 0) return 0;
  const call = (board.words[CALLS]! % LAST_CALL) + 1;
  board.words[CALLS] = call;
  putArguments(board, board.record(slot), values);
  occupy(board, slot, { id: -call, code, priority: 0, caller: words.self }, nowNs);
  board.fill(nowNs);
  return slot;
}

function childOf(board: Board, parent: number, id: number): number {
  const { words } = board;
  for (let slot = FIRST_SLOT; slot <= board.lastSlot; slot++) {
    const record = board.record(slot);
    if (words[record + ID] !== id || words[record + CALLER] !== parent) continue;
    if (words[record + PHASE] === PHASE_TAKEN || words[record + PHASE] === PHASE_ENDED) return slot;
  }
  return 0;
}

/** By who has the lock, which is given back. */
function* awaitChild(
  scheduler: Scheduler,
  slot: number,
  reason: number,
  timeoutNs: number,
  nowNs: number,
): Coroutine<Called> {
  const { board, record } = scheduler;
  board.words[record + NEXT_TID] = board.words[board.record(slot) + ID]!;
  const result = yield* scheduler.waitFor(reason, 0, timeoutNs, nowNs);
  return result === 0 ? yield* collect(scheduler, slot) : result;
}

/** The result of a child that has ended. It is its parent's until then: nobody else looks at it. */
function* collect({ board, words }: Scheduler, slot: number): Coroutine<Called> {
  const record = board.record(slot);
  if (board.words[record + PHASE] !== PHASE_ENDED) throw new Error("a child has not ended");
  const kind = board.words[record + RESULT]!;
  const called =
    kind < RESULT_IN_PORT
      ? { value: takeResult(board, record) }
      : { kind, text: takeText(board.words, record + TEXT, record + TEXT_LENGTH) };
  yield* words.memory.store32(addrOf(record + PHASE), PHASE_FREE);
  yield* offerWorker(words);
  return called;
}

/** A Worker waits to be a thread: that is the owner's matter if jobs wait for one. It says so before it looks for Workers. */
function* offerWorker(words: HostWords): Coroutine<void> {
  if ((yield* words.memory.load32(addrOf(WANTED))) !== 0) yield* ring(words);
}
