/**
 * Waiting: how a worker waits for another, and how cancellation reaches one that waits. The argument is in docs/threads.md.
 *
 * Everything is decided in one word of the worker's record (`park`, PARK_ bits in server/record.ts):
 * - `unpark` sets TOKEN. A park that finds TOKEN takes it and returns: park and unpark commute, and tokens do not add up.
 * - A worker that finds nothing to return for sets PARKED by compare-exchange from the very word it has looked at, locked,
 *   and leaves its server. Whoever comes next takes PARKED away in the same compare-exchange that brings its news: so
 *   exactly one of them makes the worker ready, if the kernel has not done so because of its deadline (server/claim.ts).
 * - SLEEPING is the same for a worker that sleeps in the kernel, as a futex on this word.
 * - The worker alone decides what the outcome is, when it runs again, by what it finds: a token, a cancellation, its
 *   deadline, in this order; none of them, and it waits again. A token that is not taken stays for the next park.
 * - What a worker is to be told it is told once: a second token, or a second cancellation, finds the bit set and is void.
 *
 * NEWS is a second token, for joins and synchronisation objects: they wait without eating what the user's park is to find.
 *
 * Rejected: the server completes the park when the worker is out of the way (as Go does on g0). With timeouts, the worker
 * may be running again, on another server, by the time the first one comes to look.
 */
import type { Addr } from "../atomics/address.ts";
import { EINTR, ESRCH, ETIMEDOUT } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import { FUTEX_BITSET_MATCH_ANY } from "../kernel-sim/constants.ts";
import { claim, settle } from "../server/claim.ts";
import { lockSelf, unlockSelf } from "../server/detection.ts";
import { wakeOnly } from "../server/group.ts";
import { homeOf, unpackRecord } from "../server/policy-record.ts";
import {
  generationOf,
  PARK_CANCEL,
  PARK_CANCELLED,
  PARK_PARKED,
  PARK_SLEEPING,
  PARK_WAKING,
  PARK_YIELDED,
  parkOf,
  REQUEST_PARK,
  REQUEST_YIELD,
  requestOf,
  tidOf,
} from "../server/record.ts";
import { RuntimeError } from "../server/runtime-error.ts";
import { check } from "../server/server.ts";
import { serverTidOf, stateOf, UMCG_TASK_IDLE, UMCG_TASK_RUNNING, UMCG_TF_LOCKED } from "../umcg/abi.ts";
import type { Waker } from "./waker.ts";
import type { Worker } from "./worker.ts";

/** Has a cancellation been asked for that the worker has not been told of? */
function cancelPending(park: number): boolean {
  return (park & (PARK_CANCEL | PARK_CANCELLED)) === PARK_CANCEL;
}

/** A cancellation point: throws ERR_CANCELLED, once, if the worker has been cancelled and is not shielded. */
export function* checkCancelled(worker: Worker): Coroutine<void> {
  if (worker.shielded) return;
  const word = parkOf(worker.record);
  // Bounded by the other writers: each failure is somebody else's success.
  for (;;) {
    const park = yield* worker.memory.load32(word);
    if (!cancelPending(park)) return;
    if ((yield* worker.memory.cmpxchg32(word, park, park | PARK_CANCELLED)) !== 0) continue;
    throw new RuntimeError("ERR_CANCELLED", `${worker.name} has been cancelled`);
  }
}

/** The cancellation that the worker has been told of comes again: at its next cancellation point. */
export function* deferCancel(worker: Worker): Coroutine<void> {
  const word = parkOf(worker.record);
  let park = yield* worker.memory.load32(word);
  // Bounded by the other writers: each failure is somebody else's success.
  while ((yield* worker.memory.cmpxchg32(word, park, park & ~PARK_CANCELLED)) !== 0) {
    park = worker.memory.observed32;
  }
}

/** Has the worker been cancelled, whether it has been told or not? */
export function* isCancelled(worker: Worker): Coroutine<boolean> {
  return ((yield* worker.memory.load32(parkOf(worker.record))) & PARK_CANCEL) !== 0;
}

/**
 * Waits until `deadlineNs` for `token`, PARK_TOKEN or PARK_NEWS. True: it has taken one; false: none came in time. Throws
 * ERR_CANCELLED. A cancellation comes first at the entry, so that none is put off by tokens for ever; a token comes first
 * after a wait, so that what was handed over with it is not dropped.
 */
export function* waitFor(worker: Worker, token: number, deadlineNs: number): Coroutine<boolean> {
  checkDeadline(deadlineNs);
  yield* checkCancelled(worker);
  let park = yield* worker.memory.load32(parkOf(worker.record));
  // Every turn waits, or loses a race to somebody who brings news, each kind once, or takes WAKING away.
  for (;;) {
    if ((park & token) !== 0) {
      if ((yield* worker.memory.cmpxchg32(parkOf(worker.record), park, park & ~token)) === 0) return true;
      park = worker.memory.observed32;
      continue;
    }
    if (cancelPending(park)) yield* checkCancelled(worker);
    if (worker.now() >= deadlineNs) return false;
    if (yield* letGo(worker, park, PARK_PARKED, REQUEST_PARK)) {
      // Here and not in a function of its own: of every worker that waits this frame stays in memory, and so few words of it.
      if (!checkWait(yield* worker.env.umcg.wait(0, deadlineNs)))
        checkWait(yield* waitAlone(worker, deadlineNs));
    }
    park = yield* settle(worker.env, worker.record, PARK_PARKED);
  }
}

