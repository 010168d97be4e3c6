/**
 * The scheduling class of the explore host: a queue a CPU, first come, first served, without time.
 *
 * Who is queued runs when the current task sleeps, yields or is preempted, and a preemption is an event that somebody
 * chooses (explore-host.ts). So nothing depends on run times, of which an exploration has none, and no schedule of a real
 * class is excluded but those in which a later comer overtakes an earlier one on the same CPU.
 *
 * Unless it is given `picks`: whom each CPU of another machine has gone on with, one after the other. Then the next of these
 * is taken whenever it waits.
 */
import type { FairClass } from "../../kernel-sim/fair-class.ts";

/** Weight of every task: what the CPU selection compares. */
const WEIGHT = 1024;
const SLICE_NS = 1_000_000;

export class FifoClass implements FairClass {
  readonly shared = false;
  /** By CPU: who waits first and last, how many are runnable, and whether the current task is to give way. */
  declare private readonly heads: Int32Array;
  declare private readonly tails: Int32Array;
  declare private readonly counts: Int32Array;
  declare private readonly gives: Int32Array;
  /** By task: the next on its queue; whether it is runnable. */
  declare private readonly nexts: Int32Array;
  declare private readonly queued: Int32Array;
  declare private readonly all: Int32Array;
  /** By CPU, and how many of them it has gone on with. */
  declare private readonly picks: readonly (readonly number[])[] | undefined;
  declare private readonly picked: Int32Array;

  constructor(vcpus: number, maxTasks: number, picks?: readonly (readonly number[])[]) {
    const tasks = maxTasks + 1;
    this.picks = picks;
    this.all = new Int32Array(5 * vcpus + 2 * tasks);
    const part = (from: number, length: number): Int32Array => this.all.subarray(from, from + length);
    this.heads = part(0, vcpus);
    this.tails = part(vcpus, vcpus);
    this.counts = part(2 * vcpus, vcpus);
    this.gives = part(3 * vcpus, vcpus);
    this.nexts = part(4 * vcpus, tasks);
    this.queued = part(4 * vcpus + tasks, tasks);
    this.picked = part(4 * vcpus + 2 * tasks, vcpus);
  }

  /** Nobody is runnable any more. */
  clear(): void {
    this.all.fill(0);
  }

  /** The current task of `cpu` is to give way when the CPU next looks. */
  preempt(cpu: number): void {
    this.gives[cpu] = 1;
  }

  enqueue(cpu: number, tid: number): void {
    this.queued[tid] = 1;
    this.counts[cpu]!++;
    this.putBack(cpu, tid);
  }
  wakeQueued(): void {}
  wakeupPreempts(): boolean {
    return false;
  }

  update(): void {}
  tick(): boolean {
    return false;
  }
  sliceOver(): boolean {
    return false;
  }
  sliceLeft(): number {
    return Number.POSITIVE_INFINITY;
  }
  yieldCurrent(cpu: number, tid: number): void {
    this.gives[cpu] = 1;
    this.yielded(tid);
  }
  /** The host's: `tid` has called sched_yield. */
  yielded: (tid: number) => void = () => {};

  sleepCurrent(cpu: number, tid: number): boolean {
    this.queued[tid] = 0;
    this.gives[cpu] = 0;
    this.counts[cpu]!--;
    return false;
  }
  pick(cpu: number, curr: number): number {
    const head = this.heads[cpu]!;
    if (head === 0 || (curr !== 0 && this.gives[cpu] === 0)) return curr;
    return this.picks === undefined ? head : this.#recorded(cpu, head);
  }
  #recorded(cpu: number, head: number): number {
    const wanted = this.picks?.[cpu]?.[this.picked[cpu]!];
    // Bounded: a task is on the queue once.
    for (let tid = head; tid !== 0; tid = this.nexts[tid]!) if (tid === wanted) return tid;
    return head;
  }
  putBack(cpu: number, tid: number): void {
    const tail = this.tails[cpu]!;
    this.nexts[tid] = 0;
    if (tail === 0) this.heads[cpu] = tid;
    else this.nexts[tail] = tid;
    this.tails[cpu] = tid;
  }
  begin(cpu: number, tid: number): void {
    this.gives[cpu] = 0;
    if (this.picks?.[cpu]?.[this.picked[cpu]!] === tid) this.picked[cpu]!++;
    this.#unlink(cpu, tid);
  }
  beginSlice(): void {}
  dequeueWaiting(cpu: number, tid: number): void {
    this.#unlink(cpu, tid);
    this.queued[tid] = 0;
    this.counts[cpu]!--;
  }
  migrate(): void {}
  firstWaiting(cpu: number): number {
    return this.heads[cpu]!;
  }
  nextWaiting(tid: number): number {
    return this.nexts[tid]!;
  }

  prepare(tid: number): void {
    this.queued[tid] = 0;
  }
  setPolicy(): void {}
  expect(): void {}
  reweight(): void {}

  isQueued(tid: number): boolean {
    return this.queued[tid] === 1;
  }
  isDelayed(): boolean {
    return false;
  }
  weight(): number {
    return WEIGHT;
  }
  sliceNs(): number {
    return SLICE_NS;
  }
  vruntime(): number {
    return 0;
  }
  sumExec(): number {
    return 0;
  }
  chargedUntil(): number {
    return 0;
  }
  nrRunning(cpu: number): number {
    return this.counts[cpu]!;
  }
  nrQueued(cpu: number): number {
    return this.counts[cpu]!;
  }
  load(cpu: number): number {
    return this.counts[cpu]! * WEIGHT;
  }
  minVruntime(): number {
    return 0;
  }

  #unlink(cpu: number, tid: number): void {
    let before = 0;
    // Bounded: a task is on the queue once.
    for (let at = this.heads[cpu]!; at !== tid; at = this.nexts[at]!) before = at;
    const next = this.nexts[tid]!;
    if (before === 0) this.heads[cpu] = next;
    else this.nexts[before] = next;
    if (this.tails[cpu] === tid) this.tails[cpu] = before;
  }
}
