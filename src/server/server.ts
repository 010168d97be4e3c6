/**
 * A server: the stand-in for a CPU. It runs ready workers, in the order of the policy, and sleeps when there are none.
 *
 *     collect idle workers -> pick one -> run it until it blocks, parks, yields or exits -> see what it asked for -> again
 *
 * While a worker runs, its server sleeps in sys_umcg_wait with state IDLE. It comes back in one of two ways: the kernel
 * made it RUNNING because the worker blocked (then the worker returns by way of the idle worker list and there is nothing
 * to do), or the worker itself did so with a request. A request is completed here, on the server, when the worker is out
 * of the way: so nobody can unpark a worker that has not let go yet (as Go commits a park on g0).
 */
import { type Addr, NULL } from "../atomics/address.ts";
import { EINTR } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import {
  apiVersionOf,
  serverTidOf,
  stateOf,
  UMCG_API_VERSION,
  UMCG_CTL_REGISTER,
  UMCG_CTL_UNREGISTER,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
  UMCG_TF_STATE_MASK,
  UMCG_WAIT_WF_CURRENT_CPU,
} from "../umcg/abi.ts";
import type { Env } from "../umcg/env.ts";
import { type Group, wakeOnly } from "./group.ts";
import type { PolicyContext } from "./policy.ts";
import { homeOf, indexOf, packRecord } from "./policy-record.ts";
import { REQUEST_EXIT, REQUEST_NONE, REQUEST_YIELD, releasedOf, requestOf, tidOf } from "./record.ts";
import { RuntimeError } from "./runtime-error.ts";

/** Tries of a server to take over a worker that is still on its way into its wait. */
const MAX_TAKEOVER_TRIES = 1 << 20;

/** The server's program: serves until every worker of the group has finished. `self`: its record, zeroed. */
export function* serve(env: Env, group: Group, self: Addr): Coroutine<void> {
  yield* registerServer(env, self);
  const at = { env, server: yield* env.memory.load32(indexOf(self)), note: () => {} };
  for (;;) {
    const collected = yield* group.collectIdleWorkers(at);
    // The kernel wakes one server however many workers it lists meanwhile: the rest is passed on from here.
    if (collected > 1) yield* group.wakeIdleServer(env, self);
    const worker = yield* group.policy.pick(at);
    if (worker !== NULL) yield* runWorker(at, group, self, worker);
    else if ((yield* env.memory.load32(group.live)) === 0) break;
    else yield* goIdle(at, group, self);
  }
  // Every server passes this on to the next, so one wake by the last worker is enough to stop them all.
  yield* group.wakeIdleServer(env, self);
  check("umcg_ctl(UNREGISTER)", yield* env.umcg.ctl(UMCG_CTL_UNREGISTER, NULL));
}

function* registerServer(env: Env, self: Addr): Coroutine<void> {
  const { memory } = env;
  yield* memory.store32(tidOf(self), env.tid);
  yield* memory.store32(apiVersionOf(self), UMCG_API_VERSION);
  yield* memory.store32(stateOf(self), UMCG_TASK_RUNNING);
  check("umcg_ctl(REGISTER)", yield* env.umcg.ctl(UMCG_CTL_REGISTER, self));
  // Only now: registration wants it to be 0; wake detection reads it when it pops this server.
  yield* memory.store32(serverTidOf(self), env.tid);
}

/**
 * Runs `worker` until it lets go of this server, and does what it asked for.
 *
 * Wake and wait are two calls here, not one switch. A worker made RUNNING before it has fallen asleep runs at once (F12);
 * if it parked again before a switch issued its wake-up, that wake-up would meet a voluntary waiter, which v0.3 puts on
 * the idle worker list behind the library's back (F6). So the worker does not leave before it is told, by `released`,
 * that no wake-up of this server's is on its way any more. Price: one system call a run.
 *
 * What the worker wants (`request`) and `released` are words of the server's record, not of the worker's: if the worker
 * blocks, another server may run it, and it may ask that one for something, before this one has come to look.
 */
