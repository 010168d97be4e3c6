/**
 * Work stealing as tokio does it: a LIFO slot and a bounded queue for each server, one queue for all, thieves take half.
 *
 * Everybody who becomes ready stays on the server where that happens: who is unparked in its slot, all others, those that
 * give way too, behind its queue. So work moves only when a server has none. Who is preempted goes behind the queue for all,
 * because whom a tick has found lies there. The slot may be used three times in a row;
 * then its worker queues, so that a pair that wakes each other lets the rest run after three turns, where `go-like` lets
 * it have its slice. Every 31st pick looks into the queue for all first.
 *
 * Source: tokio 1.40, runtime/scheduler/multi_thread/worker.rs (MAX_LIFO_POLLS_PER_TICK, the default interval of the
 * global queue), the ideas of it. tokio's slot is not stolen from; this one is, when nothing else is left: an idle server
 * beside a worker that waits for a busy one is what I28 forbids.
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

const GLOBAL_PERIOD = 31;
/** Workers in a row that may come from the slot. */
const MAX_FROM_SLOT = 3;

/** Sizes of the work-stealing policy. */
export interface WorkStealingOptions {
  /** Entries of a server's queue, a power of two from 2 to 65536. Default 256. */
  readonly capacity?: number;
}

class WorkStealing implements Policy {
  readonly name = "work-stealing";
  readonly #queues: Stealing;

  constructor(setup: PolicySetup, { capacity = LOCAL_QUEUE_CAPACITY }: WorkStealingOptions) {
    this.#queues = new Stealing(setup, capacity);
  }

  *enqueue({ env, server }: PolicyContext, worker: Addr, reason: EnqueueReason): Coroutine<void> {
    const { global } = this.#queues;
    if (server === NO_SERVER || reason === "preempted") return yield* global.append(env, worker);
    const local = this.#queues.local(server);
    const behind = reason === "unparked" ? yield* local.putSlot(env.memory, worker) : worker;
    if (behind !== NULL) yield* local.pushOrOverflow(env, behind, global);
  }

  *pick(at: PolicyContext): Coroutine<Addr> {
    const { env, server } = at;
    const { memory } = env;
    const { global } = this.#queues;
    const local = this.#queues.local(server);
    const picksAt = this.#queues.word(server, 0);
    const fromSlotAt = this.#queues.word(server, 1);
    const picks = yield* memory.load32(picksAt);
    yield* memory.store32(picksAt, (picks + 1) >>> 0);
    let worker = picks % GLOBAL_PERIOD === 0 ? yield* global.take(env) : NULL;
    if (worker === NULL) {
      const fromSlot = yield* memory.load32(fromSlotAt);
      const next = yield* local.takeSlot(memory);
      if (next !== NULL && fromSlot < MAX_FROM_SLOT) {
        yield* memory.store32(fromSlotAt, fromSlot + 1);
        return next;
      }
      if (next !== NULL) {
        yield* local.pushOrOverflow(env, next, global);
        at.note("moved");
      }
      worker = yield* local.pop(memory);
    }
    yield* memory.store32(fromSlotAt, 0);
    if (worker === NULL) worker = yield* global.take(env);
    if (worker === NULL) worker = yield* this.#queues.steal(at);
    return worker;
  }

  hasWork({ env }: PolicyContext): Coroutine<boolean> {
    return this.#queues.occupied(env);
  }

  onRetire({ env, server }: PolicyContext): Coroutine<void> {
    return this.#queues.local(server).drain(env, this.#queues.global);
  }
}

/** The policy with sizes of one's own. */
export function workStealingWith(options: WorkStealingOptions): PolicyFactory {
  return (setup) => new WorkStealing(setup, options);
}

export const workStealing: PolicyFactory = workStealingWith({});
