/**
 * The real-time class: one list a CPU, by priority. FIFO runs until it blocks, yields or is preempted by a higher priority;
 * RR also ends after 100 ms, if another of its priority waits.
 *
 * Who is preempted comes first among its priority, who yields or has used up its turn last. An RR task keeps what is left
 * of its turn while it is preempted or asleep; a new turn begins when one has been used up.
 *
 * A sorted list with a sentinel a CPU, searched from its head. Rejected: an array of 100 lists with a bitmap as Linux has,
 * which is 800 bytes a CPU for queues that hold two tasks.
 * Source: enqueue_rt_entity, task_tick_rt, yield_task_rt, wakeup_preempt_rt in kernel/sched/rt.c.
 */
import type { Arena } from "./arena.ts";
import { SCHED_RR, type SchedTable } from "./sched-table.ts";

/** RR_TIMESLICE. */
export const RR_SLICE_NS = 100_000_000;

// Offsets in a record of 64 bytes: words, then numbers in units of 8 bytes. Queues lie in rows behind the tasks'.
const NEXT = 0;
const PREV = 1;
/** Of a task. */
const STATE = 2;
/** It goes to the tail of its priority when it is put back. */
const GIVES = 3;
const EXEC_START = 2;
const SUM_EXEC = 3;
/** Of an RR task, run time: its turn ends when SUM_EXEC gets there. */
const TURN_ENDS = 4;
/** Of a queue. */
const NR_RUNNING = 2;

const AWAY = 0;
const WAITING = 1;
const CURRENT = 2;

export class RtQueue {
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #queues: number;
  readonly #scheduling: SchedTable;
  /** One word: tasks that wait, on all CPUs. */
  readonly #waiting: Int32Array;

  constructor(arena: Arena, maxTasks: number, vcpus: number, scheduling: SchedTable) {
    this.#queues = maxTasks + 1;
    this.#scheduling = scheduling;
    this.#numbers = arena.float64((maxTasks + 1 + vcpus) << 3);
    this.#words = new Int32Array(this.#numbers.buffer, this.#numbers.byteOffset, this.#numbers.length << 1);
    this.#waiting = arena.int32(1);
    if (!arena.fresh) return;
    for (let row = this.#queues; row < this.#queues + vcpus; row++) {
      this.#words[(row << 4) | NEXT] = row;
      this.#words[(row << 4) | PREV] = row;
    }
  }

  /** Tasks that wait, on all CPUs. */
  get waiting(): number {
    return this.#waiting[0]!;
  }

  prepare(tid: number): void {
    this.#numbers.fill(0, tid << 3, (tid + 1) << 3);
  }

  enqueue(cpu: number, tid: number): void {
    this.#words[((this.#queues + cpu) << 4) | NR_RUNNING]!++;
    this.#insert(cpu, tid, false);
  }

