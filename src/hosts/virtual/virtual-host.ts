/**
 * The virtual host: discrete events, virtual nanoseconds, one isolate.
 *
 * A CPU is in one of four situations, and has at most one RESUME event:
 * - executing: its coroutine runs now (cpu-runner.ts). It runs ahead on credit (host.ts) as long as nothing is due;
 * - suspended: RESUME is pending; its mode says what it will do then (go on, end a stretch of user work, exit, idle on);
 * - asleep in idle: no event. An IPI, a flag write or a timer schedules its way out;
 * - interrupted: see interrupts.ts.
 *
 * Rejected: an event per operation (20 times slower) and a coroutine per CPU (interrupts would need a second stack).
 */
import { Completed, type Coroutine, Pause, type Step, YIELD_PAUSE } from "../../atomics/step.ts";
import { NR_INTERRUPT } from "../../kernel-sim/constants.ts";
import { IDLE_ENTERING } from "../../kernel-sim/cpu-table.ts";
import { MachineError } from "../../kernel-sim/errors.ts";
import { type Host, type Sequel, YIELD_WORK } from "../../kernel-sim/host.ts";
import type { CpuId, Tid } from "../../kernel-sim/ids.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { endPolling } from "../../kernel-sim/schedule.ts";
import { exitToUserMode, hasExitWork } from "../../kernel-sim/signals.ts";
import type { BootReport } from "../../kernel-sim/smp/bring-up.ts";
import { PEND_IO, PEND_IPI } from "../../kernel-sim/smp/interrupts.ts";
import { type CostStep, STEP_IPI_DELIVER } from "../../kernel-sim/steps.ts";
import { CLOCK_END, checkTime, TIME_MAX } from "../../kernel-sim/times.ts";
import { TRACE_SYS_EXIT } from "../../trace/events.ts";
import type { BootPlan } from "./boot-config.ts";
import { type CostModel, exitLatency, type IdleState, stepPrices } from "./cost-model.ts";
import { CpuRunner } from "./cpu-runner.ts";
import { VirtualThreads } from "./cpu-threads.ts";
import { CpuTime } from "./cpu-time.ts";
import { EventQueue } from "./event-queue.ts";
import { Interrupts } from "./interrupts.ts";
import type { Jitter } from "./jitter.ts";
import { IN_FLIGHT, PAID_BY_NOBODY, SPIN, StepLedger } from "./step-ledger.ts";

/** Events of one instant, beside 16 a CPU, before CPUs that go on are charged a ns each. */
const MAX_AT_ONCE = 1 << 11;

/** A copy: V8 folds the constants of the same module only. */
const LONGEST: number = TIME_MAX;
const DONE: Completed<void> = new Completed(undefined);
const PAUSE: Pause = new Pause(YIELD_PAUSE);

export interface VirtualHostOptions {
  readonly costs: CostModel;
  readonly jitter: Jitter | undefined;
  /** Keep the ledger of steps. */
  readonly accounting: boolean;
  readonly boot: BootPlan;
}

/** Runs a kernel's CPUs in virtual time. */
export class VirtualHost implements Host {
  now = 0;
  /** Where the time of each CPU went. */
  declare readonly time: CpuTime;
  /** What each step cost, and who paid; empty unless it is asked for. */
  declare readonly ledger: StepLedger;

  declare private readonly kernel: Kernel;
  declare private readonly prices: Float64Array;
  declare private readonly jitter: Jitter | undefined;
  /** A step may cost more than its price, or somebody keeps books on it. Asked at each charge: `false` is cheaper to find. */
  declare private readonly priced: boolean;
  declare private readonly idleStates: readonly IdleState[];
  declare private readonly queue: EventQueue;
  declare private readonly runner: CpuRunner;
  declare private readonly interrupts: Interrupts;
  declare readonly threads: VirtualThreads;
  declare private readonly vcpus: number;
  /** Period of the tick, 0 = none. */
  declare private readonly tickNs: number;
  events = 0;
  /** The instant of the last event, and how many came before it then: kept, so that a run in pieces is the same run. */
  #instant = -1;
  #atOnce = 0;

