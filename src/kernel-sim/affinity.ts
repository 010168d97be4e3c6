/**
 * The CPUs a task may run on, changed while it lives: set_cpus_allowed_ptr().
 *
 * | the task is, on a CPU it may no longer use | then |
 * |---|---|
 * | asleep | its next wake-up selects among the CPUs it may use |
 * | asleep, its dequeue delayed | the dequeue ends; as above |
 * | WAKING, on a wake list | it goes to another CPU's list or queue |
 * | waiting for its turn | it moves at once, the caller pays |
 * | running | that CPU is asked to reschedule and pushes it off (schedule.ts); the caller itself does so before it returns |
 *
 * The new CPU is the idlest that is allowed. Linux takes any, in turn. Linux also runs a stopper thread to push a running
 * task off, which costs two switches more than here.
 * Source: __set_cpus_allowed_ptr_locked and affine_move_task in kernel/sched/core.c.
 */

import { TASK_WAKING } from "./constants.ts";
import { selectIdlestCpu } from "./idlest-cpu.ts";
import type { Kernel } from "./kernel.ts";
import { migrateWaiting } from "./migrate.ts";
import { setAllowed } from "./smp/affinity.ts";
import { moveTask, queueWaking, reschedule } from "./wakeup.ts";

/** The CPUs task `tid` may run on. */
export function affinityOf(kernel: Kernel, tid: number): number[] {
  const cpus: number[] = [];
  for (let cpu = 0; cpu < kernel.cpus.count; cpu++) if (kernel.tasks.allows(tid, cpu)) cpus.push(cpu);
  return cpus;
}

/** Lets `tid` run on `allowed` only, CPUs of this machine of which at least one is READY. Atomic. */
export function setAffinity(kernel: Kernel, tid: number, allowed: readonly number[]): void {
  const { tasks, cpus, fair, host } = kernel;
  setAllowed(kernel, tid, allowed);
  const cpu = tasks.cpu(tid);
  const current = cpus.curr(cpu) === tid;
  // One that waits in a global queue may have got a CPU that is idle.
  if (tasks.allows(tid, cpu) && !(fair.shared && fair.isQueued(tid) && !current)) return;
  if (current) reschedule(kernel, cpu);
  else if (tasks.state(tid) === TASK_WAKING) rerouteWaking(kernel, cpu, tid);
  else if (fair.isDelayed(tid)) fair.dequeueWaiting(cpu, tid, host.now);
  else if (fair.isQueued(tid)) migrateWaiting(kernel, tid, selectIdlestCpu(kernel, tid, cpu));
}

/** From the wake list of `from` to where it may run. The signal that is on its way to `from` comes for the others or nothing. */
function rerouteWaking(kernel: Kernel, from: number, tid: number): void {
  takeOffWakeList(kernel, from, tid);
  const to = selectIdlestCpu(kernel, tid, from);
  moveTask(kernel, tid, from, to);
  queueWaking(kernel, to, tid);
}

function takeOffWakeList(kernel: Kernel, cpu: number, tid: number): void {
  const { cpus, tasks } = kernel;
  let before = 0;
  // Bounded: a WAKING task is on the list of its CPU.
  for (let at = cpus.wakeListHead(cpu); at !== tid; at = tasks.wakeNext(at)) before = at;
  const next = tasks.wakeNext(tid);
  if (before === 0) cpus.setWakeListHead(cpu, next);
  else tasks.setWakeNext(before, next);
  if (next === 0) cpus.setWakeListTail(cpu, before);
}
