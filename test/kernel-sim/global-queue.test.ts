/**
 * The disciplines of queueing theory on machines where everything is free: small cases worked out by hand, on one CPU and
 * on two. Jobs are [arrival, service] in ms; what is checked is when each is done.
 */
import { describe, expect, test } from "vitest";
import type { MachineConfig } from "../../src/machine.ts";
import { TRACE_MIGRATE, TRACE_SCHED_SWITCH, TRACE_TIMER_EXPIRE } from "../../src/trace/events.ts";
import { type Booted, boot } from "../support/boot.ts";
import { cpusOf, taskOf } from "../support/inspect.ts";
import { flawsOf } from "../support/timeline.ts";

const MS = 1_000_000;
type Job = readonly [atMs: number, workMs: number, cpus?: readonly number[]];

interface Served extends Booted {
  /** ms at which each job was done. */
  readonly done: number[];
}

/** Serves jobs whose service times are known to the kernel. */
function serve(jobs: readonly Job[], config: MachineConfig): Served {
  const booted = boot({ profile: "ideal", tickHz: 0, ...config });
  const { machine } = booted;
  const done: number[] = [];
  for (const [index, [at, work, affinity]] of jobs.entries()) {
    const tid = machine.spawn(
      function* (env) {
        // A ms later than it says, so that all have gone to sleep before the first comes.
        yield* env.sys.nanosleep((at + 1) * MS);
        yield* env.work(work * MS);
        done[index] = env.now() / MS - 1;
      },
      affinity === undefined ? {} : { affinity },
    );
    machine.kernel.fair.expect(tid, work * MS);
  }
  machine.run();
  expect(flawsOf(booted.log)).toEqual([]);
  for (const { running, load } of cpusOf(machine)) expect([running, load]).toEqual([0, 0]);
  return { ...booted, done };
}

const JOBS: readonly Job[] = [
  [0, 10],
  [1, 4],
  [2, 1],
  [2, 3],
];

describe("one CPU", () => {
  test.each([
    ["fcfs", [10, 14, 15, 18]],
    // From 2 ms on in turns of 1 ms: 0, 2 (done at 4), 3, 1, 0, 3, 1, 0, 3 (done at 11), 1 (done at 12), 0.
    ["rr", [18, 12, 4, 11]],
    ["srpt", [18, 9, 3, 6]],
  ] as const)("%s", (fair, expected) => {
    expect(serve(JOBS, { fair, sliceNs: MS }).done).toEqual(expected);
  });

  test("ps: all who are there have equal shares, to within a round of quanta", () => {
    const { done } = serve(JOBS, { fair: "ps" });
    // 2 is done after 4 ms at a quarter, 3 after 6 more at a third, 1 after 1 more at a half.
    for (const [index, ms] of [18, 13, 6, 12].entries())
      expect(Math.abs(done[index]! - ms)).toBeLessThan(0.005);
  });

  test("ps comes closer to equal shares with a smaller quantum", () => {
    const off = [100_000, 10_000, 1000].map((sliceNs) => {
      const { done } = serve(JOBS, { fair: "ps", sliceNs });
      return Math.max(...[18, 13, 6, 12].map((ms, index) => Math.abs(done[index]! - ms)));
    });
    expect(off[0]).toBeGreaterThan(off[1]!);
    expect(off[1]).toBeGreaterThan(off[2]!);
    expect(off[2]).toBeLessThan(0.005);
  });
});

describe("two CPUs, one queue", () => {
  test.each([
    ["fcfs", [10, 5, 6, 9]],
    // At 2 ms both CPUs have run their jobs for a quantum: both give way.
    ["rr", [12, 7, 3, 6]],
    // 2 takes the CPU from 0, which has most left; 3 has no less left than 1 and waits for 2.
    ["srpt", [13, 5, 3, 6]],
  ] as const)("%s", (fair, expected) => {
    expect(serve(JOBS, { fair, vcpus: 2, sliceNs: MS }).done).toEqual(expected);
  });

  test("ps: nobody has more than a CPU of its own", () => {
    const { done } = serve(JOBS, { fair: "ps", vcpus: 2 });
    for (const [index, ms] of [12, 7, 4, 7].entries())
      expect(Math.abs(done[index]! - ms)).toBeLessThan(0.005);
  });

  test("a waiting task goes to whichever CPU is free first, and its move is traced", () => {
    const { machine, log, done } = serve(
      [
        [0, 2],
        [0, 1],
        [0.5, 1],
      ],
      { fair: "fcfs", vcpus: 2 },
    );
    expect(done).toEqual([2, 1, 2]);
    const last = log.all({ kind: TRACE_SCHED_SWITCH, tid: 3 }).at(-1)!;
    expect(last).toMatchObject({ cpu: 1, timeNs: 2 * MS });
    expect(log.all({ kind: TRACE_MIGRATE, tid: 3 }).at(-1)?.cpu ?? 1).toBe(1);
    expect(taskOf(machine, 3).cpu).toBe(1);
  });

  test("a task keeps to the CPUs it may use, and others overtake it there", () => {
    const jobs: readonly Job[] = [
      [0, 4],
      [0, 1],
      [0.5, 1, [0]],
      [0.6, 1],
    ];
    const { done } = serve(jobs, { fair: "fcfs", vcpus: 2 });
    const first = done[0]! === 4 ? 5 : 0;
    expect(done).toEqual([4, 1, first, 2]);
  });
});

