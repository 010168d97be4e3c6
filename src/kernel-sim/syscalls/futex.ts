/**
 * futex(2), wait and wake on private 32-bit words, without timeouts.
 *
 * No lost wake-up: the waiter queues itself before it reads the word; a waker changes the word before it looks at the
 * queue. Source: futex_wait and futex_wake in kernel/futex/waitwake.c.
 */
import type { Addr } from "../../atomics/address.ts";
import { EAGAIN, EFAULT, EINTR, EINVAL } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { wakeFlags } from "../config.ts";
import { NR_FUTEX, TASK_INTERRUPTIBLE, TASK_NORMAL, TASK_RUNNING, WAIT_FUTEX } from "../constants.ts";
import { FUTEX_BUCKETS, type Kernel } from "../kernel.ts";
import { schedule } from "../schedule.ts";
import { exitToUserMode, hasExitWork, signalPending } from "../signals.ts";
import { setTaskState } from "../task-state.ts";
import { chargeWake, tryToWakeUp } from "../wakeup.ts";
import { sysEnter, sysExit } from "./entry.ts";

/** Wait-queue number of a word. Multiplicative hash of the word index. */
function bucketOf(a: Addr): number {
  return (Math.imul(a >>> 2, 0x9e3779b1) >>> 24) & (FUTEX_BUCKETS - 1);
}

/**
 * FUTEX_WAIT: sleeps while the word at `a` is `expected`. 0 woken, -EAGAIN the word differs, -EINTR signal, -EFAULT
 * unreadable, -EINVAL misaligned.
 */
export function* sysFutexWait(kernel: Kernel, a: Addr, expected: number): Coroutine<number> {
  const tid = sysEnter(kernel, NR_FUTEX, a);
  const result = (a & 3) === 0 ? yield* futexWait(kernel, tid, a, expected) : -EINVAL;
  if (result < 0) yield* kernel.host.sync();
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_FUTEX, result);
}

function* futexWait(kernel: Kernel, tid: number, a: Addr, expected: number): Coroutine<number> {
  const { tasks, waits, access, host } = kernel;
  // Faults the page in before anything is queued: below, under the bucket lock, there may be no sleep.
  const early = yield* access.getUser32(a);
  if (early < 0) return -EFAULT;
  yield* host.sync();
  tasks.setWaitReason(tid, WAIT_FUTEX);
  tasks.setWaitOn(tid, a);
  waits.add(bucketOf(a), tid);
  const found = yield* access.getUser32Nosleep(a);
  if (found !== expected >>> 0) {
    waits.remove(tid);
    return found < 0 ? -EFAULT : -EAGAIN;
  }
  for (;;) {
    // Unqueued means woken. Asked before each sleep: a wake can come while this task is still on its way.
    if (tasks.waitQueue(tid) === 0) return 0;
    if (signalPending(kernel, tid)) {
      waits.remove(tid);
      return -EINTR;
    }
    setTaskState(kernel, tid, TASK_INTERRUPTIBLE);
    yield* schedule(kernel, tid);
    setTaskState(kernel, tid, TASK_RUNNING);
  }
}

/** FUTEX_WAKE: wakes up to `count` waiters, first come first served. Returns how many, or -EINVAL, -EFAULT. */
export function* sysFutexWake(kernel: Kernel, a: Addr, count: number): Coroutine<number> {
  const tid = sysEnter(kernel, NR_FUTEX, a);
  const result = yield* futexWake(kernel, a, count);
  if (result < 0) yield* kernel.host.sync();
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_FUTEX, result);
}

function* futexWake(kernel: Kernel, a: Addr, count: number): Coroutine<number> {
  const { tasks, waits, host } = kernel;
  if ((a & 3) !== 0 || !Number.isInteger(count) || count < 0) return -EINVAL;
  yield* host.sync();
  const flags = wakeFlags(kernel.config.wake.futex);
  const bucket = bucketOf(a);
  let woken = 0;
  // Restarting from the first waiter is bounded: each turn takes one off the queue.
  for (let waiter = waits.first(bucket); waiter !== 0 && woken < count; ) {
    if (tasks.waitOn(waiter) !== a) {
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
