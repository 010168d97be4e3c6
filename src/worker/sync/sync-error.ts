/**
 * Misuse of a synchronisation object, with stable codes. The message names the object and the workers.
 *
 * | code                   | when                                                                                |
 * |------------------------|-------------------------------------------------------------------------------------|
 * | ERR_SYNC_CONFIG        | an option or an argument is not usable: a barrier of zero, a capacity below zero     |
 * | ERR_LOCK_RECURSIVE     | a worker locks what it holds already, or writes to what it reads: it would wait for itself |
 * | ERR_LOCK_NOT_HELD      | unlock of what nobody holds                                                         |
 * | ERR_LOCK_STRANGER      | unlock of what another worker holds                                                 |
 * | ERR_LOCK_ABANDONED     | the worker that held the lock has ended; what the lock protects may be half written  |
 * | ERR_LOCK_HELD          | a worker ended with a lock in its hands                                             |
 * | ERR_CONDVAR_UNLOCKED   | wait without the mutex                                                              |
 * | ERR_SEMAPHORE_OVERFLOW | release beyond the maximum                                                          |
 * | ERR_WAITGROUP_COUNT    | the count would fall below zero or pass its maximum                                 |
 * | ERR_ONCE_RECURSIVE     | the function of a Once runs that Once                                               |
 * | ERR_CHANNEL_CLOSED     | send on a closed channel, close of a closed channel                                 |
 * | ERR_VALUE_STAYS        | what was received lies on another CPU, whose objects nobody else has (channel-words.ts)   |
 * | ERR_SELECT_EMPTY       | a select that could never be over: no case, no default, no deadline                 |
 *
 * A deadline that passes is no error: the `...Until` operations return it.
 */
export type SyncErrorCode =
  | "ERR_SYNC_CONFIG"
  | "ERR_LOCK_RECURSIVE"
  | "ERR_LOCK_NOT_HELD"
  | "ERR_LOCK_STRANGER"
  | "ERR_LOCK_ABANDONED"
  | "ERR_LOCK_HELD"
  | "ERR_CONDVAR_UNLOCKED"
  | "ERR_SEMAPHORE_OVERFLOW"
  | "ERR_WAITGROUP_COUNT"
  | "ERR_ONCE_RECURSIVE"
  | "ERR_CHANNEL_CLOSED"
  | "ERR_VALUE_STAYS"
  | "ERR_SELECT_EMPTY";

/** A misuse of a lock, a counter or a channel: a stable `code`, and a message that names object and worker. */
export class SyncError extends Error {
  readonly code: SyncErrorCode;
  /** Name of the object. */
  readonly object: string;
  constructor(code: SyncErrorCode, object: string, what: string) {
    super(`${object}: ${what}`);
    this.name = "SyncError";
    this.code = code;
    this.object = object;
  }
}

/** A worker in a message. */
export function callerOf(worker: { readonly name: string; readonly tid: number }): string {
  return `${worker.name} (tid ${worker.tid})`;
}
