/** One execution along a recorded order: whose step is next, and whether what it does is what was recorded. */
import {
  ACTOR_CLOCK,
  ACTOR_CPU,
  ACTOR_DEVICE,
  ACTOR_IPI,
  ACTOR_PREEMPT,
} from "../../hosts/explore/actors.ts";
import { actorOf, type Choice, choice } from "../../interleaving/schedule.ts";
import type { Violation } from "../../interleaving/system.ts";
import { syscallName } from "../../kernel-sim/constants.ts";
import {
  TRACE_SCHED_WAKEUP,
  TRACE_TIMER_EXPIRE,
  TRACE_UMCG_STATE,
  type TraceEvent,
} from "../../trace/events.ts";
import { formatEvent } from "../../trace/format.ts";
import type { KernelSystem } from "../kernel/kernel-system.ts";
import { type Deed, deedOf, type Recording } from "./recording.ts";

/** Steps of one CPU without a deed, until another is given a turn: it may wait for a word that the other has to write. */
const PATIENCE = 200;
const NOBODY = -1;
const NO_CPU = -1;

/** By step: how many the CPU whose turn it is waits there for others to take; UNTIL_A_DEED: until another has done something. */
export type Delays = ReadonlyMap<number, number>;
export const UNTIL_A_DEED: number = Number.POSITIVE_INFINITY;

export interface Outcome {
  readonly schedule: readonly Choice[];
  /** How many of the first deeds were done; others may have been, behind them. */
  readonly done: number;
  readonly parted: string | undefined;
  /** What went wrong in the program: there, too, if the recorded run ended here. */
  readonly violation: Violation | undefined;
}

export class Attempt {
  readonly #system: KernelSystem;
  readonly #recording: Recording;
  readonly #delays: Delays;
  readonly #schedule: Choice[] = [];
  readonly #isDone: Uint8Array;
  /** By task: the deeds it has yet to do, as indices, the next one last. */
  readonly #ahead: Map<number, number[]> = new Map();
  /** The first deed that is not done. */
  #at = 0;
  #parted: string | undefined;
  /** The CPU that waits for others to do something. */
  #avoided: number = NO_CPU;
  #avoidedUntil = 0;
  #silent = 0;

  constructor(system: KernelSystem, recording: Recording, delays: Delays) {
    this.#system = system;
    this.#recording = recording;
    this.#delays = delays;
    this.#isDone = new Uint8Array(recording.deeds.length);
    for (let index = recording.deeds.length - 1; index >= 0; index--) {
      const { tid } = recording.deeds[index]!;
      const ahead = this.#ahead.get(tid);
      if (ahead === undefined) this.#ahead.set(tid, [index]);
      else ahead.push(index);
    }
  }

