/**
 * The locks of the kernel on real threads, and the order in which a CPU may take them:
 *
 * | class   | how many                | what is under it                                                                     |
 * |---------|-------------------------|--------------------------------------------------------------------------------------|
 * | objects | 1, shared or alone      | alone: everything. Shared: what has no lock below stands still                        |
 * | epoll   | 1 for each epoll        | its ready list and wait queue; with it, the files that it watches stand still          |
 * | file    | 1 for each pipe, each other file | its bytes or its counter, its wait queues, who depends on it                  |
 * | bucket  | 1 for each futex bucket | the wait queue; that a task is on it, and what it waits for there                      |
 * | queue   | 1 for each CPU          | its run queue and wake list, the states of the tasks that belong to it, its mailbox, tick and slice |
 *
 * Objects before epolls before files before buckets before queues; of two of a class the lower number first; of queues one at a
 * time, so they need no order. Who waits for the objects lock holds no other. So there is no circle. Which of the locks of
 * files and epolls are taken for what: file-locks.ts.
 *
 * Linux's order is epoll's mutex, a pipe's mutex, wait queue or futex bucket, the task's pi_lock, run queues in the order of their CPUs, timer bases. Here the
 * state of a task is under the lock of the queue it belongs to, which is what pi_lock and that are for together. Timers of a CPU
 * are armed and fired by that CPU, or alone.
 *
 * `LockOrder` holds a CPU to it: it knows what the CPU holds, and refuses a lock that may not be taken now. Whatever the other
 * CPUs do at the time: a wrong order is found when it is taken, not when it deadlocks.
 * Sources: Documentation/locking/lockdep-design.rst of Linux; try_to_wake_up() in kernel/sched/core.c.
 */
import { MachineError } from "../../../kernel-sim/errors.ts";

export const LOCK_OBJECTS = 0;
export const LOCK_EPOLL = 1;
export const LOCK_FILE = 2;
export const LOCK_BUCKET = 3;
export const LOCK_QUEUE = 4;

interface Lock {
  readonly of: number;
  readonly index: number;
}

export class LockOrder {
  readonly #who: () => string;
  readonly #held: Lock[] = [];

  /** `who`: the CPU and what it executes. */
  constructor(who: () => string) {
    this.#who = who;
  }

  /** Before a lock is waited for. Throws ERR_LOCK_ORDER, naming both locks. */
  take(of: number, index: number): void {
    const last = this.#held.at(-1);
    if (last !== undefined && (of < last.of || (of === last.of && index <= last.index))) {
      throw new MachineError(
        "ERR_LOCK_ORDER",
        `kernel bug: ${this.#who()} takes ${named({ of, index })} while it holds ${named(last)}`,
      );
    }
    this.#held.push({ of, index });
  }

  drop(of: number, index: number): void {
    const at = this.#held.findLastIndex((lock) => lock.of === of && lock.index === index);
    if (at < 0) {
      throw new MachineError(
        "ERR_LOCK_ORDER",
        `kernel bug: ${this.#who()} lets go of ${named({ of, index })}, which it does not hold`,
      );
    }
    this.#held.splice(at, 1);
  }

  /** Throws ERR_LOCK_ORDER unless the lock is held. `what`: what is about to be touched. */
  needs(of: number, index: number, what: string): void {
    if (!this.#held.some((lock) => lock.of === of && lock.index === index))
      this.refuse(what, named({ of, index }));
  }

  /** `what` may not be touched without `missing`. Throws ERR_LOCK_ORDER. */
  refuse(what: string, missing: string): never {
    const held = this.#held.map(named).join(", ") || "nothing";
    throw new MachineError(
      "ERR_LOCK_ORDER",
      `kernel bug: ${this.#who()} touches ${what} without ${missing}; it holds ${held}`,
    );
  }
}

function named({ of, index }: Lock): string {
  if (of === LOCK_OBJECTS) return "the objects lock";
  if (of === LOCK_QUEUE) return `the queue of CPU ${index}`;
  return of === LOCK_BUCKET
    ? `bucket ${index}`
    : `the lock of ${of === LOCK_EPOLL ? "epoll" : "file"} ${index}`;
}
