/**
 * The explore host: no clock, one isolate, and at every point a choice of who takes the next step.
 *
 * A step of a CPU is what its task has announced (an access to shared memory, or what the kernel does behind a `sync`)
 * together with all that follows up to its next announcement: nobody can see what lies in between but through what is
 * announced. Kernel primitives are whole within a step. An interrupt comes between two steps of its CPU. A sleeping CPU
 * takes what was sent to it, and begins to run what that made ready, in one step of its own, as late as anybody likes.
 *
 * Time. Nothing takes any: charges are ignored. `now` is what the last timer to expire has said, so it is a time that has
 * surely passed. An armed clock may interrupt at once, however far away its time is: nothing bounds from above how long a
 * step takes. Timers of one CPU expire in their order, those of different CPUs in any.
 *
 * Rejected: a generator for each CPU (state to be rebuilt for each of millions of executions), and an event queue (its order
 * is the one thing that is to be chosen).
 */
import { type Coroutine, Pause, type Step, YIELD_PAUSE } from "../../atomics/step.ts";
import { TASK_DEAD, TASK_INTERRUPTIBLE } from "../../kernel-sim/constants.ts";
import { IDLE_ASLEEP } from "../../kernel-sim/cpu-table.ts";
import { MachineError } from "../../kernel-sim/errors.ts";
import { type Host, type Sequel, YIELD_WORK } from "../../kernel-sim/host.ts";
import { type CpuId, NO_TASK, type Tid } from "../../kernel-sim/ids.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { sendSignal } from "../../kernel-sim/signals.ts";
import { PEND_IO, PEND_TICK } from "../../kernel-sim/smp/interrupts.ts";
import { checkTime } from "../../kernel-sim/times.ts";
import { reschedule, tryToWakeUp } from "../../kernel-sim/wakeup.ts";
import type { SlotDesk } from "./access-slot.ts";
import {
  ACTOR_CLOCK,
  ACTOR_CPU,
  ACTOR_DEVICE,
  ACTOR_IPI,
  ACTOR_PREEMPT,
  ACTOR_SIGNAL,
  ACTOR_SPURIOUS,
  ActorNumbers,
} from "./actors.ts";
import { CpuSteps } from "./cpu-steps.ts";
import { ExploreThreads } from "./explore-threads.ts";
import type { FifoClass } from "./fifo-class.ts";
import { Interrupts, LINE_DEVICE, LINE_IPI } from "./interrupts.ts";
import type { CheckedNondeterminism } from "./nondeterminism.ts";
import { TaskCode } from "./task-code.ts";

const SYNC: Pause = new Pause(YIELD_PAUSE);
const COMPUTE: Pause = new Pause(YIELD_WORK);

export class ExploreHost implements Host {
  now = 0;
  declare readonly threads: ExploreThreads;
  declare readonly actors: ActorNumbers;
  declare readonly code: TaskCode;
  declare readonly allowed: CheckedNondeterminism;
  declare private readonly kernel: Kernel;
  declare private readonly fair: FifoClass;
  declare private readonly cpuSteps: CpuSteps;
  declare private readonly interrupts: Interrupts;
  /** By CPU: it has been told to leave idle. */
  declare private readonly pokes: Uint8Array;
  preemptionsLeft = 0;
  spuriousLeft = 0;
  signalsLeft = 0;

  constructor(kernel: Kernel, fair: FifoClass, desk: SlotDesk, allowed: CheckedNondeterminism) {
    const { vcpus, maxTasks } = kernel.config;
    this.kernel = kernel;
    this.fair = fair;
    this.allowed = allowed;
    this.threads = new ExploreThreads(kernel);
    this.actors = new ActorNumbers(vcpus, maxTasks);
    this.code = new TaskCode(kernel, desk);
    this.cpuSteps = new CpuSteps(kernel, this.code);
    this.interrupts = new Interrupts(kernel, this.code);
    this.pokes = new Uint8Array(vcpus);
  }

  /** Brings the CPUs up and puts them to sleep. */
  boot(): void {
    this.threads.boot();
    this.reset();
    for (let cpu = 0; cpu < this.kernel.config.vcpus; cpu++) this.cpuSteps.fallAsleep(cpu);
  }