function* runWorker(at: PolicyContext, group: Group, self: Addr, worker: Addr): Coroutine<void> {
  const { env } = at;
  const { memory } = env;
  yield* memory.store32(requestOf(self), REQUEST_NONE);
  yield* memory.store32(releasedOf(self), 0);
  // IDLE before the worker is RUNNING: it may block at once, and the kernel expects an IDLE server then.
  yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
  const tid = yield* memory.load32(tidOf(worker));
  yield* takeOver(env, worker);
  yield* memory.store32(serverTidOf(worker), env.tid);
  yield* memory.store32(homeOf(worker), packRecord(self));
  yield* memory.store32(stateOf(worker), UMCG_TASK_RUNNING);
  yield* wakeOnly(env, self, tid, UMCG_WAIT_WF_CURRENT_CPU);
  yield* memory.store32(releasedOf(self), 1);
  yield* waitUntilRunning(env, self);
  yield* complete(at, group, worker, yield* memory.load32(requestOf(self)));
}

/** What is left to do for a worker that has let go of this server. */
function* complete(at: PolicyContext, group: Group, worker: Addr, request: number): Coroutine<void> {
  const { policy } = group;
  if (request === REQUEST_YIELD) return yield* policy.enqueue(at, worker, "yielded");
  if (request === REQUEST_EXIT) {
    if (policy.onExit !== undefined) yield* policy.onExit(at, worker);
    return;
  }
  // A worker that parks has said so in its park word: it may be ready, or on another server, by now.
  if (policy.onBlock !== undefined) yield* policy.onBlock(at, worker);
}

/**
 * IDLE -> IDLE|LOCKED on a worker. One that is just parking holds its own lock until it sleeps: its server_tid is its own
 * until then.
 */
function* takeOver(env: Env, worker: Addr): Coroutine<void> {
  for (let attempt = 0; attempt < MAX_TAKEOVER_TRIES; attempt++) {
    const status = yield* env.memory.cmpxchg32(
      stateOf(worker),
      UMCG_TASK_IDLE,
      UMCG_TASK_IDLE | UMCG_TF_LOCKED,
    );
    if (status === 0) return;
    const found = env.memory.observed32;
    if ((found & UMCG_TF_LOCKED) === 0) {
      throw new RuntimeError(
        "ERR_SYSCALL",
        `worker at 0x${worker.toString(16)} is ready with state 0x${found.toString(16)}`,
      );
    }
    yield* env.sys.schedYield();
  }
  throw new RuntimeError("ERR_SPIN_BOUND", `worker at 0x${worker.toString(16)} stays locked`);
}

/** Publishes the server as idle, looks for work once more, and sleeps until somebody makes it RUNNING. */
function* goIdle(at: PolicyContext, group: Group, self: Addr): Coroutine<void> {
  const { env } = at;
  const { memory } = env;
  yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
  yield* group.publishServer(env, self);
  const stay = !(yield* group.hasWork(at)) && (yield* memory.load32(group.live)) !== 0;
  if (!stay && (yield* group.withdrawServer(env, self))) {
    yield* memory.store32(stateOf(self), UMCG_TASK_RUNNING);
    return;
  }
  yield* waitUntilRunning(env, self);
}

/** sys_umcg_wait, again after each signal, until own state is RUNNING. `next_tid` is 0. */
function* waitUntilRunning(env: Env, self: Addr): Coroutine<void> {
  let result = yield* env.umcg.wait(0);
  // Bounded by the number of signals.
  while (result === -EINTR) {
    if (((yield* env.memory.load32(stateOf(self))) & UMCG_TF_STATE_MASK) === UMCG_TASK_RUNNING) return;
    result = yield* env.umcg.wait(0);
  }
  check("umcg_wait", result);
}

export function check(call: string, result: number): void {
  if (result !== 0) throw new RuntimeError("ERR_SYSCALL", `${call} returned ${result}`);
}
