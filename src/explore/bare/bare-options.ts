/** What a program of bare mode is explored on. */
import type { Known } from "../../diagnostics/known-options.ts";
import type { WakeOrder } from "./sleepers.ts";

/** Sizes of a program in bare mode, and what comes to it from outside. */
export interface BareOptions {
  /** Bytes of memory, a multiple of 8. Default 1024. */
  readonly bytes?: number;
  /** Threads at most, spawned ones included: up to 1024. Default: the static ones and 16 more. */
  readonly maxThreads?: number;
  /** Whom a notify wakes. Default "fifo". */
  readonly wakeOrder?: WakeOrder;
  /** Spurious wake-ups (a wait returns 0) and interruptions (-EINTR) of each thread in one execution. Default 0. */
  readonly faults?: number;
  /**
   * Try-locks that fail depend on each other: they count as writes of the mutex, as in Nidhugg. More classes, no more outcomes.
   * Default false.
   */
  readonly refusalsOrdered?: boolean;
  /**
   * Bodies are determined by the answers that they have had, and touch nothing but what they yield: no variable outlives a body or
   * is shared by two, but constants; `peek32` and `poke32` are not called in them; and `observed32` is read before the next
   * step. They are then run only where they do something new (memo.ts), which changes no result. Default false.
   */
  readonly pure?: boolean;
}

/** Their names. */
export const BARE_OPTIONS: Known<BareOptions> = {
  bytes: true,
  maxThreads: true,
  wakeOrder: true,
  faults: true,
  refusalsOrdered: true,
  pure: true,
};
