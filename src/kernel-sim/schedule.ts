/**
 * Switching tasks: __schedule() as an atomic step, schedule() as the step a coroutine takes.
 *
 * A coroutine that wants to sleep sets its state, re-checks its condition and then takes `yield* schedule(kernel, tid)`.
 * That is a bare yield to the vCPU loop, which calls `switchTask()` and resumes whoever was picked. Workers pass through
 * the UMCG hooks on both sides of it.
 */
import { type Coroutine, Pause, type Step } from "../atomics/step.ts";
import { TRACE_IDLE_ENTER, TRACE_IDLE_EXIT, TRACE_SCHED_SWITCH } from "../trace/events.ts";
import { balanceIdle, balanceNewIdle } from "./balance.ts";
import {
  PF_UMCG_WORKER,
  TASK_INTERRUPTIBLE,
  TASK_NORMAL,
  TASK_RUNNING,
  TIF_SIGPENDING,
  WAIT_NONE,
} from "./constants.ts";
import { IDLE_ASLEEP, IDLE_ENTERING, IDLE_EXITING, IDLE_NOT, IDLE_SEARCHED } from "./cpu-table.ts";
import * as errors from "./errors.ts";
import { YIELD_SCHEDULE } from "./host.ts";
import { noteIdleCore } from "./idle-sibling.ts";
import { selectIdlestCpu } from "./idlest-cpu.ts";
import * as ids from "./ids.ts";
import type { Kernel } from "./kernel.ts";
import { attachTask } from "./migrate.ts";
import { renewSliceEnd } from "./slice-end.ts";
import { irqsOn } from "./smp/interrupts.ts";
import { serveMailbox } from "./smp/serve.ts";
import { STEP_BLOCK, STEP_REFILL_FAR, STEP_REFILL_NEAR, STEP_SWITCH } from "./steps.ts";
import { setTaskState } from "./task-state.ts";
import { drainWakeList } from "./wakeup.ts";

// Copies: V8 folds what is in the same module only, and each switch passes by these.
const { cpuId, tid: toTid } = ids;
const assert: typeof errors.assert = errors.assert;
const RUNNING: number = TASK_RUNNING;
const INTERRUPTIBLE: number = TASK_INTERRUPTIBLE;
const NORMAL: number = TASK_NORMAL;
const SIGNALLED: number = TIF_SIGPENDING;
const WORKER: number = PF_UMCG_WORKER;
const NO_REASON: number = WAIT_NONE;
const BLOCK: number = STEP_BLOCK;
const SWITCH: number = STEP_SWITCH;

/** The bare yield: be descheduled, come back when picked. For hooks and for tasks without hooks. */
export const DESCHEDULE: Pause = new Pause(YIELD_SCHEDULE);

/** schedule(): the caller's own state says whether it sleeps (and in which way) or merely lets others run. */
export function schedule(kernel: Kernel, tid: number): Step<void> | Coroutine<void> {
  return (kernel.tasks.flags(tid) & WORKER) !== 0 ? kernel.hooks.schedule(toTid(tid)) : DESCHEDULE;
}

/**
 * __schedule() on the executing CPU. Puts the current task to sleep, or back among the waiting, picks the next one and
 * switches to it. Afterwards `cpus.curr` is who runs; 0 means the CPU is on its way into idle. `preempted`: an interrupt
 * took the CPU away, so the task stays runnable even if it has already announced its sleep.
 */
export function switchTask(kernel: Kernel, preempted = false): void {
  const { cpus, tasks, fair, host, cpu } = kernel;
  const prev = cpus.curr(cpu);
  assert(prev !== 0, "switchTask on an idle CPU");
  cpus.setNeedResched(cpu, 0);
  if (cpus.wakeListHead(cpu) !== 0) drainWakeList(kernel, cpu);
  let reason = NO_REASON;
  let runnable = 0;
  if (!preempted && mustSleep(kernel, prev)) {
    host.charge(BLOCK);
    fair.update(cpu, prev, host.now);
    fair.sleepCurrent(cpu, prev, (tasks.state(prev) & NORMAL) === 0);
    tasks.setVoluntarySwitches(prev, tasks.voluntarySwitches(prev) + 1);
    reason = tasks.waitReason(prev);
  } else {
    fair.update(cpu, prev, host.now);
    if (!tasks.allows(prev, cpu)) {
      pushOff(kernel, prev);
      return;
    }
    if (fair.nrQueued(cpu) === 1) return;
    runnable = prev;
  }
  const next = fair.pick(cpu, runnable);
  if (next === prev) {
    fair.beginSlice(next, host.now);
    if (kernel.sliceTimers) renewSliceEnd(kernel);
    return;
  }
  if (runnable !== 0) {
    tasks.setInvoluntarySwitches(prev, tasks.involuntarySwitches(prev) + 1);
    tasks.setQueuedAt(prev, host.now);
    fair.putBack(cpu, prev);
  }
  switchTo(kernel, prev, next, reason);
}

