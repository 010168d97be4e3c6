/** What EEVDF promises of every run: shares by weight and bounded lag, with tolerances of a slice and the ticks that end it. */
import { describe, expect, test } from "vitest";
import { Eevdf } from "../../src/kernel-sim/eevdf.ts";
import { WEIGHT_OF_NICE } from "../../src/kernel-sim/fair-queue.ts";
import type { Tid } from "../../src/kernel-sim/ids.ts";
import type { Machine, MachineConfig } from "../../src/machine.ts";
import { TRACE_TICK } from "../../src/trace/events.ts";
import type { Program } from "../../src/umcg/env.ts";
import { boot } from "../support/boot.ts";
import { taskOf } from "../support/inspect.ts";
import { watcher } from "../support/trace-log.ts";

const MS = 1_000_000;
const TICK = 4 * MS;
const SLICE = 2_800_000;
const FREE: MachineConfig = { profile: "ideal", sliceNs: SLICE };

const hog: Program = function* (env) {
  for (;;) yield* env.work(1e12);
};

function hogs(machine: Machine, nice: readonly number[]): Tid[] {
  return nice.map((level) => machine.spawn(hog, { nice: level }));
}

function fairClass(machine: Machine): Eevdf {
  const { fair } = machine.kernel;
  if (!(fair instanceof Eevdf)) throw new Error("no EEVDF");
  return fair;
}

describe.each(["eevdf-6.12", "eevdf-7.2"] as const)("%s", (fair) => {
  test.each([
    ["0 and 5", [0, 5]],
    ["-5, 0 and 5", [-5, 0, 5]],
    ["19, 10 and 0", [19, 10, 0]],
  ] as const)("hogs of nice %s have what their weights give them, to a slice and a tick", (_, nice) => {
    const { machine } = boot({ ...FREE, fair, trace: false });
    const tids = hogs(machine, nice);
    const ns = 60e9;
    machine.run({ untilNs: ns });
    const weights = nice.map((level) => WEIGHT_OF_NICE[level + 20]!);
    const total = weights.reduce((a, b) => a + b, 0);
    for (const [index, tid] of tids.entries()) {
      // The last to run was charged at the last tick: at most one more is missing.
      const off = taskOf(machine, tid).execNs - (ns * weights[index]!) / total;
      expect(Math.abs(off)).toBeLessThanOrEqual(SLICE + 2 * TICK);
    }
  });

  test("two of nice 0 and 5 share 75.35 to 24.65", () => {
    const { machine } = boot({ ...FREE, fair, trace: false });
    const tids = hogs(machine, [0, 5]);
    machine.run({ untilNs: 60e9 });
    const [more, less] = tids.map((tid) => taskOf(machine, tid).execNs);
    // A slice and two ticks of 60 s are 0.02 %.
    expect(Math.abs(more! / (more! + less!) - 1024 / 1359)).toBeLessThan((SLICE + 2 * TICK) / 60e9);
  });

  test("at every tick the lags, weighted, sum to nothing, and none is beyond a slice and a tick", () => {
    const { machine } = boot({ ...FREE, fair, traceEvents: 1 });
    const nice = [-3, 0, 0, 4];
    const tids = hogs(machine, nice);
    const q = fairClass(machine);
    let ticks = 0;
    machine.trace.addSink(
      watcher(({ kind }) => {
        if (kind !== TRACE_TICK) return;
        ticks++;
        const v = q.timeline.virtualTime(0);
        let sum = 0;
        for (const tid of tids) {
          const lag = v - q.vruntime(tid);
          sum += q.weight(tid) * lag;
          // Run time owed: virtual time by weight.
          expect(Math.abs(lag * q.weight(tid)) / 1024).toBeLessThanOrEqual(SLICE + TICK);
        }
        // V is rounded down to a ns.
        expect(Math.abs(sum)).toBeLessThanOrEqual(q.load(0));
      }),
    );
    machine.run({ untilNs: 2e9 });
    expect(ticks).toBe(2e9 / TICK - 1);
  });

  test("an idle-policy task has 3 of 1027 beside one of nice 0", () => {
    const { machine } = boot({ ...FREE, fair, trace: false });
    const normal = machine.spawn(hog);
    const idle = machine.spawn(hog, { policy: "idle" });
    const ns = 60e9;
    machine.run({ untilNs: ns });
    expect(taskOf(machine, idle).weight).toBe(3);
    expect(Math.abs(taskOf(machine, idle).execNs - (ns * 3) / 1027)).toBeLessThanOrEqual(SLICE + 2 * TICK);
    expect(taskOf(machine, normal).execNs).toBeGreaterThan(0.99 * ns);
  });
});