describe("srpt", () => {
  test("two that come at once each take a CPU from a longer one", () => {
    const jobs: readonly Job[] = [
      [0, 10],
      [0, 8],
      [1, 1],
      [1, 2],
    ];
    expect(serve(jobs, { fair: "srpt", vcpus: 2 }).done).toEqual([12, 9, 2, 3]);
  });

  test("what is not told has nothing left, and what is told while it waits counts", () => {
    const { machine } = boot({ fair: "srpt", profile: "ideal", tickHz: 0 });
    const order: string[] = [];
    const job = (name: string, ns: number): number =>
      machine.spawn(function* (env) {
        yield* env.work(ns);
        order.push(name);
      });
    machine.kernel.fair.expect(job("long", 5 * MS), 5 * MS);
    machine.kernel.fair.expect(job("short", MS), MS);
    job("unknown", 9 * MS);
    machine.run();
    expect(order).toEqual(["unknown", "short", "long"]);
  });

  test("a task that takes longer than was told goes before all who have something left", () => {
    const { machine } = boot({ fair: "srpt", profile: "ideal", tickHz: 0 });
    const done: string[] = [];
    const wrong = machine.spawn(function* (env) {
      yield* env.work(5 * MS);
      done.push("wrong");
    });
    machine.kernel.fair.expect(wrong, MS);
    const late = machine.spawn(function* (env) {
      yield* env.sys.nanosleep(3 * MS);
      yield* env.work(MS / 2);
      done.push("late");
    });
    machine.kernel.fair.expect(late, MS / 2);
    machine.run();
    expect(done).toEqual(["wrong", "late"]);
  });
});

describe("fcfs and rr", () => {
  test("sched_yield goes behind all who wait; under srpt it changes nothing", () => {
    for (const [fair, expected] of [
      ["fcfs", ["b", "a"]],
      ["rr", ["b", "a"]],
      ["srpt", ["a", "b"]],
    ] as const) {
      const { machine } = boot({ fair, profile: "ideal", tickHz: 0 });
      const order: string[] = [];
      for (const name of ["a", "b"]) {
        const tid = machine.spawn(function* (env) {
          if (name === "a") yield* env.sys.schedYield();
          order.push(name);
        });
        machine.kernel.fair.expect(tid, name === "a" ? 1 : 2);
      }
      machine.run();
      expect(order).toEqual(expected);
    }
  });

  test("rr lets a task that is alone run on, and the first who comes after its quantum has it at once", () => {
    const { log, done } = serve(
      [
        [0, 10],
        [4.5, 1],
      ],
      { fair: "rr", sliceNs: MS },
    );
    expect(done).toEqual([11, 5.5]);
    expect(log.count({ kind: TRACE_SCHED_SWITCH, tid: 2 })).toBe(2);
    expect(log.count({ kind: TRACE_TIMER_EXPIRE })).toBe(2);
  });

  test("a task whose mask changes while it waits goes to a CPU that is idle, or keeps its place", () => {
    const { machine } = boot({ fair: "fcfs", profile: "ideal", tickHz: 0, vcpus: 2 });
    const done: [string, number][] = [];
    const job = (name: string, ns: number, affinity: readonly number[]): number =>
      machine.spawn(
        function* (env) {
          yield* env.work(ns);
          done.push([name, env.now() / MS]);
        },
        { affinity },
      );
    job("hog", 10 * MS, [0]);
    const first = job("first", MS, [0]);
    const second = job("second", MS, [0]);
    machine.spawn(
      function* (env) {
        yield* env.work(2 * MS);
        // CPU 1 is busy with this one: the first keeps its place before the second on both CPUs.
        yield* env.sys.schedSetaffinity(first, [1]);
        yield* env.sys.schedSetaffinity(second, [0, 1]);
      },
      { affinity: [1] },
    );
    machine.run();
    expect(done).toEqual([
      ["first", 3],
      ["second", 4],
      ["hog", 10],
    ]);
  });
});

test.each([1, 2])("where nothing costs anything, loops on %i CPUs still let time pass", (vcpus) => {
  const { machine } = boot({ fair: "fcfs", vcpus, profile: "ideal", trace: false });
  for (let task = 0; task <= vcpus; task++) {
    machine.spawn(function* (env) {
      for (;;) yield* env.sys.schedYield();
    });
  }
  machine.run({ untilNs: 1 });
  expect(machine.result().virtualNs).toBeGreaterThanOrEqual(1);
});
