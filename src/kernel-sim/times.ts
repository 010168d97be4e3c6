/**
 * What a time may be: a point of virtual time or a length of it, in ns.
 *
 * Times are float64 numbers, exact below 2^53. A call of the kernel takes any length and stops counting at TIME_MAX, as
 * Linux does at KTIME_MAX (ktime_add_safe, timespec64_to_ktime): nobody lives to see the difference. What a user of the
 * machine asks for himself, `work` and `run`, is refused instead (ERR_TIME): the answer could not be what was asked.
 *
 * No clock goes beyond CLOCK_END. Between the two there is room for the timers of TIME_MAX to fire and for what their tasks
 * do then; sums of a few times stay below 2^53.
 */
import { MachineError } from "./errors.ts";

/** The latest expiry of a timer, ns since boot, and the longest computation: 52 days. */
export const TIME_MAX: number = 2 ** 52;
/** Where virtual time ends: 78 days. */
export const CLOCK_END: number = 2 ** 52 + 2 ** 51;

/** No timeout. */
export const FOREVER: number = Number.POSITIVE_INFINITY;

/** Is this a time a call may be given: a number from 0 up, or FOREVER? */
export function isTime(ns: number): boolean {
  return ns >= 0;
}

/** Is this a time as a `struct timespec` holds it, which has no infinity? */
export function isTimespec(ns: number): boolean {
  return ns >= 0 && ns < FOREVER;
}

/** Throws ERR_TIME, which names `ns`, unless it is a number from 0 to TIME_MAX. `what`: e.g. "work(ns)". */
export function checkTime(what: string, ns: unknown): void {
  if (typeof ns === "number" && ns >= 0 && ns <= TIME_MAX) return;
  throw new MachineError("ERR_TIME", `${what} takes a time from 0 to ${TIME_MAX} ns, got ${String(ns)}`);
}
