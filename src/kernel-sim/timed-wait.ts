/**
 * Sleeping until somebody comes: a waker that takes the task off its wait queue, the task's timer, or a signal. One
 * mechanism for every call that can be timed out or interrupted.
 *
 *     waits.add(queue, tid);                                   // then look at the condition once more
 *     yield* startTimeout(kernel, tid, untilNs);
 *     const outcome = yield* sleepQueued(kernel, tid);         // as often as the condition asks for
 *     endTimeout(kernel, tid);
 *
 * Who came is read off the records, not remembered: off the queue = woken, timer not armed any more = timed out, signal
 * pending = interrupted. In this order, when several came: a wake-up that was given to a task is never lost to a timeout.
 * Source: futex_wait() and schedule_hrtimeout_range().
 */
import type { Coroutine } from "../atomics/step.ts";
import { TASK_INTERRUPTIBLE, TASK_RUNNING } from "./constants.ts";
import type { Kernel } from "./kernel.ts";
import { isRealtime } from "./sched-table.ts";
import { schedule } from "./schedule.ts";
import { signalPending } from "./signals.ts";
import { STEP_TIMER_ARM, STEP_TIMER_REPROGRAM } from "./steps.ts";
import { setTaskState } from "./task-state.ts";
import { armTaskTimer, cancelTimer } from "./timers.ts";
import { FOREVER } from "./times.ts";

export const WOKEN = 0;
export const TIMED_OUT = 1;
export const INTERRUPTED = 2;

/** Arms the task's timer for `untilNs`, ns since boot, with the machine's slack. FOREVER: nothing happens. */
export function* startTimeout(kernel: Kernel, tid: number, untilNs: number): Coroutine<void> {
  if (untilNs === FOREVER) return;
  kernel.host.charge(STEP_TIMER_ARM);
  yield* kernel.host.sync();
  yield* armNow(kernel, tid, untilNs);
}

/** The same, when the price of arming has been paid. The sleep is announced first: the timer may fire at once. */
export function* armNow(kernel: Kernel, tid: number, untilNs: number): Coroutine<void> {
  setTaskState(kernel, tid, TASK_INTERRUPTIBLE);
  const slackNs = isRealtime(kernel.scheduling.policy(tid)) ? 0 : kernel.config.timerSlackNs;
  armTaskTimer(kernel, tid, untilNs, slackNs);
  yield* kernel.host.sync();
}

/** Takes back a timeout that has not come. */
export function endTimeout(kernel: Kernel, tid: number): void {
  if (cancelTimer(kernel, tid)) kernel.host.charge(STEP_TIMER_REPROGRAM);
}

/** Sleeps on the wait queue the task is on, which it leaves. `timed`: its timer was armed. WOKEN, TIMED_OUT, INTERRUPTED. */
export function* sleepQueued(kernel: Kernel, tid: number, timed: boolean): Coroutine<number> {
  const { tasks, timers, waits } = kernel;
  // Asked before each sleep: who came may have come while this task was still on its way. Every turn sleeps.
  while (tasks.waitQueue(tid) !== 0) {
    const timedOut = timed && !timers.isArmed(tid);
    if (timedOut || signalPending(kernel, tid)) {
      waits.remove(tid);
      setTaskState(kernel, tid, TASK_RUNNING);
      return timedOut ? TIMED_OUT : INTERRUPTED;
    }
    setTaskState(kernel, tid, TASK_INTERRUPTIBLE);
    yield* schedule(kernel, tid);
  }
  setTaskState(kernel, tid, TASK_RUNNING);
  return WOKEN;
}

/** Sleeps until the task's timer fires: TIMED_OUT or INTERRUPTED. */
export function* sleepTimer(kernel: Kernel, tid: number): Coroutine<number> {
  const { timers } = kernel;
  while (timers.isArmed(tid) && !signalPending(kernel, tid)) {
    setTaskState(kernel, tid, TASK_INTERRUPTIBLE);
    yield* schedule(kernel, tid);
  }
  setTaskState(kernel, tid, TASK_RUNNING);
  return timers.isArmed(tid) ? INTERRUPTED : TIMED_OUT;
}
