/**
 * Timers and the tick, as the interrupts that the host delivers. Atomic steps.
 *
 * Each CPU has one clock device, programmed for the earliest hard expiry of its queue (timer-queue.ts). Its interrupt
 * runs the queue's timers from the front while their soft expiry has passed: what may fire now does, so that it needs no
 * interrupt of its own. A timer fires on the CPU that armed it; moving the timers of an idle CPU to a busy one is not
 * modelled.
 *
 * Timer number = tid: the timer of a task's own sleep, which wakes it. Numbers above belong to devices: a function that
 * runs in interrupt context, and may wake tasks and arm timers.
 *
 * What it costs. The interrupt is delivered once (timerInterrupt, which covers the first timer with its wake-up); each
 * further timer that it runs costs a `wake`, and they are steps of their own, in order of time with what other CPUs do.
 * Linux makes at most three passes and then backs off; here an interrupt ends when nothing is due. Programming the device
 * costs the task that does it `timerReprogram`; the interrupt itself programs the device at its end for nothing. As in
 * Linux a timer cancelled from another CPU leaves the device programmed: the interrupt then comes for nothing.
 * Source: hrtimer_interrupt, __hrtimer_run_queues, __remove_hrtimer in kernel/time/hrtimer.c.
 */
import { TRACE_TICK, TRACE_TIMER_EXPIRE } from "../trace/events.ts";
import { balanceTick } from "./balance.ts";
import { EPOLLIN, TASK_NORMAL } from "./constants.ts";
import { MachineError } from "./errors.ts";
import { cpuId } from "./ids.ts";
import type { Kernel } from "./kernel.ts";
import { tellFromInterrupt } from "./poll.ts";
import { armSliceEnd } from "./slice-end.ts";
import { STEP_TIMER_REPROGRAM } from "./steps.ts";
import type { TimerCallback } from "./timer-owners.ts";
import { isTime, TIME_MAX } from "./times.ts";
import { reschedule, tryToWakeUp } from "./wakeup.ts";

/** While its interrupt is handled the device is not touched: it is programmed at the end. */
const IN_INTERRUPT = Number.NEGATIVE_INFINITY;

/** A timer of a device. Throws ERR_TIMER_LIMIT when `maxTimers` of them exist. */
export function createTimer(kernel: Kernel, callback: TimerCallback): number {
  const { timerOwners, config } = kernel;
  const index = timerOwners.find();
  if (index < 0) {
    throw new MachineError("ERR_TIMER_LIMIT", `no timer left: maxTimers is ${config.maxTimers}`);
  }
  timerOwners.give(index, callback);
  return config.maxTasks + 1 + index;
}

/** The first timer of a device that is free; of which there is one. `fd`, a timerfd, has it from now on. */
export function giveTimer(kernel: Kernel, fd: number): number {
  const { timerOwners, config } = kernel;
  const index = timerOwners.find();
  timerOwners.giveFile(index, fd);
  return config.maxTasks + 1 + index;
}

/** How many timers of devices can still be had. */
export function freeTimers(kernel: Kernel): number {
  return kernel.timerOwners.free;
}

/** Gives a device's timer back. It must not be armed. */
export function releaseTimer(kernel: Kernel, timer: number): void {
  kernel.timerOwners.takeBack(timer - kernel.config.maxTasks - 1);
}

/**
 * Arms a timer of a device on `cpu`: it fires between `atNs` and `atNs + slackNs`, ns since boot, or as soon as it can.
 * Re-arming replaces. Costs nothing: a device's own clock is not the CPU's. Throws ERR_TIME for what is no time.
 */
export function armTimer(kernel: Kernel, timer: number, cpu: number, atNs: number, slackNs = 0): void {
  if (!isTime(atNs)) throw new MachineError("ERR_TIME", `armTimer takes a time from 0 up, got ${atNs}`);
  program(kernel, cpu, timer, atNs, slackNs);
}

/** The current task arms a timer, its own or that of a file, on its CPU, and pays if the device has to be programmed. */
export function armTaskTimer(kernel: Kernel, timer: number, atNs: number, slackNs: number): void {
  if (program(kernel, kernel.cpu, timer, atNs, slackNs)) kernel.host.charge(STEP_TIMER_REPROGRAM);
}

/**
 * No-op when the timer is not armed. Returns whether the device had to be programmed; the one of another CPU stays as it
 * is.
 */
