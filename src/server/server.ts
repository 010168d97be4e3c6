/**
 * A server: the stand-in for a CPU. It runs ready workers, in the order of the policy, and sleeps when there are none.
 *
 *     collect idle workers -> pick one -> run it until it blocks, parks, yields or exits -> see what it asked for -> again
 *
 * While a worker runs, its server sleeps in sys_umcg_wait with state IDLE. It comes back in one of two ways: the kernel made
 * it RUNNING because the worker blocked, was preempted or ended, or the worker itself did so, with a request (run-worker.ts).
 */
import { type Addr, NULL } from "../atomics/address.ts";
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
} from "../umcg/abi.ts";
import type { Env } from "../umcg/env.ts";
import type { Group } from "./group.ts";
import type { PolicyContext } from "./policy.ts";
import { indexOf } from "./policy-record.ts";
import { tidOf } from "./record.ts";
import { check, runWorker, waitUntilRunning } from "./run-worker.ts";

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
