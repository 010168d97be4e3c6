/**
 * Stopping all CPUs: orderly, with an acknowledgement of each; or at once, when the kernel cannot be trusted any more.
 *
 * | who waits          | for whom                                    | until        | else                                        |
 * |--------------------|---------------------------------------------|--------------|---------------------------------------------|
 * | an orderly stopper | each other CPU, to be STOPPED                | the deadline | it is reported as a straggler               |
 * | an emergency one   | nobody                                      |              | who ran the machine looks again a little later |
 *
 * One owner. Whoever wants to stop the machine first makes itself the owner of the stop, by compare-and-exchange; the second
 * to want it is told so, and will be stopped by the first. So two that stop each other do not both wait.
 *
 * Orderly: a CPU that takes the STOP is STOPPING, goes on to the next point at which it holds nothing (a call of the
 * scheduler, a return to user mode, its idle loop), and is STOPPED there. The stopper needs nothing of it: it holds no lock,
 * and only waits. In an emergency a CPU is STOPPED where the interrupt finds it, whatever it holds.
 * A CPU with interrupts off takes neither before it turns them on. Linux then sends an NMI; here it is a straggler.
 *
 * A STOPPED CPU has its interrupts off for good and no event pending: it does nothing any more. UML sends STOP and goes
 * on at once, without knowing whether anybody heard.
 * Sources: User Mode Linux (docs/uml.md); native_stop_other_cpus in arch/x86/kernel/smp.c.
 */
import { type Coroutine, Pause } from "../../atomics/step.ts";
import { IDLE_NOT } from "../cpu-table.ts";
import { type Waiter, waiters } from "../deadlock.ts";
import { YIELD_STOP } from "../host.ts";
import { cpuId } from "../ids.ts";
import type { Kernel } from "../kernel.ts";
import {
  CPU_READY,
  CPU_STATE_NAMES,
  CPU_STOPPED,
  CPU_STOPPING,
  type CpuStateName,
  setCpuState,
} from "./cpu-state.ts";
import { IRQ_OFF } from "./interrupts.ts";
import { IPI_STOP, signalCpu } from "./mailbox.ts";

export const STOP_NOT = 0;
export const STOP_ORDERLY = 1;
export const STOP_EMERGENCY = 2;

/** Owner of a stop that was asked for from outside the machine. */
export const OUTSIDE = -1;

/** How long CPUs may take to stop. Linux waits a second for a STOP, and 10 ms for the NMI after it. */
export const STOP_TIMEOUT_NS = 1_000_000_000;
export const PANIC_TIMEOUT_NS = 10_000_000;

/** What the stop of a machine left behind. CPUs by number. */
export interface StopReport {
  readonly how: "orderly" | "emergency";
  readonly reason: string;
  readonly atNs: number;
  readonly stopped: readonly number[];
  /** CPUs that had come up and were not STOPPED when the time was over. */
  readonly stragglers: readonly {
    readonly cpu: number;
    readonly state: CpuStateName;
    readonly irqsOff: boolean;
  }[];
  /** Tasks that had not exited. */
  readonly alive: readonly Waiter[];
}

/**
 * Makes `owner` (a CPU, or OUTSIDE) the owner of a stop and tells every other READY CPU. False: the stop has an owner
 * already. An emergency takes over from an orderly stop that has not ended.
 */
export function beginStop(kernel: Kernel, owner: number, how: number, reason: string): boolean {
  const { smp, host } = kernel;
  if (smp.stopHow >= how) return false;
  smp.stopHow = how;
  smp.stopOwner = owner;
  smp.stopLeft = 0;
  kernel.record.stopReason = reason;
  const { patience, panicPatience } = host.threads;
  const timeoutNs = how === STOP_ORDERLY ? STOP_TIMEOUT_NS * patience : PANIC_TIMEOUT_NS * panicPatience;
  kernel.record.stopDeadlineNs = host.now + timeoutNs;
  for (let cpu = 0; cpu < smp.count; cpu++) {
    if (cpu === owner) continue;
    if (smp.state(cpu) === CPU_STOPPING) smp.stopLeft++;
    if (smp.state(cpu) !== CPU_READY) continue;
    // Counted before the send. Whom the host will not interrupt finds the bit when it looks, or is a straggler.
    smp.stopLeft++;
    signalCpu(kernel, cpu, IPI_STOP);
  }
  return true;
}

