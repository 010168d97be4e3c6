/**
 * The classes of a machine in their order: real time before fair. Stop and deadline tasks, which would come before, are not
 * modelled; idle-policy tasks are fair tasks of weight 3.
 *
 * Stands where the fair class stood, from the first real-time task on: until then nothing is asked that would need an
 * answer. Each question about a task goes to its class; a CPU's is answered by the highest class that has one to run. The
 * fair class is told of no current task while a real-time task runs.
 *
 * Real-time tasks are spread by priority: before a CPU runs something lower than what waits elsewhere it pulls that
 * (`pull`), and one that has more than it can run pushes (`push`); see rt-balance.ts.
 * Source: __pick_next_task, wakeup_preempt in kernel/sched/core.c; pull_rt_task, push_rt_task in rt.c.
 */
import type { FairClass } from "./fair-class.ts";
import type { RtQueue } from "./rt-queue.ts";
import type { SchedTable } from "./sched-table.ts";

export interface RtPorts {
  /** Moves to `cpu` a waiting task of a priority above `than` that it may run; returns it, or 0. */
  pull(cpu: number, than: number): number;
  /** Sends those that wait on `cpu` where they can run at once. */
  push(cpu: number): void;
  /** Does so with `tid`, which has just come to `cpu`, if it does not preempt there. */
  pushWakee(cpu: number, tid: number): void;
}

export class ClassOrder implements FairClass {
  readonly rt: RtQueue;
  readonly fair: FairClass;
  readonly #scheduling: SchedTable;
  readonly #ports: RtPorts;
  readonly #fairTimers: boolean;

  /** `fairTimers`: slices of fair tasks, too, end by a timer (hrtick). */
  constructor(rt: RtQueue, fair: FairClass, scheduling: SchedTable, ports: RtPorts, fairTimers: boolean) {
    this.#fairTimers = fairTimers;
    this.rt = rt;
    this.fair = fair;
    this.#scheduling = scheduling;
    this.#ports = ports;
  }

