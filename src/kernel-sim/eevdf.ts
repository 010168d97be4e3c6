/**
 * EEVDF: the fair class of Linux from 6.6 on. Earliest eligible virtual deadline first.
 *
 * Virtual time of a queue is V, the weighted average of the vruntimes of all runnable entities. An entity whose vruntime
 * is at most V has received no more than its share and is *eligible*; among the eligible the one with the earliest
 * deadline (vruntime + slice, in virtual time) runs. What an entity is owed, its *lag* V - vruntime, is kept when it
 * sleeps and given back when it wakes, so sleeping neither earns nor loses.
 *
 * Delayed dequeue: a sleeper that is not eligible stays queued, not runnable, until it is picked (then it leaves, its lag
 * cut to 0) or woken (then it is simply runnable again, on the CPU where it slept).
 */
import type { Arena } from "./arena.ts";
import { EevdfPick } from "./eevdf-pick.ts";
import { EevdfPlacement } from "./eevdf-placement.ts";
import { EevdfPreempt } from "./eevdf-preempt.ts";
import type { EevdfRules } from "./eevdf-rules.ts";
import {
  BASE,
  CURRENT,
  DEADLINE,
  DEADLINE_RELATIVE,
  DELAYED,
  EevdfTimeline,
  EXEC_START,
  NOT_QUEUED,
  NR_QUEUED,
  NR_RUNNING,
  POLICY,
  QUEUED,
  RUNNABLE,
  SLICE_OVER,
  SUM_EXEC,
  VLAG,
  VRUNTIME,
  WEIGHT,
} from "./eevdf-timeline.ts";
import type { FairClass } from "./fair-class.ts";

export class Eevdf implements FairClass {
  readonly timeline: EevdfTimeline;
  readonly placement: EevdfPlacement;
  readonly #pick: EevdfPick;
  readonly #preempt: EevdfPreempt;
  readonly #rules: EevdfRules;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #slices: Float64Array;
  readonly #queues: number;

  constructor(arena: Arena, maxTasks: number, vcpus: number, rules: EevdfRules) {
    this.#rules = rules;
    this.timeline = new EevdfTimeline(arena, maxTasks, vcpus);
    this.placement = new EevdfPlacement(this.timeline, rules);
    this.#pick = new EevdfPick(this.timeline, this.placement, rules);
    this.#preempt = new EevdfPreempt(this.timeline, this.#pick, rules);
    this.#words = this.timeline.words;
    this.#numbers = this.timeline.numbers;
    this.#slices = this.timeline.slices;
    this.#queues = this.timeline.queues;
  }

  prepare(tid: number, weight: number, sliceNs: number): void {
    this.#words[(tid << 4) | WEIGHT] = weight;
    this.#words[(tid << 4) | QUEUED] = NOT_QUEUED;
    this.#words[(tid << 4) | DEADLINE_RELATIVE] = 0;
    this.#slices[tid] = sliceNs === 0 ? this.#rules.sliceNs : sliceNs;
    this.#numbers.fill(0, (tid << 3) | VRUNTIME, (tid << 3) + 8);
  }

  setPolicy(tid: number, policy: number): void {
    this.#words[(tid << 4) | POLICY] = policy;
  }
  expect(): void {}
  get shared(): boolean {
    return false;
  }

  enqueue(cpu: number, tid: number, curr: number, now: number, initial: boolean): void {
    const row = this.#queues + cpu;
    const ahead = this.#lookAhead(cpu, curr, now);
    this.placement.place(cpu, tid, initial);
    this.#numbers[(curr << 3) | VRUNTIME]! -= ahead;
    this.timeline.insert(cpu, tid);
    this.#words[(tid << 4) | QUEUED] = RUNNABLE;
    this.#words[(row << 4) | NR_RUNNING]!++;
    this.#words[(row << 4) | NR_QUEUED]!++;
  }

