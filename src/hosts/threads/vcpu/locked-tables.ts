/**
 * The kernel's tables for a CPU of the threads host: they take the lock of what is about to be touched (lock-order.ts), so that the
 * code of the kernel need not say it, and hosts of one thread pay nothing for it.
 *
 * A lock that is taken here is held to the end of the section (kernel-lock.ts). Three words decide whether a sleeper is woken,
 * and are looked at under their locks by both sides:
 *
 * - which wait queue a task is on: the sleeper looks before it sleeps, and keeps the bucket until it has been switched out. Who
 *   takes it off the queue does so before that look, which sees it, or behind the switch;
 * - its state: the sleeper sets it, and the waker looks at it, with the lock of the queue that the task belongs to. The waker asks
 *   whether the task is queued first, which takes that lock;
 * - whether its timer is armed: only its own CPU arms and fires it, or one that is alone.
 */
import { CpuTable } from "../../../kernel-sim/cpu-table.ts";
import type { TableMakers } from "../../../kernel-sim/layout.ts";
import { TaskTable } from "../../../kernel-sim/task-table.ts";
import { WaitQueues } from "../../../kernel-sim/wait-queues.ts";
import type { KernelLock } from "./kernel-lock.ts";
import { LockedClass } from "./locked-class.ts";

/** The tables of an isolate whose locks are `lock`. */
export function lockedTables(lock: KernelLock): TableMakers {
  return {
    Tasks: tasksOf(lock),
    Cpus: cpusOf(lock),
    Waits: waitsOf(lock),
    // One queue for all CPUs has no lock of its own: such a machine is always alone.
    fair: (made, tasks) =>
      made.shared ? made : new LockedClass(made, lock, (tid) => queueOf(lock, tasks, tid)),
  };
}

/** Takes the lock of the queue that `tid` belongs to. It may go to another meanwhile: who moves it has the lock of the first. */
function queueOf(lock: KernelLock, tasks: TaskTable, tid: number): void {
  // Bounded by how often the task moves.
  for (let cpu = tasks.cpu(tid); ; cpu = tasks.cpu(tid)) {
    lock.queue(cpu);
    if (tasks.cpu(tid) === cpu) return;
  }
}

function tasksOf(lock: KernelLock): typeof TaskTable {
  return class extends TaskTable {
    override setState(tid: number, to: number): void {
      queueOf(lock, this, tid);
      super.setState(tid, to);
    }
    /** The bucket is known when its lock is held, and only then does the task stay on it. */
    override waitQueue(tid: number): number {
      const seen = super.waitQueue(tid);
      if (seen === 0) return 0;
      lock.bucket(seen - 1);
      return super.waitQueue(tid);
    }
  };
}

function cpusOf(lock: KernelLock): typeof CpuTable {
  return class extends CpuTable {
    /** A bit among those of others. */
    override setIdle(cpu: number, idle: boolean): void {
      const bit = 1 << (cpu & 31);
      if (idle) Atomics.or(this.idleMask, cpu >>> 5, bit);
      else Atomics.and(this.idleMask, cpu >>> 5, ~bit);
    }
    // Whoever sends to a CPU begins with one of these.
    override wakeListTail(cpu: number): number {
      lock.queue(cpu);
      return super.wakeListTail(cpu);
    }
    override pending(cpu: number): number {
      lock.queue(cpu);
      return super.pending(cpu);
    }
  };
}

function waitsOf(lock: KernelLock): typeof WaitQueues {
  return class extends WaitQueues {
    override bothOf(a: number, b: number): void {
      lock.bucket(Math.min(a, b));
      lock.bucket(Math.max(a, b));
    }
    override first(queue: number): number {
      lock.bucket(queue);
      return super.first(queue);
    }
    override add(queue: number, tid: number): void {
      lock.bucket(queue);
      super.add(queue, tid);
    }
  };
}
