/**
 * What interrupts a CPU of the threads host, when it looks: devices, its clock, its tick, other CPUs. Handlers run in the
 * kernel, with no task current, in the order in which held interrupts are served: I/O, clock, tick, IPI. Each is a section of its
 * own, and so is each timer of the clock's. Devices, calls of other CPUs and a STOP are taken alone.
 *
 * A class that comes while the CPU's interrupts are off is held (kernel-sim/smp/interrupts.ts). A CPU that has stopped leaves
 * whatever it is in by CpuStopped: in an emergency that is wherever it looked.
 */
import { NO_TASK } from "../../../kernel-sim/ids.ts";
import { CPU_STOPPED } from "../../../kernel-sim/smp/cpu-state.ts";
import {
  enterHandler,
  holdInterrupt,
  IRQ_ON,
  leaveHandler,
  PEND_CLOCK,
  PEND_IO,
  PEND_IPI,
  PEND_TICK,
} from "../../../kernel-sim/smp/interrupts.ts";
import { serveIrqs } from "../../../kernel-sim/smp/irq-routing.ts";
import { IPI_STOP } from "../../../kernel-sim/smp/mailbox.ts";
import { handleIpi } from "../../../kernel-sim/smp/serve.ts";
import { clockInterrupt, runTimer, sliceEnded, tick } from "../../../kernel-sim/timers.ts";
import type { VcpuHost } from "./host.ts";
import { ATT_DEVICE, ATT_HOST, ATT_IPI } from "./words.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** The executing CPU has stopped: nothing more is executed on it. */
export class CpuStopped extends Error {}

export class Interrupts {
  readonly #host: VcpuHost;

  constructor(host: VcpuHost) {
    this.#host = host;
  }

  /** Takes what has come for the executing CPU, which is in the kernel. Throws CpuStopped, MachineGone. */
  serve(): void {
    const { shared, cpu, kernel } = this.#host;
    this.#host.checkWhole();
    const bits = shared.takeAttention(cpu);
    const { now } = this.#host;
    if ((bits & (ATT_DEVICE | ATT_HOST)) !== 0) this.#arrive(PEND_IO);
    if (kernel.timers.clockNs(cpu) <= now) this.#arrive(PEND_CLOCK);
    if (shared.tickAt(cpu) <= now || shared.sliceAt(cpu) <= now) this.#arrive(PEND_TICK);
    if ((bits & ATT_IPI) !== 0) this.#arrive(PEND_IPI);
    this.#host.lock.endInner();
    if (kernel.smp.state(cpu) === CPU_STOPPED) throw new CpuStopped(`CPU ${cpu} has stopped`);
  }

  /** Is there anything in the CPU's mailbox that is not of its run queue? Who puts it there is alone. */
  get isCalled(): boolean {
    const { kernel, cpu } = this.#host;
    return (kernel.cpus.pending(cpu) & IPI_STOP) !== 0 || !kernel.callQueues.isEmpty(cpu);
  }

  #arrive(pendClass: number): void {
    const { kernel, cpu } = this.#host;
    if (kernel.smp.irq(cpu) === IRQ_ON) this.redeliver(pendClass);
    else if ((kernel.cpus.pending(cpu) & pendClass) === 0 && kernel.smp.state(cpu) !== CPU_STOPPED)
      holdInterrupt(kernel, cpu, pendClass);
  }

  /** The handler of a class runs now. Interrupts are on. */
  redeliver(pendClass: number): void {
    const { kernel, cpu, lock } = this.#host;
    const { current } = kernel;
    lock.endInner();
    if (pendClass === PEND_IO || (pendClass === PEND_IPI && this.isCalled)) this.#host.alone();
    lock.queue(cpu);
    kernel.current = NO_TASK;
    enterHandler(kernel, cpu, pendClass);
    if (pendClass === PEND_IO) this.#onDevice();
    else if (pendClass === PEND_CLOCK) this.#onClock();
    else if (pendClass === PEND_TICK) this.#onTick();
    else handleIpi(kernel, kernel.cpus.curr(cpu) !== 0);
    leaveHandler(kernel, cpu, pendClass);
    kernel.current = current;
  }

  #onDevice(): void {
    serveIrqs(this.#host.kernel);
    this.#host.hostTasks?.arrive();
  }

  #onClock(): void {
    const { kernel, cpu } = this.#host;
    clockInterrupt(kernel, cpu);
    // Bounded by the timers that are due now: time stands still.
    for (let first = true; ; first = false) {
      // A device's, or a file's.
      if (kernel.timers.first(cpu) > kernel.config.maxTasks) this.#host.alone();
      if (!runTimer(kernel, first)) return;
      this.#host.lock.endInner();
    }
  }

  /** A tick that was armed while the CPU was busy is none any more in idle. */
  #onTick(): void {
    const { kernel, cpu, shared } = this.#host;
    const { now } = this.#host;
    const slice = shared.sliceAt(cpu) <= now;
    const ticks = shared.tickAt(cpu) <= now;
    if (slice) shared.setSliceAt(cpu, NEVER);
    if (ticks) shared.setTickAt(cpu, NEVER);
    if (kernel.cpus.curr(cpu) === 0) return;
    if (slice) sliceEnded(kernel);
    if (ticks && tick(kernel)) this.#host.armTick(cpu);
  }
}
