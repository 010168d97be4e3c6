// Benchmarks that others wrote, on the simulated machine: what they cost where that can be added up by hand.
import { describe, expect, test } from "vitest";
import { type Scenario, ScenarioRun } from "../../../src/bench/scenario.ts";
import {
  type CyclictestOptions,
  cyclictestMachine,
  startCyclictest,
} from "../../../src/bench/scenarios/cyclictest.ts";
import { futexWakeMachine, startFutexWake } from "../../../src/bench/scenarios/futex-wake.ts";
import { messagingMachine, startMessaging } from "../../../src/bench/scenarios/messaging.ts";
import { startSwitch, switchMachine } from "../../../src/bench/scenarios/switch.ts";
import { fanoutMachine, startFanout } from "../../../src/bench/scenarios/umcg-fanout.ts";
import { PROFILES } from "../../../src/hosts/virtual/cost-model.ts";
import type { Machine, MachineConfig } from "../../../src/machine.ts";
import { POLICY_NAMES } from "../../../src/server/policies/index.ts";
import { stopped, sum } from "../fixture.ts";

/** What a scenario comes to. */
function measure<R>(machine: MachineConfig, start: (machine: Machine) => Scenario<R>, untilNs?: number) {
  const run = new ScenarioRun({ machine, clock: stopped, ...(untilNs !== undefined && { untilNs }) }, start);
  expect(run.progress).toBe(0);
  expect(run.advance()).toBe(true);
  expect(run.progress).toBe(1);
  return run.result();
}

describe("futex-wake", () => {
  test.each([
    ["native", 1],
    ["native", 3],
    ["guest", 1],
  ] as const)("on one CPU, %s: a call a wake-up, %i threads at a time", (profile, wakes) => {
    const load = { threads: 6, wakes, runs: 3 };
    const { measured } = measure({ profile, ...futexWakeMachine(load) }, (machine) =>
      startFutexWake(machine, load),
    );
    const costs = PROFILES[profile];
    const all = 6 * sum(costs, "wake") + (6 / wakes) * sum(costs, "syscallEntry", "syscallExit");
    expect(measured.runsNs).toEqual([all, all, all]);
  });

  test("shows the runs that are over when it is cut short", () => {
    const load = { threads: 2, wakes: 1, runs: 1000 };
    const run = new ScenarioRun({ machine: { vcpus: 2 }, clock: stopped }, (machine) =>
      startFutexWake(machine, load),
    );
    expect(run.partial()).toBeUndefined();
    expect(() => run.result()).toThrow("measured nothing");
    while (run.progress < 0.1) expect(run.advance(() => true)).toBe(false);
    const { facts, measured } = run.partial()!;
    expect(facts.complete).toBe(false);
    expect(measured.runsNs.length).toBeGreaterThan(99);
  });
});

describe("cyclictest", () => {
  const load: CyclictestOptions = {
    threads: 2,
    intervalUs: 1000,
    distanceUs: 500,
    loops: 20,
    priority: 80,
    spread: true,
    policy: "fifo",
    cpus: [0, 1],
  };
  const cyclic = (
    more: Partial<CyclictestOptions>,
    machine: MachineConfig,
    overflowUs = 0,
    untilNs?: number,
  ) => {
    const all = { ...load, ...more };
    const config = { vcpus: 2, ...machine, ...cyclictestMachine(all) };
    return measure(config, (made) => startCyclictest(made, all, overflowUs), untilNs).measured.threads;
  };

  test.each(["native", "guest"] as const)(
    "a latency is interrupt, way out of idle, switch and return: %s",
    (profile) => {
      const costs = PROFILES[profile];
      const late = sum(costs, "timerInterrupt", "idleLoopExit", "switch", "syscallExit");
      const threads = cyclic({}, { profile, idle: "poll" });
      expect(threads.map(({ priority, intervalUs }) => [priority, intervalUs])).toEqual([
        [80, 1000],
        [79, 1500],
      ]);
      for (const { latencies, act } of threads) {
        expect([latencies.count, latencies.min, latencies.max, act]).toEqual([20, late, late, late]);
      }
    },
  );

  test("of the fair class holds the slack of its timers, of the real-time class it does not", () => {
    const [fair] = cyclic({ priority: 0 }, { timerSlackNs: 40_000 });
    const [real] = cyclic({}, { timerSlackNs: 40_000 });
    expect(fair!.latencies.min - real!.latencies.min).toBe(40_000);
  });

  test("leaves out the times that are gone, and stays on the grid", () => {
    // Each sleep is late by three intervals of 10 us: one cycle in four is left.
    const [thread] = cyclic({ threads: 1, intervalUs: 10, loops: 10, priority: 0 }, { timerSlackNs: 35_000 });
    expect(thread!.latencies.max - thread!.latencies.min).toBe(0);
    expect(thread!.latencies.count).toBe(10);
  });

  test("runs for a time, and notes the cycles above a limit", () => {
    const [thread] = cyclic({ threads: 1, loops: 0 }, {}, 1, 10_500_000);
    expect(thread!.latencies.count).toBe(10);
    expect(thread!.cyclesAbove).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...thread!.byUs]).toEqual([[thread!.sumUs / 10, 10]]);
  });
});

