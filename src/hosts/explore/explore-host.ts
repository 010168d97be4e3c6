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
import { TASK_INTERRUPTIBLE } from "../../kernel-sim/constants.ts";
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
  ACTOR_SPURIOUS,
  ActorNumbers,
} from "./actors.ts";
import { Choices } from "./choices.ts";
import { CpuSteps } from "./cpu-steps.ts";
import { ExploreThreads } from "./explore-threads.ts";
import type { FifoClass } from "./fifo-class.ts";
import { Interrupts, LINE_DEVICE, LINE_IPI } from "./interrupts.ts";
import type { CheckedNondeterminism } from "./nondeterminism.ts";
import type { Observed } from "./observed.ts";
import { TaskCode } from "./task-code.ts";
import type { Touches } from "./touches.ts";

const SYNC: Pause = new Pause(YIELD_PAUSE);
const COMPUTE: Pause = new Pause(YIELD_WORK);

export class ExploreHost implements Host {
  declare readonly threads: ExploreThreads;
  declare readonly actors: ActorNumbers;
  declare readonly code: TaskCode;
  declare readonly allowed: CheckedNondeterminism;
  declare private readonly kernel: Kernel;
  declare private readonly fair: FifoClass;
  declare private readonly cpuSteps: CpuSteps;
  declare private readonly interrupts: Interrupts;
  declare private readonly choices: Choices;
  declare private readonly touches: Touches;
  /** The object that time is. */
  declare private readonly time: number;
  #now = 0;

  constructor(
    kernel: Kernel,
    fair: FifoClass,
    desk: SlotDesk,
    allowed: CheckedNondeterminism,
    observed: Observed,
  ) {
    const { vcpus, maxTasks } = kernel.config;
    const { objects, touches } = observed;
    this.touches = touches;
    this.time = objects.of("host.time");
    this.kernel = kernel;
    this.fair = fair;
    this.allowed = allowed;
    this.threads = new ExploreThreads(kernel);
    this.actors = new ActorNumbers(vcpus, maxTasks);
    this.code = new TaskCode(kernel, desk, allowed.spinsWait, observed);
    fair.yielded = (tid) => this.code.spins.givesWay(tid);
    this.cpuSteps = new CpuSteps(kernel, this.code);
    this.interrupts = new Interrupts(kernel, this.code, observed);
    const { actors, code, interrupts } = this;
    this.choices = new Choices({ kernel, fair, actors, code, interrupts, allowed }, observed);
  }

  /** Brings the CPUs up and puts them to sleep. */
  boot(): void {
    this.threads.boot();
    this.reset();
    for (let cpu = 0; cpu < this.kernel.config.vcpus; cpu++) this.cpuSteps.fallAsleep(cpu);
  }

  /** Back to the machine that has just booted, as far as it is the host's. */
  reset(): void {
    this.#now = 0;
    this.code.clear();
    this.interrupts.reset();
    this.choices.reset();
  }

  /** What the last timer to expire has said. */
  get now(): number {
    this.touches.read(this.time);
    return this.#now;
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

  alone(): boolean {
    return false;
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
    this.choices.poke(cpu);
  }
  /** What comes while interrupts are off waits at its source, so that nothing is ever held. */
  redeliver(pendClass: number): void {
    throw new Error(`kernel bug: an interrupt of class ${pendClass} was held on CPU ${this.kernel.cpu}`);
  }

  // ---- choices ------------------------------------------------------------------------------------------------------

  /** Can `actor` take a step now? */
  isEnabled(actor: number): boolean {
    return this.choices.isEnabled(actor);
  }
  /** Is `actor` a CPU whose task waits in a spin loop, or did until the word changed? */
  spins(actor: number): boolean {
    const { actors, kernel } = this;
    return actors.kind(actor) === ACTOR_CPU && this.code.waitsInLoop(kernel.cpus.curr(actors.place(actor)));
  }
  /** The actors that can take a step, in order, into `into`. Returns how many. */
  enabled(into: Int32Array): number {
    return this.choices.enabled(into);
  }
  /** Could `actor` take a step in some state of this execution, before this one or instead of it? */
  hasBeen(actor: number): boolean {
    return this.choices.hasBeen(actor);
  }
  /** No actor but CPUs can have been enabled yet, so that no step can have disabled one. */
  get onlyCpus(): boolean {
    return this.choices.onlyCpus;
  }

  /** `actor` takes its step. Throws ERR_STEP when it is not enabled, and what programs, checks and the kernel throw. */
  step(actor: number): void {
    const { kernel, actors } = this;
    if (!this.isEnabled(actor)) throw this.#notEnabled(actor);
    const place = actors.place(actor);
    const ticks = this.touches.on ? this.choices.ticks : undefined;
    ticks?.beginStep();
    switch (actors.kind(actor)) {
      case ACTOR_CPU:
        if (kernel.cpus.curr(place) === 0) this.choices.leaves(place);
        this.cpuSteps.step(place);
        break;
      case ACTOR_IPI:
        this.interrupts.take(place, LINE_IPI);
        break;
      case ACTOR_CLOCK:
        this.#pass(this.interrupts.clockOf(place));
        this.interrupts.takeClock(place);
        break;
      case ACTOR_DEVICE:
        this.interrupts.take(place, LINE_DEVICE);
        break;
      default:
        this.#happen(actors.kind(actor), place);
    }
    kernel.current = NO_TASK;
    ticks?.endStep();
  }

  #pass(ns: number): void {
    if (ns <= this.#now) return;
    this.touches.write(this.time);
    this.#now = ns;
  }

  /** What comes from outside the machine comes by an interrupt of the CPU that it is about. */
  #happen(kind: number, place: number): void {
    const { kernel, interrupts } = this;
    this.choices.spend(kind);
    if (kind === ACTOR_PREEMPT) {
      this.fair.preempt(place);
      interrupts.handle(place, PEND_TICK, () => reschedule(kernel, place));
      return;
    }
    const cpu = kernel.tasks.cpu(place);
    if (kind === ACTOR_SPURIOUS) {
      interrupts.handle(cpu, PEND_IO, () => tryToWakeUp(kernel, place, TASK_INTERRUPTIBLE, 0));
    } else {
      interrupts.handle(cpu, PEND_IO, () => sendSignal(kernel, place, this.allowed.signal));
    }
  }

  #notEnabled(actor: number): MachineError {
    const known = actor >= 0 && actor < this.actors.count;
    const name = known ? this.actors.name(actor) : `actor ${actor}`;
    return new MachineError("ERR_STEP", `${name} cannot take a step`);
  }
}
