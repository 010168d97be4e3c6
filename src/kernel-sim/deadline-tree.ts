/**
 * Runnable entities of one CPU, ordered by virtual deadline, each subtree knowing its least vruntime: finds the earliest
 * deadline among the eligible in O(log n).
 *
 * A treap: the order is (deadline, time of insertion), the heap is a hash of the tid, so the shape depends on the tids
 * alone and the same operations give the same tree everywhere. Rejected: a red-black tree (three times the code for the
 * same bound in expectation) and a linear scan (2 us a pick at 1024 runnable tasks).
 * Source for the ordering and the augmentation: __enqueue_entity() and pick_eevdf() in kernel/sched/fair.c.
 */
import type { Arena } from "./arena.ts";

const LEFT = 0;
const RIGHT = 1;
const PARENT = 2;
/** Insertion counter: ties of deadline go first come, first served. Wraps after 2^31 insertions a machine. */
const SEQUENCE = 3;
const DEADLINE = 2;
const VRUNTIME = 3;
/** Of the subtree: least vruntime, shortest and longest slice. */
const LEAST = 4;
const SLICE = 5;
const SHORTEST = 6;
const LONGEST = 7;

export class DeadlineTree {
  /** 8 float64, or 16 int32, a row: the entity of task `tid` in row tid. Row 0 stands for "none". */
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  /** Root by CPU; 0 = empty. */
  readonly #root: Int32Array;
  /** One word: how many were inserted. */
  readonly #inserted: Int32Array;

  constructor(arena: Arena, maxTasks: number, vcpus: number) {
    this.#numbers = arena.float64((maxTasks + 1) << 3);
    this.#words = new Int32Array(this.#numbers.buffer, this.#numbers.byteOffset, this.#numbers.length << 1);
    this.#root = arena.int32(vcpus);
    this.#inserted = arena.int32(1);
    this.#numbers[LEAST] = Number.POSITIVE_INFINITY;
    this.#numbers[SHORTEST] = Number.POSITIVE_INFINITY;
  }

  isEmpty(cpu: number): boolean {
    return this.#root[cpu] === 0;
  }

  /** Least vruntime of all entities of `cpu`; Infinity when there are none. */
  leastVruntime(cpu: number): number {
    return this.#numbers[(this.#root[cpu]! << 3) | LEAST]!;
  }

  /** Shortest slice of all entities of `cpu`, ns; Infinity when there are none. */
  shortestSlice(cpu: number): number {
    return this.#numbers[(this.#root[cpu]! << 3) | SHORTEST]!;
  }
  /** Longest slice, ns; 0 when there are none. */
  longestSlice(cpu: number): number {
    return this.#numbers[(this.#root[cpu]! << 3) | LONGEST]!;
  }