describe("messaging", () => {
  const load = { groups: 2, pairs: 3, loops: 5, bytes: 100 };
  const config = { ...messagingMachine(load), tickHz: 0 };

  test("every message of every sender to every receiver arrives", () => {
    const { measured, facts } = measure({ vcpus: 2, ...config }, (machine) => startMessaging(machine, load));
    expect(measured).toMatchObject({ tasks: 12, messages: 2 * 3 * 3 * 5 });
    expect(measured.totalNs).toBeGreaterThan(0);
    expect(facts).toMatchObject({ complete: true, vcpus: 2, profile: "native" });
  });

  test("takes a write and a read a message at least, on one CPU", () => {
    const { measured } = measure(config, (machine) => startMessaging(machine, load));
    const calls = 2 * sum(PROFILES.native, "syscallEntry", "syscallExit");
    expect(measured.totalNs).toBeGreaterThan(measured.messages * calls);
    const longer = { ...load, loops: 50 };
    const more = measure(config, (machine) => startMessaging(machine, longer)).measured;
    expect(more.totalNs).toBeGreaterThan(3 * measured.totalNs);
  });

  test("a message larger than a pipe is sent in parts", () => {
    const large = { groups: 1, pairs: 1, loops: 2, bytes: 100_000 };
    const { measured } = measure(messagingMachine(large), (machine) => startMessaging(machine, large));
    expect(measured.messages).toBe(2);
  });

  test("cut short, shows what was received by then, and nothing before that", () => {
    const run = new ScenarioRun({ machine: config, clock: stopped }, (machine) =>
      startMessaging(machine, { ...load, loops: 100_000 }),
    );
    expect(run.partial()).toBeUndefined();
    while (run.progress < 0.01) expect(run.advance(() => true)).toBe(false);
    const { facts, measured } = run.partial()!;
    expect(facts.complete).toBe(false);
    const all = load.groups * load.pairs ** 2 * 100_000;
    expect(measured.messages).toBe(Math.round(run.progress * all));
    expect(measured.totalNs).toBeGreaterThan(0);
    expect(measured.totalNs).toBeLessThan(facts.virtualNs);
  });
});

describe("switch", () => {
  const load = { tasks: 3, bytes: 0, loops: 50, warmUp: 4 };
  const ring = (more: object, config: MachineConfig = {}) => {
    const all = { ...load, ...more };
    const run = { tickHz: 0, ...switchMachine(all), ...config };
    return measure(run, (machine) => startSwitch(machine, all)).measured;
  };

  test.each(["native", "guest"] as const)("on one CPU is wake, block and switch: %s", (profile) => {
    const costs = PROFILES[profile];
    const alone = 2 * sum(costs, "syscallEntry", "syscallExit");
    const switchNs = sum(costs, "wake", "block", "switch");
    const expected = { tasks: 3, overheadNs: alone, hopNs: alone + switchNs, switchNs };
    expect(ring({}, { profile })).toEqual(expected);
    expect(ring({ loops: 1, warmUp: 0, tasks: 2 }, { profile }).switchNs).toBeGreaterThan(0);
  });

  test("takes the working set off, and adds what fetching it again costs", () => {
    expect(ring({ bytes: 20_480 }).switchNs).toBe(ring({}).switchNs);
    const apart = { vcpus: 4, wake: "any" } as const;
    const [bare, full] = [ring({}, apart), ring({ bytes: 20_480 }, apart)];
    expect(full.overheadNs).toBe(bare.overheadNs + 2048);
  });
});

describe("umcg-fanout", () => {
  const load = { workers: 5, loops: 20, warmUp: 3, workNs: 0, policy: "go-like" } as const;
  const fan = (more: object, vcpus = 2) => {
    const all = { ...load, ...more };
    const config = { vcpus, ...fanoutMachine(all, vcpus) };
    return measure(config, (machine) => startFanout(machine, all, 1)).measured;
  };

  test("every worker answers in every round, and all end", () => {
    const { rounds, wakes } = fan({});
    expect([rounds.count, wakes.count]).toEqual([20, 100]);
    expect(wakes.max).toBeLessThanOrEqual(rounds.max);
    expect(rounds.min).toBeGreaterThan(0);
  });

  test("a round holds the work of all, shared by the CPUs", () => {
    const [one, two] = [fan({ workNs: 10_000 }, 1), fan({ workNs: 10_000 }, 2)];
    expect(one.rounds.min).toBeGreaterThan(50_000);
    expect(two.rounds.mean).toBeLessThan(one.rounds.mean);
  });

  test.each(POLICY_NAMES)("goes with policy %s", (policy) => {
    expect(fan({ policy, loops: 3 }).wakes.count).toBe(15);
  });
});
