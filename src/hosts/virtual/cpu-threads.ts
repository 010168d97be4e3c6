/**
 * Threads of CPUs that are not in their idle loop yet: the virtual host's part in the handshake of kernel-sim/smp.
 *
 * The boot runs before anything else, to its end, on the machine's own clock and event queue; only RESUME events exist
 * then. CPUs that are READY wait at the entrance of their idle loop until all are through. A thread that is late may come
 * when the machine is long running: it finds itself given up, and ends.
 */
import { type Coroutine, RESUME } from "../../atomics/step.ts";
import { type CpuThreads, YIELD_PARK } from "../../kernel-sim/host.ts";
import { type CpuId, cpuId, NO_TASK } from "../../kernel-sim/ids.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { type BootReport, bringUp } from "../../kernel-sim/smp/bring-up.ts";
import { CPU_RELEASED } from "../../kernel-sim/smp/cpu-state.ts";
import { startSecondary } from "../../kernel-sim/smp/secondary.ts";
import type { BootPlan, WakeFaults } from "./boot-config.ts";
import type { EventQueue } from "./event-queue.ts";
import { Parking } from "./parking.ts";

export class VirtualThreads implements CpuThreads {
  readonly patience = 1;
  readonly panicPatience = 1;
  readonly #kernel: Kernel;
  readonly #queue: EventQueue;
  declare readonly parking: Parking;
  readonly #faults: WakeFaults;
  readonly #plan: BootPlan;
  readonly #threads: (Coroutine<unknown> | undefined)[] = [];

  constructor(kernel: Kernel, queue: EventQueue, plan: BootPlan) {
    this.#kernel = kernel;
    this.#queue = queue;
    this.#faults = { ...plan.faults };
    this.parking = new Parking(kernel, queue, this.#faults);
    this.#plan = plan;
  }

  /** Brings the machine up. Throws ERR_BOOT. */
  boot(): BootReport {
    const { host } = this.#kernel;
    let report: BootReport | undefined;
    this.#threads[0] = (function* (kernel: Kernel): Coroutine<void> {
      report = yield* bringUp(kernel);
    })(this.#kernel);
    this.#queue.schedule(0, host.now);
    // Bounded by the deadlines of the boot CPU's waits.
    while (report === undefined) {
      host.now = this.#queue.top;
      this.resume(this.#queue.pop());
    }
    return report;
  }

  startCpu(cpu: CpuId): boolean {
    const { costs, faults } = this.#plan;
    const { host } = this.#kernel;
    host.now += costs.createNs;
    if (faults.noThread.includes(cpu)) return false;
    this.#threads[cpu] = startSecondary(this.#kernel, cpu);
    const late = faults.late.includes(cpu) ? faults.lateNs : 0;
    this.#queue.schedule(cpu, host.now + costs.presentNs + late);
    return true;
  }

  createTimer(cpu: CpuId): boolean {
    this.#kernel.host.now += this.#plan.costs.timerNs;
    return !this.#plan.faults.noTimer.includes(cpu);
  }

  park(word: number, old: number, deadlineNs: number): Coroutine<void> {
    return this.parking.park(word, old, deadlineNs);
  }
  unpark(word: number): void {
    this.parking.unpark(word, this.#plan.costs.wakeNs);
  }

  cpuStopped(cpu: CpuId): void {
    const { count } = this.#kernel.smp;
    // Its RESUME, IPI, tick, clock and devices.
    for (let row = 0; row < 5; row++) this.#queue.cancel(row * count + cpu);
    this.parking.forget(cpu);
  }

  /** Is this a send that the host shall refuse? */
  refusesSend(): boolean {
    return this.#faults.refusedSends > 0 && this.#faults.refusedSends-- > 0;
  }

  /** The RESUME of a CPU that is not in its idle loop yet. */
  resume(cpu: number): void {
    const kernel = this.#kernel;
    const thread = this.#threads[cpu];
    if (thread === undefined) return;
    const dies = kernel.smp.state(cpu) === CPU_RELEASED && this.#plan.faults.dies.includes(cpu);
    kernel.cpu = cpuId(cpu);
    kernel.current = NO_TASK;
    const request = dies ? undefined : thread.next(RESUME);
    if (request === undefined || request.done) this.#threads[cpu] = undefined;
    else if (request.value === YIELD_PARK) this.parking.begin(cpu);
    else this.#queue.schedule(cpu, kernel.host.now);
  }
}
