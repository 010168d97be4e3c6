// What a benchmark reports, and how it ends.
import { describe, expect, test } from "vitest";
import { WARM_UP_ROUNDS } from "../../src/bench/meter.ts";
import { WORKLOADS } from "../../src/bench/registry.ts";
import { type BenchOptions, BenchRun, runBench } from "../../src/bench/run-bench.ts";
import { traceNames } from "../../src/bench/trace-names.ts";
import type { Workload } from "../../src/bench/workload.ts";
import { pipe } from "../../src/bench/workloads/pipe.ts";
import { umcgBlock } from "../../src/bench/workloads/umcg-block.ts";
import { startSwapRing } from "../../src/bench/workloads/umcg-swap.ts";
import { createMachine } from "../../src/machine.ts";
import { ChromeTrace } from "../../src/trace/chrome.ts";
import { stopped } from "./fixture.ts";

const basis = { workload: pipe, vcpus: 2, loops: 100, clock: stopped } satisfies BenchOptions;

function chromeText(options: BenchOptions): string {
  let chrome = new ChromeTrace();
  const run = new BenchRun({
    ...options,
    sink: (machine) => {
      chrome = new ChromeTrace(traceNames(machine));
      return chrome;
    },
  });
  run.advance();
  chrome.finish(run.machine.host.now);
  return [...chrome.chunks()].join("");
}

describe("a result", () => {
  test("has the configuration and every measure", () => {
    const { spans, steps, ...facts } = runBench({ ...basis, wake: "any", jitter: false, seed: 7 });
    expect(facts).toEqual({
      workload: "pipe",
      host: "virtual",
      vcpus: 2,
      wake: "any",
      profile: "native",
      idle: "c1",
      fair: "virtual-time",
      jitter: false,
      seed: 7,
      loops: 100,
      virtualNs: 694_000,
      nsPerOp: 3470,
      wallMs: 0,
      switches: 400,
      nsPerSwitchWall: 0,
      ipis: 200,
    });
    expect(steps.find(({ step }) => step === "ipiSend")?.count).toBe(200);
    for (const span of Object.values(spans)) {
      expect(Object.keys(span)).toEqual(["p50", "p90", "p99", "p999", "max", "count"]);
      expect(span.count).toBe(200);
    }
  });

  test.each(WORKLOADS)(
    "$name: as many spans as wake-ups of the measured tasks, none of the warm-up",
    (workload) => {
      const { spans } = runBench({ ...basis, workload, vcpus: 8 });
      const wakesPerRound = 2;
      expect(spans.wakeToQueued.count).toBe(100 * wakesPerRound);
      expect(spans.wakeToUser.count).toBe(100 * workload.handOffsPerLoop);
    },
  );

  test("the parts of a wake add up to the whole, but for the way out of the call", () => {
    const { wakeToQueued, queuedToRunning, wakeToUser } = runBench(basis).spans;
    expect(wakeToUser.max).toBe(wakeToQueued.max + queuedToRunning.max + 38);
  });

  test("without spans it counts the same", () => {
    const traced = runBench(basis);
    const bare = runBench({ ...basis, spans: false });
    expect({ ...bare, spans: traced.spans }).toEqual(traced);
    expect(bare.spans.wakeToUser.count).toBe(0);
  });

  test("wall time is that of the measured rounds, on the clock it was given", () => {
    let now = 0;
    const clock = (): number => ++now;
    const result = runBench({ ...basis, clock });
    // Resumed at 1, measured from 2 to 3.
    expect(result.wallMs).toBe(1);
    expect(result.nsPerSwitchWall).toBe(1e6 / result.switches);
  });

  test("one loop is enough", () => {
    for (const workload of WORKLOADS) {
      const { loops, nsPerOp } = runBench({ ...basis, workload, loops: 1 });
      expect(loops).toBe(1);
      expect(nsPerOp).toBeGreaterThan(1000);
    }
  });
});

