/** How a thread's result, or what it has thrown, gets to who joins it. */
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Board } from "./board.ts";
import type { Job } from "./jobs.ts";
import { RESULT } from "./layout.ts";
import { type FromThread, restoreThrown, type ThrownValue } from "./messages.ts";
import { RESULT_ASYNC, RESULT_IN_PORT, RESULT_NOT_CLONED, RESULT_NOT_LOADED, takeResult } from "./values.ts";

/** Settles `job`, whose thread has ended. `port`: to its Worker. */
export function deliver(board: Board, job: Job, port: MessagePort): void {
  const record = board.record(job.slot);
  const kind = board.words[record + RESULT]!;
  if (kind < RESULT_IN_PORT) {
    job.resolve(takeResult(board, record));
    return;
  }
  // It was posted before the thread said that it has ended.
  const { value } = receiveMessageOnPort(port)!.message as FromThread;
  if (kind === RESULT_IN_PORT) job.resolve(value);
  else if (kind === RESULT_ASYNC)
    job.fail("ERR_THREAD_ASYNC", "ended", "none", "returned a promise; a host thread blocks instead");
  else {
    const thrown = restoreThrown(value as ThrownValue);
    if (kind === RESULT_NOT_LOADED) job.fail("ERR_THREAD_LOAD", "ended", "start", "did not load", thrown);
    else if (kind === RESULT_NOT_CLONED)
      job.fail("ERR_ARGUMENTS", "ended", "none", "returned what cannot be cloned", thrown);
    else if (isCancellation(thrown))
      job.fail("ERR_THREAD_CANCELLED", "ended", "none", "was cancelled", thrown);
    else job.fail("ERR_THREAD_THREW", "ended", "none", "threw", thrown);
  }
}

function isCancellation(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ERR_CANCELLED";
}
