// schbench in virtual time: what its letters do.
import { describe, expect, test } from "vitest";
import { Latencies, percentiles } from "../../../src/bench/schbench/latencies.ts";
import { Schbench, type SchbenchRunOptions } from "../../../src/bench/schbench/schbench.ts";
import { matrixSize, workNs } from "../../../src/bench/schbench/schbench-options.ts";
import { Histogram } from "../../../src/trace/histogram.ts";

const BASIS: SchbenchRunOptions = {
  messageThreads: 1,
  workers: 2,
  runtimeS: 1,
  warmUpS: 0,
  operations: 1,
  footprintKb: 64,
  sleepUs: 100,
  requestsPerS: 0,
  locking: true,
  calibrate: false,
  pipeBytes: 0,
  messageCpus: undefined,
  workerCpus: undefined,
  machine: { vcpus: 4, fair: "eevdf-7.2", timerSlackNs: 0 },
  clock: () => 0,
};

function start(options: Partial<SchbenchRunOptions>): Schbench {
  return new Schbench({ ...BASIS, ...options });
}

function run(options: Partial<SchbenchRunOptions>): ReturnType<Schbench["result"]> {
  const bench = start(options);
  expect(bench.advance()).toBe(true);
  return bench.result();
}

describe("the work of a request", () => {
  test("is -n products of matrices that take -F together", () => {
    expect(matrixSize(256)).toBe(104);
    expect(workNs({ ...BASIS, operations: 5, footprintKb: 256 })).toBe(5 * 104 ** 3 * 3);
    expect(workNs({ ...BASIS, operations: 0 })).toBe(0);
  });

  test("and -s of sleep make its latency; with -C the work alone", () => {
    const work = workNs(BASIS);
    const { requestNs } = run({});
    expect(requestNs.p50 - work - 100_000).toBeGreaterThan(1000);
    expect(requestNs.p50 - work - 100_000).toBeLessThan(10_000);
    // The histogram is exact to 0.4 %.
    expect(Math.abs(run({ calibrate: true }).requestNs.p50 / work - 1)).toBeLessThan(0.004);
    expect(run({ sleepUs: 0 }).requestNs.p50 / work).toBeCloseTo(1, 2);
  });

  test("is dearer when a preempted holder makes others spin", () => {
    const crowded = { workers: 4, operations: 200, machine: { ...BASIS.machine, vcpus: 1 } };
    const locked = run(crowded);
    const free = run({ ...crowded, locking: false });
    expect(locked.averageRps).toBeLessThan(0.9 * free.averageRps);
  });
});

describe("wake-ups", () => {
  test("are stamped once for all that a message thread wakes together", () => {
    // On one CPU everybody has asked by the time the message thread runs.
    const one = { sleepUs: 0, machine: { ...BASIS.machine, vcpus: 1, tickHz: 0 } };
    const few = run({ ...one, workers: 1 }).wakeupNs;
    const many = run({ ...one, workers: 6 }).wakeupNs;
    const { wake, syscallEntry, syscallExit } = start(one).machine.costs.steps;
    expect(many.max - few.max).toBeGreaterThan(5 * (wake + syscallEntry + syscallExit));
  });

  test("of less than a us are not counted in us, but in ns", () => {
    const latencies = new Latencies();
    latencies.record(1000, 1999, false);
    latencies.record(1999, 2000, false);
    latencies.record(1000, 1500, true);
    expect([latencies.us.count, latencies.us.max, latencies.ns.count]).toEqual([2, 1, 3]);
  });
});

describe("percentiles", () => {
  test("come with the samples between neighbours", () => {
    const histogram = new Histogram();
    for (let value = 1; value <= 100; value++) histogram.record(value);
    expect(percentiles(histogram)).toEqual([
      { percent: 20, value: 20, samples: 20 },
      { percent: 50, value: 50, samples: 30 },
      { percent: 90, value: 90, samples: 40 },
      { percent: 99, value: 99, samples: 9 },
      { percent: 99.9, value: 100, samples: 1 },
    ]);
  });
});

describe("a run", () => {
  test("with -R does as many requests as are pushed", () => {
    const { finished, averageRps, rps } = run({ requestsPerS: 200, messageThreads: 2, runtimeS: 2 });
    // But for what is in flight at the end.
    expect(800 - finished).toBeLessThan(4);
    expect(averageRps).toBe(finished / 2);
    expect(rps.samples).toBe(2);
  });

  test("with -R passes over workers that have too much to do", () => {
    const { averageRps } = run({ requestsPerS: 100_000 });
    const most = (2 * 1e9) / workNs(BASIS);
    expect(averageRps).toBeLessThan(most);
    expect(averageRps).toBeGreaterThan(0.1 * most);
  });

  test("with -w leaves the first seconds out", () => {
    const { rps, finished, averageRps, request } = run({ warmUpS: 1, runtimeS: 2 });
    expect([rps.samples, request.samples]).toEqual([1, finished]);
    expect(averageRps).toBe(finished);
    expect(rps.max).toBeGreaterThan(0);
  });

  test("with -p transfers instead of computing", () => {
    const slow = run({ pipeBytes: 1 << 20 });
    const fast = run({ pipeBytes: 1 << 17 });
    expect([slow.request.samples, fast.request.samples]).toEqual([0, 0]);
    expect(fast.averageRps).toBeGreaterThan(4 * slow.averageRps);
  });

  test("keeps threads on the CPUs they were given", () => {
    const bench = start({ workerCpus: [2], messageCpus: [1] });
    bench.advance();
    expect(bench.machine.kernel.tasks.cpu(1)).toBe(1);
    expect([2, 3].map((tid) => bench.machine.kernel.tasks.cpu(tid))).toEqual([2, 2]);
  });

  test("repeats itself, in stretches, too", () => {
    const options = { machine: { ...BASIS.machine, jitter: true, seed: 4 } };
    const whole = run(options);
    const bench = start(options);
    let turns = 0;
    let progress = 0;
    while (!bench.advance(() => ++turns % 50 === 0)) {
      expect(bench.progress).toBeGreaterThanOrEqual(progress);
      progress = bench.progress;
      expect(bench.result().runtimeS).toBeLessThanOrEqual(1);
    }
    expect(turns).toBeGreaterThan(100);
    expect(bench.result()).toEqual(whole);
    expect(run({ machine: { ...BASIS.machine, jitter: true, seed: 5 } })).not.toEqual(whole);
  });
});
