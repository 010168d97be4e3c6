/**
 * futex(2) on private 32-bit words: wait, with a timeout and a bit set, and wake. Moving waiters: futex-requeue.ts.
 *
 * No lost wake-up: the waiter queues itself before it reads the word; a waker changes the word before it looks at the
 * queue. Waiters of a bucket tell themselves apart by their word (`waitOn`) and their bits (`waitBits`); who is taken
 * off the queue was woken. Source: futex_wait and futex_wake in kernel/futex/waitwake.c.
 */
import type { Addr } from "../../atomics/address.ts";
import { EAGAIN, EFAULT, EINTR, EINVAL, ETIMEDOUT } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { wakeFlags } from "../config.ts";
import { FUTEX_BITSET_MATCH_ANY, NR_FUTEX, TASK_NORMAL, WAIT_FUTEX } from "../constants.ts";
import { FUTEX_BUCKETS, type Kernel } from "../kernel.ts";
import { exitToUserMode, hasExitWork } from "../signals.ts";
import { endTimeout, sleepQueued, startTimeout, TIMED_OUT, WOKEN } from "../timed-wait.ts";
import { FOREVER, isTime } from "../times.ts";
import { chargeWake, tryToWakeUp } from "../wakeup.ts";
import { sysEnter, sysExit } from "./entry.ts";

/** How often the page may be taken away again between the look that may sleep and the one that may not. */
const MAX_FAULTS = 8;

/** Wait-queue number of a word. Multiplicative hash of the word index. */
export function bucketOf(a: Addr): number {
  return (Math.imul(a >>> 2, 0x9e3779b1) >>> 24) & (FUTEX_BUCKETS - 1);
}

/**
 * FUTEX_WAIT and FUTEX_WAIT_BITSET: sleeps while the word at `a` is `expected`, for `timeoutNs` at most, or, `absolute`,
 * until then. 0 woken, -EAGAIN the word differs, -ETIMEDOUT, -EINTR signal, -EFAULT unreadable, -EINVAL misaligned, no
 * bits, no time.
 */
export function* sysFutexWait(
  kernel: Kernel,
  a: Addr,
  expected: number,
  timeoutNs: number,
  absolute: boolean,
  bits: number,
): Coroutine<number> {
  const tid = sysEnter(kernel, NR_FUTEX, a);
  const valid = (a & 3) === 0 && (bits | 0) !== 0 && isTime(timeoutNs);
  const until = absolute ? timeoutNs : kernel.host.now + timeoutNs;
  const result = valid ? yield* futexWait(kernel, tid, a, expected, until, bits) : -EINVAL;
  if (result < 0) yield* kernel.host.sync();
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_FUTEX, result);
}

function* futexWait(
  kernel: Kernel,
  tid: number,
  a: Addr,
  expected: number,
  until: number,
  bits: number,
): Coroutine<number> {
  const { tasks, waits, access, host } = kernel;
  for (let fault = 0; fault < MAX_FAULTS; fault++) {
    // Faults the page in before anything is queued: below, under the bucket lock, there may be no sleep.
    if ((yield* access.getUser32(a)) < 0) return -EFAULT;
    yield* host.sync();
    tasks.setWaitReason(tid, WAIT_FUTEX);
    tasks.setWaitOn(tid, a);
    tasks.setWaitBits(tid, bits);
    waits.add(bucketOf(a), tid);
    const found = yield* access.getUser32Nosleep(a);
    if (found === expected >>> 0) return yield* sleepOnWord(kernel, tid, until);
    // Who took this task off the queue has counted it as woken, and nobody else in its place.
    if (!waits.remove(tid)) return 0;
    if (found >= 0) return -EAGAIN;
  }
  return -EFAULT;
}

function* sleepOnWord(kernel: Kernel, tid: number, until: number): Coroutine<number> {
  const timed = until !== FOREVER;
  if (timed) yield* startTimeout(kernel, tid, until);
  const outcome = yield* sleepQueued(kernel, tid, timed);
  if (timed) endTimeout(kernel, tid);
  return outcome === WOKEN ? 0 : outcome === TIMED_OUT ? -ETIMEDOUT : -EINTR;
}

/**
 * FUTEX_WAKE and FUTEX_WAKE_BITSET: wakes up to `count` waiters that have a bit in common with `bits`, first come first
 * served. Returns how many, or -EINVAL.
 */
export function* sysFutexWake(kernel: Kernel, a: Addr, count: number, bits: number): Coroutine<number> {
  const tid = sysEnter(kernel, NR_FUTEX, a);
  const valid = (a & 3) === 0 && Number.isInteger(count) && count >= 0 && (bits | 0) !== 0;
  let result = -EINVAL;
  if (valid) {
    yield* kernel.host.sync();
    result = yield* wakeWaiters(kernel, a, count, bits);
  } else yield* kernel.host.sync();
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_FUTEX, result);
}

/** Wakes up to `count` waiters of the word; returns how many. */
export function* wakeWaiters(
  kernel: Kernel,
  a: Addr,
  count: number,
  bits: number = FUTEX_BITSET_MATCH_ANY,
): Coroutine<number> {
  const { tasks, waits, host } = kernel;
  const flags = wakeFlags(kernel.config.wake.futex);
  const bucket = bucketOf(a);
  let woken = 0;
  // Restarting from the first waiter is bounded: each turn takes one off the queue.
  for (let waiter = waits.first(bucket); waiter !== 0 && woken < count; ) {
    if (tasks.waitOn(waiter) !== a || (tasks.waitBits(waiter) & bits) === 0) {
      waiter = waits.after(waiter);
      continue;
    }
    waits.remove(waiter);
    woken++;
    yield* chargeWake(kernel, waiter, TASK_NORMAL);
    tryToWakeUp(kernel, waiter, TASK_NORMAL, flags);
    yield* host.sync();
    waiter = waits.first(bucket);
  }
  return woken;
}
