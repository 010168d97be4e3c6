/**
 * Host threads as they are made: a task, or a worker of a runtime, with a Worker for its user mode. By set-up code, with a Worker
 * that is started for it; by a task, with one that waits for something to do.
 */
import type { Coroutine } from "../../../atomics/step.ts";
import type { Tid } from "../../../kernel-sim/ids.ts";
import type { Env, Program, UserSpace } from "../../../umcg/env.ts";
import type { Runtime } from "../../../worker/runtime.ts";
import type { Worker, WorkerFunction, WorkerOptions } from "../../../worker/worker.ts";
import type { WorkerHandle } from "../../../worker/worker-handle.ts";
import type { FromCpu } from "../messages.ts";
import { type Caller, workerOf } from "./calls.ts";
import { HostThreadDiedError, packError } from "./errors.ts";
import type { HostJob, HostJobs, HostSpec, HostTaskOptions } from "./jobs.ts";
import { runHostThread } from "./proxy.ts";

export class HostSpawner {
  readonly #space: UserSpace;
  readonly #jobs: HostJobs;
  readonly #tell: (message: FromCpu) => void;

  constructor(space: UserSpace, jobs: HostJobs, tell: (message: FromCpu) => void) {
    this.#space = space;
    this.#jobs = jobs;
    this.#tell = tell;
  }

  /** By set-up code. */
  task(spec: HostSpec, options: HostTaskOptions): Tid {
    const job = this.#jobs.add(spec, options.name);
    return this.#space.start(this.#program(job, false), { ...options, name: job.name });
  }
  worker(runtime: Runtime, spec: HostSpec, options: WorkerOptions): WorkerHandle<unknown> {
    const job = this.#jobs.add(spec, options.name);
    return this.#know(job, runtime.spawn(this.#body(job, false), { ...options, name: job.name }));
  }

  /** By a task. */
  *taskFrom(env: Env, spec: HostSpec, options: HostTaskOptions): Coroutine<Tid> {
    const job = this.#jobs.take(spec, options.name);
    return yield* env.spawn(this.#program(job, true), { ...options, name: job.name });
  }
  *workerFrom(worker: Worker, spec: HostSpec, options: WorkerOptions): Coroutine<WorkerHandle<unknown>> {
    const job = this.#jobs.take(spec, options.name);
    return this.#know(job, yield* worker.spawn(this.#body(job, true), { ...options, name: job.name }));
  }

  #program({ slot, name }: HostJob, loads: boolean): Program {
    const { host } = this.#jobs;
    const run = (env: Env) => runHostThread(host, slot, this.#caller(env, undefined), loads);
    const tell = (tid: Tid, error: unknown): void => {
      const wait = this.#space.kernel.tasks.waitReason(tid);
      this.#tell({ kind: "host-threw", tid, name, wait, error: packError(error) });
    };
    return function* (env: Env): Coroutine<unknown> {
      const { threw, value } = yield* run(env);
      if (!threw) return value;
      tell(env.tid, value);
      return yield* host.die(env.tid);
    };
  }

  #body({ slot }: HostJob, loads: boolean): WorkerFunction<unknown> {
    const { host } = this.#jobs;
    const run = (worker: Worker) => runHostThread(host, slot, this.#caller(worker.env, worker), loads);
    return function* (worker: Worker): Coroutine<unknown> {
      const { threw, value } = yield* run(worker);
      if (threw) throw value;
      return value;
    };
  }

  /** For who joins it, on this CPU. */
  #know({ slot, name }: HostJob, handle: WorkerHandle<unknown>): WorkerHandle<unknown> {
    const { words } = this.#jobs.host;
    handle.epitaph = (signal) =>
      words.deathState(slot) === "" ? undefined : new HostThreadDiedError(name, signal, slot, words);
    this.#jobs.know(handle);
    return handle;
  }

  #caller(env: Env, worker: Worker | undefined): Caller {
    return {
      kernel: this.#space.kernel,
      env,
      worker,
      handleOf: (record, generation) => this.#jobs.handleOf(record, generation),
      spawn: (spec, options) => this.taskFrom(env, spec, options),
      spawnWorker: (spec, options) => this.workerFrom(workerOf({ worker }), spec, options),
    };
  }
}
