/** Programs that end the same way under every host and in every order of steps: what each writes is told at the end. */

import type { Addr } from "../../../src/atomics/address.ts";
import type { Coroutine } from "../../../src/atomics/step.ts";
import {
  allocateGroup,
  allocateRecord,
  registerServer,
  registerWorker,
  switchTo,
  unregister,
  waitForWorkers,
} from "../../../src/bench/workloads/umcg-user.ts";
import type { Tid } from "../../../src/kernel-sim/ids.ts";
import type { Machine } from "../../../src/machine.ts";
import {
  nextTidOf,
  serverTidOf,
  stateOf,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
  UMCG_WAIT_WAKE_ONLY,
} from "../../../src/umcg/abi.ts";
import type { Env } from "../../../src/umcg/env.ts";
import { createRuntime } from "../../../src/worker/index.ts";

/** What a program needs of a machine. */
export type Space = Pick<Machine, "spawn" | "allocate" | "kernel" | "userSpace">;
/** Starts the program's tasks, which write what they did to the log. */
export type TestProgram = (space: Space, log: string[]) => void;

export const PROGRAMS: Readonly<Record<string, TestProgram>> = {
  hello(space, log) {
    space.spawn(function* (env) {
      const child = yield* env.spawn(function* (inner): Coroutine<number> {
        yield* inner.work(10);
        log.push("hello");
        return 7;
      });
      log.push(`joined ${yield* env.sys.join(child)}`);
    });
  },

  /** Four tasks pass a token round by futexes, twice. */
  ring(space, log) {
    const tokens = Array.from({ length: 4 }, () => space.allocate(4));
    tokens.forEach((own, i) => {
      space.spawn(function* (env) {
        for (let round = 0; round < 2; round++) {
          if (i > 0 || round > 0) {
            while ((yield* env.memory.xchg32(own, 0)) === 0) yield* env.sys.futexWait(own, 0);
          }
          log.push(`${i}`);
          const next = tokens[(i + 1) % tokens.length]!;
          yield* env.memory.store32(next, 1);
          yield* env.sys.futexWake(next, 1);
        }
      });
    });
  },

  /** A server runs a worker, which hands its CPU back and leaves. */
  swap(space, log) {
    const group = allocateGroup(space);
    const server = { record: allocateRecord(space), tid: 0 as Tid };
    const worker = { record: allocateRecord(space), tid: 0 as Tid };
    server.tid = space.spawn(function* (env) {
      yield* registerServer(env, server.record);
      const [found] = yield* waitForWorkers(env, server.record, group);
      yield* env.memory.store32(serverTidOf(found!), env.tid);
      log.push("server runs worker");
      yield* switchTo(env, server.record, worker.record, worker.tid);
      log.push("server is back");
      yield* unregister(env);
    });
    worker.tid = space.spawn(function* (env) {
      yield* registerWorker(env, worker.record, group);
      log.push("worker");
      yield* wakeLocked(env, worker.record, server.record, server.tid);
      yield* unregister(env);
    });
  },

  /** Two sleepers, one of which waits for the other. */
  sleepers(space, log) {
    const sleeper = space.spawn(function* (env) {
      yield* env.sys.nanosleep(1_000);
      log.push("slept");
    });
    space.spawn(function* (env) {
      yield* env.sys.nanosleep(2_000);
      yield* env.sys.join(sleeper);
      log.push("joined");
    });
  },

  /** Two servers and three workers of the thread library. */
  library(space, log) {
    const runtime = createRuntime(space, { servers: 2 });
    const first = runtime.spawn(function* (worker) {
      yield* worker.yield();
      return 1;
    });
    runtime.spawn(function* (worker) {
      const child = yield* worker.spawn(function* () {
        return 2;
      });
      log.push(`${(yield* worker.join(first)) + (yield* worker.join(child))}`);
    });
  },
};

/** A worker that is about to leave makes its server run on, LOCKED so that its own end is no event. */
function* wakeLocked(env: Env, self: Addr, server: Addr, tid: Tid): Coroutine<void> {
  yield* env.memory.store32(stateOf(self), UMCG_TASK_RUNNING | UMCG_TF_LOCKED);
  yield* env.memory.store32(nextTidOf(self), tid);
  yield* env.memory.store32(stateOf(server), UMCG_TASK_RUNNING);
  yield* env.umcg.wait(UMCG_WAIT_WAKE_ONLY);
}
