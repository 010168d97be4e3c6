/**
 * futex(2), FUTEX_REQUEUE and FUTEX_CMP_REQUEUE: wakes some waiters of a word and moves others to a second word, so that
 * a broadcast wakes one of them and the rest follow as the second word's owner lets go.
 *
 * The comparison and the moving are one step; the wake-ups follow it, one by one. The waiters to be woken are the first
 * ones and stay where they are meanwhile. Source: futex_requeue in kernel/futex/requeue.c.
 */
import type { Addr } from "../../atomics/address.ts";
import { EAGAIN, EFAULT, EINVAL } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { NR_FUTEX } from "../constants.ts";
import type { Kernel } from "../kernel.ts";
import { exitToUserMode, hasExitWork } from "../signals.ts";
import { sysEnter, sysExit } from "./entry.ts";
import { bucketOf, wakeWaiters } from "./futex.ts";

export interface Requeue {
  readonly from: Addr;
  readonly to: Addr;
  /** How many to wake, and how many of the others to move. */
  readonly wake: number;
  readonly move: number;
  /** What the word at `from` must be; undefined: it is not looked at. */
  readonly expected: number | undefined;
}

/** Returns how many were woken or moved; -EAGAIN the word differs, -EFAULT unreadable, -EINVAL misaligned or no counts. */
export function* sysFutexRequeue(kernel: Kernel, requeue: Requeue): Coroutine<number> {
  const tid = sysEnter(kernel, NR_FUTEX, requeue.from);
  const result = isValid(requeue) ? yield* futexRequeue(kernel, requeue) : -EINVAL;
  if (result < 0) yield* kernel.host.sync();
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_FUTEX, result);
}

function isValid({ from, to, wake, move }: Requeue): boolean {
  const counts = [wake, move].every((count) => Number.isInteger(count) && count >= 0);
  return counts && (from & 3) === 0 && (to & 3) === 0;
}

function* futexRequeue(kernel: Kernel, requeue: Requeue): Coroutine<number> {
  const { from, to, wake, move, expected } = requeue;
  const { access, host } = kernel;
  yield* host.sync();
  if (expected !== undefined) {
    // The value that is compared is read last, so that what follows is one step with it.
    const found = yield* access.getUser32(from);
    if (found !== expected >>> 0) return found < 0 ? -EFAULT : -EAGAIN;
  }
  kernel.waits.bothOf(bucketOf(from), bucketOf(to));
  // On real threads others were free to change it until here, and who waits for what they made of it may not be moved.
  if (expected !== undefined && wordAt(kernel, from) !== expected >>> 0) return -EAGAIN;
  const moved = moveWaiters(kernel, from, to, wake, move);
  return moved + (yield* wakeWaiters(kernel, from, wake));
}

/** The word that has been read in this step, once more. */
function wordAt({ buffer }: Kernel, a: Addr): number {
  return Atomics.load(new Uint32Array(buffer, a, 1), 0);
}

/** Moves up to `count` waiters behind the first `skipped`; returns how many. Atomic; their buckets stand still. */
function moveWaiters(kernel: Kernel, from: Addr, to: Addr, skipped: number, count: number): number {
  const { tasks, waits } = kernel;
  const bucket = bucketOf(to);
  let [seen, moved] = [0, 0];
  for (let waiter = waits.first(bucketOf(from)); waiter !== 0 && moved < count; ) {
    const next = waits.after(waiter);
    if (tasks.waitOn(waiter) === from && ++seen > skipped) {
      tasks.setWaitOn(waiter, to);
      moved++;
      // Within one bucket only the word changes: moved to its end, a waiter would be met again.
      if (bucket !== bucketOf(from)) waits.move(bucket, waiter);
    }
    waiter = next;
  }
  return moved;
}
