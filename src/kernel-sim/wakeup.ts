/**
 * Waking a task: try_to_wake_up() and what it takes to get the wakee onto a run queue.
 *
 * Outcomes in order (kernel/sched/core.c), each an atomic step at the waker's clock:
 * 1. the wakee is the waker itself, on its way to sleep: it just stays awake;
 * 2. it does not sleep in a state the wake-up means: nothing happens ("wake miss");
 * 3. it is still on a run queue (it announced sleep and has not been descheduled): its state goes back to RUNNING;
 * 4. its old CPU is still switching it out: queued on that CPU's wake list, or waited for;
 * 5. a CPU is selected and the task is queued there, directly or by that CPU's wake list.
 *
 * No lost wake-up: a sleeper stores its state, then checks its condition; a waker stores the condition, then looks at
 * the state. Both stores are before both looks in one order of steps, so at least one side sees the other.
 *
 * The cost of the bookkeeping is charged before the effect: `yield* chargeWake()`, then `tryToWakeUp()`.
 */
import type { Step } from "../atomics/step.ts";
import { TRACE_MIGRATE, TRACE_SCHED_WAKEUP, TRACE_SCHED_WAKING, TRACE_WAKE_MISS } from "../trace/events.ts";
import { TASK_RUNNING, TASK_WAKING, WF_MIGRATED, WF_TTWU } from "./constants.ts";
import { IDLE_ASLEEP } from "./cpu-table.ts";
import * as ids from "./ids.ts";
import type { Kernel } from "./kernel.ts";
import * as select from "./select-cpu.ts";
import { armSliceEnd } from "./slice-end.ts";
import { IPI_CALL, IPI_RESCHEDULE, wakeCpu } from "./smp/mailbox.ts";
import { STEP_WAKE } from "./steps.ts";
import * as taskState from "./task-state.ts";
/** How a task got onto its run queue (arg0 of SCHED_WAKEUP). */
export const QUEUED_DIRECTLY = 0;
export const QUEUED_BY_WAKE_LIST = 1;
export const WAS_QUEUED = 2;

// Copies: V8 folds what is in the same module and not exported, and each wake-up passes by these.
const { setTaskState } = taskState;
const { selectTaskRq } = select;
const { cpuId } = ids;
const WAKING: number = TASK_WAKING;
const AWAKE: number = TASK_RUNNING;
const TTWU: number = WF_TTWU;
const BOOKKEEPING: number = STEP_WAKE;
const DIRECTLY: number = QUEUED_DIRECTLY;

/** One cache line of `cpu` moves to the executing CPU. */
export function chargeLine(kernel: Kernel, cpu: number): void {
  kernel.host.charge(kernel.topology.lineStep(kernel.cpu, cpu));
}

/** Puts the bookkeeping of one wake-up on the waker's account. Nothing is owed for a task that is not asleep. */
export function chargeWake(kernel: Kernel, tid: number, mask: number): Step<void> {
  const { host } = kernel;
  kernel.cpus.setWakeStart(kernel.cpu, host.now);
  if ((kernel.tasks.state(tid) & mask) !== 0) host.charge(BOOKKEEPING);
  return host.sync();
}

/**
 * Wakes `tid` if it sleeps in one of the states of `mask`. Returns whether it did; most callers must ignore that.
 * Source: try_to_wake_up() in kernel/sched/core.c.
 */
