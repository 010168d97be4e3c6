/**
 * Joining: who gets to know how a worker ended, and when its record may serve another.
 *
 * One 64-bit word of the worker's record (`join`): the record's generation above, and below it one of
 *
 *     NONE -> a joiner's record -> FINISHED -> TAKEN        NONE -> DETACHED        joiner -> NONE: it gave up waiting
 *
 * All by compare-exchange, so one joiner wins, a joiner that gives up knows whether it was in time, and a result is taken
 * once. FINISHED is written by the server that met the end, when the kernel is done with the task: so whoever sees the last of
 * FINISHED (the joiner), or DETACHED (that server, or a late detach), gives the record back. A record of a worker that
 * nobody joins or detaches is kept, as a zombie is.
 */
import { addr } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import { messageOf } from "../diagnostics/text-of.ts";
import { generationOf, joinOf, PARK_NEWS, parkOf } from "../server/record.ts";
import { RuntimeError, WorkerKilledError } from "../server/runtime-error.ts";
import { learnEnd } from "./ends-elsewhere.ts";
import { announce, checkCancelled, checkDeadline, waitFor } from "./parking.ts";
import { freshJoin } from "./record-pool.ts";
import type { Waker } from "./waker.ts";
import type { Worker } from "./worker.ts";
import {
  ENDED_CANCELLED,
  ENDED_NOT,
  ENDED_RETURNED,
  ENDED_STAYS,
  ENDED_THREW,
  type WorkerHandle,
} from "./worker-handle.ts";

const JOIN_NONE = 0n;
const JOIN_DETACHED = 1n;
const JOIN_FINISHED = 2n;
const JOIN_TAKEN = 3n;
/** The part of a join word below the generation: one of these, or the address of a joiner's record. */
const JOINER = (1n << 40n) - 1n;

/** The join word of a worker that is detached from the first. */
export function detachedJoin(generation: number): bigint {
  return freshJoin(generation) | JOIN_DETACHED;
}

/** Does this join word say that the worker of `generation` has been joined or detached? */
export function wasTaken(word: bigint, generation: number): boolean {
  const fresh = freshJoin(generation);
  return (word & ~JOINER) !== fresh || word === (fresh | JOIN_TAKEN) || word === (fresh | JOIN_DETACHED);
}

/** Waits until a worker has ended and returns its result. See Worker.joinUntil. */
export function* joinUntil<T>(worker: Worker, target: WorkerHandle<T>, deadlineNs: number): Coroutine<T> {
  checkDeadline(deadlineNs);
  if (target === worker.handle) throw misuse(`${worker.name} cannot join itself`);
  yield* checkCancelled(worker);
  const { memory } = worker;
  const word = joinOf(target.record);
  const fresh = freshJoin(target.generation);
  const mine = fresh | BigInt(worker.record);
  // The joiner is published before the end is looked for; whoever ends the worker looks for a joiner after that.
  if ((yield* memory.cmpxchg64(word, fresh, mine)) === 0) {
    if (!(yield* waitForEnd(worker, target, mine, deadlineNs))) {
      throw new RuntimeError("ERR_TIMED_OUT", `${target.name} has not ended by ${deadlineNs} ns`);
    }
  }
  if ((yield* memory.cmpxchg64(word, fresh | JOIN_FINISHED, fresh | JOIN_TAKEN)) !== 0) {
    throw misuse(`${target.name} ${whatIs(memory.observed64, fresh)}`);
  }
  // The record is this joiner's until it is given back.
  if (target.ending === ENDED_NOT) yield* learnEnd(worker.env, target);
  yield* worker.runtime.roster.taken(worker, target);
  return outcome(target);
}

/** False: the deadline came first, and the worker does not wait any more. Throws ERR_CANCELLED in the same case. */
function* waitForEnd(
  worker: Worker,
  target: WorkerHandle<unknown>,
  mine: bigint,
  deadlineNs: number,
): Coroutine<boolean> {
  const { memory } = worker;
  const word = joinOf(target.record);
  let waits = true;
  try {
    // Every turn waits for news; those of other things are taken for a reason to look again.
    while (waits && (yield* memory.load64(word)) === mine)
      waits = yield* waitFor(worker, PARK_NEWS, deadlineNs);
  } catch (cancelled) {
    yield* memory.cmpxchg64(word, mine, freshJoin(target.generation));
    throw cancelled;
  }
  // Too late to give up: it has ended.
  return waits || (yield* memory.cmpxchg64(word, mine, freshJoin(target.generation))) !== 0;
}

/** Nobody will join the worker. See Worker.detach. */
export function* detach(worker: Worker, target: WorkerHandle<unknown>): Coroutine<void> {
  const { memory } = worker;
  const word = joinOf(target.record);
  const fresh = freshJoin(target.generation);
  if ((yield* memory.cmpxchg64(word, fresh, fresh | JOIN_DETACHED)) === 0) return;
  if ((yield* memory.cmpxchg64(word, fresh | JOIN_FINISHED, fresh | JOIN_DETACHED)) !== 0) {
    throw misuse(`${target.name} ${whatIs(memory.observed64, fresh)}`);
  }
  yield* worker.runtime.roster.taken(worker, target);
}

/**
 * A worker has ended, and the kernel is done with it: tells its joiner. Returns whether nobody will ask for it any more, so
 * that the caller has to give the record back. `by` is the server that met the end.
 */
export function* finish(by: Waker, target: WorkerHandle<unknown>): Coroutine<boolean> {
  const { memory } = by.env;
  const word = joinOf(target.record);
  const fresh = freshJoin(target.generation);
  // A turn fails when a joiner comes or gives up.
  for (;;) {
    const join = yield* memory.load64(word);
    if (join === (fresh | JOIN_DETACHED)) return true;
    const joiner = addr(Number(join & JOINER));
    // Before the exchange: as long as it is named there the joiner waits, or is dead, and its record is its own.
    const generation = joiner === 0 ? 0 : generationOf(yield* memory.load32(parkOf(joiner)));
    if ((yield* memory.cmpxchg64(word, join, fresh | JOIN_FINISHED)) !== 0) continue;
    if (join !== (fresh | JOIN_NONE)) yield* announce(by, joiner, generation, PARK_NEWS);
    return false;
  }
}

/** What a join gives: the result, or an error that says how the worker ended. */
function outcome<T>(target: WorkerHandle<T>): T {
  if (target.ending === ENDED_RETURNED) return target.value as T;
  throw endError(target);
}

/** The error of a worker that did not end by returning. */
export function endError(target: WorkerHandle<unknown>): RuntimeError {
  const { ending, name, value: cause } = target;
  if (ending === ENDED_CANCELLED) {
    return new RuntimeError("ERR_WORKER_CANCELLED", `${name} has been cancelled`, { cause });
  }
  if (ending === ENDED_STAYS) {
    return new RuntimeError("ERR_RESULT_STAYS", `${name} ran on another CPU, and its result is no number`);
  }
  if (ending !== ENDED_THREW)
    return target.epitaph?.(Number(cause)) ?? new WorkerKilledError(name, Number(cause));
  const what = messageOf(cause);
  return new RuntimeError("ERR_WORKER_FAILED", `${name} threw: ${what}`, { cause });
}

function whatIs(word: bigint, fresh: bigint): string {
  if ((word & ~JOINER) !== fresh || word === (fresh | JOIN_TAKEN))
    return "has been joined or detached before";
  return word === (fresh | JOIN_DETACHED) ? "is detached" : "is being joined by another";
}

function misuse(message: string): RuntimeError {
  return new RuntimeError("ERR_JOIN", message);
}
