// The seccomp-notify workload: what a round trip costs, and that it has two modes unless it is in sync mode.
import { describe, expect, test } from "vitest";
import { runBench } from "../../src/bench/run-bench.ts";
import { findModes, type Mode } from "../../src/bench/stats/modes.ts";
import { seccompNotify } from "../../src/bench/workloads/seccomp-notify.ts";
import type { ProfileName } from "../../src/hosts/virtual/cost-model.ts";
import { exitLatency } from "../../src/hosts/virtual/cost-model.ts";
import { type FairPolicy, QUEUE_POLICIES } from "../../src/kernel-sim/fair-class.ts";
import { Histogram } from "../../src/trace/histogram.ts";
import { MODELS, stopped, sum } from "./fixture.ts";

describe.each(MODELS)("a round trip, $name", (model) => {
  const profile = model.name as ProfileName;
  const call = sum(model, "syscallEntry", "wake", "syscallExit");
  const wait = sum(model, "syscallEntry", "block", "switch", "syscallExit");

  test.each([true, false])("on one CPU is the sum of its steps, sync %s", (sync) => {
    const workload = seccompNotify({ sync, background: 0 });
    const { virtualNs, ipis } = runBench({ workload, profile, vcpus: 1, loops: 100, clock: stopped });
    const ask = sum(model, "syscallEntry", "wake", "block", "switch", "syscallExit");
    expect([virtualNs, ipis]).toEqual([100 * (ask + call + wait), 0]);
    expect([workload.roundTrips.min, workload.roundTrips.max]).toEqual([
      ask + call + wait,
      ask + call + wait,
    ]);
    expect(workload.roundTrips.count).toBe(100);
  });

  test("in sync mode is the same on any number of CPUs, and sends no IPI", () => {
    const trips = [1, 2, 8].map((vcpus) => {
      const workload = seccompNotify({ sync: true, background: 0 });
      return runBench({ workload, profile, vcpus, loops: 50, clock: stopped });
    });
    expect(new Set(trips.map(({ virtualNs }) => virtualNs)).size).toBe(1);
    expect(trips.map(({ ipis }) => ipis)).toEqual([0, 0, 0]);
  });

  test("else goes to an idle CPU and back: two wake-ups of a halted CPU", () => {
    const workload = seccompNotify({ sync: false, background: 0 });
    const { virtualNs } = runBench({ workload, profile, vcpus: 2, loops: 50, clock: stopped });
    const idle = model.idleStates[model.defaultIdleState]!;
    const signal = idle.polls ? 0 : sum(model, "ipiSend", "ipiDeliver") + exitLatency(idle, 10_000);
    expect(virtualNs / 50).toBeGreaterThanOrEqual(2 * signal);
    if (!idle.polls) expect(virtualNs / 50).toBeLessThan(2 * signal + ask(8));
    function ask(steps: number): number {
      return steps * sum(model, "syscallEntry", "wake", "switch", "idleLoopExit");
    }
  });
});

describe("beside a background that comes and goes, on two halted vCPUs of a guest", () => {
  function modes(sync: boolean, fair: FairPolicy, seed: number): Mode[] {
    const workload = seccompNotify({ sync, background: 0.25 });
    const machine = {
      vcpus: 2,
      profile: "guest",
      idle: "hlt",
      fair,
      jitter: true,
      seed,
      tickHz: 250,
    } as const;
    runBench({ ...machine, workload, loops: sync ? 5000 : 15_000, spans: false, clock: stopped });
    return findModes(workload.roundTrips);
  }

  test.each(QUEUE_POLICIES)(
    "%s: plain has two modes, on one CPU and across; sync mode has the first only",
    (fair) => {
      for (const seed of [1, 2, 3]) {
        const [together, apart, ...more] = modes(false, fair, seed);
        expect(more).toEqual([]);
        expect(together!.peakNs).toBeGreaterThan(2000);
        expect(together!.peakNs).toBeLessThan(5000);
        expect(apart!.peakNs).toBeGreaterThan(12_000);
        expect(apart!.peakNs).toBeLessThan(50_000);
        expect(Math.min(together!.share, apart!.share)).toBeGreaterThan(0.06);
        const sync = modes(true, fair, seed);
        expect(sync.length).toBe(1);
        expect(sync[0]!.peakNs).toBeLessThan(5000);
        expect(sync[0]!.toNs).toBeLessThan(12_000);
      }
    },
  );
});

describe("modes", () => {
  function of(...values: readonly (readonly [ns: number, count: number])[]): Mode[] {
    const histogram = new Histogram();
    for (const [ns, count] of values) histogram.recordN(ns, count);
    return findModes(histogram);
  }

  test("of nothing there are none, of one value there is one", () => {
    expect(of()).toEqual([]);
    expect(of([1000, 7])).toEqual([{ fromNs: 861, toNs: 1024, peakNs: 861, share: 1 }]);
    expect(of([0, 1])).toEqual([{ fromNs: 1, toNs: 1, peakNs: 1, share: 1 }]);
  });

  test("are apart when a valley of a tenth is between them", () => {
    const hill = [
      [1000, 50],
      [1200, 100],
      [1400, 50],
    ] as const;
    expect(of(...hill).length).toBe(1);
    expect(of(...hill, [10_000, 100]).map(({ share }) => share)).toEqual([2 / 3, 1 / 3]);
    // A bin in between that holds more than a tenth of the lower peak is a slope.
    expect(of([1000, 100], [1200, 11], [1400, 100]).length).toBe(1);
    expect(of([1000, 100], [1200, 10], [1400, 100]).length).toBe(2);
  });

  test("need a twentieth of the samples", () => {
    expect(of([1000, 1000], [100_000, 40]).length).toBe(1);
    expect(of([1000, 1000], [100_000, 60]).length).toBe(2);
  });

  test("are found in any number, in order", () => {
    expect(of([100, 10], [1000, 10], [10_000, 10], [1e6, 10]).map(({ share }) => share)).toEqual([
      0.25, 0.25, 0.25, 0.25,
    ]);
  });
});
