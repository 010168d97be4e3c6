/**
 * The virtual time of EEVDF's run queues: entities, their weighted average V, and the tree of those that wait.
 *
 * Sums are kept relative to `base`, a vruntime of the queue that moves along with it, so that they stay exact in 53 bits:
 * `sum` = sum of weight * (vruntime - base) and `load` = sum of weights, over the waiting. The current entity is not in
 * the tree and is added where V is asked for.
 * Source: avg_vruntime(), entity_eligible() and update_min_vruntime() in kernel/sched/fair.c.
 */
import type { Arena } from "./arena.ts";
import { DeadlineTree } from "./deadline-tree.ts";

// Offsets in an entity's record of 64 bytes: words, then numbers in units of 8 bytes.
export const WEIGHT = 0;
/** QUEUED_ state. */
export const QUEUED = 1;
/** Word: the deadline is relative to the vruntime, of an entity on its way to another queue. */
export const DEADLINE_RELATIVE = 2;
/** Word: SCHED_ policy. */
export const POLICY = 3;
export const VRUNTIME = 2;
export const DEADLINE = 3;
export const VLAG = 4;
export const PROTECTED_UNTIL = 5;
export const EXEC_START = 6;
export const SUM_EXEC = 7;
/** Of a queue. Runnable entities, current included, delayed not; the current entity, 0 = none. */
export const NR_RUNNING = 0;
export const CURRENT = 1;
/** All entities, delayed included. */
export const NR_QUEUED = 2;
export const SUM = 2;
export const LOAD = 3;
export const BASE = 4;
/** Word: since it was last picked the current entity has come to a point where others, of whom there were some, may run. */
export const SLICE_OVER = 3;

export const NOT_QUEUED = 0;
export const RUNNABLE = 1;
/** Asleep, still in the tree: it was not eligible when it went. */
export const DELAYED = 2;

export const NICE_0 = 1024;

export class EevdfTimeline {
  readonly tree: DeadlineTree;
  /** A record of 64 bytes an entity, in row tid, and behind them one a queue. */
  readonly words: Int32Array;
  readonly numbers: Float64Array;
  readonly slices: Float64Array;
  /** Row of CPU 0's queue. */
  readonly queues: number;

  constructor(arena: Arena, maxTasks: number, vcpus: number) {
    this.tree = new DeadlineTree(arena, maxTasks, vcpus);
    this.queues = maxTasks + 1;
    this.numbers = arena.float64((maxTasks + 1 + vcpus) << 3);
    this.words = new Int32Array(this.numbers.buffer, this.numbers.byteOffset, this.numbers.length << 1);
    this.slices = arena.float64(maxTasks + 1);
  }

  /** V of a queue: the weighted average of the vruntimes of all its entities, current included. */
  virtualTime(cpu: number): number {
    const row = (this.queues + cpu) << 3;
    const load = this.load(cpu);
    const base = this.numbers[row | BASE]!;
    return load === 0 ? base : base + Math.floor(this.#sum(cpu) / load);
  }

  /** Has it received no more than its share? Compared without division, so without rounding. */
  isEligible(cpu: number, tid: number): boolean {
    const ahead = this.numbers[(tid << 3) | VRUNTIME]! - this.numbers[((this.queues + cpu) << 3) | BASE]!;
    return this.#sum(cpu) >= ahead * this.load(cpu);
  }

  /** Sum of weight * (vruntime - base) over all entities, current included. */
  #sum(cpu: number): number {
    const row = this.queues + cpu;
    const numbers = this.numbers;
    const curr = this.words[(row << 4) | CURRENT]!;
    const sum = numbers[(row << 3) | SUM]!;
    if (curr === 0) return sum;
    const ahead = numbers[(curr << 3) | VRUNTIME]! - numbers[(row << 3) | BASE]!;
    return sum + this.words[(curr << 4) | WEIGHT]! * ahead;
  }

  /** Sum of the weights of all entities, current included. */
  load(cpu: number): number {
    const row = this.queues + cpu;
    const curr = this.words[(row << 4) | CURRENT]!;
    const load = this.numbers[(row << 3) | LOAD]!;
    return curr === 0 ? load : load + this.words[(curr << 4) | WEIGHT]!;
  }

  /** `ns` of the entity's run time in virtual time. */
  virtual(tid: number, ns: number): number {
    const weight = this.words[(tid << 4) | WEIGHT]!;
    return weight === NICE_0 ? ns : Math.floor((ns * NICE_0) / weight);
  }

  deadline(tid: number): number {
    return this.numbers[(tid << 3) | DEADLINE]!;
  }

  insert(cpu: number, tid: number): void {
    const row = (this.queues + cpu) << 3;
    const numbers = this.numbers;
    const vruntime = numbers[(tid << 3) | VRUNTIME]!;
    const weight = this.words[(tid << 4) | WEIGHT]!;
    if (numbers[row | LOAD] === 0 && this.words[((this.queues + cpu) << 4) | CURRENT] === 0) {
      numbers[row | BASE] = vruntime;
    }
    numbers[row | SUM]! += weight * (vruntime - numbers[row | BASE]!);
    numbers[row | LOAD]! += weight;
    this.tree.insert(cpu, tid, numbers[(tid << 3) | DEADLINE]!, vruntime, this.slices[tid]!);
  }

  remove(cpu: number, tid: number): void {
    const row = (this.queues + cpu) << 3;
    const numbers = this.numbers;
    const weight = this.words[(tid << 4) | WEIGHT]!;
    numbers[row | SUM]! -= weight * (numbers[(tid << 3) | VRUNTIME]! - numbers[row | BASE]!);
    numbers[row | LOAD]! -= weight;
    this.tree.remove(cpu, tid);
  }

  /** `tid`, or the first behind it in order of deadlines that is not delayed; 0 = none. Bounded by the queue's length. */
  runnableFrom(tid: number): number {
    let at = tid;
    while (at !== 0 && this.words[(at << 4) | QUEUED] === DELAYED) at = this.tree.after(at);
    return at;
  }

  /** It is on no queue any more. */
  leave(cpu: number, tid: number): void {
    this.words[((this.queues + cpu) << 4) | NR_QUEUED]!--;
    this.words[(tid << 4) | QUEUED] = NOT_QUEUED;
  }

  /** update_min_vruntime(): the base follows the least vruntime, and never goes back. */
  moveBase(cpu: number, currVruntime: number): void {
    const row = (this.queues + cpu) << 3;
    const numbers = this.numbers;
    const delta = Math.min(currVruntime, this.tree.leastVruntime(cpu)) - numbers[row | BASE]!;
    if (delta <= 0) return;
    numbers[row | BASE]! += delta;
    numbers[row | SUM]! -= numbers[row | LOAD]! * delta;
  }
}
