/**
 * The library's per-task record: struct umcg_task in front, the library's own words behind it, 192 bytes in all:
 * bytes 64 to 127 are the threads', told here; bytes 128 to 191 are the scheduler's, told in policy-record.ts.
 *
 * | offset | word      | written by                                                                                  |
 * |--------|-----------|---------------------------------------------------------------------------------------------|
 * | 0-63   | umcg_task | see umcg/abi.ts                                                                             |
 * | 64     | tid       | the task itself, before it registers; constant from then on                                 |
 * | 68     | request   | of a server: the worker that runs on it, while LOCKED; itself, before each run              |
 * | 72     | park      | PARK_ bits, by compare-exchange: the worker, and whoever unparks or cancels it              |
 * | 76     | done      | 1 when the worker's function has returned; the worker, once                                 |
 * | 80     | joiner    | record of the worker that joins it, 0 = none; by compare-exchange, once                     |
 * | 96     | released  | of a server, by itself: 0 while it may still wake the worker that runs on it                |
 */
import { type Addr, offsetBy } from "../atomics/address.ts";

export const RECORD_SIZE = 192;

export function tidOf(record: Addr): Addr {
  return offsetBy(record, 64);
}
export function requestOf(record: Addr): Addr {
  return offsetBy(record, 68);
}
export function parkOf(record: Addr): Addr {
  return offsetBy(record, 72);
}
export function doneOf(record: Addr): Addr {
  return offsetBy(record, 76);
}
export function joinerOf(record: Addr): Addr {
  return offsetBy(record, 80);
}
export function releasedOf(record: Addr): Addr {
  return offsetBy(record, 96);
}

/** What a worker that switches to its server wants from it. */
export const REQUEST_NONE = 0;
/** Run me again, after the others. */
export const REQUEST_YIELD = 1;
/** Keep me until somebody unparks me. */
export const REQUEST_PARK = 2;
/** I am gone. */
export const REQUEST_EXIT = 3;

/** An unpark came first: the next park returns at once. */
export const PARK_TOKEN = 1;
/** The worker waits, or is about to: whoever takes this bit away makes it ready. */
export const PARK_PARKED = 2;
/** The worker sleeps in the kernel on this very word: whoever changes it wakes the futex. */
export const PARK_SLEEPING = 4;
/** Somebody cancels the worker. Stays. */
export const PARK_CANCEL = 8;
/** The worker has been told. Stays. */
export const PARK_CANCELLED = 16;
