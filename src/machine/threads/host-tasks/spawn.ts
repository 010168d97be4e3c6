/** Host threads as set-up code makes them: a task, or a worker of a runtime, with a Worker for its user mode. */
import type { Coroutine } from "../../../atomics/step.ts";
import type { TaskOptions } from "../../../kernel-sim/clone.ts";
import type { Tid } from "../../../kernel-sim/ids.ts";
import type { Env, UserSpace } from "../../../umcg/env.ts";
import type { Runtime } from "../../../worker/runtime.ts";
import type { Worker, WorkerOptions } from "../../../worker/worker.ts";
import type { WorkerHandle } from "../../../worker/worker-handle.ts";
import type { FromCpu } from "../messages.ts";
import type { Caller } from "./calls.ts";
import { HostThreadDiedError, packError } from "./errors.ts";
import type { HostJobs, HostSpec } from "./jobs.ts";
import { runHostThread } from "./proxy.ts";

export function spawnHostTask(
  space: UserSpace,
  jobs: HostJobs,
  spec: HostSpec,
  options: TaskOptions,
  tell: (message: FromCpu) => void,
): Tid {
  const { host } = jobs;
  const { slot, name } = jobs.add(spec, typeof options.name === "string" ? options.name : undefined);
  function* body(env: Env): Coroutine<unknown> {
    const { threw, value } = yield* runHostThread(host, slot, callerOf(space, jobs, env, undefined));
    if (!threw) return value;
    const { tid } = env;
    tell({
      kind: "host-threw",
      tid,
      name,
      wait: space.kernel.tasks.waitReason(tid),
      error: packError(value),
    });
    return yield* host.die(tid);
  }
  return space.start(body, { ...options, name });
}

export function spawnHostWorker(
  space: UserSpace,
  jobs: HostJobs,
  runtime: Runtime,
  spec: HostSpec,
  options: WorkerOptions,
): WorkerHandle<unknown> {
  const { host } = jobs;
  const { slot, name } = jobs.add(spec, options.name);
  function* body(worker: Worker): Coroutine<unknown> {
    const { threw, value } = yield* runHostThread(host, slot, callerOf(space, jobs, worker.env, worker));
    if (threw) throw value;
    return value;
  }
  const handle = runtime.spawn(body, { ...options, name });
  handle.epitaph = (signal) =>
    host.words.deathState(slot) === "" ? undefined : new HostThreadDiedError(name, signal, slot, host.words);
  jobs.know(handle);
  return handle;
}

function callerOf(space: UserSpace, jobs: HostJobs, env: Env, worker: Worker | undefined): Caller {
  return {
    kernel: space.kernel,
    env,
    worker,
    handleOf: (record, generation) => jobs.handleOf(record, generation),
  };
}
