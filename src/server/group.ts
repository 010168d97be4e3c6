/**
 * What the servers and workers of one runtime share: the two lists of the kernel protocol and the policy's queues.
 *
 * Who wakes whom. A worker that wakes in the kernel is pushed on `idleWorkers` and the kernel wakes one server of
 * `idleServers`. A worker made ready in user space is enqueued with the policy, and whoever did that wakes one idle
 * server by hand. A server goes idle by publishing itself first and looking at both afterwards: with sequentially
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
import { lockSelf, unlockSelf } from "./detection.ts";
import type { EnqueueReason, Policy, PolicyContext } from "./policy.ts";
import { homeOf, indexOf, startedOf, unpackRecord } from "./policy-record.ts";
import { tidOf } from "./record.ts";
import { RuntimeError } from "./runtime-error.ts";
import { spinLock, spinUnlock } from "./spin-lock.ts";

/** Bytes of a group's shared words. */
export const GROUP_SIZE: number = 64;

export class Group {
  /** List heads: workers by the kernel, servers by themselves. */
  readonly idleWorkers: Addr;
  readonly idleServers: Addr;
  /** Workers that have not finished; the servers stop when it is 0. */
  readonly live: Addr;
  readonly policy: Policy;
  /** What a server does about a worker that it meets dead, or that ended on it; once for each. */
  readonly end: (at: PolicyContext, worker: Addr) => Coroutine<void>;
  /** Held while deleted server nodes are unlinked or a server node is pushed: one collector at a time. */
  readonly #collector: Addr;

  /** `at`: GROUP_SIZE zeroed bytes, aligned to 64. */
  constructor(at: Addr, policy: Policy, end: Group["end"]) {
    this.idleWorkers = at;
    this.idleServers = offsetBy(at, 8);
    this.live = offsetBy(at, 16);
    this.#collector = offsetBy(at, 20);
    this.policy = policy;
    this.end = end;
  }

  /** Takes the kernel's idle workers and enqueues them, oldest first. Returns how many. */
  *collectIdleWorkers(at: PolicyContext): Coroutine<number> {
    const { env } = at;
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
    for (const record of records.reverse()) {
      const spawned = (yield* memory.xchg32(startedOf(record), 1)) === 0;
      if (this.policy.onWake !== undefined) yield* this.policy.onWake(at, record);
      yield* this.policy.enqueue(at, record, spawned ? "spawned" : "woken");
    }
    return records.length;
  }

  /** Is there work, in the kernel's list or with the policy? */
  *hasWork(at: PolicyContext): Coroutine<boolean> {
    if ((yield* at.env.memory.load64(this.idleWorkers)) !== 0n) return true;
    return yield* this.policy.hasWork(at);
  }

  /**
   * Enqueues `worker`, which is parked and the caller's alone, and has it run by an idle server if there is one. The caller
   * is the worker `self`, which stays on its server meanwhile.
   */
  *makeReady(env: Env, self: Addr, worker: Addr, reason: EnqueueReason): Coroutine<void> {
    const locked = yield* lockSelf(env, self);
    const home = unpackRecord(yield* env.memory.load32(homeOf(self)));
    const server = yield* env.memory.load32(indexOf(home));
    yield* this.policy.enqueue({ env, server, note: neverPicks }, worker, reason);
    yield* this.wakeIdleServer(env, self);
    yield* unlockSelf(env, self, locked);
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

function neverPicks(): never {
  throw new RuntimeError("ERR_POLICY", "enqueue() says what only pick() can say");
}

/** Wakes the task `tid`, whose state word says RUNNING, without sleeping. It may have run and gone already. */
export function* wakeOnly(env: Env, self: Addr, tid: number, flags = 0): Coroutine<void> {
  yield* env.memory.store32(nextTidOf(self), tid);
  const result = yield* env.umcg.wait(UMCG_WAIT_WAKE_ONLY | flags);
  yield* env.memory.store32(nextTidOf(self), 0);
  if (result < 0 && result !== -ESRCH)
    throw new RuntimeError("ERR_SYSCALL", `umcg_wait(WAKE_ONLY, ${tid}): ${result}`);
}
