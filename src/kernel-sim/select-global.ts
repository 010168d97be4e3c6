/**
 * CPUs for the tasks of a global queue: an idle one, if any may run the task; else the one whose current task it should
 * preempt first. Looking is free: these policies are oracles, not models of a kernel.
 */
import type { GlobalQueue } from "./global-queue.ts";
import type { Kernel } from "./kernel.ts";
import { moveTask, reschedule } from "./wakeup.ts";

/** Connects the queue with its kernel. Returns how that selects the CPU of a wakee. */
export function connectGlobal(kernel: Kernel, queue: GlobalQueue): (tid: number) => number {
  const { tasks } = kernel;
  queue.connect({
    allows: (tid, cpu) => tasks.allows(tid, cpu),
    taken(tid, cpu) {
      if (tasks.cpu(tid) !== cpu) moveTask(kernel, tid, tasks.cpu(tid), cpu);
    },
    offer: (tid) => offer(kernel, queue, tid),
  });
  return (tid) => select(kernel, queue, tid);
}

function select(kernel: Kernel, queue: GlobalQueue, tid: number): number {
  const { tasks, host } = kernel;
  const idle = idleFor(kernel, tid);
  if (idle >= 0) return idle;
  const victim = queue.victim(tid, host.now);
  // Every allowed CPU is on its way out of idle.
  return victim >= 0 ? victim : firstAllowed(kernel, tid, tasks.cpu(tid));
}

function firstAllowed(kernel: Kernel, tid: number, prev: number): number {
  const { tasks, cpus } = kernel;
  let cpu = prev;
  // Bounded: there is an allowed CPU.
  while (!tasks.allows(tid, cpu)) cpu = (cpu + 1) % cpus.count;
  return cpu;
}

/** An idle CPU that may run `tid`: its own, the waker's, or that of the lowest number. -1: none. */
function idleFor(kernel: Kernel, tid: number): number {
  const { tasks, cpus } = kernel;
  for (const near of [tasks.cpu(tid), kernel.cpu])
    if (cpus.isIdle(near) && tasks.allows(tid, near)) return near;
  for (let cpu = 0; cpu < cpus.count; cpu++) if (cpus.isIdle(cpu) && tasks.allows(tid, cpu)) return cpu;
  return -1;
}

function offer(kernel: Kernel, queue: GlobalQueue, tid: number): void {
  const { cpus, host } = kernel;
  const idle = idleFor(kernel, tid);
  if (idle >= 0) {
    cpus.setIdle(idle, false);
    reschedule(kernel, idle);
    return;
  }
  const victim = queue.victim(tid, host.now);
  if (victim >= 0 && queue.wakeupPreempts(victim, cpus.curr(victim), tid, host.now, false))
    reschedule(kernel, victim);
}