  /** update_curr() before somebody comes, as far as others see it (see `runAhead`). */
  #lookAhead(cpu: number, curr: number, now: number): number {
    const ahead = this.placement.runAhead(curr, now);
    if (ahead > 0) this.#preempt.moved(cpu, curr, ahead);
    return ahead;
  }

  // ---- the current entity -------------------------------------------------------------------------------------------

  /** `tid`, just picked, runs from `now` on. */
  begin(cpu: number, tid: number, now: number): void {
    const row = (this.#queues + cpu) << 4;
    this.timeline.remove(cpu, tid);
    this.#words[row | CURRENT] = tid;
    this.beginSlice(tid, now);
    this.#words[row | SLICE_OVER] = 0;
    this.#pick.protect(cpu, tid);
  }

  beginSlice(tid: number, now: number): void {
    this.#numbers[(tid << 3) | EXEC_START] = now;
  }

  putBack(cpu: number, tid: number): void {
    this.#words[((this.#queues + cpu) << 4) | CURRENT] = 0;
    this.timeline.insert(cpu, tid);
  }

  /** update_curr(). */
  update(cpu: number, curr: number, now: number): void {
    const numbers = this.#numbers;
    const delta = now - numbers[(curr << 3) | EXEC_START]!;
    if (curr === 0 || delta <= 0) return;
    numbers[(curr << 3) | EXEC_START] = now;
    numbers[(curr << 3) | SUM_EXEC]! += delta;
    const vruntime = numbers[(curr << 3) | VRUNTIME]! + this.timeline.virtual(curr, delta);
    numbers[(curr << 3) | VRUNTIME] = vruntime;
    this.timeline.moveBase(cpu, vruntime);
    this.#preempt.moved(cpu, curr, 0);
  }

  tick(cpu: number, curr: number, now: number): boolean {
    this.update(cpu, curr, now);
    return this.sliceOver(cpu);
  }

  sliceOver(cpu: number): boolean {
    const row = (this.#queues + cpu) << 4;
    return this.#words[row | SLICE_OVER] !== 0 && this.#words[row | NR_QUEUED]! > 1;
  }

  sliceLeft(cpu: number, curr: number, now: number): number {
    if (this.#words[((this.#queues + cpu) << 4) | NR_QUEUED]! <= 1) return Number.POSITIVE_INFINITY;
    return this.placement.untilDeadline(curr, now);
  }

  /** Stays queued, delayed, when it is ahead of its share: so it works off what it has had too much. */
  sleepCurrent(cpu: number, tid: number, special: boolean): boolean {
    const row = this.#queues + cpu;
    const delayed = !special && !this.timeline.isEligible(cpu, tid);
    this.#words[(row << 4) | NR_RUNNING]!--;
    this.#numbers[(tid << 3) | VLAG] = this.placement.lag(cpu, tid);
    if (delayed) {
      this.#words[(tid << 4) | QUEUED] = DELAYED;
      this.putBack(cpu, tid);
      return true;
    }
    this.#words[(row << 4) | CURRENT] = 0;
    this.timeline.leave(cpu, tid);
    return false;
  }

  // ---- picking ------------------------------------------------------------------------------------------------------

  pick(cpu: number, _curr: number): number {
    this.#words[((this.#queues + cpu) << 4) | SLICE_OVER] = 0;
    return this.#pick.runnable(cpu, true);
  }

  // ---- waking, yielding ---------------------------------------------------------------------------------------------

  /** requeue_delayed_entity(): one whose dequeue was delayed is runnable again, where it is. */
  wakeQueued(cpu: number, tid: number, curr: number, now: number): void {
    if (this.#words[(tid << 4) | QUEUED] !== DELAYED) return;
    const ahead = this.#lookAhead(cpu, curr, now);
    if (this.placement.isOutOfPlace(cpu, tid)) {
      // What it owes is not where it stands: it has become owed something while it slept, or owes more than before.
      const debt = this.placement.debt(cpu, tid);
      this.timeline.remove(cpu, tid);
      this.#numbers[(tid << 3) | VLAG] = debt;
      this.placement.place(cpu, tid, false);
      this.timeline.insert(cpu, tid);
    }
    this.#numbers[(curr << 3) | VRUNTIME]! -= ahead;
    this.#words[(tid << 4) | QUEUED] = RUNNABLE;
    this.#words[((this.#queues + cpu) << 4) | NR_RUNNING]!++;
  }

  wakeupPreempts(cpu: number, curr: number, wakee: number, now: number, initial: boolean): boolean {
    if (this.sliceOver(cpu)) return true;
    const ahead = this.placement.runAhead(curr, now);
    const preempts = this.#preempt.byWakeup(cpu, curr, wakee, initial);
    this.#numbers[(curr << 3) | VRUNTIME]! -= ahead;
    return preempts;
  }

  yieldCurrent(cpu: number, tid: number): void {
    this.#preempt.byYield(cpu, tid);
  }

  // ---- leaving and changing where it waits -------------------------------------------------------------------------

  /** Its lag goes with it, and what is left of its slice (PLACE_REL_DEADLINE). */
  dequeueWaiting(cpu: number, tid: number, now: number): void {
    const numbers = this.#numbers;
    const row = (this.#queues + cpu) << 4;
    const curr = this.#words[row | CURRENT]!;
    const ahead = this.placement.runAhead(curr, now);
    if (this.#words[(tid << 4) | QUEUED] === DELAYED) this.#pick.finishDequeue(cpu, tid);
    else {
      numbers[(tid << 3) | VLAG] = this.placement.lag(cpu, tid);
      this.timeline.remove(cpu, tid);
      numbers[(tid << 3) | DEADLINE]! -= numbers[(tid << 3) | VRUNTIME]!;
      this.#words[(tid << 4) | DEADLINE_RELATIVE] = 1;
      this.#words[row | NR_RUNNING]!--;
      this.timeline.leave(cpu, tid);
    }
    numbers[(curr << 3) | VRUNTIME]! -= ahead;
  }

  firstWaiting(cpu: number): number {
    return this.timeline.runnableFrom(this.timeline.tree.first(cpu));
  }
  nextWaiting(tid: number): number {
    return this.timeline.runnableFrom(this.timeline.tree.after(tid));
  }

  reweight(cpu: number, tid: number, curr: number, weight: number, sliceNs: number, now: number): void {
    const slice = sliceNs === 0 ? this.#rules.sliceNs : sliceNs;
    if (this.isQueued(tid)) this.placement.reweightQueued(cpu, tid, curr, weight, slice, now);
    else this.placement.reweightAsleep(tid, weight, slice);
  }

  migrate(): void {}

  isQueued(tid: number): boolean {
    return this.#words[(tid << 4) | QUEUED] !== NOT_QUEUED;
  }
  isDelayed(tid: number): boolean {
    return this.#words[(tid << 4) | QUEUED] === DELAYED;
  }
  weight(tid: number): number {
    return this.#words[(tid << 4) | WEIGHT]!;
  }
  sliceNs(tid: number): number {
    return this.#slices[tid]!;
  }
  vruntime(tid: number): number {
    return this.#numbers[(tid << 3) | VRUNTIME]!;
  }
  chargedUntil(tid: number): number {
    return this.#numbers[(tid << 3) | EXEC_START]!;
  }
  sumExec(tid: number): number {
    return this.#numbers[(tid << 3) | SUM_EXEC]!;
  }
  nrRunning(cpu: number): number {
    return this.#words[((this.#queues + cpu) << 4) | NR_RUNNING]!;
  }
  nrQueued(cpu: number): number {
    return this.#words[((this.#queues + cpu) << 4) | NR_QUEUED]!;
  }
  load(cpu: number): number {
    return this.timeline.load(cpu);
  }
  minVruntime(cpu: number): number {
    return this.#numbers[((this.#queues + cpu) << 3) | BASE]!;
  }
}
