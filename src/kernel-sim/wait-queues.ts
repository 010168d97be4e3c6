/**
 * FIFO wait queues, intrusive: a task is on at most one, linked through its own record.
 *
 * Queue numbers are handed out at boot: futex buckets, two a pipe, one a task for its joiners.
 */
import type { Arena } from "./arena.ts";
import { assert } from "./errors.ts";
import type { TaskTable } from "./task-table.ts";

export class WaitQueues {
  readonly #head: Int32Array;
  readonly #tail: Int32Array;
  readonly #tasks: TaskTable;

  constructor(arena: Arena, count: number, tasks: TaskTable) {
    this.#head = arena.int32(count);
    this.#tail = arena.int32(count);
    this.#tasks = tasks;
  }

  /** What follows, in the same step, moves waiters between these two. For tables that take locks. */
  bothOf(_a: number, _b: number): void {}

  /** First waiter, 0 when there is none. */
  first(queue: number): number {
    return this.#head[queue]!;
  }

  /** The waiter behind `tid`, 0 at the end. */
  after(tid: number): number {
    return this.#tasks.waitNext(tid);
  }

  /** The waiters as they are now. */
  all(queue: number): number[] {
    const found: number[] = [];
    for (let tid = this.first(queue); tid !== 0; tid = this.after(tid)) found.push(tid);
    return found;
  }

  add(queue: number, tid: number): void {
    const on = this.#tasks.waitQueue(tid) - 1;
    if (on >= 0) assert(false, `task ${tid} is already on wait queue ${on}`);
    this.#tasks.setWaitQueue(tid, queue + 1);
    this.#link(queue, tid);
  }

  /** Takes `tid` off whatever queue it is on; returns whether it was on one. */
  remove(tid: number): boolean {
    const queue = this.#tasks.waitQueue(tid) - 1;
    if (queue < 0) return false;
    this.#unlink(queue, tid);
    this.#tasks.setWaitQueue(tid, 0);
    return true;
  }

  /**
   * Takes `tid` from the queue it is on to the end of another. It is on one of the two all the time: who is on none was woken, and
   * that is what it would take itself for, if it looked between a removal and an addition.
   */
  move(queue: number, tid: number): void {
    const from = this.#tasks.waitQueue(tid) - 1;
    if (from < 0) assert(false, `task ${tid} is on no wait queue`);
    this.#unlink(from, tid);
    this.#tasks.setWaitQueue(tid, queue + 1);
    this.#link(queue, tid);
  }

  #link(queue: number, tid: number): void {
    const t = this.#tasks;
    const tail = this.#tail[queue]!;
    t.setWaitPrev(tid, tail);
    t.setWaitNext(tid, 0);
    if (tail === 0) this.#head[queue] = tid;
    else t.setWaitNext(tail, tid);
    this.#tail[queue] = tid;
  }

  #unlink(queue: number, tid: number): void {
    const t = this.#tasks;
    const next = t.waitNext(tid);
    const prev = t.waitPrev(tid);
    if (prev === 0) this.#head[queue] = next;
    else t.setWaitNext(prev, next);
    if (next === 0) this.#tail[queue] = prev;
    else t.setWaitPrev(next, prev);
  }
}
