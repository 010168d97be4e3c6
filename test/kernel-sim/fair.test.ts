/** The fair class: shares by weight, turns among equals, and no credit for sleeping. */
import { describe, expect, test } from "vitest";
import { WEIGHT_OF_NICE } from "../../src/kernel-sim/fair-queue.ts";
import type { Tid } from "../../src/kernel-sim/ids.ts";
import type { MachineConfig } from "../../src/machine.ts";
import { TRACE_SCHED_SWITCH, TRACE_TICK } from "../../src/trace/events.ts";
import type { Program } from "../../src/umcg/env.ts";
import { type Booted, boot, priceOf } from "../support/boot.ts";
import { cpuOf, taskOf } from "../support/inspect.ts";
import { staysOf } from "../support/timeline.ts";

const SECOND = 1e9;
const TICK = 4_000_000;

const hog: Program = function* (env) {
  for (;;) yield* env.work(1e12);
};

/** Hogs of these nice levels on one CPU, after `untilNs`, and the share of each. */
function shares(nice: readonly number[], untilNs: number, config: MachineConfig = {}): number[] {
  const { machine } = boot({ traceEvents: 65536, trace: false, ...config });
  const tids = nice.map((level) => machine.spawn(hog, { nice: level, affinity: [0] }));
  machine.run({ untilNs });
  const exec = tids.map((tid) => taskOf(machine, tid).execNs);
  const total = exec.reduce((a, b) => a + b, 0);
  return exec.map((ns) => ns / total);
}

function expectShares(found: readonly number[], weights: readonly number[], within: number): void {
  const total = weights.reduce((a, b) => a + b, 0);
  found.forEach((share, index) => {
    expect(Math.abs(share - weights[index]! / total)).toBeLessThan(within);
  });
}

describe("shares of hogs on one CPU", () => {
  test("nice 0 and nice 5: 75.35 to 24.65", () => {
    const found = shares([0, 5], 60 * SECOND);
    expectShares(found, [1024, 335], 0.0005);
    expect(found[0]).toBeCloseTo(0.7535, 3);
  });

  test.each([250, 1000])("three by their weights, at %d Hz", (tickHz) => {
    expectShares(shares([-5, 0, 5], 60 * SECOND, { tickHz }), [3121, 1024, 335], 0.001);
    expectShares(shares([19, 10, 0], 60 * SECOND, { tickHz }), [15, 110, 1024], 0.001);
  });

  test("equals: equal", () => {
    expectShares(shares([3, 3, 3, 3], 20 * SECOND), [1, 1, 1, 1], 0.0005);
  });

  test("one nice level is about a tenth of the CPU between two", () => {
    for (const nice of [-20, -10, 0, 10]) {
      const [more, less] = shares([nice, nice + 1], 20 * SECOND);
      expect(more! - less!).toBeGreaterThan(0.09);
      expect(more! - less!).toBeLessThan(0.13);
      expectShares([more!, less!], [WEIGHT_OF_NICE[nice + 20]!, WEIGHT_OF_NICE[nice + 21]!], 0.001);
    }
  });

  test("without ticks the first keeps the CPU", () => {
    const { machine } = boot({ tickHz: 0 });
    const done: number[] = [];
    for (let i = 0; i < 3; i++) {
      machine.spawn(function* (env) {
        yield* env.work(50 * TICK);
        done.push(env.tid);
      });
    }
    machine.run();
    expect(done).toEqual([1, 2, 3]);
  });
});

describe("turns", () => {
  function switchesTo({ log }: Booted, from = 0): number[] {
    return log
      .all({ kind: TRACE_SCHED_SWITCH, cpu: 0 })
      .filter(({ timeNs }) => timeNs >= from)
      .map(({ tid }) => tid);
  }

  /** How long the turns last that begin after `from`. */
  function turnsOf({ log }: Booted, from: number): Set<number> {
    const stays = staysOf(log).filter(({ tid, fromNs }) => tid !== 0 && fromNs >= from);
    return new Set(stays.map(({ fromNs, toNs }) => toNs - fromNs));
  }

  test.each([2, 3, 5])("%d equal hogs take them in order, a tick each", (count) => {
    const booted = boot();
    const tids = Array.from({ length: count }, () => booted.machine.spawn(hog, { affinity: [0] }));
    booted.machine.run({ untilNs: count * 10 * TICK });
    // The first turn of all begins with the switch from idle and is a little shorter: it is put right in the second.
    const order = switchesTo(booted, (count + 1) * TICK);
    const first = tids.indexOf(order[0] as Tid);
    expect(order).toEqual(Array.from({ length: order.length }, (_, index) => tids[(first + index) % count]));
    expect(order.length).toBeGreaterThanOrEqual(count * 8);
    // The slice of one CPU, 0.7 ms, ends at the next tick.
    expect(turnsOf(booted, (count + 2) * TICK)).toEqual(new Set([TICK]));
  });

  test("a slice longer than a tick ends at the first tick behind it", () => {
    const booted = boot({ sliceNs: 9_000_000 });
    booted.machine.spawn(hog);
    booted.machine.spawn(hog);
    booted.machine.run({ untilNs: 40 * TICK });
    expect(turnsOf(booted, 10 * TICK)).toEqual(new Set([3 * TICK]));
  });

  test("a hog that is alone has no ticks; they begin when another comes and end when it goes", () => {
    const { machine, log } = boot();
    machine.spawn(
      function* (env) {
        yield* env.work(100 * TICK);
      },
      { affinity: [0] },
    );
    machine.spawn(
      function* (env) {
        yield* env.sys.nanosleep(20 * TICK);
        yield* env.work(5 * TICK);
      },
      { affinity: [0] },
    );
    machine.run();
    const ticks = log.all({ kind: TRACE_TICK }).map(({ timeNs }) => timeNs);
    expect(ticks.filter((at) => at > 2.5 * TICK && at < 20 * TICK)).toEqual([]);
    // Five ticks' worth of work beside a hog: ten turns.
    const together = ticks.filter((at) => at > 20 * TICK);
    expect(together.length).toBeGreaterThanOrEqual(9);
    expect(together.length).toBeLessThanOrEqual(12);
    expect(together.at(-1)! - together[0]!).toBe((together.length - 1) * TICK);
  });

  test("ticks of different CPUs have different phases", () => {
    const { machine, log } = boot({ vcpus: 4 });
    for (let cpu = 0; cpu < 4; cpu++) {
      machine.spawn(hog, { affinity: [cpu] });
      machine.spawn(hog, { affinity: [cpu] });
    }
    machine.run({ untilNs: 5 * TICK });
    const phases = [0, 1, 2, 3].map((cpu) => {
      const at = log
        .all({ kind: TRACE_TICK, cpu })
        .map(({ timeNs }) => (timeNs - priceOf(machine, "tick")) % TICK);
      return new Set(at);
    });
    expect(phases).toEqual([
      new Set([0]),
      new Set([TICK / 4]),
      new Set([TICK / 2]),
      new Set([(3 * TICK) / 4]),
    ]);
  });

  test("a task that wakes does not preempt one that runs", () => {
    const { machine, log } = boot({ tickHz: 0 });
    const long = machine.spawn(function* (env) {
      yield* env.work(1_000_000);
    });
    const short = machine.spawn(
      function* (env) {
        yield* env.sys.nanosleep(10_000);
      },
      { nice: -20 },
    );
    machine.run();
    const stays = staysOf(log).filter(({ tid }) => tid !== 0);
    expect(stays.map(({ tid }) => tid)).toEqual([long, short, short]);
  });
});

