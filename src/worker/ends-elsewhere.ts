/**
 * How a worker ended, for isolates that have not seen it.
 *
 * Where each CPU has objects of its own (the threads host), the worker, the server that meets its end and whoever joins it have a
 * handle each, and only the worker's isolate knows what its function gave. So the end goes in words: the worker leaves a number in
 * its record and says how it ended by its exit code; the server keeps that in the record until somebody has joined.
 *
 * A result that is a number, or none, crosses. Any other stays where it is, and a join from elsewhere is told so; of an error its
 * text stays. On one isolate nothing of this happens: there is one handle.
 */
import type { Coroutine } from "../atomics/step.ts";
import { endedOf, resultOf } from "../server/record.ts";
import type { Env } from "../umcg/env.ts";
import {
  ENDED_KILLED,
  ENDED_RETURNED,
  ENDED_STAYS,
  ENDED_THREW,
  type WorkerHandle,
} from "./worker-handle.ts";

/** Exit codes from here on say how a worker ended: this plus ENDED_, and what its result is. */
const CODE = 1 << 16;
const RESULT_SHIFT = 8;
const RESULT_NONE = 0;
const RESULT_NUMBER = 1;
const RESULT_STAYS = 2;
/** sys.join gives this + n for a task that signal n killed. */
const KILLED_BY = 128;

/** The worker of `handle` is about to exit: leaves its result, and returns its exit code. */
export function* leaveEnd(env: Env, { record, ending, value }: WorkerHandle<unknown>): Coroutine<number> {
  let result = RESULT_NONE;
  if (ending === ENDED_RETURNED && value !== undefined) {
    result = typeof value === "number" ? RESULT_NUMBER : RESULT_STAYS;
  }
  if (result === RESULT_NUMBER) {
    yield* env.memory.store64(
      resultOf(record),
      new BigUint64Array(new Float64Array([Number(value)]).buffer)[0]!,
    );
  }
  return CODE | (result << RESULT_SHIFT) | ending;
}

/** A server has met the end of a worker, with this exit status: keeps it for whoever joins. */
export function* keepEnd(env: Env, { record }: WorkerHandle<unknown>, status: number): Coroutine<void> {
  yield* env.memory.store32(endedOf(record), status);
}

/** The end of a worker that the calling isolate has not seen goes into its handle. The status has been kept. */
export function* learnEnd(env: Env, handle: WorkerHandle<unknown>): Coroutine<void> {
  const status = yield* env.memory.load32(endedOf(handle.record));
  if (status < CODE) {
    applyStatus(handle, status);
    return;
  }
  const ending = status & 0xff;
  const result = (status >>> RESULT_SHIFT) & 0xff;
  if (result === RESULT_STAYS) handle.end(ENDED_STAYS, undefined);
  else if (result === RESULT_NUMBER) {
    const bits = yield* env.memory.load64(resultOf(handle.record));
    handle.end(ending, new Float64Array(new BigUint64Array([bits]).buffer)[0]);
  } else
    handle.end(
      ending,
      ending === ENDED_THREW ? new Error("what it threw is known on its own CPU") : undefined,
    );
}

/** The same of one that ended by the exit system call, or by a signal. */
export function applyStatus(handle: WorkerHandle<unknown>, status: number): void {
  if (status < KILLED_BY) handle.end(ENDED_RETURNED, undefined);
  else handle.end(ENDED_KILLED, status - KILLED_BY);
}
