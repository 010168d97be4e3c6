/**
 * Errors of host threads. The message names the bad value.
 *
 * | code               | when                                                                                        |
 * |--------------------|---------------------------------------------------------------------------------------------|
 * | ERR_OPTION         | an option is not usable                                                                       |
 * | ERR_THREAD_THREW   | the thread's function threw; `cause` is what                                                  |
 * | ERR_THREAD_DIED    | its Worker is gone: terminated, process.exit, out of memory. `cause` is what is known         |
 * | ERR_THREAD_KILLED  | it was killed by its handle or its AbortSignal; `cause` is the signal's reason                  |
 * | ERR_THREAD_LOAD    | its module does not load, or has no such function; `cause`                                    |
 * | ERR_THREAD_ASYNC   | its function has returned a promise                                                           |
 * | ERR_THREAD_START   | no Worker came up in time                                                                     |
 * | ERR_PEER_DIED      | the thread that was switched to has died before it switched back                              |
 * | ERR_POLICY         | a function of the policy has thrown, named no thread that is ready, or not come back. It ends the runtime |
 * | ERR_CLOSED         | the runtime is closed                                                                         |
 * | ERR_NOT_A_THREAD   | a function for host threads was called by none                                                |
 * | ERR_NO_PEER        | there is no such thread, or it is not in a state to be switched to                             |
 * | ERR_NO_WORKER      | a thread calls or spawns another, and no Worker waits to be one                                |
 * | ERR_TIMED_OUT      | a thread has not ended when its join's time was up                                             |
 * | ERR_MUTEX          | a mutex is unlocked by who has not locked it, locked twice, or does not exist                  |
 * | ERR_SEMAPHORE      | a permit is given back by who has none, or there is no such semaphore                           |
 * | ERR_CHANNEL        | there is no such channel                                                                        |
 * | ERR_CHANNEL_CLOSED | a value is sent to a channel that is closed, or it is closed again                              |
 * | ERR_CANCELLED      | the calling thread has been cancelled: its next wait, `yieldNow` or `safepoint` says so, once    |
 * | ERR_THREAD_CANCELLED | the thread has ended by its ERR_CANCELLED, which is the `cause`                               |
 * | ERR_TIME           | a time to wait is no number                                                                     |
 * | ERR_ARGUMENTS      | arguments or a result cannot be passed between threads                                        |
 */
import type { WaitReason } from "./layout.ts";

/** What can be wrong with host threads, or with a call of theirs. */
export type ThreadErrorCode =
  | "ERR_OPTION"
  | "ERR_THREAD_THREW"
  | "ERR_THREAD_DIED"
  | "ERR_THREAD_KILLED"
  | "ERR_THREAD_LOAD"
  | "ERR_THREAD_ASYNC"
  | "ERR_THREAD_START"
  | "ERR_PEER_DIED"
  | "ERR_POLICY"
  | "ERR_CLOSED"
  | "ERR_NOT_A_THREAD"
  | "ERR_NO_PEER"
  | "ERR_NO_WORKER"
  | "ERR_TIMED_OUT"
  | "ERR_MUTEX"
  | "ERR_SEMAPHORE"
  | "ERR_CHANNEL"
  | "ERR_CHANNEL_CLOSED"
  | "ERR_CANCELLED"
  | "ERR_THREAD_CANCELLED"
  | "ERR_TIME"
  | "ERR_ARGUMENTS";

/** What host threads and their owner are told; `code` is stable. */
export class ThreadError extends Error {
  readonly code: ThreadErrorCode;
  constructor(code: ThreadErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ThreadError";
    this.code = code;
  }
}

/** Where a thread was in its life: "queued" for a Worker, or what its state word said. */
export type ThreadState = "queued" | "running" | "ready" | "waiting" | "blocked" | "ended";

/** A thread that has ended without a result: who it was, and what it did last. */
export class ThreadEndError extends ThreadError {
  readonly thread: number;
  readonly state: ThreadState;
  /** Why it was not running, if it was not; else why it was not before. */
  readonly lastWait: WaitReason;

  constructor(
    code: ThreadErrorCode,
    thread: number,
    state: ThreadState,
    lastWait: WaitReason,
    what: string,
    options?: ErrorOptions,
  ) {
    super(code, `thread ${thread} ${what} (it was ${state}, its last wait: ${lastWait})`, options);
    this.name = "ThreadEndError";
    this.thread = thread;
    this.state = state;
    this.lastWait = lastWait;
  }
}
