/**
 * The one error type of this room.
 *
 * A code that a program can test, beside a message for a reader. Rejected: a class for every failure
 * (callers would import five names to say one thing) and plain RangeError (cannot be told from the
 * engine's own).
 */

/** What went wrong, as a stable word. */
export type TraceErrorCode =
  | "ERR_TRACE_VALUE" // a number outside the range that the operation is defined for
  | "ERR_TRACE_CAPACITY" // a ring size that is not a power of two, or too large
  | "ERR_TRACE_SINK" // a sink that is on the ring already
  | "ERR_TRACE_REENTRANT"; // a sink that emitted, flushed or changed the sinks while it was being served

/**
 * Thrown by everything in this room.
 *
 * ```ts
 * try { histogram.record(-1); } catch (error) {
 *   if (error instanceof TraceError && error.code === "ERR_TRACE_VALUE") { ... }
 * }
 * ```
 */
export class TraceError extends Error {
  readonly code: TraceErrorCode;

  constructor(code: TraceErrorCode, message: string) {
    super(message);
    this.name = "TraceError";
    this.code = code;
  }
}
