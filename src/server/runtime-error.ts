/**
 * Errors of the thread library, with stable codes.
 *
 * | code              | when                                                                  |
 * |-------------------|-----------------------------------------------------------------------|
 * | ERR_RUNTIME_CONFIG| an option is not usable                                               |
 * | ERR_SYSCALL       | a system call the library relies on failed; the message says how      |
 * | ERR_SPIN_BOUND    | a bounded wait of the library ran out: a bug, or memory overwritten   |
 * | ERR_JOIN          | a worker was joined twice, or joined itself                           |
 * | ERR_CANCELLED     | this worker has been cancelled; thrown once, at a cancellation point  |
 * | ERR_DEADLINE      | a deadline is not a number                                            |
 * | ERR_POLICY        | a policy broke its contract (policy.ts)                               |
 */
export type RuntimeErrorCode =
  | "ERR_RUNTIME_CONFIG"
  | "ERR_SYSCALL"
  | "ERR_SPIN_BOUND"
  | "ERR_JOIN"
  | "ERR_CANCELLED"
  | "ERR_DEADLINE"
  | "ERR_POLICY";

export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode;
  constructor(code: RuntimeErrorCode, message: string) {
    super(message);
    this.name = "RuntimeError";
    this.code = code;
  }
}
