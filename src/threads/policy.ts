/**
 * A scheduling policy: which of the threads that are ready a CPU runs next. A user's own is as good as those that are here.
 *
 * Its state is words in shared memory and nothing else, because it runs on whichever thread needs an answer. It always has the
 * lock, so it is plain code, and its words have one writer at a time. Words that are all 0 are an empty queue: when a thread
 * has died with the lock, its words are set to 0 and all who are ready are enqueued again, in the order in which they became
 * ready. So no policy has to survive being left half changed.
 *
 * What it throws, or answers wrong, ends the runtime with ERR_POLICY, and hurts nobody before (guarded-policy.ts). One that does
 * not come back keeps the lock: nobody is given a CPU any more, until that ends the runtime, too (policy-watch.ts).
 *
 * Rejected: objects of the policy's own (each isolate would have another), a thread that schedules (two switches for one).
 */
export interface PolicySizes {
  readonly threads: number;
  readonly cpus: number;
}

/** Which ready thread gets a CPU next. Its words lie in shared memory; it is called under the lock of the scheduler. */
export interface ThreadPolicy {
  /** How many words it needs. */
  words(sizes: PolicySizes): number;
  /**
   * A thread is ready. `thread`: from 1 to `sizes.threads`, not in the queue. `cpu`: where it ran last, or -1. `priority`: what
   * its spawner has said, 0 by default.
   */
  enqueue(queue: Int32Array, sizes: PolicySizes, thread: number, cpu: number, priority: number): void;
  /** Takes the thread that `cpu` runs next out of the queue; 0: none. It must find one whenever there is one. */
  pick(queue: Int32Array, sizes: PolicySizes, cpu: number): number;
  /** Takes a thread out of the queue wherever it is: somebody switches to it, or it is gone. */
  remove(queue: Int32Array, sizes: PolicySizes, thread: number): void;
}

/** A policy of one's own: a module, TypeScript or JavaScript, and the name of its export. Every isolate loads it. */
export interface PolicyModule {
  readonly url: URL | string;
  readonly export: string;
}

/** A policy that comes with the package. */
export type PolicyName = "fifo" | "per-cpu";
