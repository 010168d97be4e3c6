/**
 * Errors of the thread library, with stable codes.
 *
 * | code              | when                                                                  |
 * |-------------------|-----------------------------------------------------------------------|
 * | ERR_RUNTIME_CONFIG| an option is not usable                                               |
 * | ERR_SYSCALL       | a system call the library relies on failed; the message says how      |
 * | ERR_SPIN_BOUND    | a bounded wait of the library ran out: a bug, or memory overwritten   |
 * | ERR_JOIN          | a join or detach of a worker joined or detached before, or of itself  |
 * | ERR_CANCELLED     | this worker has been cancelled; thrown once, at a cancellation point  |
 * | ERR_DEADLINE      | a deadline is not a number                                            |
 * | ERR_TIMED_OUT     | a deadline has passed                                                 |
 * | ERR_WORKER_FAILED | the joined worker threw; `cause` is what                              |
 * | ERR_WORKER_CANCELLED | the joined worker ended by its cancellation                        |
 * | ERR_KILLED        | the joined worker was killed; a WorkerKilledError, with the signal    |
 * | ERR_PREEMPTION_OFF| a worker would wait in `withoutPreemption`                            |
 * | ERR_RESULT_STAYS  | the joined worker ran on another CPU of real threads, and its result is no number |
 * | ERR_POLICY        | a policy broke its contract (policy.ts)                               |
 */
import { SIGSEGV } from "../kernel-sim/constants.ts";

/** What can be wrong with a runtime, or with a call of one. */
export type RuntimeErrorCode =
  | "ERR_RUNTIME_CONFIG"
  | "ERR_SYSCALL"
  | "ERR_SPIN_BOUND"
  | "ERR_JOIN"
  | "ERR_CANCELLED"
  | "ERR_DEADLINE"
  | "ERR_TIMED_OUT"
  | "ERR_WORKER_FAILED"
  | "ERR_WORKER_CANCELLED"
  | "ERR_KILLED"
  | "ERR_PREEMPTION_OFF"
  | "ERR_RESULT_STAYS"
  | "ERR_POLICY";

/** An error of the thread library: a stable `code`, and a message that names the worker or the value. */
export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode;
  constructor(code: RuntimeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RuntimeError";
    this.code = code;
  }
}

/** A worker was killed. `signal`: by which, e.g. SIGSEGV for a breach of contract. */
export class WorkerKilledError extends RuntimeError {
  readonly signal: number;
  constructor(worker: string, signal: number) {
    const why = signal === SIGSEGV ? ": it touched memory that it must not, or broke a rule of UMCG" : "";
    super("ERR_KILLED", `${worker} was killed by signal ${signal}${why}`);
    this.name = "WorkerKilledError";
    this.signal = signal;
  }
}
