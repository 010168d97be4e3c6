/**
 * Moving a runnable task that waits on one CPU to another: what affinity changes and load balancing are made of.
 *
 * The mover takes both run-queue locks and pays for their lines, if they are not its own. The task keeps its state: it may
 * have been preempted on its way to sleep. It does not run on the new CPU before the old one has let go of it, even if
 * the clock of the new one is behind the mover's (`onCpuUntil`, schedule.ts).
 * Source: move_queued_task, detach_task and attach_task in kernel/sched.
 */
import type { Kernel } from "./kernel.ts";
import { checkNewcomer, lockQueueOf, moveTask } from "./wakeup.ts";

/** Takes `tid`, which waits on its CPU, runnable and not current, to `to`. Atomic. */
export function migrateWaiting(kernel: Kernel, tid: number, to: number): void {
  const from = kernel.tasks.cpu(tid);
  lockQueueOf(kernel, from);
  kernel.fair.dequeueWaiting(from, tid, kernel.host.now);
  attachTask(kernel, tid, to);
}

/** The executing CPU takes `tid`, which waits elsewhere, onto its own queue, to look at what it has there. Atomic. */
export function pullWaiting(kernel: Kernel, tid: number, to: number): void {
  const from = kernel.tasks.cpu(tid);
  lockQueueOf(kernel, from);
  kernel.fair.dequeueWaiting(from, tid, kernel.host.now);
  enqueueMoved(kernel, tid, to);
}

/** A runnable task that has been taken off the queue of its CPU comes to that of `to`, which notices. */
export function attachTask(kernel: Kernel, tid: number, to: number): void {
  enqueueMoved(kernel, tid, to);
  checkNewcomer(kernel, to, tid, false);
}

function enqueueMoved(kernel: Kernel, tid: number, to: number): void {
  const { tasks, cpus, fair, host } = kernel;
  tasks.setOnCpuUntil(tid, Math.max(host.now, tasks.onCpuUntil(tid)));
  moveTask(kernel, tid, tasks.cpu(tid), to);
  lockQueueOf(kernel, to);
  fair.enqueue(to, tid, cpus.curr(to), host.now, false);
  cpus.setIdle(to, false);
}
