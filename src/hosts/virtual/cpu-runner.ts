/**
 * A vCPU executes: its idle loop or its current coroutine, from one request to the next, on credit until an event is due.
 */
import { KERNEL_STEP_BUDGET, STEP_BUDGET } from "../../atomics/local-memory.ts";
import { type Coroutine, RESUME, type Resume, YIELD_PAUSE } from "../../atomics/step.ts";
import { messageOf } from "../../diagnostics/text-of.ts";
import { IDLE_ASLEEP } from "../../kernel-sim/cpu-table.ts";
import { MachineError } from "../../kernel-sim/errors.ts";
import { exitTask } from "../../kernel-sim/exit.ts";
import type { Host, Sequel } from "../../kernel-sim/host.ts";
import { YIELD_EXIT, YIELD_PARK, YIELD_SCHEDULE, YIELD_STOP, YIELD_WORK } from "../../kernel-sim/host.ts";
import { cpuId, NO_TASK, type Tid, tid as toTid } from "../../kernel-sim/ids.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import * as scheduling from "../../kernel-sim/schedule.ts";
import { exitToUserMode, hasExitWork } from "../../kernel-sim/signals.ts";
import { CPU_READY, CPU_STOPPING } from "../../kernel-sim/smp/cpu-state.ts";
import { irqsOn } from "../../kernel-sim/smp/interrupts.ts";
import { finishStop, isSafePoint } from "../../kernel-sim/smp/stop.ts";
import type { VirtualThreads } from "./cpu-threads.ts";
import { type CpuTime, OPEN_IDLE, OPEN_NOTHING, OPEN_SPIN, OPEN_WORK } from "./cpu-time.ts";
import type { EventQueue } from "./event-queue.ts";
import { PAID_BY_IDLE, PAID_BY_TASK, type StepLedger } from "./step-ledger.ts";

// Copies: V8 folds what is in the same module only, and each turn passes by these.
const { idleTurn, switchTask } = scheduling;
const GO: Resume = RESUME;
const BUDGET: number = STEP_BUDGET;
const DESCHEDULES: number = YIELD_SCHEDULE;
const BY_TASK: number = PAID_BY_TASK;

/** What a CPU's pending RESUME does. */
const MODE_GO_ON = 0;
const MODE_WORK = 1;
const MODE_EXIT = 2;
const MODE_PARK = 3;

/** Coroutine resumptions of one CPU before the event loop is asked whether to go on. */
const MAX_TURNS = 1 << 8;

const PAUSED: IteratorResult<unknown, unknown> = { done: false, value: YIELD_PAUSE };
const resume = Object.getPrototypeOf(function* (): Generator<void> {}).prototype.next as (
  this: Coroutine<unknown>,
  value: Resume,
) => IteratorResult<unknown, unknown>;

export class CpuRunner {
  declare private readonly kernel: Kernel;
  declare private readonly host: Host;
  declare private readonly queue: EventQueue;
  declare private readonly time: CpuTime;
  declare private readonly ledger: StepLedger;
  declare private readonly threads: VirtualThreads;
  readonly #bodies: (Coroutine<unknown> | undefined)[] = [];
  readonly #sequels: (Sequel | undefined)[] = [];
  declare private readonly mode: Int32Array;
  /** Exit code of a program that has returned while others were due; the CPU comes back to it. */
  declare private readonly exitCode: Int32Array;
  /** 1 until a task's first turn. */
  declare private readonly fresh: Uint8Array;
  #resumedAt = 0;
  /** Too much happens at one instant: a CPU that goes on lets a ns pass. Set by the host. */
  stalled = false;

  /** `host`: whose clock it is. `queue`: where the RESUME of each CPU is the event of its number. */
  constructor(kernel: Kernel, host: Host, queue: EventQueue, time: CpuTime, threads: VirtualThreads) {
    this.kernel = kernel;
    this.time = time;
    this.ledger = time.ledger;
    this.host = host;
    this.queue = queue;
    this.threads = threads;
    this.mode = new Int32Array(kernel.config.vcpus);
    this.exitCode = new Int32Array(kernel.config.vcpus);
    this.fresh = new Uint8Array(kernel.config.maxTasks + 1);
  }

