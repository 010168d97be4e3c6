/**
 * The workers of a runtime from birth to the last word about them: who has which record, how they ended, who failed unseen.
 *
 * A worker ends by returning from the program of its kernel task, or by a signal; in both cases the kernel tells a server,
 * and all the rest is that server's business (`end`): so a worker that is killed is missed by nobody. Rejected: a worker
 * that takes itself off its server and out of UMCG before it goes. It needs two calls more, and the dead do not make them.
 */
import type { Addr } from "../atomics/address.ts";
import { EINTR } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import { NO_TASK } from "../kernel-sim/ids.ts";
import { settle } from "../server/claim.ts";
import { generationOf, joinOf, ordinalOf, parkOf, tidOf } from "../server/record.ts";
import type { Env, UserSpace } from "../umcg/env.ts";
import { applyStatus, keepEnd, learnEnd } from "./ends-elsewhere.ts";
import { detachedJoin, endError, finish, wasTaken } from "./joining.ts";
import { RecordPool } from "./record-pool.ts";
import type { Waker } from "./waker.ts";
import type { Worker, WorkerOptions } from "./worker.ts";
import { ENDED_KILLED, ENDED_NOT, ENDED_THREW, WorkerHandle } from "./worker-handle.ts";

export class Roster {
  readonly #space: UserSpace;
  readonly #pool: RecordPool;
  /** By the ordinal of their record: of workers that live, or that somebody may join. */
  readonly #handles: (WorkerHandle<unknown> | undefined)[] = [];
  /** Of workers that failed and that nobody has joined or detached, in the order of their ends. */
  readonly #failed: Set<WorkerHandle<unknown>> = new Set();
  #named = 0;

  constructor(space: UserSpace) {
    this.#space = space;
    this.#pool = new RecordPool(space);
  }

  /** A new worker of set-up code. Throws ERR_USER_MEMORY. */
  create<T>(options: WorkerOptions): WorkerHandle<T> {
    const { buffer } = this.#space.kernel.local;
    const record = this.#pool.create();
    // Set-up code runs before any task, so it may write the word directly.
    if (options.detached === true) new BigUint64Array(buffer, joinOf(record), 1)[0] = detachedJoin(0);
    return this.#enter(record, 0, new Uint32Array(buffer, ordinalOf(record), 1)[0]!, options);
  }

  /** A new worker of `parent`. Throws ERR_USER_MEMORY. */
  *enlist<T>(parent: Worker, options: WorkerOptions): Coroutine<WorkerHandle<T>> {
    const { memory } = parent;
    const locked = yield* parent.lock();
    const record = yield* this.#pool.take(parent.env);
    yield* parent.unlock(locked);
    const generation = generationOf(yield* memory.load32(parkOf(record)));
    if (options.detached === true) yield* memory.store64(joinOf(record), detachedJoin(generation));
    return this.#enter(record, generation, yield* memory.load32(ordinalOf(record)), options);
  }

  #enter<T>(record: Addr, generation: number, ordinal: number, options: WorkerOptions): WorkerHandle<T> {
    const handle = new WorkerHandle<T>(record, generation, options.name ?? this.#named++);
    this.#handles[ordinal] = handle;
    return handle;
  }

  /**
   * The worker of `record` has ended, or was killed: says so to whoever joins it. `by` is the server that met its end, once
   * for each worker. Returns the worker's handle.
   */
  *end(by: Waker, record: Addr): Coroutine<void> {
    const { env } = by;
    const { memory } = env;
    const many = this.#space.kernel.manyIsolates;
    const known = this.#handles[yield* memory.load32(ordinalOf(record))];
    const handle = many ? yield* this.#handleHere(env, record, known) : known!;
    // From here on the kernel can do without the handle, which holds on to the worker's result.
    if (handle.tid !== NO_TASK) this.#space.kernel.names.set(handle.tid, handle.name);
    const status = yield* reap(env, yield* memory.load32(tidOf(record)));
    if (many) yield* keepEnd(env, handle, status);
    if (handle.ending === ENDED_NOT) {
      if (many) yield* learnEnd(env, handle);
      else applyStatus(handle, status);
    }
    yield* settle(env, record, 0);
    // Before anybody can learn of the end and take it off again.
    if (handle.ending === ENDED_THREW || handle.ending === ENDED_KILLED) this.#failed.add(handle);
    if (yield* finish(by, handle)) yield* this.#forget(env, handle);
  }

  /** The handle of a worker whose own may be on another CPU. */
  *#handleHere(
    { memory }: Env,
    record: Addr,
    known: WorkerHandle<unknown> | undefined,
  ): Coroutine<WorkerHandle<unknown>> {
    const generation = generationOf(yield* memory.load32(parkOf(record)));
    if (known?.generation === generation) return known;
    return new WorkerHandle(record, generation, `worker of task ${yield* memory.load32(tidOf(record))}`);
  }

  /** `by` has joined or detached a worker that has ended: nobody will ask for it again. */
  *taken(by: Worker, handle: WorkerHandle<unknown>): Coroutine<void> {
    const locked = yield* by.lock();
    yield* this.#forget(by.env, handle);
    yield* by.unlock(locked);
  }

  *#forget(env: Env, handle: WorkerHandle<unknown>): Coroutine<void> {
    this.#failed.delete(handle);
    this.#handles[yield* env.memory.load32(ordinalOf(handle.record))] = undefined;
    yield* this.#pool.put(env, handle.record);
  }

  /**
   * Records that were made, those that are unused, and workers that live or that nobody has joined or detached. Read while the
   * machine does not run; when all workers are gone all records are unused.
   */
  census(): { readonly records: number; readonly unused: number; readonly known: number } {
    const known = this.#handles.filter((handle) => handle !== undefined).length;
    return { ...this.#pool.count(), known };
  }

  /** Has somebody joined or detached it on another CPU? */
  #isSeen({ record, generation }: WorkerHandle<unknown>): boolean {
    const { kernel } = this.#space;
    return (
      kernel.manyIsolates &&
      wasTaken(new BigUint64Array(kernel.local.buffer, joinOf(record), 1)[0]!, generation)
    );
  }

  /** Throws what workers failed with and nobody has seen: ERR_WORKER_FAILED, ERR_KILLED, or an AggregateError of several. */
  throwUnseen(): void {
    const errors = [...this.#failed].filter((handle) => !this.#isSeen(handle)).map(endError);
    this.#failed.clear();
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, errors.map((error) => error.message).join("; "));
  }
}

/** Waits until the kernel is done with task `tid`. Returns its exit code, or KILLED_BY + signal. */
function* reap(env: Env, tid: number): Coroutine<number> {
  // Bounded by the number of signals.
  for (;;) {
    const status = yield* env.sys.join(tid);
    if (status !== -EINTR) return status;
  }
}