/** The current task may not run here any more: it goes, still runnable, to a CPU where it may. Whoever comes next pays. */
function pushOff(kernel: Kernel, prev: number): void {
  const { tasks, fair, host, cpu } = kernel;
  fair.putBack(cpu, prev);
  fair.dequeueWaiting(cpu, prev, host.now);
  tasks.setQueuedAt(prev, host.now);
  tasks.setInvoluntarySwitches(prev, tasks.involuntarySwitches(prev) + 1);
  switchTo(kernel, prev, fair.pick(cpu, 0), NO_REASON);
  attachTask(kernel, prev, selectIdlestCpu(kernel, prev, cpu));
}

/** Does the descheduled task leave the run queue? A pending signal keeps an interruptible sleeper awake. */
function mustSleep(kernel: Kernel, prev: number): boolean {
  const { tasks } = kernel;
  const state = tasks.state(prev);
  if (state === RUNNING) return false;
  if ((state & INTERRUPTIBLE) !== 0 && (tasks.work(prev) & SIGNALLED) !== 0) {
    setTaskState(kernel, prev, RUNNING);
    return false;
  }
  return true;
}

function switchTo(kernel: Kernel, prev: number, next: number, reason: number): void {
  const { cpus, tasks, fair, host, trace, cpu } = kernel;
  if (next !== 0) {
    // Moved here by a CPU whose clock is ahead: it cannot have been there before.
    if (host.now < tasks.onCpuUntil(next)) host.chargeNs(tasks.onCpuUntil(next) - host.now);
    host.charge(SWITCH);
  }
  const now = host.now;
  if (prev !== 0) tasks.setOnCpuUntil(prev, now);
  cpus.setCurr(cpu, next);
  cpus.setSwitches(cpu, cpus.switches(cpu) + 1);
  if (next === 0) enterIdle(kernel);
  else {
    fair.begin(cpu, next, now);
    tasks.setWaitNs(next, tasks.waitNs(next) + now - tasks.queuedAt(next));
    if (fair.nrQueued(cpu) > kernel.tickAbove) host.armTick(cpuId(cpu));
    if (tasks.cacheCpu(next) !== cpu) refillCache(kernel, next);
  }
  if (kernel.sliceTimers) renewSliceEnd(kernel);
  if (trace.on) trace.emit(now, TRACE_SCHED_SWITCH, cpu, next, prev, reason);
}

/**
 * A task that ran elsewhere last fetches its working set again, on its own time. Nothing is fetched on another thread of
 * the same core, nor by a new task, which has touched nothing yet.
 */
function refillCache(kernel: Kernel, tid: number): void {
  const { tasks, topology, host, cpu } = kernel;
  const from = tasks.cacheCpu(tid);
  tasks.setCacheCpu(tid, cpu);
  const kib = tasks.workingSet(tid) / 1024;
  if (kib === 0 || from < 0 || topology.coreOf(from) === topology.coreOf(cpu)) return;
  host.chargeTimes(topology.shareCache(from, cpu) ? STEP_REFILL_NEAR : STEP_REFILL_FAR, kib);
}

function enterIdle(kernel: Kernel): void {
  const { cpus, cpu } = kernel;
  cpus.setIdlePhase(cpu, IDLE_ENTERING);
  cpus.setIdleSince(cpu, kernel.host.now);
  cpus.setIdle(cpu, true);
  kernel.llcs.setBusy(cpu, false, kernel.host.now);
  if (kernel.topology.smt > 1) noteIdleCore(kernel, cpu);
}