  /** Before or behind those of its priority that wait. */
  #insert(cpu: number, tid: number, first: boolean): void {
    const words = this.#words;
    const queue = this.#queues + cpu;
    const priority = this.#scheduling.priority(tid);
    let next = words[(queue << 4) | NEXT]!;
    // Bounded by the queue's length.
    for (; next !== queue; next = words[(next << 4) | NEXT]!) {
      const other = this.#scheduling.priority(next);
      if (other < priority || (first && other === priority)) break;
    }
    const prev = words[(next << 4) | PREV]!;
    words[(tid << 4) | NEXT] = next;
    words[(tid << 4) | PREV] = prev;
    words[(prev << 4) | NEXT] = tid;
    words[(next << 4) | PREV] = tid;
    words[(tid << 4) | STATE] = WAITING;
    words[(tid << 4) | GIVES] = 0;
    this.#waiting[0]!++;
  }

  #remove(tid: number): void {
    const words = this.#words;
    const next = words[(tid << 4) | NEXT]!;
    const prev = words[(tid << 4) | PREV]!;
    words[(prev << 4) | NEXT] = next;
    words[(next << 4) | PREV] = prev;
    words[(tid << 4) | STATE] = AWAY;
    this.#waiting[0]!--;
  }

  dequeueWaiting(cpu: number, tid: number): void {
    this.#remove(tid);
    this.#words[((this.#queues + cpu) << 4) | NR_RUNNING]!--;
  }

  sleepCurrent(cpu: number, tid: number): void {
    this.#words[(tid << 4) | STATE] = AWAY;
    this.#words[(tid << 4) | GIVES] = 0;
    this.#words[((this.#queues + cpu) << 4) | NR_RUNNING]!--;
  }

  putBack(cpu: number, tid: number): void {
    this.#insert(cpu, tid, this.#words[(tid << 4) | GIVES] === 0);
  }

  begin(tid: number, now: number): void {
    this.#remove(tid);
    this.#words[(tid << 4) | STATE] = CURRENT;
    this.#numbers[(tid << 3) | EXEC_START] = now;
    if (this.#turnLeft(tid) <= 0) this.#newTurn(tid);
  }

  /** The first that waits on `cpu`; 0 = none. */
  first(cpu: number): number {
    const next = this.#words[((this.#queues + cpu) << 4) | NEXT]!;
    return next < this.#queues ? next : 0;
  }
  after(tid: number): number {
    const next = this.#words[(tid << 4) | NEXT]!;
    return next < this.#queues ? next : 0;
  }

  /** The first of the waiting, or `curr`, a task of this class or 0, unless it is lower or gives way to its equals. */
  pick(cpu: number, curr: number): number {
    const first = this.first(cpu);
    if (curr === 0 || first === 0) return first === 0 ? curr : first;
    const lead = this.#scheduling.priority(first) - this.#scheduling.priority(curr);
    return lead > 0 || (lead === 0 && this.#words[(curr << 4) | GIVES] !== 0) ? first : curr;
  }

  // ---- time -------------------------------------------------------------------------------------------------------

  update(curr: number, now: number): void {
    const numbers = this.#numbers;
    const delta = now - numbers[(curr << 3) | EXEC_START]!;
    if (delta <= 0) return;
    numbers[(curr << 3) | EXEC_START] = now;
    numbers[(curr << 3) | SUM_EXEC]! += delta;
  }

  /** Has the turn of the current task, an RR one, ended while another of its priority waits? Alone it begins another. */
  turnOver(cpu: number, curr: number): boolean {
    if (this.#scheduling.policy(curr) !== SCHED_RR || this.#turnLeft(curr) > 0) return false;
    this.#newTurn(curr);
    const first = this.first(cpu);
    if (first === 0 || this.#scheduling.priority(first) < this.#scheduling.priority(curr)) return false;
    this.#words[(curr << 4) | GIVES] = 1;
    return true;
  }

  /** ns of run time until the turn of the current task ends; Infinity under FIFO. */
  sliceLeft(curr: number, now: number): number {
    if (this.#scheduling.policy(curr) !== SCHED_RR) return Number.POSITIVE_INFINITY;
    return this.#turnLeft(curr) - (now - this.#numbers[(curr << 3) | EXEC_START]!);
  }

  #turnLeft(tid: number): number {
    return this.#numbers[(tid << 3) | TURN_ENDS]! - this.#numbers[(tid << 3) | SUM_EXEC]!;
  }
  #newTurn(tid: number): void {
    this.#numbers[(tid << 3) | TURN_ENDS] = this.#numbers[(tid << 3) | SUM_EXEC]! + RR_SLICE_NS;
  }

  yieldCurrent(tid: number): void {
    this.#words[(tid << 4) | GIVES] = 1;
  }

  isQueued(tid: number): boolean {
    return this.#words[(tid << 4) | STATE] !== AWAY;
  }
  sumExec(tid: number): number {
    return this.#numbers[(tid << 3) | SUM_EXEC]!;
  }
  chargedUntil(tid: number): number {
    return this.#numbers[(tid << 3) | EXEC_START]!;
  }
  /** Runnable tasks of this class, current included. */
  nrRunning(cpu: number): number {
    return this.#words[((this.#queues + cpu) << 4) | NR_RUNNING]!;
  }
}