  constructor(kernel: Kernel, options: VirtualHostOptions) {
    this.kernel = kernel;
    this.prices = stepPrices(options.costs);
    this.jitter = options.jitter;
    this.idleStates = options.costs.idleStates;
    this.vcpus = kernel.config.vcpus;
    this.tickNs = kernel.config.tickHz === 0 ? 0 : Math.floor(1e9 / kernel.config.tickHz);
    this.queue = new EventQueue(7 * this.vcpus + 1, this.vcpus);
    this.ledger = new StepLedger(options.accounting);
    this.priced = options.jitter !== undefined || options.accounting;
    this.time = new CpuTime(this.vcpus, this.ledger);
    this.threads = new VirtualThreads(kernel, this.queue, options.boot);
    this.runner = new CpuRunner(kernel, this, this.queue, this.time, this.threads);
    this.interrupts = new Interrupts(kernel, this, this.queue, this.runner, this.time);
  }

  /** Brings the CPUs up. Then each is on its way into idle, so what set-up code starts is found without any signal. */
  boot(): BootReport {
    const report = this.threads.boot();
    for (const cpu of report.ready) {
      this.kernel.cpus.setIdlePhase(cpu, IDLE_ENTERING);
      this.kernel.cpus.setIdle(cpu, true);
      this.time.begin(cpu, this.now);
      this.queue.schedule(cpu, this.now);
    }
    return report;
  }

  charge(step: CostStep): void {
    this.now += this.priced ? this.price(step, this.ledger.payer) : this.prices[step]!;
  }
  chargeNs(ns: number): void {
    this.now += ns;
    this.ledger.enter(this.ledger.payer, SPIN, ns);
  }
  chargeTimes(step: CostStep, times: number): void {
    const price = Math.round(this.prices[step]! * times);
    const ns = this.jitter === undefined ? price : this.jitter.sample(step, price);
    this.now += ns;
    this.ledger.enter(this.ledger.payer, step, ns);
  }
  sync(): Step<void> {
    // The budget bounds loops that never have to wait for anybody: they too must come back to the host.
    return this.now < this.queue.top && --this.kernel.userLocal.budget >= 0 ? DONE : PAUSE;
  }

  work(ns: number): Step<void> {
    if (!Number.isInteger(ns)) return this.#workThrough(ns);
    const end = this.now + ns;
    const kernel = this.kernel;
    if (
      ns >= 0 &&
      ns <= LONGEST &&
      end < this.queue.top &&
      --kernel.userLocal.budget >= 0 &&
      !hasExitWork(kernel, kernel.current)
    ) {
      this.now = end;
      this.time.worked += ns;
      return DONE;
    }
    return this.#workThrough(ns);
  }