  /** The entity with the earliest deadline; 0 when there are none. */
  first(cpu: number): number {
    let at = this.#root[cpu]!;
    if (at === 0) return 0;
    for (let left = this.#left(at); left !== 0; left = this.#left(at)) at = left;
    return at;
  }

  /** The entity behind `tid` in order of deadlines; 0 at the end. */
  after(tid: number): number {
    let at = this.#right(tid);
    if (at !== 0) {
      for (let left = this.#left(at); left !== 0; left = this.#left(at)) at = left;
      return at;
    }
    let from = tid;
    at = this.#parent(tid);
    while (at !== 0 && this.#right(at) === from) {
      from = at;
      at = this.#parent(at);
    }
    return at;
  }

  insert(cpu: number, tid: number, deadline: number, vruntime: number, slice: number): void {
    const words = this.#words;
    const numbers = this.#numbers;
    numbers[(tid << 3) | DEADLINE] = deadline;
    numbers[(tid << 3) | VRUNTIME] = vruntime;
    numbers[(tid << 3) | SLICE] = slice;
    words[(tid << 4) | LEFT] = 0;
    words[(tid << 4) | RIGHT] = 0;
    words[(tid << 4) | SEQUENCE] = ++this.#inserted[0]!;
    let parent = 0;
    let side = LEFT;
    // Bounded by the height. Equal deadlines go right: the newcomer is the latest.
    for (let at = this.#root[cpu]!; at !== 0; at = words[(at << 4) | side]!) {
      parent = at;
      side = deadline < numbers[(at << 3) | DEADLINE]! ? LEFT : RIGHT;
    }
    words[(tid << 4) | PARENT] = parent;
    if (parent === 0) this.#root[cpu] = tid;
    else words[(parent << 4) | side] = tid;
    for (let at = tid; at !== 0; at = this.#parent(at)) this.#renew(at);
    while (words[(tid << 4) | PARENT] !== 0 && priority(tid) > priority(words[(tid << 4) | PARENT]!)) {
      this.#rotateUp(cpu, tid);
    }
  }

  remove(cpu: number, tid: number): void {
    // Sinks to a leaf, then falls off. Bounded by the height.
    for (;;) {
      const left = this.#left(tid);
      const right = this.#right(tid);
      if (left === 0 && right === 0) break;
      const up = left === 0 || (right !== 0 && priority(right) > priority(left)) ? right : left;
      this.#rotateUp(cpu, up);
    }
    const parent = this.#parent(tid);
    if (parent === 0) this.#root[cpu] = 0;
    else this.#words[(parent << 4) | (this.#left(parent) === tid ? LEFT : RIGHT)] = 0;
    for (let at = parent; at !== 0; at = this.#parent(at)) this.#renew(at);
  }

  /**
   * The earliest deadline among entities with vruntime at most `limit`; 0 when there are none. Goes left as long as
   * the left subtree holds an eligible entity at all.
   */
  earliestEligible(cpu: number, limit: number): number {
    const numbers = this.#numbers;
    let at = this.#root[cpu]!;
    while (at !== 0) {
      const left = this.#left(at);
      if (left !== 0 && numbers[(left << 3) | LEAST]! <= limit) at = left;
      else if (numbers[(at << 3) | VRUNTIME]! <= limit) return at;
      else at = this.#right(at);
    }
    return 0;
  }

  #left(tid: number): number {
    return this.#words[(tid << 4) | LEFT]!;
  }
  #right(tid: number): number {
    return this.#words[(tid << 4) | RIGHT]!;
  }
  #parent(tid: number): number {
    return this.#words[(tid << 4) | PARENT]!;
  }

  /** `tid` takes its parent's place, the parent becomes its child. Order is kept. */
  #rotateUp(cpu: number, tid: number): void {
    const words = this.#words;
    const parent = this.#parent(tid);
    const above = this.#parent(parent);
    const side = this.#left(parent) === tid ? LEFT : RIGHT;
    const inner = words[(tid << 4) | (1 - side)]!;
    words[(parent << 4) | side] = inner;
    if (inner !== 0) words[(inner << 4) | PARENT] = parent;
    words[(tid << 4) | (1 - side)] = parent;
    words[(parent << 4) | PARENT] = tid;
    words[(tid << 4) | PARENT] = above;
    if (above === 0) this.#root[cpu] = tid;
    else words[(above << 4) | (this.#left(above) === parent ? LEFT : RIGHT)] = tid;
    this.#renew(parent);
    this.#renew(tid);
  }

  #renew(tid: number): void {
    const numbers = this.#numbers;
    // Row 0 holds the neutral values, so a missing child needs no test.
    const left = this.#left(tid) << 3;
    const right = this.#right(tid) << 3;
    const own = tid << 3;
    const slice = numbers[own | SLICE]!;
    numbers[own | LEAST] = Math.min(
      numbers[left | LEAST]!,
      numbers[right | LEAST]!,
      numbers[own | VRUNTIME]!,
    );
    numbers[own | SHORTEST] = Math.min(numbers[left | SHORTEST]!, numbers[right | SHORTEST]!, slice);
    numbers[own | LONGEST] = Math.max(numbers[left | LONGEST]!, numbers[right | LONGEST]!, slice);
  }
}

function priority(tid: number): number {
  return Math.imul(tid, 0x9e3779b1) >>> 0;
}
