/**
 * The plain fair class ("virtual-time"): one run queue a CPU, ordered by weighted virtual run time.
 *
 * A task's vruntime advances by run time * 1024 / weight; the smallest runs next, first come first served among equals.
 * A task that wakes is placed no earlier than the queue's minimum, so sleeping earns no credit. The current task is not
 * in the list, as in Linux.
 *
 * The list is doubly linked and sorted, searched from its tail: a preempted task goes to the end and a woken one to the
 * front, so both common insertions touch one or two nodes. Slices end at ticks. Linux's own rules are in eevdf.ts.
 *
 * What the class knows of tasks (Linux's sched_entity) and of CPUs (cfs_rq) is its own: records of one cache line in one
 * table, entity `tid` in row tid and the queue of a CPU in a row behind them. A queue's row is the sentinel of its list, so
 * that no link is a special case. The queue of a CPU is written by that CPU, or by a waker holding its run-queue lock.
 */
import type { Arena } from "./arena.ts";
import type { FairClass } from "./fair-class.ts";

// Offsets in a record, those of numbers in units of 8 bytes. Here and not in a module of their own, because V8 folds
// constants into the code of their own module only.
/** Of an entity and of a queue: the neighbours in the list, as row numbers. */
const NEXT = 0;
const PREV = 1;
/** Of an entity. */
const WEIGHT = 2;
/** On a run queue, or current. */
const ON_RQ = 3;
const VRUNTIME = 2;
const EXEC_START = 3;
const SUM_EXEC = 4;
/** Since when it has been the current task, for slice ends. */
const PICKED_AT = 5;
/** Of a queue: runnable tasks and the sum of their weights, current included. */
const NR_RUNNING = 2;
const LOAD = 2;
const MIN_VRUNTIME = 3;

const NICE_0 = 1024;
/** WEIGHT_IDLEPRIO: no nice level has it. */
const IDLE_WEIGHT = 3;

/** Weight of nice 0. */
export const NICE_0_WEIGHT: number = NICE_0;

export const IDLE_POLICY_WEIGHT: number = IDLE_WEIGHT;

/** Weights of nice -20 to 19. Source: sched_prio_to_weight[] in kernel/sched/core.c. */
export const WEIGHT_OF_NICE: readonly number[] = [
  88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904, 3906, 3121,
  2501, 1991, 1586, 1277, 1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110, 87, 70, 56, 45, 36, 29, 23,
  18, 15,
];

export class FairQueue implements FairClass {
  declare private readonly words: Int32Array;
  declare private readonly numbers: Float64Array;
  /** Row of CPU 0's queue. */
  declare private readonly queues: number;
  declare private readonly slice: number;

  constructor(arena: Arena, maxTasks: number, vcpus: number, sliceNs: number) {
    this.queues = maxTasks + 1;
    this.slice = sliceNs;
    this.numbers = arena.float64((maxTasks + 1 + vcpus) << 3);
    this.words = new Int32Array(this.numbers.buffer, this.numbers.byteOffset, this.numbers.length << 1);
    if (!arena.fresh) return;
    for (let row = this.queues; row < this.numbers.length >> 3; row++) {
      this.words[(row << 4) | NEXT] = row;
      this.words[(row << 4) | PREV] = row;
    }
  }

  /** A new task, which has run nowhere yet. */
  prepare(tid: number, weight: number, _sliceNs: number): void {
    this.words[(tid << 4) | WEIGHT] = weight;
    this.numbers[(tid << 3) | VRUNTIME] = 0;
    this.numbers[(tid << 3) | SUM_EXEC] = 0;
  }

  setPolicy(): void {}
  expect(): void {}

  get shared(): boolean {
    return false;
  }

  enqueue(cpu: number, tid: number, curr: number, now: number, _initial: boolean): void {
    const words = this.words;
    const numbers = this.numbers;
    const queue = this.queues + cpu;
    const min = this.#minimumAt(cpu, curr, now);
    if (numbers[(tid << 3) | VRUNTIME]! < min) numbers[(tid << 3) | VRUNTIME] = min;
    words[(queue << 4) | NR_RUNNING]!++;
    numbers[(queue << 3) | LOAD]! += words[(tid << 4) | WEIGHT]!;
    words[(tid << 4) | ON_RQ] = 1;
    this.putBack(cpu, tid);
  }

