/**
 * The fair scheduling class as the kernel core sees it: a run queue a CPU, and what is known of each task's share.
 *
 * Three implementations: `FairQueue` ("virtual-time"), a sorted list, cheap and plain; `Eevdf` ("eevdf-6.12", "eevdf-7.2"),
 * Linux's; `GlobalQueue` ("fcfs", "rr", "ps", "srpt"), the disciplines of queueing theory, for comparison. Every operation is an atomic step. `now` is the clock of whoever calls, ns.
 */
export type FairPolicy = "virtual-time" | "eevdf-6.12" | "eevdf-7.2" | GlobalPolicy;
/** A discipline on one queue for all CPUs. */
export type GlobalPolicy = "fcfs" | "rr" | "ps" | "srpt";

/** With a queue for each CPU, and with one for all (global-queue.ts). */
export const QUEUE_POLICIES = ["virtual-time", "eevdf-6.12", "eevdf-7.2"] as const;
/** With one queue for all CPUs (global-queue.ts). */
export const GLOBAL_POLICIES = ["fcfs", "rr", "ps", "srpt"] as const;
/** All of them. */
export const FAIR_POLICIES: readonly FairPolicy[] = [...QUEUE_POLICIES, ...GLOBAL_POLICIES];

/** The fair class, as the rest of the kernel has it. Every operation is an atomic step. */
export interface FairClass {
  /** A new task. `sliceNs`: its own slice, 0 = the class's. */
  prepare(tid: number, weight: number, sliceNs: number): void;
  /** SCHED_ policy of a task: batch and idle-policy tasks do not preempt. 0 = normal until told. */
  setPolicy(tid: number, policy: number): void;
  /** The run time that `tid` still needs is known to be `ns`. Of interest to "srpt" only. */
  expect(tid: number, ns: number): void;
  /** Is there one queue for all CPUs, so that a task that waits belongs to none? */
  readonly shared: boolean;

  /** Makes a task that slept runnable on `cpu`, whose current task is `curr` or 0. `initial`: it is new. */
  enqueue(cpu: number, tid: number, curr: number, now: number, initial: boolean): void;
  /** A wake-up found the task queued here: current, or asleep with its dequeue delayed. */
  wakeQueued(cpu: number, tid: number, curr: number, now: number): void;
  /** Shall `wakee`, just made runnable on `cpu`, take it from the current task? `initial`: it is new. */
  wakeupPreempts(cpu: number, curr: number, wakee: number, now: number, initial: boolean): boolean;

  /** Charges the current task up to `now`. */
  update(cpu: number, curr: number, now: number): void;
  /** `update`, and whether another task should be picked because a slice has ended. */
  tick(cpu: number, curr: number, now: number): boolean;
  /** Has the current task come to the end of its slice, as far as it has been charged? */
  sliceOver(cpu: number, curr: number, now: number): boolean;
  /** ns until the slice of the current task ends, if it runs on: Infinity when nobody would take its place. */
  sliceLeft(cpu: number, curr: number, now: number): number;
  /** sched_yield(). */
  yieldCurrent(cpu: number, tid: number): void;

  /**
   * The current task stops being runnable. `special`: for good, or in a state that may not be woken by chance. Returns
   * whether it stays queued all the same, delayed.
   */
  sleepCurrent(cpu: number, tid: number, special: boolean): boolean;
  /** The task to run next: one that waits, or `curr` (0 = none) if it is best; 0 when there is none. */
  pick(cpu: number, curr: number): number;
  /** The current task goes among the waiting, still runnable. */
  putBack(cpu: number, tid: number): void;
  /** `tid`, just picked, leaves the waiting and runs from `now` on. */
  begin(cpu: number, tid: number, now: number): void;
  /** The current task was picked again at `now`. */
  beginSlice(tid: number, now: number): void;
  /**
   * `tid`, queued on `cpu` but not its current task, leaves the queue and takes what it is owed with it: still runnable,
   * it is to be enqueued on another CPU (after `migrate`). Of a delayed one this ends the dequeue: then it just sleeps.
   */
  dequeueWaiting(cpu: number, tid: number, now: number): void;
  /** A task that is not queued changes run queues. */
  migrate(from: number, to: number, tid: number): void;
  /**
   * The runnable tasks that wait on `cpu` for others to take, in the order in which they would run if nothing changed: who
   * has waited most comes first. 0 = no more. The current and the delayed are not among them.
   */
  firstWaiting(cpu: number): number;
  nextWaiting(tid: number): number;
  /**
   * A new weight and slice (0 = the class's) for a task in any state, its share until `now` being that of its old weight.
   * `cpu`: where it is or was last, whose current task is `curr` or 0.
   */
  reweight(cpu: number, tid: number, curr: number, weight: number, sliceNs: number, now: number): void;

  /** On a run queue, current, or delayed. */
  isQueued(tid: number): boolean;
  /** Asleep, and still queued. */
  isDelayed(tid: number): boolean;
  weight(tid: number): number;
  /** Its own slice or that of the class, ns. */
  sliceNs(tid: number): number;
  /** Virtual run time, ns of a nice-0 task. */
  vruntime(tid: number): number;
  /** Run time charged so far, ns. */
  sumExec(tid: number): number;
  /** Until when that was. */
  chargedUntil(tid: number): number;
  /** Runnable tasks of a CPU, current included. */
  nrRunning(cpu: number): number;
  /** The same and the delayed: as long as there is another, the current task has to share, and somebody has to look. */
  nrQueued(cpu: number): number;
  /** Sum of the weights of a CPU's tasks. */
  load(cpu: number): number;
  /** A vruntime below which no runnable task of the CPU can fall. */
  minVruntime(cpu: number): number;
}