/**
 * One turn of the idle loop. Returns false when the CPU sleeps or has stopped; otherwise it has a task to run, or another turn to take.
 * ENTERING: look at the flag and the mailbox once more; whoever wakes this CPU from now on sees it polling or asleep, so
 * there is no gap. EXITING: the exit latency has been paid; queue what was sent here and pick.
 */
export function idleTurn(kernel: Kernel): boolean {
  const { cpus, host, cpu } = kernel;
  const phase = cpus.idlePhase(cpu);
  const wanted = cpus.needResched(cpu) !== 0 || cpus.pending(cpu) !== 0;
  const entering = phase === IDLE_ENTERING || phase === IDLE_SEARCHED;
  if (
    entering &&
    !wanted &&
    !(kernel.config.balance.newIdle && phase === IDLE_ENTERING && looksElsewhere(kernel))
  ) {
    assert(irqsOn(kernel), `CPU ${cpu} sleeps with interrupts off`);
    fallAsleep(kernel);
    return false;
  }
  if (!serveMailbox(kernel, true)) return false;
  if (kernel.balance.isKicked(cpu)) balanceIdle(kernel);
  cpus.setNeedResched(cpu, 0);
  const next = kernel.fair.pick(cpu, 0);
  if (next === 0) {
    // Woken for a call, or for nothing. What was served has taken time: what is due by now comes first.
    if (cpus.idlePhase(cpu) !== IDLE_SEARCHED) cpus.setIdlePhase(cpu, IDLE_ENTERING);
    cpus.setIdle(cpu, true);
    return true;
  }
  cpus.setIdleNs(cpu, cpus.idleNs(cpu) + host.now - cpus.idleSince(cpu));
  // What was pulled at once was no stay in idle.
  if (phase !== IDLE_ENTERING) kernel.balance.addIdle(cpu, host.now - cpus.idleSince(cpu));
  cpus.setIdlePhase(cpu, IDLE_NOT);
  cpus.setIdle(cpu, false);
  kernel.llcs.setBusy(cpu, true, host.now);
  switchTo(kernel, 0, next, NO_REASON);
  return true;
}

function fallAsleep(kernel: Kernel): void {
  const { cpus, host, timers, trace, idle, cpu } = kernel;
  cpus.setIdlePhase(cpu, IDLE_ASLEEP);
  const state = idle.enter(cpu, host.now, timers.nextNs(cpu));
  if (trace.on) kernel.emit(TRACE_IDLE_ENTER, 0, state, 0);
  const until = idle.deepensAt(cpu);
  if (until < Number.POSITIVE_INFINITY) host.armPollEnd(cpu, until);
}

/** A CPU that has polled in idle for as long as its governor lets it goes on to a deeper state. */
export function endPolling(kernel: Kernel, cpu: number): void {
  const { host, trace, idle } = kernel;
  const polled = idle.stateOf(cpu, host.now);
  const state = idle.deepen(cpu, host.now);
  if (!trace.on) return;
  trace.emit(host.now, TRACE_IDLE_EXIT, cpu, 0, polled, 0);
  trace.emit(host.now, TRACE_IDLE_ENTER, cpu, 0, state, 0);
}

/** Looks for tasks of other CPUs. False: there are none, and looking took no time. What it took is settled before sleeping. */
function looksElsewhere(kernel: Kernel): boolean {
  const { cpus, host, cpu } = kernel;
  const began = host.now;
  if (balanceNewIdle(kernel)) return true;
  if (host.now === began) return false;
  cpus.setIdlePhase(cpu, IDLE_SEARCHED);
  return true;
}

/**
 * Something made a sleeping CPU look (IPI, flag line, timer). Returns the ns of hardware exit latency that it pays
 * before its idle loop goes on, or -1 when it is not asleep and will look anyway.
 */
export function leaveIdleState(kernel: Kernel, cpu: number): number {
  const { cpus, host, trace, idle } = kernel;
  if (cpus.idlePhase(cpu) !== IDLE_ASLEEP) return -1;
  cpus.setIdlePhase(cpu, IDLE_EXITING);
  if (idle.policy.governor === "haltpoll") host.cancelPollEnd(cpuId(cpu));
  const state = idle.leave(cpu, host.now);
  const latency = host.idleExitNs(state, host.now - idle.sinceNs(cpu));
  if (trace.on) trace.emit(host.now, TRACE_IDLE_EXIT, cpu, 0, state, latency);
  return latency;
}
