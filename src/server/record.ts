/**
 * The library's per-task record: struct umcg_task in front, the library's own words behind it, 128 bytes in all:
 * bytes 64 to 95 are the threads', told here; bytes 96 to 127 are the scheduler's, told in policy-record.ts.
 *
 * | offset | word      | written by                                                                                  |
 * |--------|-----------|---------------------------------------------------------------------------------------------|
 * | 0-63   | umcg_task | see umcg/abi.ts                                                                             |
 * | 64     | tid       | the task itself, before it registers; constant from then on                                 |
 * | 68     | request   | of a server: the worker that runs on it, while LOCKED; itself, before each run              |
 * | 72     | park      | PARK_ bits and generation, by compare-exchange: the worker, and whoever has news for it     |
 * | 76     | ordinal   | set-up of the record, once: its number in the runtime                                       |
 * | 80     | join      | JOIN_ state or a joiner, and generation, by compare-exchange                                |
 * | 88     | freeNext  | next unused record; whoever holds the pool's lock                                           |
 *
 * Where other isolates have objects of their own (Kernel.manyIsolates), a worker's end is in words, too, until its record is
 * unused: 68 `ended`, by the server that met it, and 88 `result`, by the worker itself.
 *
 * A record outlives its worker and serves another one then. So that nobody who comes late takes the one for the other, the
 * two words by which workers are reached carry the record's generation, which changes when the record changes hands.
 */
import { type Addr, offsetBy } from "../atomics/address.ts";

export const RECORD_SIZE = 128;

export function tidOf(record: Addr): Addr {
  return offsetBy(record, 64);
}
export function requestOf(record: Addr): Addr {
  return offsetBy(record, 68);
}
export function parkOf(record: Addr): Addr {
  return offsetBy(record, 72);
}
export function ordinalOf(record: Addr): Addr {
  return offsetBy(record, 76);
}
export function joinOf(record: Addr): Addr {
  return offsetBy(record, 80);
}
export function freeNextOf(record: Addr): Addr {
  return offsetBy(record, 88);
}

export function endedOf(record: Addr): Addr {
  return offsetBy(record, 68);
}
export function resultOf(record: Addr): Addr {
  return offsetBy(record, 88);
}

/** What a worker that switches to its server wants from it. */
export const REQUEST_NONE = 0;
/** Run me again, after the others. */
export const REQUEST_YIELD = 1;
/** Nothing: others will make me ready. */
export const REQUEST_PARK = 2;

/** An unpark came first: the next park returns at once. */
export const PARK_TOKEN = 0x01;
/** The same for what the library itself waits for: joins, and whatever is built like them. */
export const PARK_NEWS = 0x02;
/** The worker waits, or is about to: whoever takes this bit away has to make it ready. */
export const PARK_PARKED = 0x04;
/** The worker gives way, or is about to: its server takes this bit away and makes it ready. */
export const PARK_YIELDED = 0x08;
/** Somebody who took one of these two away is not done with the record yet. */
export const PARK_WAKING = 0x10;
/** The worker sleeps in the kernel on this very word: whoever changes it wakes the futex. */
export const PARK_SLEEPING = 0x20;
/** Somebody cancels the worker. Stays. */
export const PARK_CANCEL = 0x40;
/** The worker has been told. Stays. */
export const PARK_CANCELLED = 0x80;

/** Generations of a record are above the PARK_ bits. */
export const GENERATION_SHIFT = 8;

export function generationOf(park: number): number {
  return park >>> GENERATION_SHIFT;
}
