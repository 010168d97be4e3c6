/** The few things one does to shared words again and again. */
import { type Addr, offsetBy } from "../../../atomics/address.ts";
import type { Memory } from "../../../atomics/memory.ts";
import type { Coroutine } from "../../../atomics/step.ts";
import { FOREVER } from "../../times.ts";
import { LklError } from "../errors.ts";
import type { HostWords } from "./host-words.ts";

/** Wakes everybody who waits for a word. */
export const EVERYBODY: number = 0x7fff_ffff;

/** Each failed compare-and-exchange is somebody else's success, so this is never reached but by a bug. */
export const MAX_TRIES: number = 1 << 20;

/** The address of word `index` of the record at `a`. */
export function wordAt(a: Addr, index: number): Addr {
  return offsetBy(a, index * 4);
}

export function contention(a: Addr): LklError {
  return new LklError(
    "ERR_CONTENTION",
    `the word at 0x${a.toString(16)} changed ${MAX_TRIES} times in a row`,
  );
}

/** Adds `delta`, modulo 2^32, and returns what was there. */
export function* fetchAdd(memory: Memory, a: Addr, delta: number): Coroutine<number> {
  let found = yield* memory.load32(a);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if ((yield* memory.cmpxchg32(a, found, (found + delta) >>> 0)) === 0) return found;
    found = memory.observed32;
  }
  throw contention(a);
}

/** Sets `bits` and returns what was there. */
export function* fetchOr(memory: Memory, a: Addr, bits: number): Coroutine<number> {
  let found = yield* memory.load32(a);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if ((yield* memory.cmpxchg32(a, found, (found | bits) >>> 0)) === 0) return found;
    found = memory.observed32;
  }
  throw contention(a);
}

/** What is left of a wait until `deadlineNs`; never negative. */
export function remaining(words: HostWords, deadlineNs: number): number {
  return deadlineNs === FOREVER ? FOREVER : Math.max(0, deadlineNs - words.now());
}

/** When a wait of `timeoutNs` that begins now is over. */
export function deadlineOf(words: HostWords, timeoutNs: number): number {
  return timeoutNs === FOREVER ? FOREVER : words.now() + timeoutNs;
}
