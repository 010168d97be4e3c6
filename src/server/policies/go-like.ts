/**
 * The scheduler of Go's runtime, as far as its ideas go: a bounded queue for each server with a slot for the worker to run
 * next, one queue for all, and theft. The default.
 *
 * - Who is unparked goes into the slot of the server where that happens, and drives out who was there: a pair that hands
 *   data back and forth stays on one CPU. Who comes from the kernel goes behind its server's queue, who gives way or is
 *   preempted behind the queue for all.
 * - A server looks into its slot, its queue, the queue for all, and then steals. Every 61st time, a prime so that it does
 *   not beat with anything, it looks into the queue for all first: else two workers that spawn each other starve it.
 * - What runs from the slot runs in the time slice of the one before. When a slice has gone on for `sliceNs` the slot's
 *   worker has to queue: a pair that only wakes each other does not keep its server from the rest.
 *
 * Source: Go 1.22, runtime/proc.go (findRunnable, runqput, runqgrab, forcePreemptNS), the ideas of it. Left out: the batch
 * that is taken from the queue for all, and the 3 us that a thief leaves a slot alone.
 */
import { type Addr, NULL } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { LOCAL_QUEUE_CAPACITY } from "../local-queue.ts";
import {
  type EnqueueReason,
  NO_SERVER,
  type Policy,
  type PolicyContext,
  type PolicyFactory,
  type PolicySetup,
} from "../policy.ts";
import { Stealing } from "./stealing.ts";

/** Picks between two looks at the queue for all. */
const GLOBAL_PERIOD = 61;

/** Sizes of the go-like policy. */
export interface GoLikeOptions {
  /** Entries of a server's queue, a power of two from 2 to 65536. Default 256. */
  readonly capacity?: number;
  /** How long workers of the slot may follow each other, ns. Default 10 ms. */
  readonly sliceNs?: number;
}

class GoLike implements Policy {
  readonly name = "go-like";
  readonly #queues: Stealing;
  readonly #sliceUs: number;

  constructor(setup: PolicySetup, { capacity = LOCAL_QUEUE_CAPACITY, sliceNs = 10_000_000 }: GoLikeOptions) {
    this.#queues = new Stealing(setup, capacity);
    this.#sliceUs = sliceNs / 1000;
  }

  *enqueue({ env, server }: PolicyContext, worker: Addr, reason: EnqueueReason): Coroutine<void> {
    const { global } = this.#queues;
    if (server === NO_SERVER || reason === "yielded" || reason === "preempted")
      return yield* global.append(env, worker);
    const local = this.#queues.local(server);
    const behind = reason === "unparked" ? yield* local.putSlot(env.memory, worker) : worker;
    if (behind !== NULL) yield* local.pushOrOverflow(env, behind, global);
  }

  *pick(at: PolicyContext): Coroutine<Addr> {
    const { env, server } = at;
    const { memory } = env;
    const local = this.#queues.local(server);
    const picksAt = this.#queues.word(server, 0);
    const picks = yield* memory.load32(picksAt);
    let worker = picks % GLOBAL_PERIOD === 0 ? yield* this.#queues.global.take(env) : NULL;
    if (worker === NULL) {
      const next = yield* local.takeSlot(memory);
      const nowUs = Math.floor(env.now() / 1000) >>> 0;
      const began = yield* memory.load32(this.#queues.word(server, 1));
      if (next !== NULL && (nowUs - began) >>> 0 < this.#sliceUs) return next;
      if (next !== NULL) {
        yield* local.pushOrOverflow(env, next, this.#queues.global);
        at.note("moved");
      }
      worker = yield* local.pop(memory);
    }
    if (worker === NULL) worker = yield* this.#queues.global.take(env);
    if (worker === NULL) worker = yield* this.#queues.steal(at);
    if (worker === NULL) return NULL;
    yield* memory.store32(picksAt, (picks + 1) >>> 0);
    yield* memory.store32(this.#queues.word(server, 1), Math.floor(env.now() / 1000) >>> 0);
    return worker;
  }

  hasWork({ env }: PolicyContext): Coroutine<boolean> {
    return this.#queues.occupied(env);
  }

  onRetire({ env, server }: PolicyContext): Coroutine<void> {
    return this.#queues.local(server).drain(env, this.#queues.global);
  }
}

/** The policy with sizes of one's own: `createRuntime(machine, { policy: goLikeWith({ capacity: 4 }) })`. */
export function goLikeWith(options: GoLikeOptions): PolicyFactory {
  return (setup) => new GoLike(setup, options);
}

export const goLike: PolicyFactory = goLikeWith({});