  *#workThrough(ns: number): Coroutine<void> {
    const kernel = this.kernel;
    const tid: number = kernel.current;
    checkTime(`${kernel.names.of(tid)} (tid ${tid}): work(ns)`, ns);
    // A loop over work(0) lets no time pass: it too must come back to the host.
    if (--kernel.userLocal.budget < 0) yield YIELD_PAUSE;
    // Clocks tell whole ns: sums of fractions would not add up.
    for (let left = Math.ceil(ns); ; left = kernel.tasks.workLeft(tid)) {
      if (hasExitWork(kernel, tid)) {
        yield* exitToUserMode(kernel, tid);
        // Back in user mode from an interrupt: for a worker that was parked on the way this ends its wake-up.
        if (kernel.trace.on) kernel.emit(TRACE_SYS_EXIT, tid, NR_INTERRUPT, 0);
      }
      if (left === 0) return;
      // Not before: a signal handler may compute, too.
      kernel.tasks.setWorkLeft(tid, left);
      yield YIELD_WORK;
    }
  }

  alone(): boolean {
    return false;
  }
  enterKernel(): void {}
  leaveKernel(): void {}

  start(tid: Tid, body: Coroutine<unknown>, sequel?: Sequel): void {
    this.runner.start(tid, body, sequel);
  }
  discard(tid: Tid): void {
    this.runner.discard(tid);
  }

  armClockEvent(cpu: CpuId, atNs: number): void {
    this.queue.schedule(3 * this.vcpus + cpu, atNs);
  }
  cancelClockEvent(cpu: CpuId): void {
    this.queue.cancel(3 * this.vcpus + cpu);
  }

  raiseIpi(cpu: CpuId): "raised" | "pending" | "refused" {
    const slot = this.vcpus + cpu;
    // On its way, or there and held.
    if (this.queue.isPending(slot) || (this.kernel.cpus.pending(cpu) & PEND_IPI) !== 0) return "pending";
    if (this.threads.refusesSend()) return "refused";
    this.queue.schedule(slot, this.now + this.price(STEP_IPI_DELIVER, IN_FLIGHT));
    return "raised";
  }

  raiseDevice(cpu: CpuId): boolean {
    const slot = 4 * this.vcpus + cpu;
    if (this.queue.isPending(slot) || (this.kernel.cpus.pending(cpu) & PEND_IO) !== 0) return false;
    this.queue.schedule(slot, this.now + this.price(STEP_IPI_DELIVER, IN_FLIGHT));
    return true;
  }

  redeliver(pendClass: number): void {
    this.interrupts.redeliver(this.kernel.cpu, pendClass);
  }

  pokePolling(cpu: CpuId): void {
    this.interrupts.wakeIdle(cpu, this.price(this.kernel.topology.lineStep(this.kernel.cpu, cpu), IN_FLIGHT));
  }

  armTick(cpu: CpuId): void {
    if (this.tickNs > 0 && !this.queue.isPending(2 * this.vcpus + cpu)) this.#armTickNow(cpu);
  }

  #armTickNow(cpu: CpuId): void {
    const period = this.tickNs;
    // Each CPU has its own phase, so that ticks of different CPUs do not coincide.
    const phase = Math.floor((period * cpu) / this.vcpus);
    const next = (Math.floor((this.now - phase) / period) + 1) * period + phase;
    this.queue.schedule(2 * this.vcpus + cpu, next);
  }

  armSliceEnd(cpu: CpuId, atNs: number): void {
    this.queue.schedule(5 * this.vcpus + cpu, atNs);
  }
  cancelSliceEnd(cpu: CpuId): void {
    this.queue.cancel(5 * this.vcpus + cpu);
  }

  idleExitNs(state: number, idleNs: number): number {
    return exitLatency(this.idleStates[state]!, idleNs);
  }
  armPollEnd(cpu: CpuId, atNs: number): void {
    this.queue.schedule(6 * this.vcpus + cpu, atNs);
  }
  cancelPollEnd(cpu: CpuId): void {
    this.queue.cancel(6 * this.vcpus + cpu);
  }

  /**
   * Runs until nothing is pending, or `untilNs` is passed (exclusive), or `stop()` says so, asked after each event.
   * Whether what remains is a deadlock is the caller's to judge. Throws ERR_TIME at CLOCK_END.
   */
  run(untilNs: number = CLOCK_END, stop?: () => boolean): void {
    const { queue } = this;
    // An event that is never handled, in a slot of its own: no CPU runs ahead of it.
    const horizon = 7 * this.vcpus;
    const end = Math.min(untilNs, CLOCK_END);
    queue.schedule(horizon, end);
    let stopped = false;
    // Where everything is free a loop over several tasks lets no time pass: it must not be for ever.
    const most = MAX_AT_ONCE + 16 * this.vcpus;
    // The horizon is always pending: what is left when it is alone is nothing.
    while (!stopped && queue.size > 1 && queue.top < end) {
      this.now = queue.top;
      this.#atOnce = this.now === this.#instant ? this.#atOnce + 1 : 0;
      this.#instant = this.now;
      this.runner.stalled = this.#atOnce > most;
      this.events++;
      this.#dispatch(queue.pop());
      stopped = stop?.() === true;
    }
    queue.cancel(horizon);
    this.ledger.payer = PAID_BY_NOBODY;
    if (stopped || queue.size === 0) return;
    this.now = Math.max(this.now, end);
    if (this.now >= CLOCK_END) throw new MachineError("ERR_TIME", `virtual time ends at ${CLOCK_END} ns`);
  }

  /** When the next event is due; Infinity: none is pending. */
  get nextNs(): number {
    return this.queue.top;
  }

  get pending(): number {
    return this.queue.size;
  }

  /** What `step` costs now, on the account of `payer`. */
  price(step: CostStep, payer: number): number {
    const price = this.prices[step]!;
    const ns = this.jitter === undefined ? price : this.jitter.sample(step, price);
    this.ledger.enter(payer, step, ns);
    return ns;
  }

  #dispatch(slot: number): void {
    if (slot < this.vcpus) this.runner.runCpu(slot);
    else if (slot >= 6 * this.vcpus) endPolling(this.kernel, slot - 6 * this.vcpus);
    else this.interrupts.dispatch(slot);
  }

  /** A device interrupt on `cpu`, now, from outside the machine: `handler` runs in interrupt context there. */
  deliverInterrupt(cpu: CpuId, handler: () => void): void {
    this.interrupts.deliver(cpu, handler);
  }
}
