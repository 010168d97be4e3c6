/**
 * One thread has another run a function and waits for its result: a procedure call that runs on another stack.
 *
 * Nobody lies between the two: the caller makes a thread of a Worker that waits, gives its own CPU away, and is made ready by the
 * one it has called. Arguments and results are in words, so no port is used and nothing is cloned. Where a CPU idles both see
 * their turns by spinning, and a call takes a microsecond or two.
 */
import { EAGAIN } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import { FOREVER } from "../kernel-sim/times.ts";
import { freeSlot, occupy } from "./assign.ts";
import type { Board } from "./board.ts";
import {
  addrOf,
  CALLS,
  NEXT_TID,
  PHASE,
  PHASE_ENDED,
  PHASE_FREE,
  RESULT,
  TEXT,
  TEXT_LENGTH,
  WAIT_CALL,
} from "./layout.ts";
import type { Scheduler } from "./scheduler.ts";
import { takeText } from "./texts.ts";
import { putArguments, RESULT_IN_PORT, takeResult } from "./values.ts";

/** Threads that were called have numbers below 0. */
const LAST_CALL: number = 2 ** 30;

/** What a call has come to: a value; why there is none; a negated errno, -EOWNERDEAD: the called one has died. */
export type Called = { readonly value: unknown } | { readonly thrown: string } | number;

/** Calls function number `code` with numbers. -EAGAIN: no Worker waits to be a thread. */
export function* callThread(
  scheduler: Scheduler,
  code: number,
  values: readonly number[],
): Coroutine<Called> {
  const { board, words } = scheduler;
  yield* scheduler.lock();
  const slot = freeSlot(board);
  if (slot === 0) {
    yield* scheduler.unlock();
    return -EAGAIN;
  }
  const call = (board.words[CALLS]! % LAST_CALL) + 1;
  board.words[CALLS] = call;
  const record = board.record(slot);
  putArguments(board, record, values);
  const now = words.now();
  occupy(board, slot, { id: -call, code, priority: 0, caller: words.self }, now);
  board.fill(now);
  board.words[board.record(words.self) + NEXT_TID] = -call;
  const result = yield* scheduler.waitFor(WAIT_CALL, 0, FOREVER, now);
  if (result !== 0) return result;
  const called = collect(board, record);
  // It is this thread's until then: nobody else looks at one that has ended for another.
  yield* words.memory.store32(addrOf(record + PHASE), PHASE_FREE);
  return called;
}

function collect(board: Board, record: number): Called {
  if (board.words[record + PHASE] !== PHASE_ENDED) throw new Error("a called thread has not ended");
  if (board.words[record + RESULT]! < RESULT_IN_PORT) return { value: takeResult(board, record) };
  return { thrown: takeText(board.words, record + TEXT, record + TEXT_LENGTH) };
}
