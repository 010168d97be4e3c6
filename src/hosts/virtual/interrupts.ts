/**
 * Interrupts of the virtual host: IPIs, ticks, clock devices, and what comes from outside the machine.
 *
 * An interrupt finds its CPU suspended or asleep, never executing. If the CPU has interrupts off it is held
 * (kernel-sim/smp/interrupts.ts) and arrives once more when they go on. Its handler runs at its own time; what it costs is
 * added to the pending RESUME. In a stretch of user work it may end the stretch instead, so that the task reschedules or
 * takes a signal at once. A sleeping CPU is sent on its way out of idle.
 */
import { type CpuId, cpuId, NO_TASK } from "../../kernel-sim/ids.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { leaveIdleState } from "../../kernel-sim/schedule.ts";
import {
  enterHandler,
  holdInterrupt,
  IRQ_ON,
  leaveHandler,
  PEND_CLOCK,
  PEND_IO,
  PEND_IPI,
  PEND_TICK,
} from "../../kernel-sim/smp/interrupts.ts";
import { serveIrqs } from "../../kernel-sim/smp/irq-routing.ts";
import { handleIpi } from "../../kernel-sim/smp/serve.ts";
import {
  type CostStep,
  STEP_IDLE_LOOP_EXIT,
  STEP_TICK,
  STEP_TIMER_INTERRUPT,
  STEP_WAKE,
} from "../../kernel-sim/steps.ts";
import { clockInterrupt, runTimer, sliceEnded, tick } from "../../kernel-sim/timers.ts";
import type { CpuRunner } from "./cpu-runner.ts";
import type { VirtualThreads } from "./cpu-threads.ts";
import type { CpuTime } from "./cpu-time.ts";
import type { EventQueue } from "./event-queue.ts";
import { PAID_BY_IDLE, PAID_BY_INTERRUPT, type StepLedger } from "./step-ledger.ts";

/** The clock device is quiet; its interrupt is being delivered; its handler has run a timer and has more to run. */
const CLOCK_QUIET = 0;
const CLOCK_DELIVERED = 1;
const CLOCK_MORE = 2;

/** By class of interrupt: the row of slots its events are in. */
const SLOT_OF: Readonly<Record<number, number>> = {
  [PEND_IPI]: 1,
  [PEND_TICK]: 2,
  [PEND_CLOCK]: 3,
  [PEND_IO]: 4,
};

/** The clock, the prices and the tick of the host. */
export interface InterruptHost {
  readonly now: number;
  readonly threads: VirtualThreads;
  charge(step: CostStep): void;
  price(step: CostStep, payer: number): number;
  armTick(cpu: CpuId): void;
}

export class Interrupts {
  declare private readonly kernel: Kernel;
  declare private readonly host: InterruptHost;
  declare private readonly queue: EventQueue;
  declare private readonly runner: CpuRunner;
  declare private readonly time: CpuTime;
  declare private readonly ledger: StepLedger;
  declare private readonly threads: VirtualThreads;
  declare private readonly vcpus: number;
  /** How far each CPU is in an interrupt of its clock device: CLOCK_. */
  declare private readonly clockPhase: Uint8Array;
  /** By CPU: handlers of devices that have interrupted it and were not run yet. */
  readonly #devices: (() => void)[][] = [];

  /** `queue`: the events of the host, in the slots that `VirtualHost` gives them. */
  constructor(kernel: Kernel, host: InterruptHost, queue: EventQueue, runner: CpuRunner, time: CpuTime) {
    this.threads = host.threads;
    this.kernel = kernel;
    this.host = host;
    this.queue = queue;
    this.runner = runner;
    this.time = time;
    this.ledger = time.ledger;
    this.vcpus = kernel.config.vcpus;
    this.clockPhase = new Uint8Array(this.vcpus);
  }

  /** The event in slot `slot` behind those of RESUMEs is due. */
  dispatch(slot: number): void {
    const n = this.vcpus;
    if (slot < 2 * n) this.#arrive(slot - n, PEND_IPI, this.#onIpi);
    else if (slot < 3 * n) this.#arrive(slot - 2 * n, PEND_TICK, this.#onTick);
    else if (slot < 4 * n) this.#onClock(slot - 3 * n);
    else if (slot < 5 * n) this.#arrive(slot - 4 * n, PEND_IO, this.#onDevices);
    else this.#onSliceTimer(slot);
  }

  /** See Host: behind nothing that is due now, and before the CPU's RESUME. */
  redeliver(cpu: CpuId, pendClass: number): void {
    this.queue.schedule(SLOT_OF[pendClass]! * this.vcpus + cpu, this.host.now);
  }