  /** What a step has emitted. */
  event(event: Omit<TraceEvent, "timeNs">): void {
    const found = deedOf(event);
    if (this.#parted !== undefined || found === undefined) return;
    const index = this.#ahead.get(found.tid)?.pop();
    // Recordings may end before the run did.
    if (index === undefined) return;
    const wanted = this.#recording.deeds[index]!;
    if (!same(wanted, found)) {
      this.#parted = `deed ${index} was "${this.#told(wanted)}", and here it is "${this.#told(found)}"`;
      return;
    }
    this.#isDone[index] = 1;
    this.#silent = 0;
    if (this.#avoidedUntil === UNTIL_A_DEED) this.#avoided = NO_CPU;
  }

  /** Bounded: every so many steps a deed is done, or the attempt ends. */
  run(): Outcome {
    const { deeds, vcpus } = this.#recording;
    while (this.#parted === undefined && this.#system.violations.length === 0) {
      while (this.#at < deeds.length && this.#isDone[this.#at] === 1) this.#at++;
      const deed = deeds[this.#at];
      if (deed === undefined) {
        this.#runOut();
        break;
      }
      this.#giveTurns(deed.cpu);
      if (this.#silent > PATIENCE * (vcpus + 1))
        this.#parted = `nobody comes to deed ${this.#at}, "${this.#told(deed)}"`;
      else this.#step(this.#target());
    }
    const violation = this.#system.violations[0];
    return { schedule: this.#schedule, done: this.#at, parted: this.#parted, violation };
  }

  /** Behind the recorded end whoever ran goes on: what it did last may have been what went wrong. */
  #runOut(): void {
    const system = this.#system;
    const made = this.#schedule[this.#schedule.length - 1];
    let last = made === undefined ? NOBODY : actorOf(made);
    for (let step = 0; step < PATIENCE && system.enabledCount() > 0; step++) {
      last = system.isEnabled(last) ? last : system.enabled[0]!;
      this.#schedule.push(choice(last));
      system.step(last, 0);
    }
    if (system.enabledCount() === 0) system.finish();
  }

  #giveTurns(cpu: number): void {
    const steps = this.#schedule.length;
    if (steps >= this.#avoidedUntil) this.#avoided = NO_CPU;
    const delay = this.#silent > 0 && this.#silent % PATIENCE === 0 ? UNTIL_A_DEED : this.#delays.get(steps);
    if (delay === undefined) return;
    this.#avoided = cpu;
    this.#avoidedUntil = steps + delay;
  }

  /** The first deed that is not done, or the first of another CPU than the one that is to wait. */
  #target(): number {
    if (this.#avoided === NO_CPU) return this.#at;
    const { deeds } = this.#recording;
    for (let other = this.#at; other < deeds.length; other++)
      if (this.#isDone[other] === 0 && deeds[other]!.cpu !== this.#avoided) return other;
    return this.#at;
  }

  #step(target: number): void {
    const deed = this.#recording.deeds[target]!;
    this.#silent++;
    const actor = this.#toward(deed);
    if (actor === NOBODY) return;
    this.#schedule.push(choice(actor));
    this.#system.step(actor, 0);
  }

  /** Who takes the next step to where `deed` can be done. */
  #toward({ kind, cpu, tid }: Deed): number {
    if (kind === TRACE_TIMER_EXPIRE) return this.#first(cpu, [ACTOR_CLOCK, ACTOR_CPU, ACTOR_IPI]);
    const { cpus, fair } = this.#system.machine.kernel;
    const curr = cpus.curr(cpu);
    if (curr === 0) return this.#first(cpu, [ACTOR_CPU, ACTOR_IPI, ACTOR_DEVICE, ACTOR_CLOCK]);
    if (curr === tid || kind === TRACE_UMCG_STATE) return this.#first(cpu, [ACTOR_CPU, ACTOR_IPI]);
    // Who is woken by another CPU is put on the queue in an interrupt.
    if (kind === TRACE_SCHED_WAKEUP) return this.#first(cpu, [ACTOR_IPI, ACTOR_CPU]);
    // Somebody else is on the CPU: the one who is wanted waits behind him, or is on his way there.
    return this.#first(
      cpu,
      fair.isQueued(tid) ? [ACTOR_PREEMPT, ACTOR_CPU, ACTOR_IPI] : [ACTOR_IPI, ACTOR_CPU],
    );
  }

  #first(cpu: number, kinds: readonly number[]): number {
    const { actors } = this.#system.machine.host;
    const actor = kinds.map((kind) => actors.of(kind, cpu)).find((each) => this.#system.isEnabled(each));
    return actor ?? NOBODY;
  }

  #told({ kind, cpu, tid, arg0, arg1 }: Deed): string {
    const { names } = this.#system.machine.kernel;
    const told = formatEvent(
      { timeNs: 0, kind, cpu, tid, arg0, arg1 },
      { taskName: (tid) => names.of(tid), syscallName },
    );
    // Without the time, which is nobody's.
    return told.slice(told.indexOf("]") + 2);
  }
}

function same(wanted: Deed, found: Deed): boolean {
  return wanted.kind === found.kind && wanted.arg0 === found.arg0 && wanted.arg1 === found.arg1;
}