  #isRt(tid: number): boolean {
    return this.#scheduling.priority(tid) !== 0;
  }
  /** The fair class's current task: `curr`, unless a real-time task runs. */
  #ofFair(curr: number): number {
    return this.#isRt(curr) ? 0 : curr;
  }
  #ofRt(curr: number): number {
    return this.#isRt(curr) ? curr : 0;
  }

  prepare(tid: number, weight: number, sliceNs: number): void {
    this.rt.prepare(tid);
    this.fair.prepare(tid, weight, sliceNs);
  }
  setPolicy(tid: number, policy: number): void {
    this.fair.setPolicy(tid, policy);
  }
  expect(tid: number, ns: number): void {
    this.fair.expect(tid, ns);
  }
  get shared(): boolean {
    return this.fair.shared;
  }

  enqueue(cpu: number, tid: number, curr: number, now: number, initial: boolean): void {
    if (this.#isRt(tid)) this.rt.enqueue(cpu, tid);
    else this.fair.enqueue(cpu, tid, this.#ofFair(curr), now, initial);
  }
  wakeQueued(cpu: number, tid: number, curr: number, now: number): void {
    if (!this.#isRt(tid)) this.fair.wakeQueued(cpu, tid, this.#ofFair(curr), now);
  }

  /** Does the class or the priority of `tid` alone say that it runs before `curr`? */
  precedes(tid: number, curr: number): boolean {
    return this.#scheduling.priority(tid) > this.#scheduling.priority(curr);
  }
  pushWakee(cpu: number, tid: number): void {
    if (this.#isRt(tid)) this.#ports.pushWakee(cpu, tid);
  }
  wakeupPreempts(cpu: number, curr: number, wakee: number, now: number, initial: boolean): boolean {
    if (this.#isRt(wakee) || this.#isRt(curr)) return this.precedes(wakee, curr);
    return this.fair.wakeupPreempts(cpu, curr, wakee, now, initial);
  }

  update(cpu: number, curr: number, now: number): void {
    if (this.#isRt(curr)) this.rt.update(curr, now);
    else this.fair.update(cpu, curr, now);
  }
  tick(cpu: number, curr: number, now: number): boolean {
    if (!this.#isRt(curr)) return this.fair.tick(cpu, curr, now);
    this.rt.update(curr, now);
    return this.rt.turnOver(cpu, curr);
  }
  sliceOver(cpu: number, curr: number, now: number): boolean {
    return this.#isRt(curr) ? this.rt.turnOver(cpu, curr) : this.fair.sliceOver(cpu, curr, now);
  }
  sliceLeft(cpu: number, curr: number, now: number): number {
    if (this.#isRt(curr)) return this.rt.sliceLeft(curr, now);
    return this.#fairTimers ? this.fair.sliceLeft(cpu, curr, now) : Number.POSITIVE_INFINITY;
  }
  yieldCurrent(cpu: number, tid: number): void {
    if (this.#isRt(tid)) this.rt.yieldCurrent(tid);
    else this.fair.yieldCurrent(cpu, tid);
  }

  sleepCurrent(cpu: number, tid: number, special: boolean): boolean {
    if (!this.#isRt(tid)) return this.fair.sleepCurrent(cpu, tid, special);
    this.rt.sleepCurrent(cpu, tid);
    return false;
  }

  pick(cpu: number, curr: number): number {
    const here = this.rt.pick(cpu, this.#ofRt(curr));
    if (this.rt.waiting > 0) {
      const pulled = this.#ports.pull(cpu, here === 0 ? 0 : this.#scheduling.priority(here));
      if (pulled !== 0) return pulled;
    }
    return here !== 0 ? here : this.fair.pick(cpu, this.#ofFair(curr));
  }

  putBack(cpu: number, tid: number): void {
    if (this.#isRt(tid)) this.rt.putBack(cpu, tid);
    else this.fair.putBack(cpu, tid);
  }
  begin(cpu: number, tid: number, now: number): void {
    if (this.#isRt(tid)) this.rt.begin(tid, now);
    else this.fair.begin(cpu, tid, now);
    if (this.rt.first(cpu) !== 0) this.#ports.push(cpu);
  }
  beginSlice(tid: number, now: number): void {
    if (!this.#isRt(tid)) this.fair.beginSlice(tid, now);
  }

  dequeueWaiting(cpu: number, tid: number, now: number): void {
    if (this.#isRt(tid)) this.rt.dequeueWaiting(cpu, tid);
    else this.fair.dequeueWaiting(cpu, tid, now);
  }
  migrate(from: number, to: number, tid: number): void {
    if (!this.#isRt(tid)) this.fair.migrate(from, to, tid);
  }
  /** For the balancing of the fair class. */
  firstWaiting(cpu: number): number {
    return this.fair.firstWaiting(cpu);
  }
  nextWaiting(tid: number): number {
    return this.fair.nextWaiting(tid);
  }
  reweight(cpu: number, tid: number, curr: number, weight: number, sliceNs: number, now: number): void {
    this.fair.reweight(cpu, tid, this.#ofFair(curr), weight, sliceNs, now);
  }

  isQueued(tid: number): boolean {
    return this.rt.isQueued(tid) || this.fair.isQueued(tid);
  }
  isDelayed(tid: number): boolean {
    return this.fair.isDelayed(tid);
  }
  weight(tid: number): number {
    return this.fair.weight(tid);
  }
  sliceNs(tid: number): number {
    return this.fair.sliceNs(tid);
  }
  vruntime(tid: number): number {
    return this.fair.vruntime(tid);
  }
  sumExec(tid: number): number {
    return this.rt.sumExec(tid) + this.fair.sumExec(tid);
  }
  chargedUntil(tid: number): number {
    return this.#isRt(tid) ? this.rt.chargedUntil(tid) : this.fair.chargedUntil(tid);
  }
  nrRunning(cpu: number): number {
    return this.rt.nrRunning(cpu) + this.fair.nrRunning(cpu);
  }
  nrQueued(cpu: number): number {
    return this.rt.nrRunning(cpu) + this.fair.nrQueued(cpu);
  }
  load(cpu: number): number {
    return this.fair.load(cpu);
  }
  minVruntime(cpu: number): number {
    return this.fair.minVruntime(cpu);
  }
}