describe("a run in stretches", () => {
  test("gives the same result, and tells how far it is", () => {
    const run = new BenchRun({ ...basis, jitter: true });
    const seen: number[] = [];
    while (!run.advance(() => true)) seen.push(run.progress);
    expect(seen.length).toBeGreaterThan(100);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(run.progress).toBe(1);
    expect(run.result()).toEqual(runBench({ ...basis, jitter: true }));
  });

  test("has no result before its end", () => {
    const run = new BenchRun(basis);
    expect(run.advance(() => true)).toBe(false);
    expect(() => run.result()).toThrow(`the workload went through 0 of ${WARM_UP_ROUNDS + 100} rounds`);
  });
});

describe("determinism", () => {
  test.each(WORKLOADS)("$name: the same options and seed give the same trace to the byte", (workload) => {
    for (const wake of ["any", "current-cpu"] as const) {
      const options = { ...basis, workload, wake, vcpus: 4, jitter: true, seed: 42 };
      const text = chromeText(options);
      expect(text.length).toBeGreaterThan(10_000);
      expect(chromeText(options) === text).toBe(true);
      expect(chromeText({ ...options, seed: 43 }) === text).toBe(false);
    }
  });

  test("without jitter the seed is nobody's business", () => {
    expect(chromeText({ ...basis, seed: 2 }) === chromeText(basis)).toBe(true);
  });

  test("listening to a run does not change it", () => {
    const run = new BenchRun({ ...basis, workload: umcgBlock, sink: () => ({ event: () => {} }) });
    run.advance();
    expect(run.result()).toEqual(runBench({ ...basis, workload: umcgBlock }));
  });
});

describe("a failing workload", () => {
  const withProgram = (start: Workload["start"]): BenchOptions => ({
    ...basis,
    workload: { ...pipe, start },
  });

  test("that deadlocks", () => {
    const options = withProgram((machine) => {
      machine.spawn(function* (env) {
        yield* env.sys.futexWait(env.allocate(4), 0);
      });
      return new Set();
    });
    expect(() => runBench(options)).toThrow(expect.objectContaining({ code: "ERR_DEADLOCK" }));
  });

  test("that throws", () => {
    const options = withProgram((machine) => {
      machine.spawn(function* () {
        yield* [];
        throw new Error("no luck");
      });
      return new Set();
    });
    expect(() => runBench(options)).toThrow(expect.objectContaining({ code: "ERR_PROGRAM_THREW" }));
  });

  test("that leaves out its rounds", () => {
    expect(() => runBench(withProgram(() => new Set()))).toThrow("went through 0 of 116 rounds");
  });

  test("on a machine that cannot be", () => {
    expect(() => runBench({ ...basis, idle: "c7" })).toThrow(expect.objectContaining({ code: "ERR_CONFIG" }));
    expect(() => runBench({ ...basis, vcpus: 0 })).toThrow(expect.objectContaining({ code: "ERR_CONFIG" }));
  });
});

test("large rings finish, each on its own CPU", () => {
  const machine = createMachine({ vcpus: 4, tickHz: 0, maxTasks: 100 });
  const rounds = { total: 20, onRound: (): void => {} };
  for (let cpu = 0; cpu < 4; cpu++) startSwapRing(machine, rounds, 2 + cpu * 3, cpu);
  const { ipis, switches } = machine.run();
  expect(machine.waiters()).toEqual([]);
  expect(ipis).toBe(0);
  expect(switches).toBeGreaterThan((2 + 5 + 8 + 11) * 20);
});

test("what the steps of the measured rounds cost is, on one CPU, all the time there was", () => {
  const result = runBench({ workload: pipe, vcpus: 1, loops: 50, clock: stopped });
  const paid = result.steps.reduce((ns, line) => ns + line.ns, 0);
  expect(paid).toBe(result.virtualNs);
  expect(result.steps.find(({ step }) => step === "wake")).toEqual({
    step: "wake",
    paidBy: "waker",
    count: 100,
    ns: 35_000,
  });
});
