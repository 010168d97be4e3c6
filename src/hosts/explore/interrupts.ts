/**
 * Interrupts of the explore host: what is on its way to each CPU, and what becomes of it when it arrives.
 *
 * An interrupt comes between two steps of its CPU, whose interrupts are on; it waits where it comes from while they are off,
 * so that the kernel never has to hold one. A task that was in user mode does first, on its way back there, what the interrupt
 * has left it to do (task-code.ts). A sleeping CPU is on its way out of idle, and its next step goes on.
 */
import { cpuId, NO_TASK } from "../../kernel-sim/ids.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { leaveIdleState } from "../../kernel-sim/schedule.ts";
import {
  enterHandler,
  IRQ_ON,
  leaveHandler,
  PEND_CLOCK,
  PEND_IO,
  PEND_IPI,
} from "../../kernel-sim/smp/interrupts.ts";
import { serveIrqs } from "../../kernel-sim/smp/irq-routing.ts";
import { handleIpi } from "../../kernel-sim/smp/serve.ts";
import { clockInterrupt, runTimer } from "../../kernel-sim/timers.ts";
import type { Observed } from "./observed.ts";
import type { TaskCode } from "./task-code.ts";
import type { Touches } from "./touches.ts";

const OFF = 0;
const RAISED = 1;
/** Quiet, and was raised before in this execution. */
const TAKEN = 2;

/** The lines of a CPU that are raised and taken. Its clock is beside them. */
export const LINE_IPI = 0;
export const LINE_DEVICE = 1;
const LINES = 2;

export class Interrupts {
  declare private readonly kernel: Kernel;
  declare private readonly code: TaskCode;
  /** By CPU: when its clock device interrupts; whether it has been programmed in this execution. */
  declare private readonly clocks: Float64Array;
  declare private readonly programmed: Uint8Array;
  /** By CPU and line. */
  declare private readonly lines: Uint8Array;
  declare private readonly touches: Touches;
  /** First object of the clocks, and of the lines. */
  declare private readonly clock: number;
  declare private readonly line: number;
  /** Something has been raised or programmed in this execution. */
  busy = false;

  constructor(kernel: Kernel, code: TaskCode, { objects, touches }: Observed) {
    const { vcpus } = kernel.config;
    this.touches = touches;
    this.clock = objects.of("host.clock", vcpus);
    this.line = objects.of("host.line", vcpus * LINES);
    this.kernel = kernel;
    this.code = code;
    this.clocks = new Float64Array(vcpus);
    this.programmed = new Uint8Array(vcpus);
    this.lines = new Uint8Array(vcpus * LINES);
  }

  reset(): void {
    this.clocks.fill(Number.POSITIVE_INFINITY);
    this.programmed.fill(0);
    this.lines.fill(OFF);
    this.busy = false;
  }

  /** Infinity: not at all. */
  programClock(cpu: number, atNs: number): void {
    this.touches.write(this.clock + cpu);
    this.clocks[cpu] = atNs;
    this.programmed[cpu] = 1;
    this.busy = true;
  }
  /** When the clock of `cpu` is due, ns. */
  clockOf(cpu: number): number {
    this.touches.read(this.clock + cpu);
    return this.clocks[cpu]!;
  }
  /** False: the line is up already. */
  raise(cpu: number, line: number): boolean {
    this.touches.write(this.line + cpu * LINES + line);
    if (this.lines[cpu * LINES + line] === RAISED) return false;
    this.lines[cpu * LINES + line] = RAISED;
    this.busy = true;
    return true;
  }

  isRaised(cpu: number, line: number): boolean {
    this.touches.read(this.line + cpu * LINES + line);
    return this.lines[cpu * LINES + line] === RAISED && this.kernel.smp.irq(cpu) === IRQ_ON;
  }
  isClockDue(cpu: number): boolean {
    this.touches.read(this.clock + cpu);
    return this.clocks[cpu]! < Number.POSITIVE_INFINITY && this.kernel.smp.irq(cpu) === IRQ_ON;
  }
  /** Has the line been raised, or the clock been programmed, in this execution? */
  wasRaised(cpu: number, line: number): boolean {
    return this.lines[cpu * LINES + line] !== OFF;
  }
  wasProgrammed(cpu: number): boolean {
    return this.programmed[cpu] === 1;
  }

  /** What is raised arrives. */
  take(cpu: number, line: number): void {
    const { kernel } = this;
    this.touches.write(this.line + cpu * LINES + line);
    this.lines[cpu * LINES + line] = TAKEN;
    if (line === LINE_DEVICE) this.handle(cpu, PEND_IO, () => serveIrqs(kernel));
    else this.handle(cpu, PEND_IPI, () => handleIpi(kernel, kernel.cpus.curr(cpu) !== 0));
  }

  /** The clock of `cpu` interrupts: every timer that is due by now, one after the other. */
  takeClock(cpu: number): void {
    const { kernel } = this;
    this.touches.write(this.clock + cpu);
    this.clocks[cpu] = Number.POSITIVE_INFINITY;
    clockInterrupt(kernel, cpu);
    this.handle(cpu, PEND_CLOCK, () => {
      let more = runTimer(kernel, true);
      // Bounded: each turn disarms a timer.
      while (more) more = runTimer(kernel, false);
    });
  }

  /** A handler runs on `cpu`, between two of its steps. */
  handle(cpu: number, pendClass: number, handler: () => unknown): void {
    const { kernel } = this;
    kernel.cpu = cpuId(cpu);
    kernel.current = NO_TASK;
    kernel.cpus.setWakeStart(cpu, kernel.host.now);
    enterHandler(kernel, cpu, pendClass);
    handler();
    leaveHandler(kernel, cpu, pendClass);
    const curr = kernel.cpus.curr(cpu);
    if (curr === 0) leaveIdleState(kernel, cpu);
    else this.code.returnFromInterrupt(curr);
  }
}