  /** Back to the machine that has just booted, as far as it is the host's. */
  reset(): void {
    this.now = 0;
    this.code.clear();
    this.interrupts.reset();
    this.pokes.fill(0);
    this.preemptionsLeft = this.allowed.preemptions;
    this.spuriousLeft = this.allowed.spuriousWakes;
    this.signalsLeft = this.allowed.signals;
  }

  // ---- Host: no time ------------------------------------------------------------------------------------------------

  charge(): void {}
  chargeNs(): void {}
  chargeTimes(): void {}
  sync(): Step<void> {
    return SYNC;
  }
  work(ns: number): Step<void> {
    checkTime("work(ns)", ns);
    return COMPUTE;
  }
  armTick(): void {}
  armSliceEnd(): void {}
  cancelSliceEnd(): void {}
  armPollEnd(): void {}
  cancelPollEnd(): void {}
  idleExitNs(): number {
    return 0;
  }

  enterKernel(): void {}
  leaveKernel(): void {}

  start(tid: Tid, body: Coroutine<unknown>, sequel?: Sequel): void {
    this.code.start(tid, body, sequel);
  }
  discard(tid: Tid): void {
    this.code.discard(tid);
  }

  armClockEvent(cpu: CpuId, atNs: number): void {
    this.interrupts.programClock(cpu, atNs);
  }
  cancelClockEvent(cpu: CpuId): void {
    this.interrupts.programClock(cpu, Number.POSITIVE_INFINITY);
  }
  raiseIpi(cpu: CpuId): "raised" | "pending" {
    return this.interrupts.raise(cpu, LINE_IPI) ? "raised" : "pending";
  }
  raiseDevice(cpu: CpuId): boolean {
    return this.interrupts.raise(cpu, LINE_DEVICE);
  }
  pokePolling(cpu: CpuId): void {
    this.pokes[cpu] = 1;
  }
  /** What comes while interrupts are off waits at its source, so that nothing is ever held. */
  redeliver(pendClass: number): void {
    throw new Error(`kernel bug: an interrupt of class ${pendClass} was held on CPU ${this.kernel.cpu}`);
  }

  // ---- choices ------------------------------------------------------------------------------------------------------

  /** Can `actor` take a step now? */
  isEnabled(actor: number): boolean {
    const { actors } = this;
    if (!(actor >= 0 && actor < actors.count)) return false;
    const place = actors.place(actor);
    switch (actors.kind(actor)) {
      case ACTOR_CPU:
        return this.#canGoOn(place);
      case ACTOR_IPI:
        return this.interrupts.isRaised(place, LINE_IPI);
      case ACTOR_CLOCK:
        return this.interrupts.isClockDue(place);
      case ACTOR_DEVICE:
        return this.interrupts.isRaised(place, LINE_DEVICE);
      case ACTOR_PREEMPT:
        return this.preemptionsLeft > 0 && this.#preemptible(place);
      case ACTOR_SPURIOUS:
        return this.spuriousLeft > 0 && this.#sleeps(place);
      default:
        return this.signalsLeft > 0 && this.#lives(place);
    }
  }

  /** The actors that can take a step, in order, into `into`. Returns how many. */
  enabled(into: Int32Array): number {
    const { vcpus } = this.actors;
    let count = 0;
    for (let cpu = 0; cpu < vcpus; cpu++) if (this.#canGoOn(cpu)) into[count++] = cpu;
    // The rest are rare, and most configurations have none of the last three kinds.
    const { interrupts } = this;
    if (interrupts.busy) count = this.#listEnabled(into, count, ACTOR_IPI, ACTOR_PREEMPT);
    if (this.preemptionsLeft > 0) count = this.#listEnabled(into, count, ACTOR_PREEMPT, ACTOR_SPURIOUS);
    if (this.spuriousLeft > 0) count = this.#listEnabled(into, count, ACTOR_SPURIOUS, ACTOR_SIGNAL);
    if (this.signalsLeft > 0) count = this.#listEnabled(into, count, ACTOR_SIGNAL, ACTOR_SIGNAL + 1);
    return count;
  }

  /** Those of the kinds from `kind` up to `end`. */
  #listEnabled(into: Int32Array, listed: number, kind: number, end: number): number {
    const { actors } = this;
    let count = listed;
    const last = end > ACTOR_SIGNAL ? actors.count : actors.of(end, end < ACTOR_SPURIOUS ? 0 : 1);
    for (let actor = actors.of(kind, kind < ACTOR_SPURIOUS ? 0 : 1); actor < last; actor++)
      if (this.isEnabled(actor)) into[count++] = actor;
    return count;
  }

