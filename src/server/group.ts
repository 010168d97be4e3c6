/**
 * What the servers and workers of one runtime share: the two lists of the kernel protocol and the ready queue.
 *
 * Who wakes whom. A worker that wakes in the kernel is pushed on `idleWorkers` and the kernel wakes one server of
 * `idleServers`. A worker made ready in user space goes to the ready queue, and whoever put it there wakes one idle
 * server by hand. A server goes idle by publishing itself first and looking at both queues afterwards: with sequentially
 * consistent steps either it sees the work, or whoever brought the work sees it (MO3, MO4 of the specification).
 */
import { type Addr, NULL, offsetBy, wordFromAddr } from "../atomics/address.ts";
import { EAGAIN, ESRCH } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import { markDeleted, next, peek, push, takeAll, unlinkDeleted } from "../llist/llist.ts";
import {
  idleServersOf,
  idleWorkersOf,
  nextTidOf,
  stateOf,
  taskOfServerNode,
  taskOfWorkerNode,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_WAIT_WAKE_ONLY,
} from "../umcg/abi.ts";
import type { Env } from "../umcg/env.ts";
import { READY_QUEUE_SIZE, ReadyQueue } from "./ready-queue.ts";
import { tidOf } from "./record.ts";
import { RuntimeError } from "./runtime-error.ts";
import { spinLock, spinUnlock } from "./spin-lock.ts";

/** Bytes of a group's shared words. */
export const GROUP_SIZE: number = 64 + READY_QUEUE_SIZE;

export class Group {
  /** List heads: workers by the kernel, servers by themselves. */
  readonly idleWorkers: Addr;
  readonly idleServers: Addr;
  /** Workers that have not finished; the servers stop when it is 0. */
  readonly live: Addr;
  readonly ready: ReadyQueue;
  /** Held while deleted server nodes are unlinked or a server node is pushed: one collector at a time. */
  readonly #collector: Addr;

  /** `at`: GROUP_SIZE zeroed bytes, aligned to 64. */
  constructor(at: Addr) {
    this.idleWorkers = at;
    this.idleServers = offsetBy(at, 8);
    this.live = offsetBy(at, 16);
    this.#collector = offsetBy(at, 20);
    this.ready = new ReadyQueue(offsetBy(at, 64));
  }

  /** Moves the kernel's idle workers to the ready queue, oldest first. Returns how many. */
  *collectIdleWorkers(env: Env): Coroutine<number> {
    const { memory } = env;
    const records: Addr[] = [];
    for (let node = yield* takeAll(memory, this.idleWorkers); node !== NULL; ) {
      const following = yield* next(memory, node);
      const record = taskOfWorkerNode(node);
      // Before the worker may run again its node must be the pointer to the list head again (I25, F9).
      yield* memory.store64(idleWorkersOf(record), wordFromAddr(this.idleWorkers));
      records.push(record);
      node = following;
    }
    yield* this.ready.append(env, records.reverse());
    return records.length;
  }

  /** Is there work, in either queue? */
  *hasWork(env: Env): Coroutine<boolean> {
    if ((yield* env.memory.load64(this.idleWorkers)) !== 0n) return true;
    return yield* this.ready.occupied(env);
  }

  /** Puts the calling server, which is IDLE, on the idle server list. */
  *publishServer(env: Env, server: Addr): Coroutine<void> {
    yield* spinLock(env, this.#collector);
    // Its node may still be linked, deleted, from the last time: it must be out before it can go in again.
    yield* unlinkDeleted(env.memory, this.idleServers, () => {});
    yield* push(env.memory, this.idleServers, idleServersOf(server));
    yield* spinUnlock(env, this.#collector);
  }

  /** The server takes itself off the list. False: the kernel or a worker took it, and will have it woken. */
  *withdrawServer(env: Env, server: Addr): Coroutine<boolean> {
    return yield* markDeleted(env.memory, idleServersOf(server));
  }

  /**
   * Wakes one idle server, if there is one. `self`: the caller's record, whose next_tid is used. Returns whether one was
   * woken. The caller keeps running.
   */
  *wakeIdleServer(env: Env, self: Addr): Coroutine<boolean> {
    const { memory } = env;
    // Bounded: a node that another takes first stays deleted, so each turn sees fewer.
    for (;;) {
      const node = yield* peek(memory, this.idleServers);
      if (node === NULL) return false;
      if (!(yield* markDeleted(memory, node))) continue;
      const server = taskOfServerNode(node);
      const status = yield* memory.cmpxchg32(stateOf(server), UMCG_TASK_IDLE, UMCG_TASK_RUNNING);
      if (status === -EAGAIN) continue;
      yield* wakeOnly(env, self, yield* memory.load32(tidOf(server)));
      return true;
    }
  }
}

/** Wakes the task `tid`, whose state word says RUNNING, without sleeping. It may have run and gone already. */
export function* wakeOnly(env: Env, self: Addr, tid: number, flags = 0): Coroutine<void> {
  yield* env.memory.store32(nextTidOf(self), tid);
  const result = yield* env.umcg.wait(UMCG_WAIT_WAKE_ONLY | flags);
  yield* env.memory.store32(nextTidOf(self), 0);
  if (result < 0 && result !== -ESRCH)
    throw new RuntimeError("ERR_SYSCALL", `umcg_wait(WAKE_ONLY, ${tid}): ${result}`);
}
