/**
 * The fair class: one run queue a CPU, ordered by weighted virtual run time.
 *
 * A task's vruntime advances by run time * 1024 / weight; the smallest runs next, first come first served among equals.
 * A task that wakes is placed no earlier than the queue's minimum, so sleeping earns no credit. The current task is not
 * in the list, as in Linux.
 *
 * The list is doubly linked and sorted, searched from its tail: a preempted task goes to the end and a woken one to the
 * front, so both common insertions touch one or two nodes. Rejected for now: the augmented tree that EEVDF needs (lag,
 * eligibility, deadlines); it takes this class's place behind the same five operations.
 */
import type { CpuTable } from "./cpu-table.ts";
import type { TaskTable } from "./task-table.ts";

/** Weight of nice 0. */
export const NICE_0_WEIGHT = 1024;

/** Weights of nice -20 to 19. Source: sched_prio_to_weight[] in kernel/sched/core.c. */
export const WEIGHT_OF_NICE: readonly number[] = [
  88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904, 3906, 3121,
  2501, 1991, 1586, 1277, 1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110, 87, 70, 56, 45, 36, 29, 23,
  18, 15,
];

export class FairQueue {
  readonly #tasks: TaskTable;
  readonly #cpus: CpuTable;
  readonly #sliceNs: number;

  constructor(tasks: TaskTable, cpus: CpuTable, sliceNs: number) {
    this.#tasks = tasks;
    this.#cpus = cpus;
    this.#sliceNs = sliceNs;
  }

  /** Charges the run time of the current task up to `now`. */
  update(cpu: number, now: number): void {
    const t = this.#tasks;
    const curr = this.#cpus.curr[cpu]!;
    if (curr === 0) return;
    const delta = now - t.execStart[curr]!;
    if (delta <= 0) return;
    t.execStart[curr] = now;
    t.sumExec[curr]! += delta;
    t.vruntime[curr]! += Math.floor((delta * NICE_0_WEIGHT) / t.weight[curr]!);
    this.#advanceMinimum(cpu, t.vruntime[curr]!);
  }

  /** Makes a task runnable on `cpu`. `waking`: it slept, and is placed; else it was preempted and keeps its place. */
  enqueue(cpu: number, tid: number, waking: boolean): void {
    const t = this.#tasks;
    if (waking) t.vruntime[tid] = Math.max(t.vruntime[tid]!, this.#cpus.minVruntime[cpu]!);
    this.#insert(cpu, tid);
    this.#cpus.nrRunning[cpu]!++;
    this.#cpus.load[cpu]! += t.weight[tid]!;
    t.onRq[tid] = 1;
  }

  /** The current task stops being runnable here. */
  dequeueCurrent(cpu: number, tid: number): void {
    this.#cpus.nrRunning[cpu]!--;
    this.#cpus.load[cpu]! -= this.#tasks.weight[tid]!;
    this.#tasks.onRq[tid] = 0;
  }

  /** The current task goes back among the waiting, still runnable. */
  putBack(cpu: number, tid: number): void {
    this.#insert(cpu, tid);
  }

  /** sched_yield(): the current task gives up its lead over everybody who waits. */
  forfeit(cpu: number, tid: number): void {
    const tail = this.#cpus.rqTail[cpu]!;
    const { vruntime } = this.#tasks;
    if (tail !== 0) vruntime[tid] = Math.max(vruntime[tid]!, vruntime[tail]!);
  }

  /** Takes the next task to run out of the list; 0 when nobody waits. */
  pick(cpu: number): number {
    const tid = this.#cpus.rqHead[cpu]!;
    if (tid !== 0) this.remove(cpu, tid);
    return tid;
  }

  /** Unlinks a waiting task. Counts are the caller's. */
  remove(cpu: number, tid: number): void {
    const { rqNext, rqPrev } = this.#tasks;
    const next = rqNext[tid]!;
    const prev = rqPrev[tid]!;
    if (prev === 0) this.#cpus.rqHead[cpu] = next;
    else rqNext[prev] = next;
    if (next === 0) this.#cpus.rqTail[cpu] = prev;
    else rqPrev[next] = prev;
  }

  /** Has the current task used up its slice while others wait? Asked by the tick only. */
  sliceOver(cpu: number, now: number): boolean {
    const curr = this.#cpus.curr[cpu]!;
    return this.#cpus.nrRunning[cpu]! > 1 && now - this.#tasks.pickedAt[curr]! >= this.#sliceNs;
  }

  /** Keeps a task's virtual lead or lag when it changes run queues. */
  migrate(from: number, to: number, tid: number): void {
    const min = this.#cpus.minVruntime;
    this.#tasks.vruntime[tid]! += min[to]! - min[from]!;
  }

  #insert(cpu: number, tid: number): void {
    const { rqNext, rqPrev, vruntime } = this.#tasks;
    const at = vruntime[tid]!;
    let prev = this.#cpus.rqTail[cpu]!;
    // Bounded by the queue's length.
    while (prev !== 0 && vruntime[prev]! > at) prev = rqPrev[prev]!;
    const next = prev === 0 ? this.#cpus.rqHead[cpu]! : rqNext[prev]!;
    rqPrev[tid] = prev;
    rqNext[tid] = next;
    if (prev === 0) this.#cpus.rqHead[cpu] = tid;
    else rqNext[prev] = tid;
    if (next === 0) this.#cpus.rqTail[cpu] = tid;
    else rqPrev[next] = tid;
  }

  #advanceMinimum(cpu: number, currVruntime: number): void {
    const head = this.#cpus.rqHead[cpu]!;
    const least = head === 0 ? currVruntime : Math.min(currVruntime, this.#tasks.vruntime[head]!);
    if (least > this.#cpus.minVruntime[cpu]!) this.#cpus.minVruntime[cpu] = least;
  }
}
