/**
 * The virtual host: discrete events, virtual nanoseconds, one isolate.
 *
 * A CPU is in one of four situations, and has at most one RESUME event:
 * - executing: its coroutine runs now, inside `#runCpu`. It runs ahead on credit (host.ts) as long as nothing is due;
 * - suspended: RESUME is pending; `#mode` says what it will do then (go on, end a stretch of user work, exit, idle on);
 * - asleep in idle: no event. An IPI, a flag write or a timer schedules its way out;
 * - interrupted: an interrupt is handled at its own time, while the CPU is suspended, and what it costs is added to the
 *   pending RESUME. In a stretch of user work it may instead end the stretch, so that the task reschedules or takes a
 *   signal at once.
 *
 * Rejected: an event per operation (20 times slower) and a coroutine per CPU (interrupts would need a second stack).
 */
import {
  type Coroutine,
  Completed,
  Pause,
  RESUME,
  type Resume,
  type Step,
  YIELD_PAUSE,
} from "../../atomics/step.ts";
import { STEP_BUDGET } from "../../atomics/local-memory.ts";
import { IDLE_ENTERING } from "../../kernel-sim/cpu-table.ts";
import { exitTask } from "../../kernel-sim/exit.ts";
import { MachineError } from "../../kernel-sim/errors.ts";
import { type Host, YIELD_EXIT, YIELD_SCHEDULE, YIELD_WORK } from "../../kernel-sim/host.ts";
import { type CpuId, cpuId, NO_TASK, type Tid, tid as toTid } from "../../kernel-sim/ids.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { idleTurn, leaveIdleState, switchTask } from "../../kernel-sim/schedule.ts";
import { exitToUserMode, hasExitWork } from "../../kernel-sim/signals.ts";
import {
  type CostStep,
  STEP_CACHE_LINE,
  STEP_IDLE_LOOP_EXIT,
  STEP_IPI_DELIVER,
  STEP_TICK,
  STEP_TIMER_INTERRUPT,
} from "../../kernel-sim/steps.ts";
import { tick, timerExpired } from "../../kernel-sim/timers.ts";
import { handleIpi } from "../../kernel-sim/wakeup.ts";
import { type CostModel, exitLatency, type IdleState, stepPrices } from "./cost-model.ts";
import { EventHeap } from "./event-heap.ts";
import type { Jitter } from "./jitter.ts";

/** What a CPU's pending RESUME does. */
const MODE_GO_ON = 0;
const MODE_WORK = 1;
const MODE_EXIT = 2;

/** Coroutine resumptions of one CPU before the event loop is asked whether to go on. */
const MAX_TURNS = 1 << 8;

const DONE: Completed<void> = new Completed(undefined);
const PAUSE: Pause = new Pause(YIELD_PAUSE);

const resume = Object.getPrototypeOf(function* (): Generator<void> {}).prototype.next as (
  this: Coroutine<unknown>,
  value: Resume,
) => IteratorResult<unknown, unknown>;

export interface VirtualHostOptions {
  readonly costs: CostModel;
  readonly idleState: number;
  readonly jitter: Jitter | undefined;
}

export class VirtualHost implements Host {
  now = 0;
  readonly idleState: number;
  readonly idlePolls: boolean;

  readonly #kernel: Kernel;
  readonly #prices: Float64Array;
  readonly #jitter: Jitter | undefined;
  readonly #idle: IdleState;
  readonly #heap: EventHeap;
  readonly #bodies: (Coroutine<unknown> | undefined)[] = [];
  readonly #mode: Int32Array;
  /** CPU a task's timer was armed on, and whether its interrupt is already being handled. */
  readonly #timerCpu: Int32Array;
  readonly #timerInHandler: Uint8Array;
  readonly #vcpus: number;
  /** Exit code of a program that has returned while others were due; the CPU comes back to it. */
  readonly #exitCode: Int32Array;
  events = 0;
  #resumedAt = 0;

