/**
 * nanosleep(2) and clock_nanosleep(2) on the one clock there is. The timer may be late by the machine's slack.
 * Source: hrtimer_nanosleep in kernel/time/hrtimer.c.
 */
import type { Addr } from "../../atomics/address.ts";
import { EFAULT, EINTR, EINVAL } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { NR_CLOCK_NANOSLEEP, NR_NANOSLEEP, TIMER_ABSTIME, WAIT_NANOSLEEP } from "../constants.ts";
import type { Kernel } from "../kernel.ts";
import { exitToUserMode, hasExitWork } from "../signals.ts";
import { STEP_TIMER_ARM } from "../steps.ts";
import { armNow, endTimeout, sleepTimer, TIMED_OUT } from "../timed-wait.ts";
import { isTimespec } from "../times.ts";
import { sysEnter, sysExit } from "./entry.ts";

/** Sleeps `ns`. 0, -EINTR with what remains in the 64-bit word at `rest`, -EINVAL (not a non-negative number), -EFAULT. */
export function sysNanosleep(kernel: Kernel, ns: number, rest: Addr): Coroutine<number> {
  return nanosleep(kernel, NR_NANOSLEEP, 0, ns, rest);
}

/** The same; with TIMER_ABSTIME until `ns` since boot, and then nothing is written to `rest`. -EINVAL: other flags. */
export function sysClockNanosleep(kernel: Kernel, flags: number, ns: number, rest: Addr): Coroutine<number> {
  return nanosleep(kernel, NR_CLOCK_NANOSLEEP, flags, ns, rest);
}

function* nanosleep(kernel: Kernel, nr: number, flags: number, ns: number, rest: Addr): Coroutine<number> {
  const tid = sysEnter(kernel, nr, 0);
  const valid = isTimespec(ns) && (flags & ~TIMER_ABSTIME) === 0;
  let result = -EINVAL;
  if (valid) result = yield* sleep(kernel, tid, ns, flags === TIMER_ABSTIME, rest);
  if (result < 0) yield* kernel.host.sync();
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, nr, result);
}

function* sleep(kernel: Kernel, tid: number, ns: number, absolute: boolean, rest: Addr): Coroutine<number> {
  const { tasks, timers, host } = kernel;
  host.charge(STEP_TIMER_ARM);
  yield* host.sync();
  const until = absolute ? ns : host.now + ns;
  tasks.setWaitReason(tid, WAIT_NANOSLEEP);
  tasks.setWaitOn(tid, until);
  yield* armNow(kernel, tid, until);
  if ((yield* sleepTimer(kernel, tid)) === TIMED_OUT) return 0;
  const remaining = timers.hardNs(tid) - host.now;
  endTimeout(kernel, tid);
  if (remaining <= 0) return 0;
  if (absolute || rest === 0) return -EINTR;
  return (yield* kernel.access.putUser64(rest, BigInt(remaining))) < 0 ? -EFAULT : -EINTR;
}