  /** The current task goes among the waiting, still runnable, where its vruntime puts it. */
  putBack(cpu: number, tid: number): void {
    const words = this.words;
    const numbers = this.numbers;
    const queue = this.queues + cpu;
    const at = numbers[(tid << 3) | VRUNTIME]!;
    let prev = words[(queue << 4) | PREV]!;
    // Bounded by the queue's length.
    while (prev !== queue && numbers[(prev << 3) | VRUNTIME]! > at) prev = words[(prev << 4) | PREV]!;
    const next = words[(prev << 4) | NEXT]!;
    words[(tid << 4) | PREV] = prev;
    words[(tid << 4) | NEXT] = next;
    words[(prev << 4) | NEXT] = tid;
    words[(next << 4) | PREV] = tid;
  }

  /** Whatever is queued is runnable: there is nothing to do for one that is woken before it has left. */
  wakeQueued(): void {}

  /** A fair task does not preempt a fair one on waking, unless that has the idle policy: it only ends idleness. */
  wakeupPreempts(_cpu: number, curr: number, wakee: number): boolean {
    const words = this.words;
    return words[(curr << 4) | WEIGHT] === IDLE_WEIGHT && words[(wakee << 4) | WEIGHT] !== IDLE_WEIGHT;
  }

  sleepCurrent(cpu: number, tid: number, _special: boolean): boolean {
    const words = this.words;
    const queue = this.queues + cpu;
    words[(queue << 4) | NR_RUNNING]!--;
    this.numbers[(queue << 3) | LOAD]! -= words[(tid << 4) | WEIGHT]!;
    words[(tid << 4) | ON_RQ] = 0;
    return false;
  }

  /** The head of the list, unless the current task is behind it in virtual time. Among equals who waited is first. */
  pick(cpu: number, curr: number): number {
    const queue = this.queues + cpu;
    const head = this.words[(queue << 4) | NEXT]!;
    if (head === queue) return curr;
    const numbers = this.numbers;
    if (curr !== 0 && numbers[(curr << 3) | VRUNTIME]! < numbers[(head << 3) | VRUNTIME]!) return curr;
    return head;
  }

  begin(_cpu: number, tid: number, now: number): void {
    this.#unlink(tid);
    this.numbers[(tid << 3) | EXEC_START] = now;
    this.numbers[(tid << 3) | PICKED_AT] = now;
  }

