/**
 * Which CPU a real-time task runs on: chosen when it wakes, pushed when it cannot run where it is, pulled by a CPU that would
 * otherwise run something lower. So the tasks of the highest priorities run, as many as there are CPUs.
 *
 * A wakee stays on its last CPU, which it preempts, unless a real-time task runs there of at least its priority, or one that
 * could not go elsewhere: then it goes to the CPU that runs the lowest (idle is lower than fair, fair than real time), of equals its last one, the waker's, or the one
 * of the lowest number. WF_CURRENT_CPU and WF_SYNC say nothing to this class. Looking for the CPU is free, as a look at
 * Linux's cpupri is; moving a task is paid for by whoever moves it.
 * Source: select_task_rq_rt, find_lowest_rq, push_rt_task, pull_rt_task, task_woken_rt in kernel/sched/rt.c.
 */
import { ClassOrder } from "./class-order.ts";
import type { Kernel } from "./kernel.ts";
import { migrateWaiting, pullWaiting } from "./migrate.ts";
import { isRealtime } from "./sched-table.ts";
import { onlyCpu } from "./select-cpu.ts";

/** "Priority" of a CPU that is idle. That of one with a fair task is 0. */
const IDLE = -1;

/** The machine gets its first real-time task: from now on there are two classes. */
export function introduceRealtime(kernel: Kernel): void {
  if (kernel.order !== undefined) return;
  kernel.record.realtime = true;
  const ports = {
    pull: (cpu: number, than: number): number => pull(kernel, cpu, than),
    push: (cpu: number): void => push(kernel, cpu),
    pushWakee: (cpu: number, tid: number): void => pushWakee(kernel, cpu, tid),
  };
  kernel.order = new ClassOrder(kernel.rt, kernel.fair, kernel.scheduling, ports, kernel.sliceTimers);
  kernel.fair = kernel.order;
  // The turns of RR end when they end; those of fair tasks as before.
  kernel.sliceTimers = true;
  kernel.selector = (tid) => select(kernel, tid);
}

/** The same, if the first real-time task was started through another kernel over the same buffer. */
export function followClasses(kernel: Kernel): void {
  if (kernel.record.realtime) introduceRealtime(kernel);
}

function priorityOn(kernel: Kernel, cpu: number): number {
  const curr = kernel.cpus.curr(cpu);
  if (curr !== 0) return kernel.scheduling.priority(curr);
  return kernel.fair.nrRunning(cpu) === 0 ? IDLE : 0;
}

/** select_task_rq_rt(); -1 for a task of another class. */
function select(kernel: Kernel, tid: number): number {
  const { tasks, scheduling } = kernel;
  if (!isRealtime(scheduling.policy(tid))) return -1;
  const prev = tasks.cpu(tid);
  const own = scheduling.priority(tid);
  const yields = priorityOn(kernel, prev) < own && !hasPinned(kernel, prev);
  if (tasks.allows(tid, prev) && yields && kernel.rt.first(prev) === 0) return prev;
  const lowest = lowestFor(kernel, tid);
  return lowest >= 0 ? lowest : firstAllowed(kernel, tid, prev);
}

/** Does `cpu` run a real-time task that may run nowhere else? */
function hasPinned({ cpus, scheduling, tasks }: Kernel, cpu: number): boolean {
  const curr = cpus.curr(cpu);
  return curr !== 0 && isRealtime(scheduling.policy(curr)) && onlyCpu(tasks, curr) >= 0;
}

function firstAllowed(kernel: Kernel, tid: number, prev: number): number {
  let cpu = prev;
  // Bounded: there is an allowed CPU.
  while (!kernel.tasks.allows(tid, cpu)) cpu = (cpu + 1) % kernel.cpus.count;
  return cpu;
}

/** find_lowest_rq(): the allowed CPU that runs the lowest, below `tid`; -1 when none does. */
function lowestFor(kernel: Kernel, tid: number): number {
  const { tasks, cpus, scheduling, rt } = kernel;
  let lowest = -1;
  let least = scheduling.priority(tid);
  const consider = (cpu: number): void => {
    if (!tasks.allows(tid, cpu)) return;
    const first = rt.first(cpu);
    // Who waits there, or is on its way, comes before.
    const waiting = first === 0 ? IDLE : scheduling.priority(first);
    const priority = Math.max(priorityOn(kernel, cpu), waiting, cpus.wakeListHead(cpu) === 0 ? IDLE : 0);
    if (priority >= least) return;
    least = priority;
    lowest = cpu;
  };
  consider(tasks.cpu(tid));
  consider(kernel.cpu);
  for (let cpu = 0; cpu < cpus.count; cpu++) consider(cpu);
  return lowest;
}

/** A real-time task has come to `cpu` and does not run at once: perhaps it can elsewhere (task_woken_rt). */
function pushWakee(kernel: Kernel, cpu: number, tid: number): void {
  const curr = kernel.cpus.curr(cpu);
  if (!isRealtime(kernel.scheduling.policy(tid)) || kernel.order!.precedes(tid, curr)) return;
  pushTask(kernel, cpu, tid);
}

/** push_rt_tasks(). */
function push(kernel: Kernel, cpu: number): void {
  const { rt } = kernel;
  // Bounded: each turn looks at one that waits here.
  for (let tid = rt.first(cpu), next = 0; tid !== 0; tid = next) {
    next = rt.after(tid);
    pushTask(kernel, cpu, tid);
  }
}

function pushTask(kernel: Kernel, cpu: number, tid: number): void {
  const to = lowestFor(kernel, tid);
  if (to >= 0 && to !== cpu) migrateWaiting(kernel, tid, to);
}

/** pull_rt_task(): the highest that waits elsewhere and will not run there, if it is above `than`. */
function pull(kernel: Kernel, cpu: number, than: number): number {
  const { rt, tasks, cpus, scheduling } = kernel;
  let best = 0;
  let most = than;
  for (let from = 0; from < cpus.count; from++) {
    if (from === cpu) continue;
    // Above what runs there it will run there.
    const running = Math.max(0, priorityOn(kernel, from));
    for (let tid = rt.first(from); tid !== 0; tid = rt.after(tid)) {
      const priority = scheduling.priority(tid);
      if (priority <= most) break;
      if (priority > running || !tasks.allows(tid, cpu)) continue;
      best = tid;
      most = priority;
      break;
    }
  }
  if (best !== 0) pullWaiting(kernel, best, cpu);
  return best;
}
