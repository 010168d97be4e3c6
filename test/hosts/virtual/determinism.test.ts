/**
 * The trace of a run is fixed by program, configuration and seed, to the byte, on every supported version of Node: the
 * digests are written down in __snapshots__. A change that moves a step, a price or an event changes them; then look at
 * the traces, and if the change is meant, write the new ones down with `npm test -- determinism -u`.
 */
import { describe, expect, test } from "vitest";
import type { MachineConfig } from "../../../src/machine.ts";
import { boot } from "../../support/boot.ts";
import { userBase } from "../../support/inspect.ts";
import { type Action, runOut, spawnPlan, type TaskPlan } from "../../support/random-program.ts";
import { RelativeHash } from "../../support/trace-log.ts";

/** A fixed mixture of everything, spread over tasks that do it in different orders and with different times. */
const PLAN: readonly TaskPlan[] = Array.from({ length: 12 }, (_, task): TaskPlan => {
  const step = (n: number): number => (task * 7919 + n * 104_729) % 997;
  const actions = Array.from({ length: 40 }, (_, n): Action => {
    switch ((task * 5 + n * 3) % 11) {
      case 0:
      case 1:
        return { do: "work", ns: 1_000 * step(n) };
      case 2:
        return { do: "sleep", ns: 500 * step(n) };
      case 3:
        return { do: "yield" };
      case 4:
        return { do: "wake", word: step(n) % 3, count: 1 + (step(n) % 2) };
      case 5:
        return n % 4 === 0 ? { do: "wait", word: step(n) % 3 } : { do: "wake", word: step(n) % 3, count: 9 };
      case 6:
        return { do: "write", pipe: task % 2, bytes: 1 + (step(n) % 7) };
      case 7:
        return { do: "read", pipe: task % 2, bytes: 1 + (step(n) % 5) };
      case 8:
        return { do: "touch", page: step(n) % 4 };
      case 9:
        return { do: "signal", task: step(n) };
      default:
        return { do: "child", actions: [{ do: "work", ns: 10 * step(n) }, { do: "yield" }] };
    }
  });
  return { actions, nice: (task % 5) - 2, affinity: task % 4 === 0 ? [task, task + 1] : [] };
});

function digestOf(config: MachineConfig): string {
  const { machine } = boot({ maxTasks: 256, ...config });
  const hash = new RelativeHash(userBase(machine));
  machine.trace.addSink(hash);
  spawnPlan(machine, PLAN);
  const { virtualNs, switches, deadlocked } = runOut(machine);
  return [hash.digest(), virtualNs, switches, deadlocked ? "deadlocked" : "ended"].join(" ");
}

const RUNS: readonly MachineConfig[] = [
  { vcpus: 1 },
  { vcpus: 4 },
  { vcpus: 4, idle: "poll", wake: "current-cpu" },
  { vcpus: 2, fair: "eevdf-6.12" },
  { vcpus: 2, fair: "eevdf-7.2" },
  { vcpus: 4, jitter: true, seed: 1 },
  { vcpus: 4, jitter: true, seed: 2 },
  { vcpus: 3, profile: "guest", jitter: true, seed: -5, tickHz: 1000, timerSlackNs: 50_000 },
];

describe("the digest of a fixed program", () => {
  test.each(RUNS)("on %j is what it was when it was written down", (config) => {
    expect(digestOf(config)).toMatchSnapshot();
  });

  test("is another on another machine or with another seed", () => {
    expect(new Set(RUNS.map(digestOf)).size).toBe(RUNS.length);
  });

  test("does not depend on what the machine has room for, nor on how the trace is delivered", () => {
    const small = digestOf({ vcpus: 4, jitter: true });
    expect(digestOf({ vcpus: 4, jitter: true, maxTasks: 900, maxPipes: 7 })).toBe(small);
    expect(digestOf({ vcpus: 4, jitter: true, traceEvents: 1 })).toBe(small);
    expect(digestOf({ vcpus: 4, jitter: true, userBytes: 1 << 20 })).toBe(small);
  });

  test("is the same whatever other machines run in between", () => {
    const whole = digestOf({ vcpus: 2, jitter: true });
    const machines = [0, 1].map(() => {
      const { machine } = boot({ maxTasks: 256, vcpus: 2, jitter: true });
      const hash = new RelativeHash(userBase(machine));
      machine.trace.addSink(hash);
      spawnPlan(machine, PLAN);
      return { machine, hash };
    });
    for (let piece = 1; piece < 2_000; piece++)
      for (const { machine } of machines) machine.run({ untilNs: piece * 5_000 });
    const digests = machines.map(({ machine, hash }) => {
      runOut(machine);
      return hash.digest();
    });
    expect(digests).toEqual([whole.split(" ")[0], whole.split(" ")[0]]);
  });
});