/** Stops every other CPU and waits until they are, or `STOP_TIMEOUT_NS` has passed. False: somebody else is at it. */
export function* stopOthers(kernel: Kernel, reason: string): Coroutine<boolean> {
  const { smp, host } = kernel;
  yield* host.sync();
  if (!beginStop(kernel, kernel.cpu, STOP_ORDERLY, reason)) return false;
  yield* host.sync();
  // Bounded by the deadline.
  while (smp.stopLeft > 0 && host.now < kernel.record.stopDeadlineNs) {
    yield* host.threads.park(smp.stopLeftWord(), smp.stopLeft, kernel.record.stopDeadlineNs);
  }
  return true;
}

const STOP: Pause = new Pause(YIELD_STOP);

/** Stops the executing CPU, which holds nothing, for good. */
export function* stopHere(kernel: Kernel): Coroutine<never> {
  yield* STOP;
  throw new Error(`kernel bug: CPU ${kernel.cpu} goes on after it has stopped`);
}

/**
 * panic(): tells every other CPU and stops this one where it is. From any context, interrupts on or off; waits for nobody. A
 * handler returns after it; a coroutine takes `panicHere`, which does not.
 */
export function panicNow(kernel: Kernel, reason: string): void {
  beginStop(kernel, kernel.cpu, STOP_EMERGENCY, reason);
  finishStop(kernel, kernel.cpu);
}
/** The same, from a coroutine of the kernel's: its CPU stops in it. */
export function* panicHere(kernel: Kernel, reason: string): Coroutine<never> {
  panicNow(kernel, reason);
  return yield* stopHere(kernel);
}

/** A STOP has been taken by the executing CPU. `safe`: it holds nothing. Returns whether it goes on. */
export function takeStop(kernel: Kernel, safe: boolean): boolean {
  const { cpus, smp, cpu } = kernel;
  setCpuState(kernel, cpu, CPU_READY, CPU_STOPPING);
  if (safe || smp.stopHow === STOP_EMERGENCY) {
    finishStop(kernel, cpu);
    return false;
  }
  // The next point that clears this is one where it holds nothing.
  cpus.setNeedResched(cpu, 1);
  return true;
}

/** Has `cpu`, STOPPING, come to such a point since? */
export function isSafePoint(kernel: Kernel, cpu: number): boolean {
  return kernel.cpus.curr(cpu) === 0 || kernel.cpus.needResched(cpu) === 0;
}

/** `cpu` is at a point where it may stop, or must: it does nothing any more. */
export function finishStop(kernel: Kernel, cpu: number): void {
  const { cpus, smp, host } = kernel;
  setCpuState(kernel, cpu, CPU_READY, CPU_STOPPING);
  if (!setCpuState(kernel, cpu, CPU_STOPPING, CPU_STOPPED)) return;
  smp.setIrq(cpu, IRQ_OFF);
  cpus.setPending(cpu, 0);
  cpus.setIdle(cpu, false);
  cpus.setIdlePhase(cpu, IDLE_NOT);
  host.threads.cpuStopped(cpuId(cpu));
  // The owner is not counted: it waits for the others, if for anybody.
  if (cpu === smp.stopOwner) return;
  smp.stopLeft--;
  host.threads.unpark(smp.stopLeftWord());
}

/** Is the machine at its end: all CPUs have stopped; or the owner has, and the others' time is over? */
export function stopEnded(kernel: Kernel): boolean {
  const { smp, host } = kernel;
  if (smp.stopHow === STOP_NOT) return false;
  const owner = smp.stopOwner;
  const timeIsOver = host.now >= kernel.record.stopDeadlineNs;
  return (timeIsOver && (owner === OUTSIDE || smp.state(owner) === CPU_STOPPED)) || !anyRunning(kernel);
}

function anyRunning(kernel: Kernel): boolean {
  const { smp } = kernel;
  for (let cpu = 0; cpu < smp.count; cpu++) {
    if (smp.state(cpu) === CPU_READY || smp.state(cpu) === CPU_STOPPING) return true;
  }
  return false;
}

/** What a stop has left behind. */
export function stopReport(kernel: Kernel): StopReport {
  const { smp, host } = kernel;
  const stopped: number[] = [];
  const stragglers: { cpu: number; state: CpuStateName; irqsOff: boolean }[] = [];
  for (let cpu = 0; cpu < smp.count; cpu++) {
    const state = smp.state(cpu);
    if (state === CPU_STOPPED) stopped.push(cpu);
    if (state !== CPU_READY && state !== CPU_STOPPING) continue;
    stragglers.push({ cpu, state: CPU_STATE_NAMES[state]!, irqsOff: smp.irq(cpu) === IRQ_OFF });
  }
  return {
    how: smp.stopHow === STOP_EMERGENCY ? "emergency" : "orderly",
    reason: kernel.record.stopReason,
    atNs: host.now,
    stopped,
    stragglers,
    alive: waiters(kernel),
  };
}
