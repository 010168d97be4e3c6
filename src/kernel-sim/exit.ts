/** The end of a task: do_exit(). What UMCG has to say comes first; the rest is one atomic step of the exiting task's CPU. */
import type { Coroutine } from "../atomics/step.ts";
import { TRACE_TASK_EXIT } from "../trace/events.ts";
import {
  EPOLLHUP,
  PF_UMCG_LISTED,
  PF_UMCG_WORKER,
  TASK_DEAD,
  TASK_NORMAL,
  WAIT_EXITED,
} from "./constants.ts";
import { assert } from "./errors.ts";
import { tid as toTid } from "./ids.ts";
import { joinQueue, type Kernel } from "./kernel.ts";
import { tellFromInterrupt } from "./poll.ts";
import { setTaskState } from "./task-state.ts";
import { cancelTimer } from "./timers.ts";
import { tryToWakeUp } from "./wakeup.ts";

/** What an exiting task does while it still can sleep and touch user memory. Before `exitTask`. */
export function* beforeExit(kernel: Kernel, tid: number): Coroutine<void> {
  if (kernel.tasks.umcgTask(tid) !== 0) yield* kernel.hooks.exit(toTid(tid));
  // What comes now, others can see.
  yield* kernel.host.sync();
}

/**
 * Ends the current task. `signal` non-zero: it was killed. Wakes its joiners; the slot stays until it is joined or the
 * machine ends. The caller then yields YIELD_EXIT and is never resumed.
 */
export function exitTask(kernel: Kernel, tid: number, code: number, signal: number): void {
  const { tasks, trace, waits, host, cpus } = kernel;
  assert(tid === kernel.current, `task ${tid} exits while ${kernel.current} is current`);
  tasks.setFlags(tid, tasks.flags(tid) & ~(PF_UMCG_WORKER | PF_UMCG_LISTED));
  tasks.setUmcgTask(tid, 0);
  tasks.setExitCode(tid, code);
  tasks.setFatalSignal(tid, signal);
  tasks.setWaitReason(tid, WAIT_EXITED);
  cancelTimer(kernel, tid);
  if (trace.on) kernel.emit(TRACE_TASK_EXIT, tid, code, signal);
  setTaskState(kernel, tid, TASK_DEAD);
  kernel.dispositions.forget(tid);
  const listener = kernel.seccomp.forget(tid);
  if (listener !== 0 && kernel.seccomp.users(listener, kernel.lastTid).length === 0) {
    tellFromInterrupt(kernel, listener, EPOLLHUP);
  }
  kernel.record.addLive(-1);
  const queue = joinQueue(kernel, tid);
  cpus.setWakeStart(kernel.cpu, host.now);
  // Bounded: each turn takes one waiter off the queue.
  for (let waiter = waits.first(queue); waiter !== 0; waiter = waits.first(queue)) {
    waits.remove(waiter);
    tryToWakeUp(kernel, waiter, TASK_NORMAL, 0);
  }
}
