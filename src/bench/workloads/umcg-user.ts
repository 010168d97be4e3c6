/**
 * The user-space half of UMCG v0.3, as little of it as the workloads need: raw system calls and state words, so that
 * what is measured is the kernel and not a thread library.
 *
 * A server and its workers share two list heads. A worker that registers or wakes up pushes itself on `idleWorkers`
 * (in the kernel) and wakes a server found on `idleServers`. Being listed turns the worker's `idle_workers_ptr` into a
 * list node: whoever takes the list points the field at the head again before the worker runs.
 */
import { type Addr, NULL, wordFromAddr } from "../../atomics/address.ts";
import { ESRCH } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { Tid } from "../../kernel-sim/ids.ts";
import { markDeleted, next, push, takeAll, unlinkDeleted } from "../../llist/llist.ts";
import {
  apiVersionOf,
  idleServersOf,
  idleWorkersOf,
  nextTidOf,
  serverTidOf,
  stateOf,
  taskOfWorkerNode,
  UMCG_API_VERSION,
  UMCG_CTL_REGISTER,
  UMCG_CTL_UNREGISTER,
  UMCG_CTL_WORKER,
  UMCG_TASK_ALIGN,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TASK_SIZE,
  UMCG_TF_LOCKED,
  UMCG_WAIT_WAKE_ONLY,
  UMCG_WAIT_WF_CURRENT_CPU,
} from "../../umcg/abi.ts";
import type { Env } from "../../umcg/env.ts";
import { expectResult, type Stage } from "../workload.ts";

/** The list heads that a server and its workers share. */
export interface Group {
  readonly idleWorkers: Addr;
  readonly idleServers: Addr;
}

export function allocateGroup(machine: Pick<Stage, "allocate">): Group {
  return { idleWorkers: machine.allocate(8), idleServers: machine.allocate(8) };
}

/** A zeroed struct umcg_task. */
export function allocateRecord(machine: Pick<Stage, "allocate">): Addr {
  return machine.allocate(UMCG_TASK_SIZE, UMCG_TASK_ALIGN);
}

export function* registerServer(env: Env, record: Addr): Coroutine<void> {
  yield* env.memory.store32(apiVersionOf(record), UMCG_API_VERSION);
  yield* env.memory.store32(stateOf(record), UMCG_TASK_RUNNING);
  expectResult("umcg_ctl(server)", yield* env.umcg.ctl(UMCG_CTL_REGISTER, record), 0);
  // Registration wants 0 here; the kernel reads it when a worker finds this server on the idle list.
  yield* env.memory.store32(serverTidOf(record), env.tid);
}

/** Returns when a server runs the worker. */
export function* registerWorker(env: Env, record: Addr, group: Group): Coroutine<void> {
  yield* env.memory.store32(apiVersionOf(record), UMCG_API_VERSION);
  yield* env.memory.store32(stateOf(record), UMCG_TASK_IDLE);
  yield* env.memory.store64(idleServersOf(record), wordFromAddr(group.idleServers));
  yield* env.memory.store64(idleWorkersOf(record), wordFromAddr(group.idleWorkers));
  const flags = UMCG_CTL_REGISTER | UMCG_CTL_WORKER;
  expectResult("umcg_ctl(worker)", yield* env.umcg.ctl(flags, record), 0);
}

export function* unregister(env: Env): Coroutine<void> {
  expectResult("umcg_ctl(unregister)", yield* env.umcg.ctl(UMCG_CTL_UNREGISTER, NULL), 0);
}

/** Takes all listed workers, newest first, and points each at the list head again. */
export function* takeIdleWorkers(env: Env, group: Group): Coroutine<Addr[]> {
  const records: Addr[] = [];
  let node = yield* takeAll(env.memory, group.idleWorkers);
  // Bounded: the chain is this task's alone and holds each worker once.
  while (node !== 0) {
    const following = yield* next(env.memory, node);
    yield* env.memory.store64(node, wordFromAddr(group.idleWorkers));
    records.push(taskOfWorkerNode(node));
    node = following;
  }
  return records;
}

/**
 * Takes listed workers, asleep on the idle server list until there are any. Only server of its group.
 *
 * No lost wake-up: a worker lists itself, then looks for an idle server; the server lists itself, then looks for a
 * worker. Both list before both look, so at least one sees the other.
 */
export function* waitForWorkers(env: Env, record: Addr, group: Group): Coroutine<Addr[]> {
  const node = idleServersOf(record);
  for (;;) {
    const found = yield* takeIdleWorkers(env, group);
    if (found.length > 0) return found;
    yield* env.memory.store32(stateOf(record), UMCG_TASK_IDLE);
    yield* push(env.memory, group.idleServers, node);
    const listed = (yield* env.memory.load64(group.idleWorkers)) !== 0n;
    // Whoever marks the node decides: if it was a worker, its wake-up is on its way and is waited for.
    if (listed && (yield* markDeleted(env.memory, node))) {
      yield* env.memory.store32(stateOf(record), UMCG_TASK_RUNNING);
    } else {
      yield* env.memory.store32(nextTidOf(record), 0);
      expectResult("umcg_wait(idle server)", yield* env.umcg.wait(0), 0);
    }
    yield* unlinkDeleted(env.memory, group.idleServers, () => {});
  }
}

/** Runs `other` in this task's place: returns when somebody marks and wakes this task again. */
export function* switchTo(env: Env, self: Addr, other: Addr, tid: Tid): Coroutine<void> {
  // Idle before anybody can run: a partner that is quick must not have its wake-up overwritten.
  yield* env.memory.store32(stateOf(self), UMCG_TASK_IDLE);
  yield* env.memory.store32(nextTidOf(self), tid);
  yield* env.memory.store32(stateOf(other), UMCG_TASK_RUNNING);
  expectResult("umcg_wait(switch)", yield* env.umcg.wait(0), 0);
}

/**
 * A worker passes its server on to `other`, or back to it, for good: marks `other` RUNNING, wakes it on this CPU, and goes
 * on to its end. LOCKED, that end and what blocks it are no events any more. On another CPU `other` may not have slept yet, see
 * its word without the wake-up, and be gone before that comes: -ESRCH.
 */
export function* leaveTo(env: Env, self: Addr, other: Addr, tid: Tid): Coroutine<void> {
  yield* env.memory.store32(stateOf(self), UMCG_TASK_RUNNING | UMCG_TF_LOCKED);
  yield* env.memory.store32(nextTidOf(self), tid);
  yield* env.memory.store32(stateOf(other), UMCG_TASK_RUNNING);
  const flags = UMCG_WAIT_WAKE_ONLY | UMCG_WAIT_WF_CURRENT_CPU;
  const woken = yield* env.umcg.wait(flags);
  if (woken !== -ESRCH) expectResult("umcg_wait(wake)", woken, 0);
}