export function tryToWakeUp(kernel: Kernel, tid: number, mask: number, flags: number): boolean {
  const { tasks, cpus, trace, host } = kernel;
  // First: on real threads this takes the lock of the queue that the task belongs to, under which its state stands still.
  const queued = kernel.fair.isQueued(tid);
  if ((tasks.state(tid) & mask) === 0) {
    if (trace.on) kernel.emit(TRACE_WAKE_MISS, tid, flags, kernel.current);
    return false;
  }
  if (trace.on) {
    const began = cpus.wakeStart(kernel.cpu);
    trace.emit(began, TRACE_SCHED_WAKING, kernel.cpu, tid, flags, kernel.current);
  }
  if (queued && wakeWhereQueued(kernel, tid)) return true;
  setTaskState(kernel, tid, WAKING);
  const old = tasks.cpu(tid);
  if (host.now < tasks.onCpuUntil(tid)) {
    if (usesWakeList(kernel, old) && tasks.allows(tid, old)) {
      queueOnWakeList(kernel, old, tid);
      return true;
    }
    // The waker spins until the old CPU has let go of the task.
    host.chargeNs(tasks.onCpuUntil(tid) - host.now);
  }
  let wakeFlags = flags | TTWU;
  const cpu = selectTaskRq(kernel, tid, wakeFlags);
  if (cpu !== old) {
    wakeFlags |= WF_MIGRATED;
    moveTask(kernel, tid, old, cpu);
  }
  queueWaking(kernel, cpu, tid);
  return true;
}

/** ttwu_queue(): a WAKING task, which has been moved to `cpu`, gets onto its run queue. */
export function queueWaking(kernel: Kernel, cpu: number, tid: number): void {
  if (usesWakeList(kernel, cpu)) queueOnWakeList(kernel, cpu, tid);
  else activate(kernel, cpu, tid, DIRECTLY);
}

/** ttwu_queue_cond(): a CPU that is idle, or that does not share the waker's cache, is asked to queue the task itself. */
function usesWakeList(kernel: Kernel, cpu: number): boolean {
  if (cpu === kernel.cpu) return false;
  return kernel.fair.nrRunning(cpu) === 0 || !kernel.topology.shareCache(kernel.cpu, cpu);
}

function queueOnWakeList(kernel: Kernel, cpu: number, tid: number): void {
  const { cpus, tasks, host } = kernel;
  tasks.setWakeNext(tid, 0);
  const tail = cpus.wakeListTail(cpu);
  chargeLine(kernel, cpu);
  // The clock of an idle CPU that is about to look may be behind this one's: it waits (drainWakeList).
  tasks.setOnCpuUntil(tid, Math.max(host.now, tasks.onCpuUntil(tid)));
  if (tail === 0) cpus.setWakeListHead(cpu, tid);
  else tasks.setWakeNext(tail, tid);
  cpus.setWakeListTail(cpu, tid);
  cpus.setIdle(cpu, false);
  // Only the push that finds the list empty signals; later ones ride along.
  if (tail === 0) wakeCpu(kernel, cpu, IPI_CALL);
  else cpus.setIpisCoalesced(cpu, cpus.ipisCoalesced(cpu) + 1);
}

/** Queues everything on this CPU's wake list. The wakee's side pays; called on leaving idle and by the IPI handler. */
export function drainWakeList(kernel: Kernel, cpu: number): void {
  const { cpus, tasks, host } = kernel;
  let tid = cpus.wakeListHead(cpu);
  cpus.setWakeListHead(cpu, 0);
  cpus.setWakeListTail(cpu, 0);
  // Bounded: a task is on one list once.
  while (tid !== 0) {
    const next = tasks.wakeNext(tid);
    // Idle, this CPU would not have seen the task before it was there.
    const there = tasks.onCpuUntil(tid);
    if (host.now < there && cpus.curr(cpu) === 0) host.chargeNs(there - host.now);
    if (tasks.cpu(tid) !== cpu) moveTask(kernel, tid, tasks.cpu(tid), cpu);
    activate(kernel, cpu, tid, QUEUED_BY_WAKE_LIST);
    tid = next;
  }
}