  #unlink(tid: number): void {
    const words = this.words;
    const next = words[(tid << 4) | NEXT]!;
    const prev = words[(tid << 4) | PREV]!;
    words[(prev << 4) | NEXT] = next;
    words[(next << 4) | PREV] = prev;
  }

  /** Picked again at `now`: its next slice begins. */
  beginSlice(tid: number, now: number): void {
    this.numbers[(tid << 3) | PICKED_AT] = now;
  }

  /** Charges the run time of `curr`, the current task of `cpu` or 0, up to `now`. */
  update(cpu: number, curr: number, now: number): void {
    const numbers = this.numbers;
    const delta = now - numbers[(curr << 3) | EXEC_START]!;
    if (curr === 0 || delta <= 0) return;
    numbers[(curr << 3) | EXEC_START] = now;
    numbers[(curr << 3) | SUM_EXEC]! += delta;
    const vruntime = this.#vruntimeAfter(curr, delta);
    numbers[(curr << 3) | VRUNTIME] = vruntime;
    numbers[((this.queues + cpu) << 3) | MIN_VRUNTIME] = this.#minimumWith(cpu, vruntime);
  }

  /**
   * The queue's minimum at `now`. Alone, the current task may have run for seconds since it was last charged. It is not
   * charged here: `now` is the clock of a waker, and that of the CPU itself may be behind it.
   */
  #minimumAt(cpu: number, curr: number, now: number): number {
    const delta = now - this.numbers[(curr << 3) | EXEC_START]!;
    if (curr === 0 || delta <= 0) return this.minVruntime(cpu);
    return this.#minimumWith(cpu, this.#vruntimeAfter(curr, delta));
  }

  #vruntimeAfter(tid: number, delta: number): number {
    return this.numbers[(tid << 3) | VRUNTIME]! + virtual(delta, this.words[(tid << 4) | WEIGHT]!);
  }

  /** The minimum never goes back. */
  #minimumWith(cpu: number, currVruntime: number): number {
    const numbers = this.numbers;
    const queue = this.queues + cpu;
    let least = currVruntime;
    const head = this.words[(queue << 4) | NEXT]!;
    if (head !== queue) least = Math.min(least, numbers[(head << 3) | VRUNTIME]!);
    return Math.max(least, numbers[(queue << 3) | MIN_VRUNTIME]!);
  }

  tick(cpu: number, curr: number, now: number): boolean {
    this.update(cpu, curr, now);
    return this.sliceOver(cpu, curr, now);
  }

  /** The current task gives up its lead over everybody who waits. */
  yieldCurrent(cpu: number, tid: number): void {
    const queue = this.queues + cpu;
    const tail = this.words[(queue << 4) | PREV]!;
    if (tail === queue) return;
    const numbers = this.numbers;
    const last = numbers[(tail << 3) | VRUNTIME]!;
    if (last > numbers[(tid << 3) | VRUNTIME]!) numbers[(tid << 3) | VRUNTIME] = last;
  }

  /** Has the current task used up its slice while others wait? Asked by the tick only. */
  sliceOver(cpu: number, curr: number, now: number): boolean {
    return this.nrRunning(cpu) > 1 && now - this.numbers[(curr << 3) | PICKED_AT]! >= this.slice;
  }

  dequeueWaiting(cpu: number, tid: number, _now: number): void {
    this.#unlink(tid);
    this.sleepCurrent(cpu, tid, true);
  }

  firstWaiting(cpu: number): number {
    return this.#waiting(this.words[((this.queues + cpu) << 4) | NEXT]!);
  }
  nextWaiting(tid: number): number {
    return this.#waiting(this.words[(tid << 4) | NEXT]!);
  }
  /** Behind the last comes the row of the queue. */
  #waiting(row: number): number {
    return row < this.queues ? row : 0;
  }

  /** Virtual time goes on from where it is. What the current task has run, but not been charged for, has its old price. */
  reweight(cpu: number, tid: number, curr: number, weight: number, _sliceNs: number, now: number): void {
    const words = this.words;
    const numbers = this.numbers;
    const old = words[(tid << 4) | WEIGHT]!;
    words[(tid << 4) | WEIGHT] = weight;
    if (words[(tid << 4) | ON_RQ] === 0) return;
    numbers[((this.queues + cpu) << 3) | LOAD]! += weight - old;
    const delta = now - numbers[(tid << 3) | EXEC_START]!;
    if (tid !== curr || delta <= 0) return;
    numbers[(tid << 3) | VRUNTIME]! += virtual(delta, old) - virtual(delta, weight);
  }

  sliceLeft(cpu: number, curr: number, now: number): number {
    if (this.nrRunning(cpu) <= 1) return Number.POSITIVE_INFINITY;
    return this.numbers[(curr << 3) | PICKED_AT]! + this.slice - now;
  }

  /** Keeps a task's virtual lead or lag when it changes run queues. */
  migrate(from: number, to: number, tid: number): void {
    this.numbers[(tid << 3) | VRUNTIME]! += this.minVruntime(to) - this.minVruntime(from);
  }

  isDelayed(): boolean {
    return false;
  }
  isQueued(tid: number): boolean {
    return this.words[(tid << 4) | ON_RQ] !== 0;
  }
  weight(tid: number): number {
    return this.words[(tid << 4) | WEIGHT]!;
  }
  sliceNs(_tid: number): number {
    return this.slice;
  }
  vruntime(tid: number): number {
    return this.numbers[(tid << 3) | VRUNTIME]!;
  }
  chargedUntil(tid: number): number {
    return this.numbers[(tid << 3) | EXEC_START]!;
  }
  sumExec(tid: number): number {
    return this.numbers[(tid << 3) | SUM_EXEC]!;
  }
  /** Runnable tasks of a CPU, current included. */
  nrRunning(cpu: number): number {
    return this.words[((this.queues + cpu) << 4) | NR_RUNNING]!;
  }
  /** Nothing that sleeps is queued. */
  nrQueued(cpu: number): number {
    return this.words[((this.queues + cpu) << 4) | NR_RUNNING]!;
  }
  /** Sum of their weights. */
  load(cpu: number): number {
    return this.numbers[((this.queues + cpu) << 3) | LOAD]!;
  }
  minVruntime(cpu: number): number {
    return this.numbers[((this.queues + cpu) << 3) | MIN_VRUNTIME]!;
  }
}

/** `ns` of the run time of a task of this weight, in virtual time. */
function virtual(ns: number, weight: number): number {
  return weight === NICE_0 ? ns : Math.floor((ns * NICE_0) / weight);
}
