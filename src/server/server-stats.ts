/**
 * What a server has done, in user memory: written by that server alone, read by anybody.
 *
 * | offset | word                                                                                  |
 * |--------|---------------------------------------------------------------------------------------|
 * | 0-31   | counters, 32 bits each: COUNTERS below                                                |
 * | 32     | phase: PHASE_                                                                         |
 * | 40     | since: when the phase began, ns                                                       |
 * | 48     | ns spent in each phase so far, the one that is open not counted: overhead, busy, idle |
 *
 * A server is in one phase at a time, from when it starts to when it leaves, and a change closes one with the very reading
 * that opens the next: so overhead, busy and idle add up to its lifetime, to the ns, whenever one looks. A server that
 * comes back in the same place after it had retired goes on counting; the time it was away is in no phase.
 */
import { type Addr, offsetBy } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { UserMemory } from "../atomics/user-memory.ts";

export const SERVER_STATS_SIZE = 80;

/** Not there. */
export const PHASE_NONE = 0;
/** In its own code: looking for work, going to sleep, waking others. */
export const PHASE_OVERHEAD = 1;
/** A worker runs on it. */
export const PHASE_BUSY = 2;
/** Asleep for want of work. */
export const PHASE_IDLE = 3;

const COUNTERS = ["runs", "steals", "idles", "preemptions", "wakesSent", "ticks"] as const;
/** What a server counts. */
export type Counter = (typeof COUNTERS)[number];

/** Counts of one server since it was made; times in ns. `overheadNs + busyNs + idleNs` is how long it has been there. */
export interface ServerStats {
  /** Times it ran a worker. */
  readonly runs: number;
  /** Times it took a worker from another server's queue. */
  readonly steals: number;
  /** Times it went to sleep for want of work. */
  readonly idles: number;
  /** Workers it asked to give way at a tick. */
  readonly preemptions: number;
  /** Idle servers it woke. */
  readonly wakesSent: number;
  /** Ticks that found its worker running. */
  readonly ticks: number;
  readonly overheadNs: number;
  readonly busyNs: number;
  readonly idleNs: number;
}

/** The writing half. Counts are kept here as well, so that adding one is a store. */
export class StatsWriter {
  readonly #memory: UserMemory;
  readonly #at: Addr;
  readonly #counts: number[] = COUNTERS.map(() => 0);
  readonly #phaseNs: [number, number, number] = [0, 0, 0];
  #phase = PHASE_NONE;
  #since = 0;

  constructor(memory: UserMemory, at: Addr) {
    this.#memory = memory;
    this.#at = at;
  }

  *count(counter: Counter): Coroutine<void> {
    const index = COUNTERS.indexOf(counter);
    this.#counts[index]!++;
    yield* this.#memory.store32(offsetBy(this.#at, 4 * index), this.#counts[index]!);
  }

  /** The phase changes now, at `now`. */
  *enter(phase: number, now: number): Coroutine<void> {
    const memory = this.#memory;
    const closed = this.#phase;
    if (closed !== PHASE_NONE) {
      this.#phaseNs[closed - 1]! += now - this.#since;
      yield* memory.store64(offsetBy(this.#at, 40 + 8 * closed), BigInt(this.#phaseNs[closed - 1]!));
    }
    this.#phase = phase;
    this.#since = now;
    yield* memory.store64(offsetBy(this.#at, 40), BigInt(now));
    yield* memory.store32(offsetBy(this.#at, 32), phase);
  }
}

/** What the words at `at` say at `now`, read while nobody runs. */
export function readStats(buffer: ArrayBufferLike, at: Addr, now: number): ServerStats {
  const view = new DataView(buffer, at, SERVER_STATS_SIZE);
  const count = (counter: Counter): number => view.getUint32(4 * COUNTERS.indexOf(counter), true);
  const phase = view.getUint32(32, true);
  const open = phase === PHASE_NONE ? 0 : now - Number(view.getBigUint64(40, true));
  const spent = (of: number): number =>
    Number(view.getBigUint64(40 + 8 * of, true)) + (phase === of ? open : 0);
  return {
    runs: count("runs"),
    steals: count("steals"),
    idles: count("idles"),
    preemptions: count("preemptions"),
    wakesSent: count("wakesSent"),
    ticks: count("ticks"),
    overheadNs: spent(PHASE_OVERHEAD),
    busyNs: spent(PHASE_BUSY),
    idleNs: spent(PHASE_IDLE),
  };
}