  start(tid: number, body: Coroutine<unknown>, sequel: Sequel | undefined): void {
    this.#bodies[tid] = body;
    this.#sequels[tid] = sequel;
    this.fresh[tid] = 1;
  }
  discard(tid: number): void {
    this.#bodies[tid] = undefined;
    this.#sequels[tid] = undefined;
  }

  /** The RESUME of `cpu` is due. */
  runCpu(cpu: number): void {
    const kernel = this.kernel;
    const { cpus } = kernel;
    kernel.cpu = cpuId(cpu);
    const ready = kernel.smp.state(cpu) === CPU_READY;
    if (!ready && !this.#goesOn(cpu)) return;
    this.ledger.payer = BY_TASK;
    this.time.resumed(cpu, this.host.now);
    // The first turn is due now; each further one, also the one behind an exit, only if nothing is due before it.
    let turn = this.mode[cpu] === MODE_GO_ON ? 0 : this.#endMode(cpu);
    // A CPU that stops is looked at after each turn.
    const turns = ready ? MAX_TURNS : 0;
    do {
      if (turn > 0 && (this.host.now >= this.queue.top || turn > turns)) {
        if (this.stalled) this.host.chargeNs(1);
        this.queue.schedule(cpu, this.host.now);
        break;
      }
      turn++;
    } while (this.#turn(cpu, cpus.curr(cpu)));
    kernel.current = NO_TASK;
    this.time.suspended(cpu, this.host.now, this.#openStretch(cpu));
  }

  /** A CPU that is not READY: on its way up, or stopping and not yet at a point where it can. */
  #goesOn(cpu: number): boolean {
    const { kernel, host, time } = this;
    if (kernel.smp.state(cpu) !== CPU_STOPPING) this.threads.resume(cpu);
    else if (!isSafePoint(kernel, cpu)) return true;
    else {
      time.resumed(cpu, host.now);
      finishStop(kernel, cpu);
      time.suspended(cpu, host.now, OPEN_NOTHING);
    }
    return false;
  }

  /** What the CPU does from now on until its RESUME. */
  #openStretch(cpu: number): number {
    const mode = this.mode[cpu];
    if (mode === MODE_WORK) return OPEN_WORK;
    if (mode === MODE_PARK) return OPEN_SPIN;
    return this.kernel.cpus.idlePhase(cpu) === IDLE_ASLEEP ? OPEN_IDLE : OPEN_NOTHING;
  }

  /** Runs the idle loop or a coroutine up to its next request. False: the CPU sleeps or waits for its RESUME. */
  #turn(cpu: number, tid: number): boolean {
    const kernel = this.kernel;
    if (tid === 0) {
      kernel.current = NO_TASK;
      this.ledger.payer = PAID_BY_IDLE;
      return idleTurn(kernel);
    }
    this.ledger.payer = BY_TASK;
    kernel.current = tid as Tid;
    kernel.userLocal.budget = BUDGET;
    this.#resumedAt = this.host.now;
    if (this.fresh[tid] === 1) this.#firstTurn(tid);
    const request = this.#resume(tid);
    if (request.done)
      return this.#follow(tid, request.value, false) || this.#programReturned(cpu, request.value);
    if (request.value !== DESCHEDULES) return this.#grant(cpu, tid, request.value);
    switchTask(kernel);
    return true;
  }

