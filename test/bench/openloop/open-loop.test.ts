// An open loop: who comes when, what happens to them, and what is reported.
import { describe, expect, test } from "vitest";
import { OpenLoop } from "../../../src/bench/openloop/open-loop.ts";
import { parsePolicy, sliceFor } from "../../../src/bench/openloop/policy.ts";
import { DROPPED, INSIDE } from "../../../src/bench/openloop/request-log.ts";
import { parseLaw } from "../../../src/bench/stats/laws.ts";
import { SpecError } from "../../../src/bench/stats/spec-error.ts";
import { openLoop, SERVICE_NS } from "./fixture.ts";

/** Times and services of all requests, the first at 0. */
function load({ device: { log } }: OpenLoop): { readonly at: number[]; readonly service: number[] } {
  const at = Array.from(log.arrivedNs.subarray(0, log.count));
  return { at: at.map((ns) => ns - at[0]!), service: Array.from(log.serviceNs.subarray(0, log.count)) };
}

function sojourns({ device: { log } }: OpenLoop): number[] {
  return Array.from(log.leftNs.subarray(0, log.count), (left, request) => left - log.arrivedNs[request]!);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe("the load", () => {
  test("is the same under every policy, on any number of CPUs and at any cost", () => {
    const one = load(openLoop(0.5));
    expect(one.at.length).toBe(2000);
    const options = { ratePerS: 50_000, vcpus: 4 };
    expect(load(openLoop(0.5, options))).toEqual(one);
    expect(load(openLoop(0.5, { policy: parsePolicy("eevdf") }))).toEqual(one);
    expect(load(openLoop(0.5, { profile: "native" }))).toEqual(one);
    expect(load(openLoop(0.5, { seed: 2 }))).not.toEqual(one);
  });

  test("arrivals and services are independent streams", () => {
    const one = load(openLoop(0.5));
    expect(load(openLoop(0.5, { service: parseLaw("fixed:10us") })).at).toEqual(one.at);
    expect(load(openLoop(0.5, { arrivals: "deterministic" })).service).toEqual(one.service);
  });

  test("deterministic arrivals do not drift", () => {
    const { at } = load(openLoop(0.3, { arrivals: "deterministic", requests: 3001 }));
    expect(at[3000]).toBe(1e8);
    expect(new Set(at.slice(1).map((ns, i) => ns - at[i]!))).toEqual(new Set([33_333, 33_334]));
  });
});

describe("a request", () => {
  const alone = { arrivals: "deterministic", service: parseLaw("fixed:10us"), requests: 50 } as const;

  test("that meets nobody is inside for its service", () => {
    expect(new Set(sojourns(openLoop(0.5, alone)))).toEqual(new Set([SERVICE_NS]));
  });

  test("pays for interrupt, way out of idle, switch and return to user mode", () => {
    const native = openLoop(0.1, { ...alone, profile: "native" });
    const { timerInterrupt, idleLoopExit, switch: switching, syscallExit } = native.machine.costs.steps;
    const cost = timerInterrupt + idleLoopExit + switching + syscallExit;
    expect(new Set(sojourns(native))).toEqual(new Set([SERVICE_NS + cost]));
  });

  test("leaves the CPU that takes the interrupts least idle", () => {
    for (const irqCpu of [0, 2]) {
      const options = { profile: "native", vcpus: 4, ratePerS: 100_000, irqCpu } as const;
      const idle = openLoop(0.5, options)
        .machine.accounting()
        .cpus.map(({ idleNs }) => idleNs);
      expect(idle.indexOf(Math.min(...idle))).toBe(irqCpu);
    }
  });

  test("that finds no free worker is dropped and counted", () => {
    const run = openLoop(1.6, { ...alone, workers: 1 });
    const result = run.result();
    expect([result.dropped, result.completed]).toEqual([25, 25]);
    expect(run.device.log.leftNs.subarray(0, 50).filter((left) => left === DROPPED).length).toBe(25);
    expect(result.achievedRate / result.offeredRate).toBeCloseTo(0.5, 1);
    expect(result.utilisation).toBeCloseTo(0.8, 1);
  });

  test("stays on the CPU it was sent to when each has a queue of its own", () => {
    const options = { vcpus: 4, queues: "partitioned", requests: 4000 } as const;
    const parted = openLoop(0.8, options);
    expect(parted.machine.result().ipis).toBe(0);
    const { waiting, utilisationByCpu } = parted.result();
    for (const share of utilisationByCpu) expect(Math.abs(share - 0.8)).toBeLessThan(0.1);
    expect(waiting.mean).toBeGreaterThan(
      2 * openLoop(0.8, { ...options, queues: "central" }).result().waiting.mean,
    );
  });
});

describe("conservation", () => {
  test.each(["fcfs", "rr:3us", "ps", "srpt", "virtual-time", "eevdf", "eevdf-6.12:100us"])(
    "under %s",
    (text) => {
      for (const vcpus of [1, 3]) {
        const run = openLoop(0.8, { policy: parsePolicy(text), vcpus, machine: {} });
        const { log } = run.device;
        const [ready, drained] = [run.ready!, run.drained!];
        expect([log.completed, log.dropped, log.inside]).toEqual([2000, 0, 0]);
        // Whoever came has been served for what it needs: CPU time is service and idleness, to the ns.
        const idle = sum(Array.from(drained.idleNs)) - sum(Array.from(ready.idleNs));
        expect(vcpus * (drained.atNs - ready.atNs) - idle).toBe(sum(load(run).service));
        // Little's law from empty to empty, to the ns.
        expect(drained.insideNs).toBe(sum(sojourns(run)));
      }
    },
  );
});

describe("a result", () => {
  test("has the configuration, rates and every measure", () => {
    const result = openLoop(0.5, { requests: 20_000, warmUp: 500, vcpus: 2, workers: 300 }).result();
    expect(result).toMatchObject({
      workload: "openloop",
      arrivals: "poisson",
      service: "exp:10us",
      policy: "virtual-time",
      rate: 100_000,
      vcpus: 2,
      queues: "central",
      workers: 300,
      profile: "ideal",
      idle: "poll",
      fair: "virtual-time",
      tickHz: 0,
      seed: 1,
      requests: 20_000,
      warmUp: 500,
      complete: true,
      completed: 20_000,
      dropped: 0,
      offeredLoad: 0.5,
      classes: [],
    });
    expect(result.offeredRate / 100_000).toBeCloseTo(1, 1);
    expect(result.littleRatio).toBeCloseTo(1, 2);
    expect(result.utilisation).toBeCloseTo(0.5, 1);
    expect(result.sojourn.count).toBe(20_000);
    expect(result.sojourn.mean - result.waiting.mean).toBeCloseTo(SERVICE_NS, -3);
    const { intervals, ...numbers } = result.sojourn;
    expect(Object.values(intervals).every((interval) => interval === null || interval[0] < interval[1])).toBe(
      true,
    );
    expect(intervals.mean).not.toBeNull();
    expect(intervals.p999).toBeNull();
    const { mean: _, count: __, ...quantiles } = numbers;
    expect(Object.values(quantiles)).toEqual(Object.values(quantiles).toSorted((a, b) => a - b));
  });

  test("tells the classes of a law with two values apart", () => {
    const service = parseLaw("bimodal:90,5us,10,55us");
    const { classes, sojourn } = openLoop(0.5, { service, requests: 5000 }).result();
    expect(classes.map(({ serviceNs }) => serviceNs)).toEqual([5000, 55_000]);
    expect(sum(classes.map((one) => one.sojourn.count))).toBe(sojourn.count);
    expect(classes[1]!.sojourn.count / 5000).toBeCloseTo(0.1, 1);
    expect(classes[1]!.slowdown.mean).toBeLessThan(classes[0]!.slowdown.mean);
  });

  test("repeats itself, with jitter and costs, too", () => {
    const options = { profile: "guest", vcpus: 2, machine: { jitter: true }, ratePerS: 20_000 } as const;
    expect(openLoop(0.5, options).result()).toEqual(openLoop(0.5, options).result());
    expect(openLoop(0.5, { ...options, seed: 3 }).result()).not.toEqual(openLoop(0.5, options).result());
  });

  test("of a run in stretches is the same, and there is one at any time", () => {
    const whole = openLoop(0.7);
    const run = new OpenLoop(whole.options);
    const seen: number[] = [];
    while (!run.advance(() => true)) {
      seen.push(run.progress);
      if (seen.length === 3000) expect(run.result()).toMatchObject({ complete: false, dropped: 0 });
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(run.progress).toBe(1);
    expect(run.result()).toEqual(whole.result());
  });

  test("leaves the warm-up out", () => {
    const whole = openLoop(0.7, { requests: 2000 });
    const { count } = openLoop(0.7, { requests: 1500, warmUp: 500 }).result().sojourn;
    expect(count).toBe(1500);
    const last = sojourns(whole).slice(500);
    expect(openLoop(0.7, { requests: 1500, warmUp: 500 }).result().sojourn.mean).toBe(sum(last) / 1500);
  });

  test("of a run by time has what came in it, and of one too short nothing", () => {
    const options = { requests: 1 << 20, durationNs: 1e7 };
    const { completed, complete, measuredNs } = openLoop(0.5, options).result();
    expect(Math.abs(completed - 500)).toBeLessThan(100);
    expect([complete, Math.abs(measuredNs - 1e7) < 1e6]).toEqual([true, true]);
    const none = openLoop(0.5, { ...options, warmUp: 10_000 }).result();
    expect(none).toMatchObject({ completed: 0, complete: false, sojourn: { count: 0, mean: 0, max: 0 } });
  });

  test("of an overload says so", () => {
    const { utilisation, achievedRate, offeredRate, dropped, completed } = openLoop(1.5, {
      workers: 64,
    }).result();
    expect(utilisation).toBeCloseTo(1, 1);
    expect(achievedRate).toBeLessThan(offeredRate);
    expect(dropped + completed).toBe(2000);
    expect(dropped).toBeGreaterThan(300);
  });
});

describe("a policy", () => {
  test.each([
    ["eevdf", { fair: "eevdf-7.2", sliceNs: undefined, tickHz: 250 }],
    ["fcfs", { fair: "fcfs", sliceNs: undefined, tickHz: 0 }],
    ["srpt", { fair: "srpt", sliceNs: undefined, tickHz: 0 }],
    ["rr:30us", { fair: "rr", sliceNs: 30_000, tickHz: 0 }],
    ["ps", { fair: "ps", sliceNs: undefined, tickHz: 0 }],
    ["ps:500ns", { fair: "ps", sliceNs: 500, tickHz: 0 }],
    ["eevdf-6.12:1ms", { fair: "eevdf-6.12", sliceNs: 1e6, tickHz: 250 }],
  ])("%s", (text, policy) => {
    expect(parsePolicy(text)).toEqual({ text, ...policy });
  });

  test.each([
    ["ps", "bimodal:99.5,500ns,0.5,500us", 50],
    ["ps", "bimodal:99.5,4ns,0.5,500us", 1],
    ["ps", "exp:100us", 1_000],
    ["ps", "fixed:2us", 200],
    ["ps:3us", "fixed:2us", 3_000],
    ["rr:30us", "fixed:2us", 30_000],
    ["fcfs", "fixed:2us", undefined],
  ])("%s has slices for requests of %s: %s ns", (text, law, sliceNs) => {
    expect(sliceFor(parsePolicy(text), parseLaw(law))).toBe(sliceNs);
  });

  test.each([
    ["lifo", "lifo"],
    ["", ""],
    ["rr", "rr"],
    ["fcfs:1us", "fcfs:1us"],
    ["srpt:1us", "srpt:1us"],
    ["eevdf:", ""],
    ["eevdf:soon", "soon"],
    ["toString", "toString"],
  ])("%j is refused, naming %j", (text, token) => {
    expect(() => parsePolicy(text)).toThrow(SpecError);
    expect(() => parsePolicy(text)).toThrow(expect.objectContaining({ token }));
  });
});

test("a request inside has no end yet", () => {
  const run = new OpenLoop(openLoop(0.9).options);
  for (let turn = 0; turn < 2000; turn++) run.advance(() => true);
  const { log } = run.device;
  const inside = log.leftNs.subarray(0, log.count).filter((left) => left === INSIDE).length;
  expect(inside).toBe(log.inside);
});
