/** What createMachine refuses, and that it names the bad value. */
import { describe, expect, test } from "vitest";
import { baseSliceNs } from "../../src/kernel-sim/config.ts";
import { createMachine, type MachineConfig } from "../../src/machine.ts";
import { errorOf } from "../support/boot.ts";

/** Each number of the configuration, with its range. */
const NUMBERS = [
  ["vcpus", 1, 1024],
  ["maxTasks", 1, 2 ** 21],
  ["userBytes", 4096, 2 ** 31 - 4096],
  ["maxPipes", 0, 65536],
  ["pipeBytes", 1, 2 ** 20],
  ["maxFiles", 0, 65536],
  ["maxWatches", 0, 2 ** 20],
  ["maxTimers", 0, 65536],
  ["majorFaultNs", 0, 1e9],
  ["tickHz", 0, 10_000],
  ["sliceNs", 1, 1e9],
  ["timerSlackNs", 0, 1e9],
  ["migrationBytes", 0, 1e9],
] as const;

const BAD_VALUES: readonly unknown[] = [
  -1,
  0.5,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  "4096",
  null,
  true,
  [],
];

/** A configuration as a caller without types may write it. */
function bad(config: Record<string, unknown>): MachineConfig {
  return config as MachineConfig;
}

describe("a number out of its range", () => {
  const cases = NUMBERS.flatMap(([name, low, high]) =>
    // null stands for "not given", as undefined does.
    [...BAD_VALUES.filter((value) => value !== null), low - 1, high + 1].map((value) => ({
      name,
      low,
      high,
      value,
    })),
  );

  test.each(cases)("$name: $value is refused", ({ name, low, high, value }) => {
    const message = `${name} must be an integer from ${low} to ${high}, got ${String(value)}`;
    expect(errorOf(() => createMachine(bad({ [name]: value })))).toMatchObject({
      code: "ERR_CONFIG",
      message,
    });
  });

  test("userBytes must be whole pages", () => {
    const message = "userBytes must be a multiple of 4096, got 5000";
    expect(errorOf(() => createMachine({ userBytes: 5000 }))).toMatchObject({ code: "ERR_CONFIG", message });
  });

  test("the smallest and large values are taken", () => {
    const smallest = createMachine({
      vcpus: 1,
      maxTasks: 1,
      userBytes: 4096,
      maxPipes: 0,
      pipeBytes: 1,
      maxFiles: 0,
      maxWatches: 0,
      maxTimers: 0,
      tickHz: 0,
      sliceNs: 1,
      timerSlackNs: 0,
      traceEvents: 1,
    });
    const large = createMachine({ vcpus: 1024, maxTasks: 4096, tickHz: 10_000 });
    expect([smallest, large].map(({ kernel }) => kernel.config.vcpus)).toEqual([1, 1024]);
  });
});

describe("a name that is none", () => {
  test.each([
    [{ profile: "fast" }, "profile must be one of native, guest, ideal, got fast"],
    [{ profile: "toString" }, "profile must be one of native, guest, ideal, got toString"],
    [{ idle: "c7" }, "idle must be one of poll, c1, c1e, c6, menu, haltpoll, oracle, got c7"],
    [{ profile: "guest", idle: "c1" }, "idle must be one of poll, hlt, menu, haltpoll, oracle, got c1"],
    [{ wake: "always" }, "wake.pipe must be one of any, sync, current-cpu, got always"],
    [{ wake: { futex: "now" } }, "wake.futex must be one of any, sync, current-cpu, got now"],
    [{ wake: { umcg: 3 } }, "wake.umcg must be one of any, sync, current-cpu, got 3"],
    [{ fair: "cfs" }, "fair must be one of virtual-time, eevdf-6.12, eevdf-7.2, fcfs, rr, ps, srpt, got cfs"],
    [{ umcg: "hard" }, 'umcg must be "hardened" or "posted", got hard'],
    [{ uninitialisedLocal: "one" }, 'uninitialisedLocal must be "zero" or "garbage", got one'],
  ])("%j is refused", (config, message) => {
    expect(errorOf(() => createMachine(bad(config)))).toMatchObject({ code: "ERR_CONFIG", message });
  });
});

describe("other bad values", () => {
  test.each([0.5, Number.NaN, 2 ** 53, "1"])("seed %s is refused", (seed) => {
    const message = `seed must be an integer, got ${seed}`;
    expect(errorOf(() => createMachine(bad({ seed })))).toMatchObject({ code: "ERR_CONFIG", message });
  });

  test.each([0, 3, -4, 0.5, Number.NaN, 2 ** 25])("traceEvents %s is refused", (traceEvents) => {
    const message = `traceEvents must be a power of two up to 2^24, got ${traceEvents}`;
    expect(errorOf(() => createMachine({ traceEvents }))).toMatchObject({ code: "ERR_CONFIG", message });
  });
});

describe("the base slice", () => {
  test.each([
    [1, 700_000],
    [2, 1_400_000],
    [3, 1_400_000],
    [4, 2_100_000],
    [7, 2_100_000],
    [8, 2_800_000],
    [1024, 2_800_000],
  ])("of %d CPUs is %d ns", (vcpus, ns) => {
    expect(baseSliceNs(vcpus)).toBe(ns);
    expect(createMachine({ vcpus }).kernel.config.sliceNs).toBe(ns);
  });
});
