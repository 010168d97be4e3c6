/**
 * The image of a workload on real threads: the same file of src/bench/workloads, with its tasks pinned and its leader's rounds
 * counted in shared memory.
 *
 * A coroutine lives where it first ran. Where the kernel would place the tasks of set-up code is luck there, and decides what is
 * measured; so that is said: all of them on one CPU, or each on the next.
 */
import type { TaskOptions } from "../../kernel-sim/clone.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import type { SetUp } from "../../machine/threads/index.ts";
import type { Program } from "../../umcg/env.ts";
import { WORKLOADS } from "../registry.ts";
import type { Stage } from "../workload.ts";
import { seccompNotify } from "../workloads/seccomp-notify.ts";
import { type Counts, SharedMeter } from "./shared-meter.ts";

/** Where the tasks of set-up code live. */
export type Place = "same" | "apart";

export interface BenchImageArgs {
  readonly workload: string;
  readonly place: Place;
  readonly warmUp: number;
  readonly loops: number;
  readonly meter: SharedArrayBuffer;
  /** Of seccomp-notify. */
  readonly sync?: boolean;
  readonly background?: number;
}

export function setUp(machine: SetUp): void {
  const { workload: name, place, warmUp, loops, meter: buffer, ...more } = machine.args as BenchImageArgs;
  const { kernel } = machine;
  const meter = new SharedMeter(warmUp, loops, buffer);
  const workload =
    name === "seccomp-notify"
      ? seccompNotify({ sync: more.sync === true, background: more.background ?? 0 })
      : WORKLOADS.find((one) => one.name === name)!;
  const tasks = workload.start(stageOf(machine, place), {
    total: warmUp + loops,
    warmUp,
    onRound(round) {
      // The set is complete by now, in the isolate in which the leader runs.
      if (round === 0) meter.tasks = tasks;
      meter.onRound(round, kernel.host.now, () => countsOf(kernel));
    },
  });
}

/** Of all CPUs so far. */
export function countsOf({ cpus, smp }: Kernel): Counts {
  let [switches, ipis] = [0, 0];
  for (let cpu = 0; cpu < smp.count; cpu++) {
    switches += cpus.switches(cpu);
    ipis += cpus.ipisSent(cpu);
  }
  return { switches, ipis };
}

function stageOf(machine: SetUp, place: Place): Stage {
  const { vcpus } = machine.kernel.config;
  let started = 0;
  return {
    kernel: machine.kernel,
    allocate: (bytes, align) => machine.allocate(bytes, align),
    spawn(program: Program, options: TaskOptions = {}) {
      const cpu = place === "same" ? 0 : started++ % vcpus;
      return machine.spawn(program, { affinity: [cpu], ...options });
    },
  };
}