  constructor(kernel: Kernel, options: VirtualHostOptions) {
    this.#kernel = kernel;
    this.#prices = stepPrices(options.costs);
    this.#jitter = options.jitter;
    this.idleState = options.idleState;
    this.#idle = options.costs.idleStates[options.idleState]!;
    this.idlePolls = this.#idle.polls;
    this.#vcpus = kernel.config.vcpus;
    this.#heap = new EventHeap(3 * this.#vcpus + kernel.config.maxTasks + 1);
    this.#mode = new Int32Array(this.#vcpus);
    this.#exitCode = new Int32Array(this.#vcpus);
    this.#timerCpu = new Int32Array(kernel.config.maxTasks + 1);
    this.#timerInHandler = new Uint8Array(kernel.config.maxTasks + 1);
    // At boot every CPU is on its way into idle at time 0, so what set-up code starts is found without any signal.
    kernel.cpus.idlePhase.fill(IDLE_ENTERING);
    for (let cpu = 0; cpu < this.#vcpus; cpu++) {
      kernel.cpus.setIdle(cpu, true);
      this.#heap.schedule(cpu, 0);
    }
  }

  charge(step: CostStep): void {
    this.now += this.#price(step);
  }
  chargeNs(ns: number): void {
    this.now += ns;
  }
  sync(): Step<void> {
    // The budget bounds loops that never have to wait for anybody: they too must come back to the host.
    return this.now < this.#heap.top && --this.#kernel.local.budget >= 0 ? DONE : PAUSE;
  }

  work(ns: number): Step<void> {
    const end = this.now + ns;
    const kernel = this.#kernel;
    if (
      ns >= 0 &&
      end < this.#heap.top &&
      --kernel.local.budget >= 0 &&
      !hasExitWork(kernel, kernel.current)
    ) {
      this.now = end;
      return DONE;
    }
    return this.#workThrough(ns);
  }

