/**
 * A server runs a worker: one call of sys_umcg_wait, which wakes the worker and sleeps until it has let go.
 *
 * The server is IDLE before the worker is RUNNING, because the worker may block at once and the kernel looks for an IDLE
 * server then. Until the worker is RUNNING it is the caller's alone: it was taken from the idle worker list (IDLE, with
 * LISTED or PREEMPTED, whoever put it there) or claimed (IDLE|LOCKED, claim.ts). Only death comes in between: NONE.
 *
 * What the worker wants (`request`) is a word of the server's record, not of the worker's: if the worker blocks, another
 * server may run it, and it may ask that one for something, before this one has come to look. For the same reason the
 * worker's own words say nothing here, save its end: NONE without LISTED is the end of a worker that was RUNNING, and
 * server_tid says on whom. Any other worker's end is met on the idle worker list, or where it waits to be run.
 */
import type { Addr } from "../atomics/address.ts";
import { EINTR, ESRCH } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import {
  nextTidOf,
  serverTidOf,
  stateOf,
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LISTED,
  UMCG_TF_STATE_MASK,
} from "../umcg/abi.ts";
import type { Env } from "../umcg/env.ts";
import { claimYielded } from "./claim.ts";
import type { Group } from "./group.ts";
import type { PolicyContext } from "./policy.ts";
import { homeOf, packRecord } from "./policy-record.ts";
import { REQUEST_NONE, REQUEST_YIELD, requestOf, tidOf } from "./record.ts";
import { RuntimeError } from "./runtime-error.ts";

/** Runs `worker`, which policy.pick() gave, until it lets go of server `self`, and does what it asked for. */
export function* runWorker(at: PolicyContext, group: Group, self: Addr, worker: Addr): Coroutine<void> {
  const { env } = at;
  const { memory } = env;
  yield* memory.store32(requestOf(self), REQUEST_NONE);
  yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
  yield* memory.store32(serverTidOf(worker), env.tid);
  yield* memory.store32(homeOf(worker), packRecord(self));
  const tid = yield* memory.load32(tidOf(worker));
  if (!(yield* makeRunning(env, worker))) {
    yield* memory.store32(stateOf(self), UMCG_TASK_RUNNING);
    return yield* group.end(at, worker);
  }
  yield* memory.store32(nextTidOf(self), tid);
  yield* waitUntilRunning(env, self);
  yield* complete(at, group, self, worker);
}

/** IDLE -> RUNNING. False: it is dead. */
function* makeRunning(env: Env, worker: Addr): Coroutine<boolean> {
  const { memory } = env;
  const word = yield* memory.load32(stateOf(worker));
  const idle = (word & UMCG_TF_STATE_MASK) === UMCG_TASK_IDLE;
  if (idle && (yield* memory.cmpxchg32(stateOf(worker), word, UMCG_TASK_RUNNING)) === 0) return true;
  const found = idle ? memory.observed32 : word;
  if ((found & UMCG_TF_STATE_MASK) === UMCG_TASK_NONE) return false;
  throw new RuntimeError(
    "ERR_SYSCALL",
    `the worker at 0x${worker.toString(16)} is ready with state 0x${found.toString(16)}`,
  );
}

/** What is left to do for a worker that has let go of this server. */
function* complete(at: PolicyContext, group: Group, self: Addr, worker: Addr): Coroutine<void> {
  const { env } = at;
  const { memory } = env;
  const { policy } = group;
  const word = (yield* memory.load32(stateOf(worker))) & (UMCG_TF_STATE_MASK | UMCG_TF_LISTED);
  // The state first: a record that is given to another loses its server_tid before its LISTED.
  if (word === UMCG_TASK_NONE && (yield* memory.load32(serverTidOf(worker))) === env.tid) {
    return yield* group.end(at, worker);
  }
  const request = yield* memory.load32(requestOf(self));
  if (request !== REQUEST_YIELD) {
    // Parked, blocked or preempted: it may be ready, or on another server, by now.
    if (policy.onBlock !== undefined) yield* policy.onBlock(at, worker);
  } else if (yield* claimYielded(env, worker)) yield* policy.enqueue(at, worker, "yielded");
}

/** sys_umcg_wait until own state is RUNNING. next_tid is woken first, if it still is there, and is 0 afterwards. */
export function* waitUntilRunning(env: Env, self: Addr): Coroutine<void> {
  const { memory } = env;
  for (;;) {
    const result = yield* env.umcg.wait(0);
    yield* memory.store32(nextTidOf(self), 0);
    // A signal came, each is one turn, or the worker is dead: then this server's word is, or will be, RUNNING.
    if (result !== -EINTR && result !== -ESRCH) return check("umcg_wait", result);
    if (((yield* memory.load32(stateOf(self))) & UMCG_TF_STATE_MASK) === UMCG_TASK_RUNNING) return;
  }
}

export function check(call: string, result: number): void {
  if (result !== 0) throw new RuntimeError("ERR_SYSCALL", `${call} returned ${result}`);
}
