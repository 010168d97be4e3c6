/**
 * The kernel's tables for a CPU of the threads host: they take the lock of what is about to be touched (lock-order.ts), so that the
 * code of the kernel need not say it, and hosts of one thread pay nothing for it.
 *
 * A lock that is taken here is held to the end of the section (kernel-lock.ts). Four words decide whether a sleeper is woken,
 * and are looked at under their locks by both sides:
 *
 * - which wait queue a task is on: the sleeper looks before it sleeps, and keeps the queue's lock until it has been switched out.
 *   Who takes it off the queue does so before that look, which sees it, or behind the switch;
 * - its state: the sleeper sets it, and the waker looks at it, with the lock of the queue that the task belongs to. The waker asks
 *   whether the task is queued first, which takes that lock;
 * - whether its timer is armed: only its own CPU arms and fires it, or one that is alone;
 * - whether it has a signal: who sends one sets the bit, then looks at the state with the queue's lock; the sleeper, who has set
 *   its state, looks at the bit with that lock as it is switched out. Who finds it running sends its CPU an interrupt. Taking a
 *   signal is done alone.
 */
import type { Arena } from "../../../kernel-sim/arena.ts";
import type { KernelConfig } from "../../../kernel-sim/config.ts";
import { CpuTable } from "../../../kernel-sim/cpu-table.ts";
import { Descriptors, FIRST_FD } from "../../../kernel-sim/descriptors.ts";
import type { TableMakers } from "../../../kernel-sim/layout.ts";
import { PipeTable } from "../../../kernel-sim/pipe-table.ts";
import { TaskTable } from "../../../kernel-sim/task-table.ts";
import { WaitQueues } from "../../../kernel-sim/wait-queues.ts";
import { WatchTable } from "../../../kernel-sim/watch-table.ts";
import { FileLocks } from "./file-locks.ts";
import type { KernelLock } from "./kernel-lock.ts";
import { LockedClass } from "./locked-class.ts";

/** The tables of an isolate whose locks are `lock`. */
export function lockedTables(lock: KernelLock, config: KernelConfig): TableMakers {
  const locks = new FileLocks(lock, config);
  return {
    Tasks: tasksOf(lock, locks),
    Cpus: cpusOf(lock),
    Waits: waitsOf(locks),
    Pipes: pipesOf(locks),
    Files: filesOf(locks),
    Watches: watchesOf(locks),
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

function tasksOf(lock: KernelLock, locks: FileLocks): typeof TaskTable {
  return class extends TaskTable {
    override setState(tid: number, to: number): void {
      queueOf(lock, this, tid);
      super.setState(tid, to);
    }
    override still(tid: number): void {
      queueOf(lock, this, tid);
    }
    // The task itself changes these, and whoever sends it a signal.
    override addWork(tid: number, bits: number): void {
      Atomics.or(this.words, (tid << 5) | 2, bits);
    }
    override dropWork(tid: number, bits: number): void {
      Atomics.and(this.words, (tid << 5) | 2, ~bits);
    }
    override addSigPending(tid: number, bits: number): void {
      Atomics.or(this.words, (tid << 5) | 23, bits);
    }
    /** The queue is known when its lock is held, and only then does the task stay on it: it may be moved before. */
    override waitQueue(tid: number): number {
      let seen = super.waitQueue(tid);
      // Bounded by how often the task is moved.
      while (seen !== 0) {
        const { depth } = lock;
        locks.takeQueue(seen - 1);
        const found = super.waitQueue(tid);
        if (found === seen) break;
        lock.dropTo(depth);
        seen = found;
      }
      return seen;
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

function waitsOf(locks: FileLocks): typeof WaitQueues {
  return class extends WaitQueues {
    override bothOf(a: number, b: number): void {
      locks.takeQueue(Math.min(a, b));
      locks.takeQueue(Math.max(a, b));
    }
    override first(queue: number): number {
      locks.takeQueue(queue);
      return super.first(queue);
    }
    override add(queue: number, tid: number): void {
      locks.takeQueue(queue);
      super.add(queue, tid);
    }
  };
}

/** Who writes or reads has looked before how much there is. */
function pipesOf(locks: FileLocks): typeof PipeTable {
  return class extends PipeTable {
    constructor(arena: Arena, maxPipes: number, bytesEach: number) {
      super(arena, maxPipes, bytesEach);
      locks.pipes = this;
    }
    override available(pipe: number): number {
      locks.takePipe(pipe);
      return super.available(pipe);
    }
    override room(pipe: number): number {
      locks.takePipe(pipe);
      return super.room(pipe);
    }
    override hold(pipe: number, by: number): void {
      locks.takePipe(pipe);
      super.hold(pipe, by);
    }
  };
}

/** Who changes a counter has looked at it before. */
function filesOf(locks: FileLocks): typeof Descriptors {
  return class extends Descriptors {
    constructor(arena: Arena, count: number) {
      super(arena, count);
      locks.files = this;
    }
    override counter(fd: number): bigint {
      locks.takeSlot(fd - FIRST_FD);
      return super.counter(fd);
    }
    override hold(fd: number): void {
      locks.takeSlot(fd - FIRST_FD);
      super.hold(fd);
    }
    override release(fd: number): void {
      locks.takeSlot(fd - FIRST_FD);
      super.release(fd);
    }
  };
}

/** Who puts a watch on a ready list, or takes it off, has looked at the list or the file before. */
function watchesOf(locks: FileLocks): typeof WatchTable {
  return class extends WatchTable {
    constructor(arena: Arena, slots: number, watches: number) {
      super(arena, slots, watches);
      locks.watches = this;
    }
    override readyOf(epoll: number): number[] {
      locks.takeSlot(epoll);
      return super.readyOf(epoll);
    }
    override firstReady(epoll: number): number {
      locks.takeSlot(epoll);
      return super.firstReady(epoll);
    }
    override markReady(file: number, events: number): number[] {
      locks.takeSlot(file);
      return super.markReady(file, events);
    }
  };
}
