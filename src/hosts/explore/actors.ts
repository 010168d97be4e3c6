/**
 * Who can take the next step of an explored machine, by stable numbers: the same in every execution of a configuration.
 *
 * | kind | one for each | its step |
 * |---|---|---|
 * | cpu | vCPU | what its task is about to do, up to the next thing it is about to do; or a turn of its idle loop |
 * | ipi | vCPU | the inter-processor interrupt that was raised on it arrives |
 * | clock | vCPU | its clock device interrupts: the earliest timer expires, and time is what that says |
 * | device | vCPU | the interrupt of its devices arrives |
 * | preempt | vCPU | its tick finds that the task in user mode has had its share, and another waits |
 * | spurious | task | its sleep ends for no reason |
 * | signal | task | a signal comes from outside |
 */
export const ACTOR_KINDS = ["cpu", "ipi", "clock", "device", "preempt", "spurious", "signal"] as const;
export type ActorKind = (typeof ACTOR_KINDS)[number];

export const ACTOR_CPU = 0;
export const ACTOR_IPI = 1;
export const ACTOR_CLOCK = 2;
export const ACTOR_DEVICE = 3;
export const ACTOR_PREEMPT = 4;
export const ACTOR_SPURIOUS = 5;
export const ACTOR_SIGNAL = 6;

export class ActorNumbers {
  declare readonly vcpus: number;
  declare readonly maxTasks: number;
  declare readonly count: number;

  constructor(vcpus: number, maxTasks: number) {
    this.vcpus = vcpus;
    this.maxTasks = maxTasks;
    this.count = 5 * vcpus + 2 * maxTasks;
  }

  /** ACTOR_ kind of an actor. */
  kind(actor: number): number {
    const tasks = actor - 5 * this.vcpus;
    if (tasks < 0) return Math.floor(actor / this.vcpus);
    return tasks < this.maxTasks ? ACTOR_SPURIOUS : ACTOR_SIGNAL;
  }
  /** Its CPU, or the tid of its task. */
  place(actor: number): number {
    const tasks = actor - 5 * this.vcpus;
    return tasks < 0 ? actor % this.vcpus : 1 + (tasks % this.maxTasks);
  }
  /** The actor of `kind` at a CPU or a task. */
  of(kind: number, place: number): number {
    if (kind < ACTOR_SPURIOUS) return kind * this.vcpus + place;
    return 5 * this.vcpus + (kind - ACTOR_SPURIOUS) * this.maxTasks + place - 1;
  }
  /** For schedules that people read: "cpu0", "clock1", "signal task 3". */
  name(actor: number): string {
    const kind = this.kind(actor);
    const place = this.place(actor);
    return kind < ACTOR_SPURIOUS ? `${ACTOR_KINDS[kind]}${place}` : `${ACTOR_KINDS[kind]} task ${place}`;
  }
}