/** Gives way: leaves the server, which makes this worker ready again. False: news came first, and the worker has stayed. */
export function* giveWay(worker: Worker): Coroutine<boolean> {
  const park = yield* worker.memory.load32(parkOf(worker.record));
  if (!(yield* letGo(worker, park, PARK_YIELDED, REQUEST_YIELD))) return false;
  if (!checkWait(yield* worker.env.umcg.wait(0))) checkWait(yield* waitAlone(worker, 0));
  yield* settle(worker.env, worker.record, PARK_YIELDED);
  return true;
}

/**
 * Goes as far as the last call, sys_umcg_wait, which switches to server_tid: with a request of the server, and with `bit`,
 * PARKED or YIELDED, in the park word. `park`: the park word as the caller has looked at it; false: it has changed, and
 * nothing has happened.
 */
function* letGo(worker: Worker, park: number, bit: number, request: number): Coroutine<boolean> {
  const { memory, record, env } = worker;
  const locked = yield* lockSelf(env, record);
  if (!locked) throw new RuntimeError("ERR_PREEMPTION_OFF", `${worker.name} waits with preemption off`);
  if ((yield* memory.cmpxchg32(parkOf(record), park, park | bit)) !== 0) {
    yield* unlockSelf(env, record, locked);
    return false;
  }
  const server = unpackRecord(yield* memory.load32(homeOf(record)));
  yield* memory.store32(requestOf(server), request);
  yield* memory.store32(stateOf(server), UMCG_TASK_RUNNING);
  yield* memory.store32(stateOf(record), UMCG_TASK_IDLE | UMCG_TF_LOCKED);
  return true;
}

/** Back from a wait: a server has made this worker RUNNING, whatever the call says. False: it has not begun, see waitAlone. */
function checkWait(result: number): boolean {
  if (result === -ESRCH) return false;
  if (result !== -ETIMEDOUT && result !== -EINTR) check("umcg_wait", result);
  return true;
}

/**
 * The server has retired between the worker's request, which it saw at a tick, and the worker's call. The server that has its
 * place now may have been made RUNNING in its stead and sleep on: it is woken, and the worker waits without a server.
 */
function* waitAlone(worker: Worker, deadlineNs: number): Coroutine<number> {
  const { memory, record, env } = worker;
  const server = unpackRecord(yield* memory.load32(homeOf(record)));
  yield* memory.store32(serverTidOf(record), 0);
  yield* wakeOnly(env, record, yield* memory.load32(tidOf(server)));
  return yield* env.umcg.wait(0, deadlineNs);
}

/** Sleeps in the kernel until `deadlineNs`; tokens are left alone. Throws ERR_CANCELLED. */
export function* sleepUntil(worker: Worker, deadlineNs: number): Coroutine<void> {
  checkDeadline(deadlineNs);
  yield* checkCancelled(worker);
  const { memory, sys } = worker;
  const word = parkOf(worker.record);
  // Every turn sleeps until the deadline, or somebody brings news, each kind once, or a signal comes.
  while (worker.now() < deadlineNs) {
    const park = yield* memory.load32(word);
    const asleep = park | PARK_SLEEPING;
    if ((worker.shielded || !cancelPending(park)) && (yield* memory.cmpxchg32(word, park, asleep)) === 0) {
      const result = yield* sys.futexWaitBitset(word, asleep, FUTEX_BITSET_MATCH_ANY, deadlineNs);
      yield* settle(worker.env, worker.record, PARK_SLEEPING);
      if (result === -ETIMEDOUT) return;
    }
    yield* checkCancelled(worker);
  }
}

/**
 * Adds `bit` to the park word of the worker at `record`, if it is of `generation` still (undefined: of whichever), and has
 * the worker run if it waits. False: it had the bit already, or is gone; nothing has happened.
 */
export function* announce(
  by: Waker,
  record: Addr,
  generation: number | undefined,
  bit: number,
): Coroutine<boolean> {
  const { env } = by;
  const { memory } = env;
  const word = parkOf(record);
  let locked = false;
  let park = yield* memory.load32(word);
  // Bounded by the other writers: each failure is somebody else's success.
  for (;;) {
    if ((park & bit) !== 0 || (generation ?? generationOf(park)) !== generationOf(park)) {
      yield* by.unlock(locked);
      return false;
    }
    const parked = (park & PARK_PARKED) !== 0;
    // Before WAKING is set: nobody may be preempted with it.
    if (parked && !locked) locked = yield* by.lock();
    const told = (park & ~(PARK_PARKED | PARK_SLEEPING)) | bit | (parked ? PARK_WAKING : 0);
    if ((yield* memory.cmpxchg32(word, park, told)) === 0) break;
    park = memory.observed32;
  }
  if ((park & PARK_PARKED) !== 0 && (yield* claim(env, record))) yield* by.makeReady(record);
  yield* by.unlock(locked);
  if ((park & PARK_SLEEPING) !== 0) yield* env.sys.futexWake(word, 1);
  return true;
}

export function checkDeadline(deadlineNs: number): void {
  if (typeof deadlineNs === "number" && !Number.isNaN(deadlineNs)) return;
  throw new RuntimeError("ERR_DEADLINE", `a deadline must be a number of ns since boot, got ${deadlineNs}`);
}