describe("sleeping", () => {
  /** A hog and a task that sleeps for `sleepNs` and is a hog then; the share of the sleeper in the `afterNs` that follow. */
  function shareAfterSleep(sleepNs: number, afterNs: number): number {
    const { machine } = boot({ trace: false });
    machine.spawn(hog, { affinity: [0] });
    const sleeper: Tid = machine.spawn(
      function* (env) {
        yield* env.sys.nanosleep(sleepNs);
        for (;;) yield* env.work(1e12);
      },
      { affinity: [0] },
    );
    machine.run({ untilNs: sleepNs + afterNs });
    return taskOf(machine, sleeper).execNs / afterNs;
  }

  test.each([10, 1000, 60_000])("for %d ms earns no credit", (ms) => {
    // Ten turns each in 80 ms; what is uncertain is where the first one begins.
    const share = shareAfterSleep(ms * 1e6, 20 * TICK);
    expect(Math.abs(share - 0.5)).toBeLessThan(0.06);
  });

  test("and waking often does not pay: a hog keeps its half beside a task that sleeps after every step", () => {
    const { machine } = boot({ trace: false, timerSlackNs: 0 });
    const steady = machine.spawn(hog, { affinity: [0] });
    const nervous = machine.spawn(
      function* (env) {
        for (;;) {
          yield* env.work(2 * TICK);
          yield* env.sys.nanosleep(1000);
        }
      },
      { affinity: [0] },
    );
    machine.run({ untilNs: 10 * SECOND });
    const share = taskOf(machine, steady).execNs / (10 * SECOND);
    expect(share).toBeGreaterThan(0.49);
    expect(taskOf(machine, nervous).execNs / (10 * SECOND)).toBeGreaterThan(0.4);
  });

  test("keeps what a task owes: one that has had more than its part waits for the others", () => {
    const { machine, log } = boot({ tickHz: 0 });
    // Both are queued at 0; the first works for 1 ms, then sleeps a moment: the second has vruntime 0 and is next.
    const greedy = machine.spawn(function* (env) {
      yield* env.work(1_000_000);
      yield* env.sys.nanosleep(1000);
      yield* env.work(100_000);
    });
    const modest = machine.spawn(function* (env) {
      for (let i = 0; i < 4; i++) {
        yield* env.work(100_000);
        yield* env.sys.schedYield();
      }
    });
    machine.run();
    const order = staysOf(log)
      .filter(({ tid }) => tid !== 0)
      .map(({ tid }) => tid);
    // sched_yield gives up the lead: after its first turn the modest one is behind the greedy one.
    expect(order).toEqual([greedy, modest, greedy, modest]);
  });
});

describe("a run queue's counts", () => {
  test("are those of the tasks on it", () => {
    const { machine } = boot({ vcpus: 2 });
    machine.spawn(hog, { affinity: [0], nice: 0 });
    machine.spawn(hog, { affinity: [0], nice: 5 });
    machine.spawn(hog, { affinity: [1], nice: -5 });
    machine.run({ untilNs: 10 * TICK });
    expect(cpuOf(machine, 0)).toMatchObject({ running: 2, load: 1024 + 335, idle: false });
    expect(cpuOf(machine, 1)).toMatchObject({ running: 1, load: 3121, idle: false });
  });

  test("are zero when all has ended, and every CPU is idle", () => {
    const { machine } = boot({ vcpus: 3 });
    for (let i = 0; i < 20; i++) {
      machine.spawn(
        function* (env) {
          for (let j = 0; j < 5; j++) {
            yield* env.work(3_000_000 + i * 10_000);
            yield* env.sys.nanosleep(i * 1000);
            yield* env.sys.schedYield();
          }
        },
        { nice: i - 10 },
      );
    }
    machine.run();
    for (const cpu of [0, 1, 2]) {
      expect(cpuOf(machine, cpu)).toMatchObject({ current: 0, running: 0, load: 0, idle: true });
    }
  });
});
