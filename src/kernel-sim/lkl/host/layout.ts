/**
 * Where the state of the host operations lies in shared memory. A pure function of the sizes, so that every isolate that
 * is told the sizes finds the same addresses.
 *
 *     base -> | heap lock | keys lock | keys | timers lock | timer words | timers | threads | heap ... | <- end
 */
import { type Addr, addr } from "../../../atomics/address.ts";
import { LklError } from "../errors.ts";
import { MUTEX_BYTES } from "./mutex.ts";

export interface HostSizes {
  /** Host threads that exist at once, with the one that boots. 2 to 1023. */
  readonly threads: number;
  /** Keys of thread-local storage. 1 to 128. */
  readonly keys: number;
  /** One-shot timers. 1 to 4096. */
  readonly timers: number;
  /** Bytes that `memAlloc` hands out, with 8 for each piece. */
  readonly heapBytes: number;
}

const DEFAULT_HOST_SIZES: HostSizes = { threads: 64, keys: 16, timers: 64, heapBytes: 1 << 20 };

/** Words of a key, of a timer and of a thread without its values. */
export const KEY_WORDS = 2;
export const TIMER_WORDS = 6;
export const THREAD_WORDS = 8;

export interface HostLayout {
  readonly sizes: HostSizes;
  readonly heapLock: Addr;
  readonly keysLock: Addr;
  readonly keys: Addr;
  readonly timersLock: Addr;
  /** Doorbell of the timer thread, and its handle. */
  readonly timerBell: Addr;
  readonly timerThread: Addr;
  readonly timers: Addr;
  readonly threads: Addr;
  /** Bytes of a thread's record. */
  readonly threadBytes: number;
  readonly heap: Addr;
  readonly end: Addr;
}

/** Lays the operations out from `base`, a multiple of 8 and not 0. Throws ERR_HOST_LAYOUT. */
export function layOutHost(base: number, sizes: Partial<HostSizes> = {}): HostLayout {
  const all = { ...DEFAULT_HOST_SIZES, ...sizes };
  check("threads", all.threads, 2, 1023);
  check("keys", all.keys, 1, 128);
  check("timers", all.timers, 1, 4096);
  check("heapBytes", all.heapBytes, 64, 2 ** 30);
  if (base <= 0 || base % 8 !== 0)
    throw new LklError("ERR_HOST_LAYOUT", `base must be a multiple of 8, got ${base}`);
  let at = base;
  const take = (bytes: number): Addr => {
    const from = at;
    at += Math.ceil(bytes / 8) * 8;
    return addr(from);
  };
  // A line of its own for each thread: the others write into it when they wake it.
  const threadBytes = Math.ceil((THREAD_WORDS + all.keys) / 16) * 64;
  return {
    sizes: all,
    heapLock: take(MUTEX_BYTES),
    keysLock: take(MUTEX_BYTES),
    keys: take(all.keys * KEY_WORDS * 4),
    timersLock: take(MUTEX_BYTES),
    timerBell: take(4),
    timerThread: take(4),
    timers: take(all.timers * TIMER_WORDS * 4),
    threads: take(all.threads * threadBytes),
    threadBytes,
    heap: take(all.heapBytes),
    end: addr(at),
  };
}

function check(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new LklError(
    "ERR_HOST_LAYOUT",
    `${name} must be a whole number from ${least} to ${most}, got ${value}`,
  );
}