  /** A CPU that sleeps goes on when it has been told to look. */
  #canGoOn(cpu: number): boolean {
    const { cpus } = this.kernel;
    return cpus.curr(cpu) !== 0 || cpus.idlePhase(cpu) !== IDLE_ASLEEP || this.pokes[cpu] === 1;
  }

  /** Could `actor` take a step in some state of this execution, before this one or instead of it? */
  hasBeen(actor: number): boolean {
    const place = this.actors.place(actor);
    switch (this.actors.kind(actor)) {
      case ACTOR_CPU:
        return true;
      case ACTOR_IPI:
        return this.interrupts.wasRaised(place, LINE_IPI);
      case ACTOR_CLOCK:
        return this.interrupts.wasProgrammed(place);
      case ACTOR_DEVICE:
        return this.interrupts.wasRaised(place, LINE_DEVICE);
      case ACTOR_PREEMPT:
        return this.allowed.preemptions > 0;
      case ACTOR_SPURIOUS:
        return this.allowed.spuriousWakes > 0 && this.#wasVictim(place);
      default:
        return this.allowed.signals > 0 && this.#wasVictim(place);
    }
  }
  #wasVictim(tid: number): boolean {
    return tid <= this.kernel.lastTid && this.#isVictim(tid);
  }

  #preemptible(cpu: number): boolean {
    const curr = this.kernel.cpus.curr(cpu);
    return (
      curr !== 0 &&
      this.fair.nrRunning(cpu) > 1 &&
      this.kernel.cpus.needResched(cpu) === 0 &&
      this.code.inUserMode(curr)
    );
  }
  #sleeps(tid: number): boolean {
    const { kernel } = this;
    if (tid > kernel.lastTid || (kernel.tasks.state(tid) & TASK_INTERRUPTIBLE) === 0) return false;
    return !kernel.fair.isQueued(tid) && this.#isVictim(tid);
  }
  #lives(tid: number): boolean {
    const { kernel } = this;
    return tid <= kernel.lastTid && kernel.tasks.state(tid) !== TASK_DEAD && this.#isVictim(tid);
  }
  #isVictim(tid: number): boolean {
    const { victims } = this.allowed;
    return victims === undefined || victims.includes(this.kernel.names.of(tid));
  }

  /** `actor` takes its step. Throws ERR_STEP when it is not enabled, and what programs, checks and the kernel throw. */
  step(actor: number): void {
    const { kernel, actors } = this;
    if (!this.isEnabled(actor)) throw this.#notEnabled(actor);
    const place = actors.place(actor);
    switch (actors.kind(actor)) {
      case ACTOR_CPU:
        if (kernel.cpus.curr(place) === 0) this.pokes[place] = 0;
        this.cpuSteps.step(place);
        break;
      case ACTOR_IPI:
        this.interrupts.take(place, LINE_IPI);
        break;
      case ACTOR_CLOCK:
        this.now = Math.max(this.now, this.interrupts.clockOf(place));
        this.interrupts.takeClock(place);
        break;
      case ACTOR_DEVICE:
        this.interrupts.take(place, LINE_DEVICE);
        break;
      default:
        this.#happen(actors.kind(actor), place);
    }
    kernel.current = NO_TASK;
  }

  /** What comes from outside the machine comes by an interrupt of the CPU that it is about. */
  #happen(kind: number, place: number): void {
    const { kernel, interrupts } = this;
    if (kind === ACTOR_PREEMPT) {
      this.preemptionsLeft--;
      this.fair.preempt(place);
      interrupts.handle(place, PEND_TICK, () => reschedule(kernel, place));
      return;
    }
    const cpu = kernel.tasks.cpu(place);
    if (kind === ACTOR_SPURIOUS) {
      this.spuriousLeft--;
      interrupts.handle(cpu, PEND_IO, () => tryToWakeUp(kernel, place, TASK_INTERRUPTIBLE, 0));
    } else {
      this.signalsLeft--;
      interrupts.handle(cpu, PEND_IO, () => sendSignal(kernel, place, this.allowed.signal));
    }
  }

  #notEnabled(actor: number): MachineError {
    const known = actor >= 0 && actor < this.actors.count;
    const name = known ? this.actors.name(actor) : `actor ${actor}`;
    return new MachineError("ERR_STEP", `${name} cannot take a step`);
  }
}
