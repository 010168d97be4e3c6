/** System calls about tasks: yielding, starting, joining, ending, signalling. */
import { EAGAIN, EDEADLK, EINTR, EINVAL, ESRCH } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import {
  NR_EXIT,
  NR_GETTID,
  NR_RT_SIGACTION,
  NR_SCHED_YIELD,
  NR_TGKILL,
  NR_WAIT4,
  SIGKILL,
  TASK_DEAD,
  TASK_INTERRUPTIBLE,
  TASK_NEW,
  TASK_RUNNING,
  WAIT_JOIN,
} from "../constants.ts";
import type { Disposition } from "../dispositions.ts";
import { beforeExit, exitTask } from "../exit.ts";
import { YIELD_EXIT } from "../host.ts";
import { tid as toTid } from "../ids.ts";
import { joinQueue, type Kernel } from "../kernel.ts";
import { schedule } from "../schedule.ts";
import { exitToUserMode, hasExitWork, isSignal, sendSignal, signalPending } from "../signals.ts";
import { setTaskState } from "../task-state.ts";
import { sysEnter, sysExit } from "./entry.ts";

/** Lets every runnable task of this CPU run first. 0. */
export function* sysSchedYield(kernel: Kernel): Coroutine<number> {
  const tid = sysEnter(kernel, NR_SCHED_YIELD, 0);
  yield* kernel.host.sync();
  kernel.fair.update(kernel.cpu, tid, kernel.host.now);
  kernel.fair.yieldCurrent(kernel.cpu, tid);
  yield* schedule(kernel, tid);
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_SCHED_YIELD, 0);
}

/** The caller's tid. */
export function* sysGettid(kernel: Kernel): Coroutine<number> {
  const tid = sysEnter(kernel, NR_GETTID, 0);
  yield* kernel.host.sync();
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_GETTID, tid);
}

/**
 * Waits until `target` has exited and releases its slot. Returns its exit code, or 128 + signal when it was killed.
 * -ESRCH no such task, -EDEADLK itself, -EINTR, -EAGAIN somebody else joined it first.
 */
export function* sysJoin(kernel: Kernel, target: number): Coroutine<number> {
  const tid = sysEnter(kernel, NR_WAIT4, target);
  const result = yield* join(kernel, tid, target);
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_WAIT4, result);
}

function* join(kernel: Kernel, tid: number, target: number): Coroutine<number> {
  const { tasks, waits } = kernel;
  yield* kernel.host.sync();
  if (target === tid) return -EDEADLK;
  if (!exists(kernel, target)) return -ESRCH;
  while (tasks.state(target) !== TASK_DEAD) {
    if (signalPending(kernel, tid)) return -EINTR;
    tasks.setWaitReason(tid, WAIT_JOIN);
    tasks.setWaitOn(tid, target);
    waits.add(joinQueue(kernel, target), tid);
    setTaskState(kernel, tid, TASK_INTERRUPTIBLE);
    yield* schedule(kernel, tid);
    setTaskState(kernel, tid, TASK_RUNNING);
    const exited = !waits.remove(tid);
    // The joiner that came first released the slot, and another task may have it by now.
    if (exited && tasks.state(target) !== TASK_DEAD) return -EAGAIN;
  }
  tasks.setState(target, TASK_NEW);
  kernel.freeTid(toTid(target));
  const signal = tasks.fatalSignal(target);
  return signal !== 0 ? 128 + signal : tasks.exitCode(target);
}

/** Is there a task of this tid, alive or not yet joined? */
export function exists(kernel: Kernel, target: number): boolean {
  return (
    Number.isInteger(target) &&
    target > 0 &&
    target <= kernel.lastTid &&
    kernel.tasks.state(target) !== TASK_NEW
  );
}

/** Sends a signal. 0; -ESRCH no such task; -EINVAL no such signal. Signal 0 only asks whether the task exists. */
export function* sysKill(kernel: Kernel, target: number, signal: number): Coroutine<number> {
  const tid = sysEnter(kernel, NR_TGKILL, target);
  yield* kernel.host.sync();
  let result = 0;
  if (signal !== 0 && !isSignal(signal)) result = -EINVAL;
  else if (!exists(kernel, target) || kernel.tasks.state(target) === TASK_DEAD) result = -ESRCH;
  else if (signal !== 0) sendSignal(kernel, target, signal);
  yield* kernel.host.sync();
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_TGKILL, result);
}

/** Sets what the caller does with `signal`. 0, or -EINVAL (no such signal, SIGKILL, no such action). */
export function* sysSigaction(
  kernel: Kernel,
  signal: number,
  action: Disposition | "default",
): Coroutine<number> {
  const tid = sysEnter(kernel, NR_RT_SIGACTION, signal);
  yield* kernel.host.sync();
  const known = action === "default" || action === "ignore" || typeof action === "function";
  const valid = isSignal(signal) && signal !== SIGKILL && known;
  if (valid) setDisposition(kernel, tid, signal, action);
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_RT_SIGACTION, valid ? 0 : -EINVAL);
}

export function setDisposition(
  kernel: Kernel,
  tid: number,
  signal: number,
  action: Disposition | "default",
): void {
  if (action === "default") kernel.dispositions.reset(tid, signal);
  else kernel.dispositions.set(tid, signal, action);
}

/** Ends the calling task with `code`. Does not return. */
export function* sysExitTask(kernel: Kernel, code: number): Coroutine<never> {
  const tid = sysEnter(kernel, NR_EXIT, code);
  yield* kernel.host.sync();
  yield* beforeExit(kernel, tid);
  exitTask(kernel, tid, code | 0, 0);
  yield YIELD_EXIT;
  throw new Error(`kernel bug: task ${tid} was resumed after it exited`);
}
