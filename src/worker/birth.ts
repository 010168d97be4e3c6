/**
 * A worker until it runs for the first time: the kernel task under it registers, waits to be run, and goes on as the
 * worker's function.
 *
 * Each of the three follows the one before with nothing of it beneath (Env.become), because a million workers may wait to be
 * run, and a million may be parked. Not a closure a worker: a generator function that is made for one call costs 290 bytes.
 */
import { wordFromAddr } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { Sequel } from "../kernel-sim/host.ts";
import { initSchedulingWords, type Wishes } from "../server/policy-record.ts";
import { tidOf } from "../server/record.ts";
import { check } from "../server/server.ts";
import {
  apiVersionOf,
  idleServersOf,
  idleWorkersOf,
  stateOf,
  UMCG_API_VERSION,
  UMCG_CTL_REGISTER,
  UMCG_CTL_WORKER,
  UMCG_TASK_IDLE,
} from "../umcg/abi.ts";
import type { Env } from "../umcg/env.ts";
import type { Runtime } from "./runtime.ts";
import { Worker, type WorkerFunction } from "./worker.ts";
import type { WorkerHandle } from "./worker-handle.ts";

export class Birth implements Sequel {
  readonly #runtime: Runtime;
  readonly #body: WorkerFunction<unknown>;
  readonly #handle: WorkerHandle<unknown>;
  readonly #env: Env;

  constructor(runtime: Runtime, body: WorkerFunction<unknown>, handle: WorkerHandle<unknown>, env: Env) {
    this.#runtime = runtime;
    this.#body = body;
    this.#handle = handle;
    this.#env = env;
  }

  /** The task's program: fills in its record and goes on as its registration, which lasts until a server runs the worker. */
  *begin(wishes: Wishes): Coroutine<never> {
    const env = this.#env;
    const { memory } = env;
    const { group } = this.#runtime;
    const { record } = this.#handle;
    yield* memory.store32(tidOf(record), env.tid);
    yield* initSchedulingWords(env, record, wishes);
    yield* memory.store32(apiVersionOf(record), UMCG_API_VERSION);
    yield* memory.store64(idleWorkersOf(record), wordFromAddr(group.idleWorkers));
    yield* memory.store64(idleServersOf(record), wordFromAddr(group.idleServers));
    yield* memory.store32(stateOf(record), UMCG_TASK_IDLE);
    return yield* env.become(env.umcg.ctl(UMCG_CTL_REGISTER | UMCG_CTL_WORKER, record), this);
  }

  /** The registration is over: a server runs the worker. */
  *after(result: unknown, threw: boolean): Coroutine<never> {
    if (threw) throw result;
    check("umcg_ctl(REGISTER|WORKER)", Number(result));
    // Not before: one that is killed unregistered is missed by nobody.
    this.#handle.tid = this.#env.tid;
    const worker = new Worker(this.#env, this.#handle, this.#runtime);
    // Not as a method: the frame of one would keep this object.
    const body = this.#body;
    return yield* this.#env.become(body(worker), worker);
  }
}