export function cancelTimer(kernel: Kernel, timer: number): boolean {
  const { timers, cpu } = kernel;
  if (!timers.isArmed(timer)) return false;
  const programmedFor = timers.cpuOf(timer) === cpu && timers.clockNs(cpu) === timers.hardNs(timer);
  timers.cancel(timer);
  if (programmedFor && timers.nextNs(cpu) > timers.clockNs(cpu)) return setClock(kernel, cpu);
  return false;
}

/** The one place that arms timers: at whole ns, TIME_MAX at the latest. Returns whether the device had to be programmed. */
function program(kernel: Kernel, cpu: number, timer: number, atNs: number, slackNs: number): boolean {
  const { timers } = kernel;
  const softNs = Math.min(Math.ceil(atNs), TIME_MAX);
  const hardNs = softNs + slackNs;
  const moved = timers.isArmed(timer) && cancelTimer(kernel, timer);
  timers.arm(timer, cpu, softNs, hardNs);
  return hardNs < timers.clockNs(cpu) ? setClock(kernel, cpu) : moved;
}

/** Programs the device of `cpu` for the first timer of its queue. */
function setClock(kernel: Kernel, cpu: number): true {
  const { timers, host } = kernel;
  const next = timers.nextNs(cpu);
  timers.setClockNs(cpu, next);
  if (next === Number.POSITIVE_INFINITY) host.cancelClockEvent(cpuId(cpu));
  else host.armClockEvent(cpuId(cpu), Math.max(next, host.now));
  return true;
}

/** The clock device of `cpu` interrupts: what is armed from now on waits for the end of the interrupt. */
export function clockInterrupt(kernel: Kernel, cpu: number): void {
  kernel.timers.setClockNs(cpu, IN_INTERRUPT);
}

/**
 * The interrupt on the executing CPU goes on, when what came before has been paid for: runs one timer. Returns whether
 * another is due, for which the host charges a `wake` before it calls again. `first`: the interrupt has just been delivered.
 */
export function runTimer(kernel: Kernel, first: boolean): boolean {
  const { timers, cpus, host, cpu } = kernel;
  if (first) cpus.setWakeStart(cpu, host.now);
  if (isDue(kernel)) fire(kernel, timers.first(cpu));
  if (isDue(kernel)) {
    cpus.setWakeStart(cpu, host.now);
    return true;
  }
  setClock(kernel, cpu);
  return false;
}

function isDue(kernel: Kernel): boolean {
  const first = kernel.timers.first(kernel.cpu);
  return first !== 0 && kernel.timers.softNs(first) <= kernel.host.now;
}

function fire(kernel: Kernel, timer: number): void {
  const { timers, config, trace } = kernel;
  timers.cancel(timer);
  const device = timer - config.maxTasks;
  if (trace.on) kernel.emit(TRACE_TIMER_EXPIRE, device > 0 ? 0 : timer, device > 0 ? device : 0, 0);
  if (device > 0) fireDevice(kernel, device - 1, timer);
  else tryToWakeUp(kernel, timer, TASK_NORMAL, 0);
}

function fireDevice(kernel: Kernel, index: number, timer: number): void {
  const fd = kernel.timerOwners.file(index);
  if (fd >= 0) expireTimerfd(kernel, fd);
  else kernel.timerOwners.callback(index)!(timer);
}

/** One more expiration that nobody has read. */
function expireTimerfd(kernel: Kernel, fd: number): void {
  kernel.files.setCounter(fd, kernel.files.counter(fd) + 1n);
  tellFromInterrupt(kernel, fd, EPOLLIN);
}

/** The slice of the executing CPU's current task has ended, or nearly: rounding may leave a ns. */
export function sliceEnded(kernel: Kernel): void {
  const { fair, cpus, host, cpu } = kernel;
  if (fair.tick(cpu, cpus.curr(cpu), host.now)) reschedule(kernel, cpu);
  else armSliceEnd(kernel, cpu);
}

/**
 * The tick of the executing CPU, which is not idle. Returns whether another one is needed: while somebody waits for the CPU
 * and, with periodic balancing, always.
 */
export function tick(kernel: Kernel): boolean {
  const { fair, host, trace, cpu } = kernel;
  const curr = kernel.cpus.curr(cpu);
  if (trace.on) kernel.emit(TRACE_TICK, curr, 0, 0);
  if (fair.tick(cpu, curr, host.now)) reschedule(kernel, cpu);
  if (kernel.tickAbove === 0) balanceTick(kernel);
  return fair.nrQueued(cpu) > kernel.tickAbove;
}
