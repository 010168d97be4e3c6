/**
 * Errors of the library mode. The results of system calls are not among them: those are negated errnos.
 *
 * | code            | when                                                                                  |
 * |-----------------|---------------------------------------------------------------------------------------|
 * | ERR_HALTED      | the kernel has been halted, before the call or while it was under way                  |
 * | ERR_KERNEL_DIED | the kernel's thread is gone; `cause` is what it threw, where that is known              |
 * | ERR_TASK_KILLED | the caller's task in the kernel was killed: the next call has another                    |
 * | ERR_NO_SLOT     | as many callers as the kernel was booted for are connected or under way                 |
 * | ERR_BOOT        | the kernel's thread did not come up in time, or failed; `cause` says with what          |
 * | ERR_DISCONNECTED| a connection is used that was given up                                                 |
 */
export type LibraryErrorCode =
  | "ERR_HALTED"
  | "ERR_KERNEL_DIED"
  | "ERR_TASK_KILLED"
  | "ERR_NO_SLOT"
  | "ERR_BOOT"
  | "ERR_DISCONNECTED";

/** An error of library mode: a stable `code`; an errno is no error but a negative result. */
export class LibraryError extends Error {
  readonly code: LibraryErrorCode;
  constructor(code: LibraryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LibraryError";
    this.code = code;
  }
}
