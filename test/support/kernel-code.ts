/**
 * Kernel code for tests: sleeps and wake-ups written against the kernel's own primitives, as system calls are, with the
 * windows that ordinary system calls keep shut held open for a chosen time.
 */
import type { Coroutine } from "../../src/atomics/step.ts";
import { TASK_INTERRUPTIBLE, TASK_NORMAL, TASK_RUNNING } from "../../src/kernel-sim/constants.ts";
import { schedule } from "../../src/kernel-sim/schedule.ts";
import { setTaskState } from "../../src/kernel-sim/task-state.ts";
import { chargeWake, tryToWakeUp } from "../../src/kernel-sim/wakeup.ts";
import type { Machine } from "../../src/machine.ts";
import { taskOf } from "./inspect.ts";

/** Announces a sleep, spends `gapNs` in the kernel still on the CPU, then is descheduled if nobody woke it. */
export function* sleepAfterGap(machine: Machine, tid: number, gapNs: number): Coroutine<void> {
  const { kernel } = machine;
  setTaskState(kernel, tid, TASK_INTERRUPTIBLE);
  kernel.host.chargeNs(gapNs);
  yield* kernel.host.sync();
  yield* schedule(kernel, tid);
  setTaskState(kernel, tid, TASK_RUNNING);
}

/** Announces a sleep, does `ns` of work in the kernel in small steps, then is descheduled if nobody woke it. */
export function* sleepAfterWork(machine: Machine, tid: number, ns: number): Coroutine<void> {
  const { kernel } = machine;
  setTaskState(kernel, tid, TASK_INTERRUPTIBLE);
  for (let left = ns; left > 0; left -= 100) {
    kernel.host.chargeNs(100);
    yield* kernel.host.sync();
  }
  yield* schedule(kernel, tid);
  setTaskState(kernel, tid, TASK_RUNNING);
}

/** Sleeps until somebody wakes it. */
export function sleepNow(machine: Machine, tid: number): Coroutine<void> {
  return sleepAfterGap(machine, tid, 0);
}

/** Wakes `tid` with these WF_ flags at the usual price. Returns whether it slept. */
export function* wakeTask(machine: Machine, tid: number, flags: number): Coroutine<boolean> {
  yield* chargeWake(machine.kernel, tid, TASK_NORMAL);
  return tryToWakeUp(machine.kernel, tid, TASK_NORMAL, flags);
}

/** Wakes `tid` as an interrupt would: at this very moment, without paying for it first. */
export function* wakeAtOnce(machine: Machine, tid: number, flags: number): Coroutine<boolean> {
  yield* machine.kernel.host.sync();
  return tryToWakeUp(machine.kernel, tid, TASK_NORMAL, flags);
}

/** A task that announces a sleep and is woken by itself, before it is descheduled. Returns its state then. */
export function* wakeSelf(machine: Machine, tid: number): Coroutine<number> {
  const { kernel } = machine;
  setTaskState(kernel, tid, TASK_INTERRUPTIBLE);
  tryToWakeUp(kernel, tid, TASK_NORMAL, 0);
  const { state } = taskOf(machine, tid);
  yield* schedule(kernel, tid);
  setTaskState(kernel, tid, TASK_RUNNING);
  return state;
}
