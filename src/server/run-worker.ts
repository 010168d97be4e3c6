/**
 * One run: a server lends its CPU to a worker until the worker lets go of it.
 *
 * Own word IDLE, the worker's server_tid, the worker's word RUNNING, own next_tid, and one call, sys_umcg_wait: it wakes the
 * worker and sleeps. IDLE comes first because the worker may block at once, when it is not quite asleep yet (F12).
 *
 * The server comes back when somebody made it RUNNING: the kernel, because the worker blocked, was preempted or died; the
 * worker, with a request; or its own timeout, the tick. Whether the worker has left is not concluded from that but looked
 * up (`hasLeft`), because a wake-up may be late, from the worker before (F36, F40): it has left if it made a request, if
 * its word is not RUNNING, or if another server has it. In this order: the worker writes its request before it writes the
 * server's word; a server that runs a worker writes server_tid before RUNNING.
 *
 * If it has not left, the server goes back to sleep. Own word IDLE, and then the look again: the worker or the kernel write
 * theirs first and the server's word second, the server the other way round, so one of them sees the other (I26). The
 * kernel's block detection that finds the server RUNNING does nothing, which is all right, because that look is to come.
 *
 * A tick (`preemptNs`) may find nothing although somebody has woken: a worker lists itself, when it gets a CPU in the
 * kernel, and this CPU was the running worker's. When the server goes back to sleep the fair class chooses anew, so the
 * next tick finds it: a woken worker waits for two ticks at most.
 *
 * A tick collects the kernel's idle workers, since perhaps no server is idle that could, and asks the policy.
 * Preemption is RUNNING -> RUNNING|PREEMPTED by compare-exchange and a kick. Against it may run
 * - blocking: the compare-exchange fails, or the word becomes BLOCKED|PREEMPTED, and the worker comes back by the list (F32);
 * - a voluntary wait: the worker's own LOCKED makes it fail, or wipes the flag out (F33): the worker leaves anyway;
 * - LOCKED for other reasons: it fails, and the next tick tries again. Such sections are short; a tick that came sooner
 *   would come before the worker has got anywhere;
 * - a run by another server since the look at server_tid: that server's worker gives way early, once. It is listed, and its
 *   server woken, as if that server had asked: nothing is lost (F35). Closing it would take both words in one;
 * - a late kick: the kernel finds no flag and does nothing (F36).
 *
 * A worker that yields is the kernel's or this server's to make ready, never both: it is claimed first (claim.ts).
 *
 * The worker's own words say nothing of why it left, because it may be ready or on another server by now, save its end: NONE
 * without LISTED is the end of a worker that was RUNNING, and server_tid says on whom. Any other end is met on the idle
 * worker list, or where the worker waits to be run.
 */
import type { Addr } from "../atomics/address.ts";
import { EAGAIN, EINTR, ESRCH, ETIMEDOUT } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import {
  nextTidOf,
  serverTidOf,
  stateOf,
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LISTED,
  UMCG_TF_PREEMPTED,
  UMCG_TF_STATE_MASK,
} from "../umcg/abi.ts";
import type { Env } from "../umcg/env.ts";
import { claimYielded } from "./claim.ts";
import { NO_SERVER } from "./policy.ts";
import { homeOf, packRecord } from "./policy-record.ts";
import { REQUEST_NONE, REQUEST_YIELD, requestOf, tidOf } from "./record.ts";
import { RuntimeError } from "./runtime-error.ts";
import type { Server } from "./server.ts";

/** Runs `worker`, just picked, until it has left, and does what it asked for. */
export function* runWorker(server: Server, worker: Addr): Coroutine<void> {
  const { env, self } = server;
  const { memory } = env;
  yield* memory.store32(requestOf(self), REQUEST_NONE);
  yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
  yield* memory.store32(serverTidOf(worker), env.tid);
  yield* memory.store32(homeOf(worker), packRecord(self));
  const tid = yield* memory.load32(tidOf(worker));
  const runs = yield* makeRunning(env, worker);
  if (runs) yield* waitOut(server, worker, tid);
  yield* memory.store32(stateOf(self), UMCG_TASK_RUNNING);
  if (runs) yield* complete(server, worker);
  else yield* server.group.end(server.at, self, worker);
}