  *#workThrough(ns: number): Coroutine<void> {
    const kernel = this.#kernel;
    const tid: number = kernel.current;
    if (!(ns >= 0 && ns < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`work(ns) takes a finite time of 0 or more, not ${ns}`);
    }
    // A loop over work(0) lets no time pass: it too must come back to the host.
    if (kernel.local.budget < 0) yield YIELD_PAUSE;
    for (let left = ns; ; left = kernel.tasks.workLeft[tid]!) {
      if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
      if (left === 0) return;
      // Not before: a signal handler may compute, too.
      kernel.tasks.workLeft[tid] = left;
      yield YIELD_WORK;
    }
  }

  start(tid: Tid, body: Coroutine<unknown>): void {
    this.#bodies[tid] = body;
  }
  discard(tid: Tid): void {
    this.#bodies[tid] = undefined;
  }

  armTimer(tid: Tid, cpu: CpuId, atNs: number): void {
    this.#timerCpu[tid] = cpu;
    this.#timerInHandler[tid] = 0;
    this.#heap.schedule(3 * this.#vcpus + tid, atNs);
  }
  cancelTimer(tid: Tid): void {
    this.#heap.cancel(3 * this.#vcpus + tid);
  }

  raiseIpi(cpu: CpuId): boolean {
    const slot = this.#vcpus + cpu;
    if (this.#heap.isPending(slot)) return false;
    this.#heap.schedule(slot, this.now + this.#price(STEP_IPI_DELIVER));
    return true;
  }

  pokePolling(cpu: CpuId): void {
    this.#wakeIdle(cpu, this.#price(STEP_CACHE_LINE));
  }

  armTick(cpu: CpuId): void {
    const { tickHz } = this.#kernel.config;
    const slot = 2 * this.#vcpus + cpu;
    if (tickHz === 0 || this.#heap.isPending(slot)) return;
    const period = Math.floor(1e9 / tickHz);
    // Each CPU has its own phase, so that ticks of different CPUs do not coincide.
    const phase = Math.floor((period * cpu) / this.#vcpus);
    const next = (Math.floor((this.now - phase) / period) + 1) * period + phase;
    this.#heap.schedule(slot, next);
  }

  idleExitNs(_state: number, idleNs: number): number {
    return exitLatency(this.#idle, idleNs);
  }

  /**
   * Runs until nothing is pending, or `untilNs` is passed (exclusive), or `stop()` says so, asked after each event.
   * Whether what remains is a deadlock is the caller's to judge.
   */
  run(untilNs: number = Number.POSITIVE_INFINITY, stop?: () => boolean): void {
    const heap = this.#heap;
    // An event that is never handled, in the slot of task 0's timer: no CPU runs ahead of it.
    const horizon = 3 * this.#vcpus;
    if (untilNs < Number.POSITIVE_INFINITY) heap.schedule(horizon, untilNs);
    while (heap.size > 0 && heap.top < untilNs) {
      this.now = heap.top;
      this.events++;
      this.#dispatch(heap.pop());
      if (stop?.()) break;
    }
    heap.cancel(horizon);
  }

  get pending(): number {
    return this.#heap.size;
  }

  #price(step: CostStep): number {
    const ns = this.#prices[step]!;
    return this.#jitter === undefined ? ns : this.#jitter.sample(step, ns);
  }

  #dispatch(slot: number): void {
    const n = this.#vcpus;
    if (slot < n) this.#runCpu(slot);
    else if (slot < 2 * n) this.#interrupt(slot - n, this.#onIpi);
    else if (slot < 3 * n) this.#interrupt(slot - 2 * n, this.#onTick);
    else this.#onTimer(slot - 3 * n);
  }

  // ---- a CPU executes -----------------------------------------------------------------------------------------------

  #runCpu(cpu: number): void {
    const kernel = this.#kernel;
    const { curr } = kernel.cpus;
    kernel.cpu = cpuId(cpu);
    if (this.#mode[cpu] !== MODE_GO_ON) this.#endMode(cpu);
    for (let turn = 0; this.#turn(cpu, curr[cpu]!); turn++) {
      if (this.now < this.#heap.top && turn < MAX_TURNS) continue;
      this.#heap.schedule(cpu, this.now);
      return;
    }
    kernel.current = NO_TASK;
  }

  /** Runs the idle loop or a coroutine up to its next request. False: the CPU sleeps or waits for its RESUME. */
  #turn(cpu: number, tid: number): boolean {
    const kernel = this.#kernel;
    if (tid === 0) {
      kernel.current = NO_TASK;
      return idleTurn(kernel);
    }
    kernel.current = toTid(tid);
    kernel.local.budget = STEP_BUDGET;
    this.#resumedAt = this.now;
    const request = this.#resume(tid);
    if (request.done) return this.#programReturned(cpu, request.value);
    switch (request.value) {
      case YIELD_SCHEDULE:
        switchTask(kernel);
        return true;
      case YIELD_PAUSE:
        if (kernel.local.budget < 0) this.#budgetSpent();
        return true;
      case YIELD_WORK:
        return this.#work(cpu, tid);
      case YIELD_EXIT:
        this.#bodies[tid] = undefined;
        switchTask(kernel);
        return true;
      default:
        throw new MachineError(
          "ERR_FOREIGN_YIELD",
          `${kernel.names[tid]} (tid ${tid}) yielded ${String(request.value)}: only steps may be yielded, with yield*`,
        );
    }
  }

  #resume(tid: number): IteratorResult<unknown, unknown> {
    try {
      return resume.call(this.#bodies[tid]!, RESUME);
    } catch (cause) {
      if (cause instanceof MachineError) throw cause;
      const what = cause instanceof Error ? cause.message : String(cause);
      throw new MachineError("ERR_PROGRAM_THREW", `${this.#kernel.names[tid]} (tid ${tid}) threw: ${what}`, {
        cause,
      });
    }
  }

  /** A program that only touches memory lets no time pass; its operations are then taken for a nanosecond each. */
  #budgetSpent(): void {
    if (this.now === this.#resumedAt) this.now += STEP_BUDGET;
    if (this.#kernel.cpus.needResched[this.#kernel.cpu] !== 0) switchTask(this.#kernel, true);
  }

  #work(cpu: number, tid: number): boolean {
    const kernel = this.#kernel;
    const { workLeft } = kernel.tasks;
    const end = this.now + workLeft[tid]!;
    if (end >= this.#heap.top) {
      this.#mode[cpu] = MODE_WORK;
      this.#heap.schedule(cpu, end);
      return false;
    }
    workLeft[tid] = 0;
    this.now = end;
    return true;
  }

  #programReturned(cpu: number, value: unknown): boolean {
    this.#exitCode[cpu] = typeof value === "number" ? value | 0 : 0;
    if (this.now >= this.#heap.top) {
      this.#mode[cpu] = MODE_EXIT;
      this.#heap.schedule(cpu, this.now);
      return false;
    }
    this.#finish(cpu);
    return true;
  }

  #finish(cpu: number): void {
    const kernel = this.#kernel;
    const tid = kernel.cpus.curr[cpu]!;
    kernel.current = toTid(tid);
    if (kernel.tasks.umcgTask[tid] !== 0) {
      throw new MachineError(
        "ERR_RETURNED_REGISTERED",
        `${kernel.names[tid]} (tid ${tid}) returned while registered: call umcg.ctl(UMCG_CTL_UNREGISTER, NULL) first`,
      );
    }
    this.#bodies[tid] = undefined;
    exitTask(kernel, tid, this.#exitCode[cpu]!, 0);
    switchTask(kernel);
  }

  /** The RESUME that ends a stretch of work or comes back to an exit. */
  #endMode(cpu: number): void {
    const mode = this.#mode[cpu];
    this.#mode[cpu] = MODE_GO_ON;
    if (mode === MODE_WORK) this.#kernel.tasks.workLeft[this.#kernel.cpus.curr[cpu]!] = 0;
    else this.#finish(cpu);
  }

  // ---- interrupts ---------------------------------------------------------------------------------------------------

  /** Handles an interrupt on a CPU that is suspended or asleep, and charges it to whatever it interrupted. */
  #interrupt(cpu: number, handler: (this: VirtualHost, cpu: number) => void): void {
    const kernel = this.#kernel;
    const began = this.now;
    kernel.cpu = cpuId(cpu);
    kernel.current = NO_TASK;
    handler.call(this, cpu);
    if (this.#heap.isPending(cpu)) {
      const stolen = this.now - began;
      if (stolen > 0) this.#heap.schedule(cpu, this.#heap.timeOf(cpu) + stolen);
      this.#endWorkIfAsked(cpu, stolen);
    }
  }

  /** Return from an interrupt to user mode: a task with something to do is resumed now, the rest of its work kept. */
  #endWorkIfAsked(cpu: number, stolen: number): void {
    const kernel = this.#kernel;
    const curr = kernel.cpus.curr[cpu]!;
    if (this.#mode[cpu] !== MODE_WORK || !hasExitWork(kernel, curr)) return;
    const end = this.#heap.timeOf(cpu) - stolen;
    kernel.tasks.workLeft[curr] = Math.max(0, end - (this.now - stolen));
    this.#mode[cpu] = MODE_GO_ON;
    this.#heap.schedule(cpu, this.now);
  }

  /** A device interrupt on `cpu`, now, from outside the machine: `handler` runs in interrupt context there. */
  deliverInterrupt(cpu: CpuId, handler: () => void): void {
    this.#interrupt(cpu, handler);
    this.#wakeIdle(cpu, 0);
  }

  #onIpi(cpu: number): void {
    handleIpi(this.#kernel, this.#kernel.cpus.curr[cpu] !== 0);
    this.#wakeIdle(cpu, 0);
  }

  #onTick(cpu: number): void {
    this.charge(STEP_TICK);
    if (tick(this.#kernel)) this.armTick(cpuId(cpu));
  }

  /** First the interrupt arrives, then, when it has been paid for, its handler wakes the sleeper. */
  #onTimer(tid: number): void {
    const cpu = this.#timerCpu[tid]!;
    if (this.#timerInHandler[tid] === 0) {
      const cost = this.#price(STEP_TIMER_INTERRUPT);
      this.#timerInHandler[tid] = 1;
      this.#heap.schedule(3 * this.#vcpus + tid, this.now + cost);
      if (this.#heap.isPending(cpu)) this.#heap.schedule(cpu, this.#heap.timeOf(cpu) + cost);
      else this.#wakeIdle(cpu, cost, false);
      return;
    }
    this.#timerInHandler[tid] = 0;
    this.#interrupt(cpu, () => timerExpired(this.#kernel, tid));
  }

  /**
   * A sleeping CPU notices something after `ns`, and goes through the exit of its idle state and of the idle loop.
   * `latency` false: the price of what woke it covers the hardware exit (the timer interrupt's does).
   */
  #wakeIdle(cpu: number, ns: number, latency = true): void {
    const exit = leaveIdleState(this.#kernel, cpu);
    if (exit < 0) return;
    this.#heap.schedule(cpu, this.now + ns + (latency ? exit : 0) + this.#price(STEP_IDLE_LOOP_EXIT));
  }
}