  #arrive(cpu: number, pendClass: number, handler: (this: Interrupts, cpu: number) => void): void {
    if (this.kernel.smp.irq(cpu) === IRQ_ON) this.#handle(cpu, pendClass, handler);
    else holdInterrupt(this.kernel, cpu, pendClass);
  }

  /** Handles an interrupt on a CPU that is suspended or asleep, and charges it to whatever it interrupted. */
  #handle(cpu: number, pendClass: number, handler: (this: Interrupts, cpu: number) => void): void {
    const kernel = this.kernel;
    const began = this.host.now;
    kernel.cpu = cpuId(cpu);
    kernel.current = NO_TASK;
    this.ledger.payer = PAID_BY_INTERRUPT;
    enterHandler(kernel, cpu, pendClass);
    handler.call(this, cpu);
    leaveHandler(kernel, cpu, pendClass);
    const stolen = this.host.now - began;
    if (stolen > 0) this.time.steal(cpu, began, stolen);
    if (this.queue.isPending(cpu)) {
      this.threads.parking.interrupted(cpu);
      if (stolen > 0) this.queue.schedule(cpu, this.queue.timeOf(cpu) + stolen);
      this.runner.endWorkIfAsked(cpu);
    }
  }

  /** A device interrupt on `cpu`, now, from outside the machine: `handler` runs in interrupt context there. */
  deliver(cpu: CpuId, handler: () => void): void {
    this.#devices[cpu] ??= [];
    this.#devices[cpu].push(handler);
    this.#arrive(cpu, PEND_IO, this.#onDevices);
  }

  #onDevices(cpu: number): void {
    const handlers = this.#devices[cpu] ?? [];
    this.#devices[cpu] = [];
    for (const handler of handlers) handler();
    serveIrqs(this.kernel);
    this.wakeIdle(cpu, 0);
  }

  #onIpi(cpu: number): void {
    handleIpi(this.kernel, this.kernel.cpus.curr(cpu) !== 0);
    this.wakeIdle(cpu, 0);
  }

  /** A tick that was armed while the CPU was busy is none any more in idle. */
  #onTick(cpu: number): void {
    if (this.kernel.cpus.curr(cpu) === 0) return;
    this.host.charge(STEP_TICK);
    if (tick(this.kernel)) this.host.armTick(cpuId(cpu));
  }

  /** What ends together with the slice is over: work that is done now needs no further slice. */
  #onSliceTimer(slot: number): void {
    const cpu = slot - 5 * this.vcpus;
    const { queue, host } = this;
    if (queue.isPending(cpu) && queue.timeOf(cpu) === host.now) queue.schedule(slot, host.now);
    else this.#arrive(cpu, PEND_TICK, this.#onSliceEnd);
  }

  /** As of a tick, so that one that is held comes as a tick. */
  #onSliceEnd(): void {
    this.host.charge(STEP_TICK);
    sliceEnded(this.kernel);
  }

  /** First the interrupt arrives; then, as each has been paid for, its handler runs one timer after the other. */
  #onClock(cpu: number): void {
    const phase = this.clockPhase[cpu]!;
    if (phase === CLOCK_QUIET) {
      if (this.kernel.smp.irq(cpu) !== IRQ_ON) {
        holdInterrupt(this.kernel, cpu, PEND_CLOCK);
        return;
      }
      clockInterrupt(this.kernel, cpu);
      this.#clockGoesOn(cpu, CLOCK_DELIVERED, STEP_TIMER_INTERRUPT);
      return;
    }
    // Quiet before the handler, which programs the device when nothing more is due.
    this.clockPhase[cpu] = CLOCK_QUIET;
    let more = false;
    this.#handle(cpu, PEND_CLOCK, () => {
      more = runTimer(this.kernel, phase === CLOCK_DELIVERED);
    });
    if (more) this.#clockGoesOn(cpu, CLOCK_MORE, STEP_WAKE);
  }

  /** The clock's handler goes on when `step` has been paid for by whatever it interrupts. */
  #clockGoesOn(cpu: number, phase: number, step: CostStep): void {
    const cost = this.host.price(step, PAID_BY_INTERRUPT);
    this.time.steal(cpu, this.host.now, cost);
    this.clockPhase[cpu] = phase;
    this.queue.schedule(3 * this.vcpus + cpu, this.host.now + cost);
    if (this.queue.isPending(cpu)) this.queue.schedule(cpu, this.queue.timeOf(cpu) + cost);
    else this.wakeIdle(cpu, cost, false);
  }

  /**
   * A sleeping CPU notices something after `ns`, and goes through the exit of its idle state and of the idle loop.
   * `latency` false: the price of what woke it covers the hardware exit (the timer interrupt's does).
   */
  wakeIdle(cpu: number, ns: number, latency = true): void {
    const exit = leaveIdleState(this.kernel, cpu);
    if (exit < 0) return;
    const hardware = latency ? exit : 0;
    const software = this.host.price(STEP_IDLE_LOOP_EXIT, PAID_BY_IDLE);
    this.time.leaveIdle(cpu, hardware, software);
    // Nobody wakes who has not gone to sleep yet.
    const noticed = Math.max(this.host.now + ns, this.time.clockOf(cpu));
    this.queue.schedule(cpu, noticed + hardware + software);
  }
}
