/**
 * The stress: random programs of everything there is, tasks and UMCG workers side by side, on random machines.
 *
 *     npm run stress                       10 000 programs, a new seed each time
 *     FC_SEED=7 npm run stress             the same with a seed of one's own
 *
 * A machine checks itself: an assertion of the kernel, a state that may not follow, time that nobody accounts for are
 * errors of the run. On top of that the time line must be without flaws, nobody runs where it is not allowed, all that
 * is left at the end waits for somebody else, and a second machine must leave the same trace, to the byte. A failure is
 * shrunk, and prints the command that replays it.
 */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { MachineConfig } from "../../src/machine.ts";
import { TRACE_SCHED_SWITCH } from "../../src/trace/events.ts";
import { TraceHash } from "../../src/trace/hash.ts";
import { createRuntime } from "../../src/worker/runtime.ts";
import { boot } from "../../test/support/boot.ts";
import { mayRunOn } from "../../test/support/inspect.ts";
import { runOut, spawnPlan, spawnWorkers, type TaskPlan } from "../../test/support/random-program.ts";
import { flawsOf } from "../../test/support/timeline.ts";
import { watcher } from "../../test/support/trace-log.ts";
import { anyMachine, anyPlan } from "./arbitraries.ts";

interface Outcome {
  readonly digest: string;
  readonly flaws: readonly string[];
  readonly virtualNs: number;
}

/** Runs tasks and workers on a machine of their own. */
function runOnce(config: MachineConfig, tasks: readonly TaskPlan[], workers: readonly TaskPlan[]): Outcome {
  // One event at a time, so that the watcher sees the machine as it is then.
  const { machine, log } = boot({ ...config, traceEvents: 1 });
  const hash = new TraceHash();
  const flaws: string[] = [];
  machine.trace.addSink(hash);
  const stray = watcher(({ kind, tid, cpu, timeNs }) => {
    if (kind !== TRACE_SCHED_SWITCH || tid === 0 || mayRunOn(machine, tid, cpu)) return;
    flaws.push(`task ${tid} runs on ${cpu} at ${timeNs}`);
  });
  machine.trace.addSink(stray);
  const commons = spawnPlan(machine, tasks);
  if (workers.length > 0) spawnWorkers(createRuntime(machine), commons, workers);
  const { virtualNs, deadlocked } = runOut(machine);
  const waits = machine.waiters();
  if (deadlocked !== waits.length > 0) flaws.push(`deadlocked ${deadlocked} with ${waits.length} waiters`);
  const { cpus } = machine.accounting();
  for (const { cpu, userNs, systemNs, interruptNs, idleNs, idleExitNs } of cpus) {
    const least = Math.min(userNs, systemNs, interruptNs, idleNs, idleExitNs);
    if (least < 0) flaws.push(`CPU ${cpu} has ${least} ns of something`);
  }
  return { digest: hash.digest(), flaws: [...flaws, ...flawsOf(log)], virtualNs };
}

describe("random programs of everything", () => {
  const workers = fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: anyPlan });

  test.prop([anyMachine, anyPlan, workers])(
    "break nothing, and run the same way twice",
    (config, tasks, plan) => {
      const first = runOnce(config, tasks, plan);
      expect(first.flaws).toEqual([]);
      expect(runOnce(config, tasks, plan)).toEqual(first);
    },
  );
});