/** Puts a WAKING task on the run queue of `cpu` and sees to it that the CPU notices. */
export function activate(kernel: Kernel, cpu: number, tid: number, how: number, initial = false): void {
  const { cpus, tasks, fair, trace, host } = kernel;
  lockQueueOf(kernel, cpu);
  fair.enqueue(cpu, tid, cpus.curr(cpu), host.now, initial);
  cpus.setIdle(cpu, false);
  setTaskState(kernel, tid, AWAKE);
  tasks.setCpu(tid, cpu);
  tasks.setQueuedAt(tid, host.now);
  if (trace.on) trace.emit(host.now, TRACE_SCHED_WAKEUP, cpu, tid, how, kernel.cpu);
  checkNewcomer(kernel, cpu, tid, initial);
}

/** Taking a remote run-queue lock moves the lock's and the queue's lines. */
export function lockQueueOf(kernel: Kernel, cpu: number): void {
  if (cpu === kernel.cpu) return;
  chargeLine(kernel, cpu);
  chargeLine(kernel, cpu);
}

/** A task has come to the run queue of `cpu`, which shall notice. `initial`: a new one. */
export function checkNewcomer(kernel: Kernel, cpu: number, tid: number, initial: boolean): void {
  if (kernel.cpus.curr(cpu) === 0) reschedule(kernel, cpu);
  else checkPreempt(kernel, cpu, tid, initial);
}

/** Does the newcomer take the CPU from the current task now? */
function checkPreempt(kernel: Kernel, cpu: number, tid: number, initial: boolean): void {
  const { cpus, fair, host } = kernel;
  if (fair.wakeupPreempts(cpu, cpus.curr(cpu), tid, host.now, initial)) reschedule(kernel, cpu);
  if (kernel.order !== undefined) kernel.order.pushWakee(cpu, tid);
  if (fair.nrQueued(cpu) > 1) {
    host.armTick(cpuId(cpu));
    if (kernel.sliceTimers) armSliceEnd(kernel, cpu);
  }
}

/**
 * ttwu_runnable(): the wakee has not left its run queue. No CPU is selected, whatever the flags say: it announced sleep
 * and is still current, or its dequeue was delayed and it stays where it slept. Unless it may not run there any more:
 * then its dequeue ends, and it is to be woken as any other. Returns false in that case.
 */
function wakeWhereQueued(kernel: Kernel, tid: number): boolean {
  const { cpus, tasks, fair, host, trace } = kernel;
  const cpu = tasks.cpu(tid);
  const delayed = fair.isDelayed(tid);
  if (delayed) {
    lockQueueOf(kernel, cpu);
    if (!tasks.allows(tid, cpu)) {
      fair.dequeueWaiting(cpu, tid, host.now);
      return false;
    }
    fair.wakeQueued(cpu, tid, cpus.curr(cpu), host.now);
    tasks.setQueuedAt(tid, host.now);
  }
  setTaskState(kernel, tid, TASK_RUNNING);
  if (trace.on) trace.emit(host.now, TRACE_SCHED_WAKEUP, cpu, tid, WAS_QUEUED, kernel.cpu);
  if (delayed) checkPreempt(kernel, cpu, tid, false);
  return true;
}

/** resched_curr(): asks `cpu` to call schedule() soon. */
export function reschedule(kernel: Kernel, cpu: number): void {
  const { cpus } = kernel;
  if (cpus.needResched(cpu) !== 0) return;
  cpus.setNeedResched(cpu, 1);
  // "This" CPU can be asleep only for set-up code, which runs on none.
  if (cpu !== kernel.cpu || cpus.idlePhase(cpu) === IDLE_ASLEEP) wakeCpu(kernel, cpu, IPI_RESCHEDULE);
}

/** Writes down that a task that is on no queue belongs to another CPU from now on. */
export function moveTask(kernel: Kernel, tid: number, from: number, to: number): void {
  kernel.fair.migrate(from, to, tid);
  kernel.tasks.setCpu(tid, to);
  kernel.tasks.setMigrations(tid, kernel.tasks.migrations(tid) + 1);
  if (kernel.trace.on) kernel.trace.emit(kernel.host.now, TRACE_MIGRATE, to, tid, from, 0);
}
