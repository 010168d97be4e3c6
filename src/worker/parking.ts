/**
 * Parking: how a worker waits for another, and how cancellation reaches one that waits.
 *
 * Everything is decided in one word of the worker's record (`park`, PARK_ bits in server/record.ts):
 * - `unpark` sets TOKEN. A park that finds TOKEN takes it and returns: park and unpark commute, and tokens do not add up.
 * - A worker that finds nothing to return for sets PARKED by compare-exchange from the very word it has looked at, locked,
 *   and leaves its server. Whoever comes next takes PARKED away in the same compare-exchange that brings its news: so
 *   exactly one of them makes the worker ready, once.
 * - SLEEPING is the same for a worker that sleeps in the kernel, as a futex on this word.
 * - The worker alone decides what the outcome is, when it runs again, by what it finds: TOKEN, a cancellation, its
 *   deadline, in this order; none of them, and it waits again. A token that is not taken stays for the next park.
 *
 * Rejected: the server completes the park when the worker is out of the way (as Go does on g0). With timeouts, the worker
 * may be running again, on another server, by the time the first one comes to look.
 */
import type { Addr } from "../atomics/address.ts";
import { ETIMEDOUT } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import { FUTEX_BITSET_MATCH_ANY } from "../kernel-sim/constants.ts";
import type { Group } from "../server/group.ts";
import {
  PARK_CANCEL,
  PARK_CANCELLED,
  PARK_PARKED,
  PARK_SLEEPING,
  PARK_TOKEN,
  parkOf,
  REQUEST_PARK,
} from "../server/record.ts";
import { RuntimeError } from "../server/runtime-error.ts";
import type { Env } from "../umcg/env.ts";
import type { Worker } from "./worker.ts";

/** Has a cancellation been asked for that the worker has not been told of? */
export function cancelPending(park: number): boolean {
  return (park & (PARK_CANCEL | PARK_CANCELLED)) === PARK_CANCEL;
}

/** A cancellation point: throws ERR_CANCELLED, once, if the worker has been cancelled and is not shielded. */
export function* checkCancelled(worker: Worker): Coroutine<void> {
  if (worker.shielded) return;
  const word = parkOf(worker.record);
  // Bounded by the other writers: each failure is somebody else's success, and nobody writes twice.
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
  // Bounded by the other writers: each failure is somebody else's success, and nobody writes twice.
  while ((yield* worker.memory.cmpxchg32(word, park, park & ~PARK_CANCELLED)) !== 0) {
    park = worker.memory.observed32;
  }
}

/** Waits for a token until `deadlineNs`. True: it has taken one; false: none came in time. Throws ERR_CANCELLED. */
export function* parkUntil(worker: Worker, deadlineNs: number): Coroutine<boolean> {
  checkDeadline(deadlineNs);
  yield* checkCancelled(worker);
  const { memory } = worker;
  const word = parkOf(worker.record);
  // Every turn waits, or loses a race to somebody who brings the token or the cancellation that ends the loop.
  for (;;) {
    const park = yield* memory.load32(word);
    if ((park & PARK_TOKEN) !== 0) {
      if ((yield* memory.cmpxchg32(word, park, park & ~PARK_TOKEN)) === 0) return true;
      continue;
    }
    if (!worker.shielded && cancelPending(park)) yield* checkCancelled(worker);
    if (worker.now() >= deadlineNs) return false;
    if (deadlineNs === Number.POSITIVE_INFINITY) yield* worker.leave(REQUEST_PARK, park);
    else yield* sleepOn(worker, park, deadlineNs);
  }
}

/** Sleeps in the kernel until `deadlineNs`; tokens are left alone. Throws ERR_CANCELLED. */
export function* sleepUntil(worker: Worker, deadlineNs: number): Coroutine<void> {
  checkDeadline(deadlineNs);
  yield* checkCancelled(worker);
  const word = parkOf(worker.record);
  // Every turn sleeps until the deadline, or somebody brings a token (once) or a cancellation (once), or a signal comes.
  while (worker.now() < deadlineNs) {
    const park = yield* worker.memory.load32(word);
    if ((yield* sleepOn(worker, park, deadlineNs)) === -ETIMEDOUT) return;
    yield* checkCancelled(worker);
  }
}

/** Sleeps until the worker's park word is not `park` any more, at most until `untilNs`. */
function* sleepOn(worker: Worker, park: number, untilNs: number): Coroutine<number> {
  const { memory } = worker;
  const word = parkOf(worker.record);
  const asleep = park | PARK_SLEEPING;
  if ((yield* memory.cmpxchg32(word, park, asleep)) !== 0) return 0;
  const result = yield* worker.sys.futexWaitBitset(word, asleep, FUTEX_BITSET_MATCH_ANY, untilNs);
  // Fails when somebody changed the word, and took the bit away with it.
  yield* memory.cmpxchg32(word, asleep, park);
  return result;
}

/** Gives the worker at `record` a token, and makes it ready if it is parked. `self`: the caller's record. */
export function unpark(env: Env, group: Group, self: Addr, record: Addr): Coroutine<boolean> {
  return announce(env, group, self, record, PARK_TOKEN);
}

/** Asks the worker at `record` to end. False: it has been asked before. */
export function cancel(env: Env, group: Group, self: Addr, record: Addr): Coroutine<boolean> {
  return announce(env, group, self, record, PARK_CANCEL);
}

/** Adds `bit` to a worker's park word and wakes the worker if it waits. False: the bit was set, and nothing happened. */
function* announce(env: Env, group: Group, self: Addr, record: Addr, bit: number): Coroutine<boolean> {
  const { memory } = env;
  const word = parkOf(record);
  let park: number;
  // Bounded by the other writers: each failure is somebody else's success.
  do {
    park = yield* memory.load32(word);
    if ((park & bit) !== 0) return false;
  } while ((yield* memory.cmpxchg32(word, park, (park & ~(PARK_PARKED | PARK_SLEEPING)) | bit)) !== 0);
  if ((park & PARK_PARKED) !== 0) {
    yield* group.makeReady(env, self, record, "unparked");
  } else if ((park & PARK_SLEEPING) !== 0) yield* env.sys.futexWake(word, 1);
  return true;
}

function checkDeadline(deadlineNs: number): void {
  if (typeof deadlineNs === "number" && !Number.isNaN(deadlineNs)) return;
  throw new RuntimeError("ERR_DEADLINE", `a deadline must be a number of ns since boot, got ${deadlineNs}`);
}