/** IDLE, with whatever flags, -> RUNNING. False: it was killed while it was ready. */
function* makeRunning(env: Env, worker: Addr): Coroutine<boolean> {
  const { memory } = env;
  // Bounded: a ready worker's word changes once more at most, when it dies.
  for (;;) {
    const word = yield* memory.load32(stateOf(worker));
    const state = word & UMCG_TF_STATE_MASK;
    if (state === UMCG_TASK_NONE) return false;
    if (state !== UMCG_TASK_IDLE) {
      const at = `worker at 0x${worker.toString(16)}`;
      throw new RuntimeError("ERR_POLICY", `${at} was picked with state 0x${word.toString(16)}`);
    }
    if ((yield* memory.cmpxchg32(stateOf(worker), word, UMCG_TASK_RUNNING)) !== -EAGAIN) return true;
  }
}

/** Sleeps until the worker has left. Own word is IDLE at the beginning, and anything at the end. */
function* waitOut(server: Server, worker: Addr, tid: number): Coroutine<void> {
  const { env, self, options } = server;
  const { memory } = env;
  const { preemptNs } = options;
  const began = env.now();
  yield* memory.store32(nextTidOf(self), tid);
  let result = yield* env.umcg.wait(0, preemptNs === 0 ? 0 : began + preemptNs);
  yield* memory.store32(nextTidOf(self), 0);
  // Bounded by the ticks, the signals, and late wake-ups of workers before.
  while (!(yield* hasLeft(env, self, worker))) {
    if (result === -ETIMEDOUT) yield* tick(server, worker, env.now() - began);
    else if (result !== 0 && result !== -EINTR && result !== -ESRCH)
      throw new RuntimeError("ERR_SYSCALL", `umcg_wait returned ${result}`);
    yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
    if (yield* hasLeft(env, self, worker)) return;
    result = yield* env.umcg.wait(0, preemptNs === 0 ? 0 : env.now() + preemptNs);
  }
}

function* hasLeft({ memory, tid }: Env, self: Addr, worker: Addr): Coroutine<boolean> {
  if ((yield* memory.load32(requestOf(self))) !== REQUEST_NONE) return true;
  const word = yield* memory.load32(stateOf(worker));
  if ((word & UMCG_TF_STATE_MASK) !== UMCG_TASK_RUNNING) return true;
  return (yield* memory.load32(serverTidOf(worker))) !== tid;
}

/** The worker has run for `ranNs`: is it to give way? */
function* tick(server: Server, worker: Addr, ranNs: number): Coroutine<void> {
  const { env, group } = server;
  const { policy } = group;
  yield* server.stats.count("ticks");
  // The worker runs, too: neither of them is alone on this server now.
  const at = { env, server: NO_SERVER, note: () => {} };
  if ((yield* group.collectIdleWorkers(at, server.self)) > 0) yield* server.announce();
  const gives =
    policy.onTick === undefined
      ? yield* policy.hasWork(at)
      : yield* policy.onTick(at, worker, ranNs, server.index);
  if (!gives || (yield* env.memory.load32(serverTidOf(worker))) !== env.tid) return;
  const preempted = UMCG_TASK_RUNNING | UMCG_TF_PREEMPTED;
  if ((yield* env.memory.cmpxchg32(stateOf(worker), UMCG_TASK_RUNNING, preempted)) === -EAGAIN) return;
  yield* server.stats.count("preemptions");
  const result = yield* env.umcg.kick(0, yield* env.memory.load32(tidOf(worker)));
  if (result !== 0 && result !== -ESRCH) throw new RuntimeError("ERR_SYSCALL", `umcg_kick: ${result}`);
}

/** What is left to do for a worker that has left. */
function* complete(server: Server, worker: Addr): Coroutine<void> {
  const { env, at, group, self } = server;
  const { memory } = env;
  const { policy } = group;
  const word = (yield* memory.load32(stateOf(worker))) & (UMCG_TF_STATE_MASK | UMCG_TF_LISTED);
  // The state first: a record that is given to another loses its server_tid before its LISTED.
  if (word === UMCG_TASK_NONE && (yield* memory.load32(serverTidOf(worker))) === env.tid) {
    return yield* group.end(at, self, worker);
  }
  if ((yield* memory.load32(requestOf(self))) !== REQUEST_YIELD) {
    if (policy.onBlock !== undefined) yield* policy.onBlock(at, worker);
  } else if (yield* claimYielded(env, worker)) yield* policy.enqueue(at, worker, "yielded");
}
