/**
 * Switching tasks: __schedule() as an atomic step, schedule() as the step a coroutine takes.
 *
 * A coroutine that wants to sleep sets its state, re-checks its condition and then takes `yield* schedule(kernel, tid)`.
 * That is a bare yield to the vCPU loop, which calls `switchTask()` and resumes whoever was picked. Workers pass through
 * the UMCG hooks on both sides of it.
 */
import { type Coroutine, Pause, type Step } from "../atomics/step.ts";
import { TRACE_IDLE_ENTER, TRACE_IDLE_EXIT, TRACE_SCHED_SWITCH } from "../trace/events.ts";
import { PF_UMCG_WORKER, TASK_INTERRUPTIBLE, TASK_RUNNING, TIF_SIGPENDING, WAIT_NONE } from "./constants.ts";
import { IDLE_ASLEEP, IDLE_ENTERING, IDLE_EXITING, IDLE_NOT } from "./cpu-table.ts";
import { assert } from "./errors.ts";
import { YIELD_SCHEDULE } from "./host.ts";
import { cpuId, tid as toTid } from "./ids.ts";
import type { Kernel } from "./kernel.ts";
import { STEP_BLOCK, STEP_SWITCH } from "./steps.ts";
import { setTaskState } from "./task-state.ts";
import { drainWakeList } from "./wakeup.ts";

/** The bare yield: be descheduled, come back when picked. For hooks and for tasks without hooks. */
export const DESCHEDULE: Pause = new Pause(YIELD_SCHEDULE);

/** schedule(): the caller's own state says whether it sleeps (and in which way) or merely lets others run. */
export function schedule(kernel: Kernel, tid: number): Step<void> | Coroutine<void> {
  return (kernel.tasks.flags[tid]! & PF_UMCG_WORKER) !== 0 ? kernel.hooks.schedule(toTid(tid)) : DESCHEDULE;
}

/**
 * __schedule() on the executing CPU. Puts the current task to sleep, or back among the waiting, picks the next one and
 * switches to it. Afterwards `cpus.curr` is who runs; 0 means the CPU is on its way into idle. `preempted`: an interrupt
 * took the CPU away, so the task stays runnable even if it has already announced its sleep.
 */
export function switchTask(kernel: Kernel, preempted = false): void {
  const { cpus, tasks, host, cpu } = kernel;
  const prev = cpus.curr[cpu]!;
  assert(prev !== 0, "switchTask on an idle CPU");
  cpus.needResched[cpu] = 0;
  if (cpus.wakeListHead[cpu] !== 0) drainWakeList(kernel, cpu);
  let reason: number = WAIT_NONE;
  if (!preempted && mustSleep(kernel, prev)) {
    host.charge(STEP_BLOCK);
    kernel.fair.update(cpu, host.now);
    kernel.fair.dequeueCurrent(cpu, prev);
    tasks.voluntarySwitches[prev]!++;
    reason = tasks.waitReason[prev]!;
  } else {
    kernel.fair.update(cpu, host.now);
    if (cpus.nrRunning[cpu] === 1) return;
    tasks.involuntarySwitches[prev]!++;
    kernel.fair.putBack(cpu, prev);
  }
  switchTo(kernel, prev, kernel.fair.pick(cpu), reason);
}

/** Does the descheduled task leave the run queue? A pending signal keeps an interruptible sleeper awake. */
function mustSleep(kernel: Kernel, prev: number): boolean {
  const { tasks } = kernel;
  const state = tasks.state[prev]!;
  if (state === TASK_RUNNING) return false;
  if ((state & TASK_INTERRUPTIBLE) !== 0 && (tasks.work[prev]! & TIF_SIGPENDING) !== 0) {
    setTaskState(kernel, prev, TASK_RUNNING);
    return false;
  }
  return true;
}

function switchTo(kernel: Kernel, prev: number, next: number, reason: number): void {
  const { cpus, tasks, host, trace, cpu } = kernel;
  if (next === prev) {
    tasks.pickedAt[next] = host.now;
    return;
  }
  if (next !== 0) host.charge(STEP_SWITCH);
  const now = host.now;
  if (prev !== 0) tasks.onCpuUntil[prev] = now;
  cpus.curr[cpu] = next;
  cpus.switches[cpu]!++;
  if (next === 0) enterIdle(kernel);
  else {
    tasks.execStart[next] = now;
    tasks.pickedAt[next] = now;
    if (cpus.nrRunning[cpu]! > 1) host.armTick(cpuId(cpu));
  }
  if (trace.on) trace.emit(now, TRACE_SCHED_SWITCH, cpu, next, prev, reason);
}

function enterIdle(kernel: Kernel): void {
  const { cpus, cpu } = kernel;
  cpus.idlePhase[cpu] = IDLE_ENTERING;
  cpus.idleSince[cpu] = kernel.host.now;
  cpus.setIdle(cpu, true);
}

/**
 * One turn of the idle loop. Returns true when the CPU has a task to run, false when it went to sleep.
 * ENTERING: look at the flag and the list once more; whoever wakes this CPU from now on sees it polling or asleep, so
 * there is no gap. EXITING: the exit latency has been paid; queue what was sent here and pick.
 */
export function idleTurn(kernel: Kernel): boolean {
  const { cpus, host, trace, cpu } = kernel;
  const phase = cpus.idlePhase[cpu]!;
  const wanted = cpus.needResched[cpu] !== 0 || cpus.wakeListHead[cpu] !== 0;
  if (phase === IDLE_ENTERING && !wanted) {
    cpus.idlePhase[cpu] = IDLE_ASLEEP;
    if (trace.on) kernel.emit(TRACE_IDLE_ENTER, 0, host.idleState, 0);
    return false;
  }
  cpus.needResched[cpu] = 0;
  drainWakeList(kernel, cpu);
  cpus.needResched[cpu] = 0;
  const next = kernel.fair.pick(cpu);
  if (next === 0) {
    // Woken for nothing, or the task was killed on the way here.
    cpus.idlePhase[cpu] = IDLE_ENTERING;
    cpus.setIdle(cpu, true);
    return idleTurn(kernel);
  }
  cpus.idleNs[cpu]! += host.now - cpus.idleSince[cpu]!;
  cpus.idlePhase[cpu] = IDLE_NOT;
  cpus.setIdle(cpu, false);
  switchTo(kernel, 0, next, WAIT_NONE);
  return true;
}

/**
 * Something made a sleeping CPU look (IPI, flag line, timer). Returns the ns of hardware exit latency that it pays
 * before its idle loop goes on, or -1 when it is not asleep and will look anyway.
 */
export function leaveIdleState(kernel: Kernel, cpu: number): number {
  const { cpus, host, trace } = kernel;
  if (cpus.idlePhase[cpu] !== IDLE_ASLEEP) return -1;
  cpus.idlePhase[cpu] = IDLE_EXITING;
  const latency = host.idleExitNs(host.idleState, host.now - cpus.idleSince[cpu]!);
  if (trace.on) trace.emit(host.now, TRACE_IDLE_EXIT, cpu, 0, host.idleState, latency);
  return latency;
}
