/**
 * What the servers and workers of one runtime share: the two lists of the kernel protocol and the policy's queues.
 *
 * Who wakes whom. A worker that wakes in the kernel is pushed on `idleWorkers` and the kernel wakes one server of
 * `idleServers`. A worker made ready in user space is enqueued with the policy, and whoever did that *announces* it: wakes
 * an idle server, unless one is searching already. The rule is Go's (nmspinning) and tokio's: a burst of work wakes servers
 * one after the other, each of which wakes the next, instead of all at once for the first one to take everything.
 *
 * No server sleeps while work is queued (I28, I29), because of two pairs in which each side writes before it reads:
 * - A server goes idle by publishing itself and looking at all queues afterwards; who enqueues looks for idle servers
 *   afterwards. Either the server sees the work, or the other sees the server.
 * - Who enqueues and finds `searching` above 0 wakes nobody. A server stops searching by counting itself out and looks at
 *   all queues afterwards: always before it sleeps, and, if it was the last, when it has found something. So either
 *   it sees the work, or who enqueued has seen that nobody searches any more.
 * A server counts itself in when it runs, not when it is woken: until then further work may wake further servers, which is
 * harmless. The other way round (Go hands the count over with the wake-up) a count would be lost with each wake-up that
 * reaches a server which something else has woken already.
 *
 * What a server enqueues itself it need not announce, one worker at a time: it picks next, and takes one out for the one
 * it put in. What `pick` moved from queue to queue was out of sight for a moment, so there the server looks again.
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
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  UMCG_TF_PREEMPTED,
  UMCG_TF_STATE_MASK,
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
export const GROUP_SIZE = 64;

/** What server `self` does about a worker that ended on it, or that it meets dead; once for each. */
export type Undertaker = (at: PolicyContext, self: Addr, worker: Addr) => Coroutine<void>;

export class Group {
  /** List heads: workers by the kernel, servers by themselves. */
  readonly idleWorkers: Addr;
  readonly idleServers: Addr;
  /** Workers that have not finished; the servers stop when it is 0. */
  readonly live: Addr;
  /** Servers that are looking for work. Each counts itself, in and out. */
  readonly searching: Addr;
  /** Servers there should be: those whose index is not below retire. Whoever changes their number. */
  readonly target: Addr;
  /** Tasks of servers that have not left for good. Whoever starts one, and the one that leaves. */
  readonly serving: Addr;
  readonly policy: Policy;
  readonly end: Undertaker;
  /** Held while deleted server nodes are unlinked or a server node is pushed: one collector at a time. */
  readonly #collector: Addr;

  /** `at`: GROUP_SIZE zeroed bytes, aligned to 64. */
  constructor(at: Addr, policy: Policy, end: Undertaker) {
    this.idleWorkers = at;
    this.idleServers = offsetBy(at, 8);
    this.live = offsetBy(at, 16);
    this.#collector = offsetBy(at, 20);
    this.searching = offsetBy(at, 24);
    this.target = offsetBy(at, 28);
    this.serving = offsetBy(at, 32);
    this.policy = policy;
    this.end = end;
  }

  /** Takes the kernel's idle workers and enqueues them, oldest first; ends the dead. Returns how many were enqueued. */
  *collectIdleWorkers(at: PolicyContext, self: Addr): Coroutine<number> {
    const { env } = at;
    const { memory } = env;
    if ((yield* memory.load64(this.idleWorkers)) === 0n) return 0;
    const records: Addr[] = [];
    for (let node = yield* takeAll(memory, this.idleWorkers); node !== NULL; ) {
      const following = yield* next(memory, node);
      const record = taskOfWorkerNode(node);
      // Before the worker may run again its node must be the pointer to the list head again (I25, F9).
      yield* memory.store64(idleWorkersOf(record), wordFromAddr(this.idleWorkers));
      records.push(record);
      node = following;
    }
    let enqueued = 0;
    for (const record of records.reverse()) {
      const word = yield* memory.load32(stateOf(record));
      if ((word & UMCG_TF_STATE_MASK) === UMCG_TASK_NONE) {
        yield* this.end(at, self, record);
        continue;
      }
      const spawned = (yield* memory.xchg32(startedOf(record), 1)) === 0;
      const reason = spawned ? "spawned" : (word & UMCG_TF_PREEMPTED) !== 0 ? "preempted" : "woken";
      if (this.policy.onWake !== undefined) yield* this.policy.onWake(at, record);
      yield* this.policy.enqueue(at, record, reason);
      enqueued++;
    }
    return enqueued;
  }

  /** Is there work, in the kernel's list or with the policy? */
  *hasWork(at: PolicyContext): Coroutine<boolean> {
    if ((yield* at.env.memory.load64(this.idleWorkers)) !== 0n) return true;
    return yield* this.policy.hasWork(at);
  }

  /**
   * Enqueues `worker`, which is parked and claimed (claim.ts), and has it run by an idle server if there is one. The
   * caller is the worker `self`, which stays on its server meanwhile.
   */
  *makeReady(env: Env, self: Addr, worker: Addr, reason: EnqueueReason): Coroutine<void> {
    const locked = yield* lockSelf(env, self);
    const home = unpackRecord(yield* env.memory.load32(homeOf(self)));
    const server = yield* env.memory.load32(indexOf(home));
    yield* this.policy.enqueue({ env, server, note: neverPicks }, worker, reason);
    yield* this.announce(env, self);
    yield* unlockSelf(env, self, locked);
  }

  /** There is new work: somebody is to look for it. Returns whether a server was woken. */
  *announce(env: Env, self: Addr): Coroutine<boolean> {
    if ((yield* env.memory.load32(this.searching)) !== 0) return false;
    return yield* this.wakeIdleServer(env, self);
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
   * Wakes the server at `server` if it sleeps for want of work. One that is not on the list is awake, is being woken, or
   * looks at what the caller has written after it has published itself.
   */
  *wakeServer(env: Env, self: Addr, server: Addr): Coroutine<void> {
    const { memory } = env;
    if (!(yield* this.withdrawServer(env, server))) return;
    const status = yield* memory.cmpxchg32(stateOf(server), UMCG_TASK_IDLE, UMCG_TASK_RUNNING);
    if (status === 0) yield* wakeOnly(env, self, yield* memory.load32(tidOf(server)));
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

/** Adds to a shared word. Returns what it is then. */
export function* addTo(env: Env, word: Addr, delta: number): Coroutine<number> {
  // Bounded by the other writers: each failure is somebody else's success.
  for (;;) {
    const value = yield* env.memory.load32(word);
    const sum = (value + delta) >>> 0;
    if ((yield* env.memory.cmpxchg32(word, value, sum)) === 0) return sum;
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