  /** What a coroutine asks for that is not to be descheduled. False: the CPU sleeps or waits for its RESUME. */
  #grant(cpu: number, tid: number, request: unknown): boolean {
    const kernel = this.kernel;
    switch (request) {
      case YIELD_PAUSE:
        if (kernel.userLocal.budget < 0) this.#budgetSpent();
        if (kernel.local.budget < 0) kernel.local.budget = KERNEL_STEP_BUDGET;
        return true;
      case YIELD_WORK:
        return this.#work(cpu, tid);
      case YIELD_PARK:
        this.mode[cpu] = MODE_PARK;
        this.threads.parking.begin(cpu);
        return false;
      case YIELD_STOP:
        finishStop(kernel, cpu);
        return false;
      case YIELD_EXIT:
        this.discard(tid);
        switchTask(kernel);
        return true;
      default:
        throw new MachineError(
          "ERR_FOREIGN_YIELD",
          `${kernel.names.of(tid)} (tid ${tid}) yielded ${String(request)}: only steps may be yielded, with yield*`,
        );
    }
  }

  /** A new task begins with a return to user mode, so a signal that came before it has run is taken there. */
  #firstTurn(tid: number): void {
    this.fresh[tid] = 0;
    const { kernel } = this;
    if (kernel.tasks.work(tid) === 0) return;
    const body = this.#bodies[tid]!;
    this.#bodies[tid] = (function* (): Coroutine<unknown> {
      yield* exitToUserMode(kernel, tid);
      return yield* body;
    })();
  }

  #resume(tid: number): IteratorResult<unknown, unknown> {
    try {
      return resume.call(this.#bodies[tid]!, GO);
    } catch (cause) {
      if (this.#follow(tid, cause, true)) return PAUSED;
      if (cause instanceof MachineError) throw cause;
      const what = messageOf(cause);
      throw new MachineError(
        "ERR_PROGRAM_THREW",
        `${this.kernel.names.of(tid)} (tid ${tid}) threw: ${what}`,
        { cause },
      );
    }
  }

  /** A program that only touches memory lets no time pass; its operations are then taken for a nanosecond each. */
  #budgetSpent(): void {
    if (this.host.now === this.#resumedAt) {
      this.host.now += STEP_BUDGET;
      this.time.worked += STEP_BUDGET;
    }
    // In the kernel, or before user space's own look at it: an interrupt takes the CPU away.
    if (this.kernel.cpus.needResched(this.kernel.cpu) !== 0 && irqsOn(this.kernel))
      switchTask(this.kernel, true);
  }

  #work(cpu: number, tid: number): boolean {
    const { tasks } = this.kernel;
    const end = this.host.now + tasks.workLeft(tid);
    if (end >= this.queue.top) {
      this.mode[cpu] = MODE_WORK;
      this.queue.schedule(cpu, end);
      return false;
    }
    this.time.worked += tasks.workLeft(tid);
    tasks.setWorkLeft(tid, 0);
    this.host.now = end;
    return true;
  }

  /** The body of `tid` has ended. Does something follow it? */
  #follow(tid: number, outcome: unknown, threw: boolean): boolean {
    const sequel = this.#sequels[tid];
    if (sequel === undefined) return false;
    this.#sequels[tid] = undefined;
    this.#bodies[tid] = sequel.after(outcome, threw);
    return true;
  }

  #programReturned(cpu: number, value: unknown): boolean {
    this.exitCode[cpu] = typeof value === "number" ? value | 0 : 0;
    if (this.host.now >= this.queue.top) {
      this.mode[cpu] = MODE_EXIT;
      this.queue.schedule(cpu, this.host.now);
      return false;
    }
    this.#finish(cpu);
    return true;
  }

  #finish(cpu: number): void {
    const kernel = this.kernel;
    const tid = kernel.cpus.curr(cpu);
    kernel.current = toTid(tid);
    if (kernel.tasks.umcgTask(tid) !== 0) {
      throw new MachineError(
        "ERR_RETURNED_REGISTERED",
        `${kernel.names.of(tid)} (tid ${tid}) returned while registered: call umcg.ctl(UMCG_CTL_UNREGISTER, NULL) first`,
      );
    }
    this.discard(tid);
    exitTask(kernel, tid, this.exitCode[cpu]!, 0);
    switchTask(kernel);
  }

  /** The RESUME that ends a stretch of work or comes back to an exit. Returns the turns that this took: the exit is one. */
  #endMode(cpu: number): 0 | 1 {
    const mode = this.mode[cpu];
    this.mode[cpu] = MODE_GO_ON;
    if (mode === MODE_EXIT) {
      this.#finish(cpu);
      return 1;
    }
    if (mode === MODE_WORK) this.kernel.tasks.setWorkLeft(this.kernel.cpus.curr(cpu), 0);
    return 0;
  }

  /**
   * Return from an interrupt to user mode: a task with something to do is resumed, the rest of its work kept. At once, unless
   * this interrupt came in the middle of another: then when that one is over.
   */
  endWorkIfAsked(cpu: number): void {
    const kernel = this.kernel;
    const curr = kernel.cpus.curr(cpu);
    if (this.mode[cpu] !== MODE_WORK || !hasExitWork(kernel, curr)) return;
    const at = this.time.freeAt(cpu, this.host.now);
    kernel.tasks.setWorkLeft(curr, kernel.tasks.workLeft(curr) - this.time.cutWork(cpu, at));
    this.mode[cpu] = MODE_GO_ON;
    this.queue.schedule(cpu, at);
  }
}
