/**
 * `perf bench futex wake`: threads block on one futex, pinned to the CPUs in turn, and are woken some at a time. Measured is
 * how long the waker takes until it has woken all; then everything is done again.
 *
 * What differs: threads go to sleep on the futex at once, where the original first gathers them at a condition variable.
 */
import type { Addr } from "../../atomics/address.ts";
import { EAGAIN } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { Tid } from "../../kernel-sim/ids.ts";
import type { Machine, MachineConfig } from "../../machine.ts";
import type { Env } from "../../umcg/env.ts";
import type { Scenario } from "../scenario.ts";
import { expectResult } from "../workload.ts";

export interface FutexWakeOptions {
  readonly threads: number;
  /** Woken by one call. */
  readonly wakes: number;
  readonly runs: number;
}

export interface FutexWake {
  /** What each run took, ns. */
  readonly runsNs: readonly number[];
}

/** By then all threads are asleep. */
const PATIENCE_NS = 100_000_000;

/** What the machine needs for it. */
export function futexWakeMachine({ threads }: FutexWakeOptions): MachineConfig {
  return { maxTasks: threads + 1 };
}

export function startFutexWake(machine: Machine, options: FutexWakeOptions): Scenario<FutexWake> {
  const runsNs: number[] = [];
  const futex = machine.allocate(4);
  machine.spawn((env) => lead(env, options, futex, machine.kernel.config.vcpus, runsNs), { name: "waker" });
  return {
    get progress() {
      return runsNs.length / options.runs;
    },
    result: () => (runsNs.length === 0 ? undefined : { runsNs }),
  };
}

function* lead(
  env: Env,
  { threads, wakes, runs }: FutexWakeOptions,
  futex: Addr,
  vcpus: number,
  runsNs: number[],
): Coroutine<void> {
  for (let run = 0; run < runs; run++) {
    const tids: Tid[] = [];
    for (let at = 0; at < threads; at++) {
      tids.push(
        yield* env.spawn((own) => block(own, futex), { name: `waiter-${at}`, affinity: [at % vcpus] }),
      );
    }
    expectResult("nanosleep", yield* env.sys.nanosleep(PATIENCE_NS), 0);
    const began = env.now();
    for (let woken = 0; woken < threads; ) woken += yield* env.sys.futexWake(futex, wakes);
    runsNs.push(env.now() - began);
    for (const tid of tids) expectResult("join", yield* env.sys.join(tid), 0);
  }
}

function* block(env: Env, futex: Addr): Coroutine<void> {
  const result = yield* env.sys.futexWait(futex, 0);
  if (result !== -EAGAIN) expectResult("futexWait", result, 0);
}
