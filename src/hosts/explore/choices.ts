/**
 * Who can take the next step of an explored machine.
 *
 * A CPU can when it has a task, or has been told to leave idle; an interrupt when it is on its way; what comes from outside as
 * often as it is allowed to, where it would do something. What is looked at for that is told (touches.ts): a step that changes
 * any of it may enable or disable the actor.
 */
import { TASK_DEAD, TASK_INTERRUPTIBLE } from "../../kernel-sim/constants.ts";
import { IDLE_ASLEEP } from "../../kernel-sim/cpu-table.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import {
  ACTOR_CLOCK,
  ACTOR_CPU,
  ACTOR_DEVICE,
  ACTOR_IPI,
  ACTOR_PREEMPT,
  ACTOR_SIGNAL,
  ACTOR_SPURIOUS,
  type ActorNumbers,
} from "./actors.ts";
import type { FifoClass } from "./fifo-class.ts";
import { type Interrupts, LINE_DEVICE, LINE_IPI } from "./interrupts.ts";
import type { CheckedNondeterminism } from "./nondeterminism.ts";
import type { Observed } from "./observed.ts";
import type { TaskCode } from "./task-code.ts";
import { TickGates } from "./tick-gates.ts";
import type { Touches } from "./touches.ts";

/** What decides who can take a step. */
export interface Deciders {
  readonly kernel: Kernel;
  readonly fair: FifoClass;
  readonly actors: ActorNumbers;
  readonly code: TaskCode;
  readonly interrupts: Interrupts;
  readonly allowed: CheckedNondeterminism;
}

/** Kinds of what comes from outside: preempt, spurious, signal. */
const OUTSIDE = 3;

export class Choices {
  declare private readonly kernel: Kernel;
  /** Undefined: there are no preemptions. */
  declare readonly ticks: TickGates | undefined;
  declare private readonly fair: FifoClass;
  declare private readonly code: TaskCode;
  declare private readonly actors: ActorNumbers;
  declare private readonly interrupts: Interrupts;
  declare private readonly allowed: CheckedNondeterminism;
  declare private readonly touches: Touches;
  /** By CPU: it has been told to leave idle. */
  declare private readonly pokes: Uint8Array;
  /** By kind from ACTOR_PREEMPT on: how often it may still happen. */
  declare private readonly left: Int32Array;
  /** First object of each. */
  declare private readonly poked: number;
  declare private readonly budget: number;

  constructor({ kernel, fair, actors, code, interrupts, allowed }: Deciders, { objects, touches }: Observed) {
    const { vcpus } = kernel.config;
    this.kernel = kernel;
    this.fair = fair;
    this.code = code;
    this.actors = actors;
    this.interrupts = interrupts;
    this.allowed = allowed;
    this.touches = touches;
    this.pokes = new Uint8Array(vcpus);
    this.left = new Int32Array(OUTSIDE);
    this.poked = objects.of("host.poke", vcpus);
    this.budget = objects.of("host.budget", OUTSIDE);
    const gates = (): TickGates => new TickGates(kernel, fair, code, touches, objects.of("host.tick", vcpus));
    this.ticks = allowed.preemptions > 0 ? gates() : undefined;
  }

  reset(): void {
    const { preemptions, spuriousWakes, signals } = this.allowed;
    this.pokes.fill(0);
    this.left.set([preemptions, spuriousWakes, signals]);
  }

  /** Tells a sleeping CPU to leave idle; it does. */
  poke(cpu: number): void {
    this.touches.write(this.poked + cpu);
    this.pokes[cpu] = 1;
  }
  leaves(cpu: number): void {
    this.touches.write(this.poked + cpu);
    this.pokes[cpu] = 0;
  }

  /** Something of this kind, ACTOR_PREEMPT or behind, happens. */
  spend(kind: number): void {
    this.touches.write(this.budget + kind - ACTOR_PREEMPT);
    this.left[kind - ACTOR_PREEMPT]!--;
  }
  #timesLeft(kind: number): number {
    this.touches.read(this.budget + kind - ACTOR_PREEMPT);
    return this.left[kind - ACTOR_PREEMPT]!;
  }

  /** Can `actor` take a step now? */
  isEnabled(actor: number): boolean {
    const { actors } = this;
    if (!(actor >= 0 && actor < actors.count)) return false;
    const place = actors.place(actor);
    const kind = actors.kind(actor);
    switch (kind) {
      case ACTOR_CPU:
        return this.#canGoOn(place);
      case ACTOR_IPI:
        return this.interrupts.isRaised(place, LINE_IPI);
      case ACTOR_CLOCK:
        return this.interrupts.isClockDue(place);
      case ACTOR_DEVICE:
        return this.interrupts.isRaised(place, LINE_DEVICE);
      case ACTOR_PREEMPT:
        return this.#timesLeft(kind) > 0 && this.ticks!.isOpen(place);
      case ACTOR_SPURIOUS:
        return this.#timesLeft(kind) > 0 && this.#sleeps(place);
      default:
        return this.#timesLeft(kind) > 0 && this.#lives(place);
    }
  }

  /** No actor but CPUs can have been enabled yet, so that no step can have disabled one. */
  get onlyCpus(): boolean {
    return !this.interrupts.busy && this.left.every((times) => times === 0);
  }

  /** The actors that can take a step, in order, into `into`. Returns how many. */
  enabled(into: Int32Array): number {
    const { vcpus } = this.actors;
    let count = 0;
    for (let cpu = 0; cpu < vcpus; cpu++) if (this.#canGoOn(cpu)) into[count++] = cpu;
    // The rest are rare, and most configurations have none of the last three kinds.
    const { interrupts, left } = this;
    if (interrupts.busy) count = this.#listEnabled(into, count, ACTOR_IPI, ACTOR_PREEMPT);
    if (left[0]! > 0) count = this.#listEnabled(into, count, ACTOR_PREEMPT, ACTOR_SPURIOUS);
    if (left[1]! > 0) count = this.#listEnabled(into, count, ACTOR_SPURIOUS, ACTOR_SIGNAL);
    if (left[2]! > 0) count = this.#listEnabled(into, count, ACTOR_SIGNAL, ACTOR_SIGNAL + 1);
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

  /** A CPU that sleeps goes on when it has been told to look; one whose task spins, when that would see something else. */
  #canGoOn(cpu: number): boolean {
    const { cpus } = this.kernel;
    this.touches.read(this.poked + cpu);
    const curr = cpus.curr(cpu);
    if (curr !== 0) return !this.code.spinsInVain(curr) || this.fair.nrRunning(cpu) > 1;
    return cpus.idlePhase(cpu) !== IDLE_ASLEEP || this.pokes[cpu] === 1;
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
}
