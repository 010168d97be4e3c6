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

  /** First waiter, 0 when there is none. */
  first(queue: number): number {
    return this.#head[queue]!;
  }

  /** The waiter behind `tid`, 0 at the end. */
  after(tid: number): number {
    return this.#tasks.waitNext[tid]!;
  }

  add(queue: number, tid: number): void {
    const { waitNext, waitPrev, waitQueue } = this.#tasks;
    assert(waitQueue[tid] === 0, `task ${tid} is already on wait queue ${waitQueue[tid]! - 1}`);
    const tail = this.#tail[queue]!;
    waitQueue[tid] = queue + 1;
    waitPrev[tid] = tail;
    waitNext[tid] = 0;
    if (tail === 0) this.#head[queue] = tid;
    else waitNext[tail] = tid;
    this.#tail[queue] = tid;
  }

  /** Takes `tid` off whatever queue it is on; returns whether it was on one. */
  remove(tid: number): boolean {
    const { waitNext, waitPrev, waitQueue } = this.#tasks;
    const queue = waitQueue[tid]! - 1;
    if (queue < 0) return false;
    const next = waitNext[tid]!;
    const prev = waitPrev[tid]!;
    if (prev === 0) this.#head[queue] = next;
    else waitNext[prev] = next;
    if (next === 0) this.#tail[queue] = prev;
    else waitPrev[next] = prev;
    waitQueue[tid] = 0;
    return true;
  }
}
