/** Real-time tasks, the order of classes, and sched_setattr: who runs, where, and when it has to stop. */
import { describe, expect, test } from "vitest";
import { EINVAL, ESRCH } from "../../src/atomics/errno.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import type { TaskOptions } from "../../src/kernel-sim/clone.ts";
import type { Tid } from "../../src/kernel-sim/ids.ts";
import type { SchedAttr } from "../../src/kernel-sim/syscalls/sched-attr.ts";
import type { Machine, MachineConfig } from "../../src/machine.ts";
import { TRACE_MIGRATE, TRACE_SCHED_SWITCH, TRACE_TICK } from "../../src/trace/events.ts";
import type { Env, Program } from "../../src/umcg/env.ts";
import { type Booted, boot, errorOf, evaluate } from "../support/boot.ts";
import { taskOf } from "../support/inspect.ts";
import { flawsOf } from "../support/timeline.ts";

const MS = 1_000_000;
const FREE: MachineConfig = { profile: "ideal", tickHz: 0 };

interface Done {
  readonly name: string;
  readonly atMs: number;
  readonly cpu: number;
}

/** Tasks that come at a time and compute: [name, arrival ms, ms, options]. */
type Plan = readonly (readonly [string, number, number, TaskOptions])[];

function play(plan: Plan, config: MachineConfig = {}): Booted & { done: Done[]; tids: Map<string, Tid> } {
  const booted = boot({ ...FREE, ...config });
  const done: Done[] = [];
  const tids = new Map<string, Tid>();
  for (const [name, at, work, options] of plan) {
    const body: Program = function* (env) {
      yield* env.sys.nanosleep((at + 1) * MS);
      yield* env.work(work * MS);
      done.push({ name, atMs: env.now() / MS - 1, cpu: env.cpu() });
    };
    tids.set(name, booted.machine.spawn(body, { ...options, name }));
  }
  booted.machine.run();
  expect(flawsOf(booted.log)).toEqual([]);
  return { ...booted, done, tids };
}

const at = (done: readonly Done[]): Record<string, number> =>
  Object.fromEntries(done.map(({ name, atMs }) => [name, atMs]));

const fifo = (rtPriority: number): TaskOptions => ({ policy: "fifo", rtPriority });
const rr = (rtPriority: number): TaskOptions => ({ policy: "rr", rtPriority });

describe.each(["virtual-time", "eevdf-6.12", "eevdf-7.2"] as const)("on one CPU, over %s", (fair) => {
  test("a real-time task preempts a fair one at once, and a higher one a lower one", () => {
    const plan: Plan = [
      ["fair", 0, 10, {}],
      ["low", 1, 5, fifo(1)],
      ["high", 2, 1, fifo(50)],
    ];
    expect(at(play(plan, { fair }).done)).toEqual({ high: 3, low: 7, fair: 16 });
  });

  test("FIFO of one priority runs in the order of arrival, each to its end, whatever the tick says", () => {
    const plan: Plan = [
      ["a", 0, 300, fifo(5)],
      ["b", 1, 300, fifo(5)],
      ["fair", 0, 1, {}],
    ];
    expect(at(play(plan, { fair, tickHz: 1000 }).done)).toEqual({ a: 300, b: 600, fair: 601 });
  });

  test("RR takes turns of 100 ms with its equals, and only with them", () => {
    const plan: Plan = [
      ["a", 0, 250, rr(5)],
      ["b", 1, 150, rr(5)],
      ["lower", 1, 10, rr(4)],
    ];
    // a 0-100, b -200, a -300, b -350 (done), a -400.
    expect(at(play(plan, { fair }).done)).toEqual({ b: 350, a: 400, lower: 410 });
  });

  test("who is preempted is first of its priority again, with what is left of its turn", () => {
    const plan: Plan = [
      ["a", 0, 120, rr(5)],
      ["b", 1, 20, rr(5)],
      ["high", 50, 10, fifo(9)],
    ];
    // a 0-50, high -60, a -110 (its turn ends), b -130, a -150.
    expect(at(play(plan, { fair }).done)).toEqual({ high: 60, b: 130, a: 150 });
  });

  test("an idle-policy task runs when nobody else wants to; a batch task preempts nobody", () => {
    const plan: Plan = [
      ["idle", 0, 10, { policy: "idle" }],
      ["normal", 2, 0.5, {}],
    ];
    expect(at(play(plan, { fair, tickHz: 250 }).done)).toMatchObject({ normal: 2.5 });
    const batch: Plan = [
      ["hog", 0, 3, {}],
      ["batch", 1, 1, { policy: "batch", sliceNs: 100_000 }],
    ];
    expect(at(play(batch, { fair, sliceNs: 20 * MS }).done)).toEqual({ hog: 3, batch: 4 });
  });
});

test("sched_yield sends a real-time task behind its equals, not behind the fair", () => {
  const { machine } = boot(FREE);
  const order: string[] = [];
  const job = (name: string, options: TaskOptions): void => {
    machine.spawn(function* (env) {
      yield* env.sys.schedYield();
      order.push(name);
    }, options);
  };
  job("fair", {});
  job("a", fifo(3));
  job("b", fifo(3));
  machine.run();
  expect(order).toEqual(["a", "b", "fair"]);
});

describe("on several CPUs", () => {
  test("a wakee leaves alone a lower task that could not go elsewhere, and preempts one that can", () => {
    const where = (affinity: readonly number[]): number => {
      const { machine } = boot({ ...FREE, vcpus: 2 });
      let cpu = -1;
      const high = machine.spawn(
        function* (env) {
          yield* env.sys.nanosleep(2 * MS);
          cpu = env.cpu();
          yield* env.work(MS);
        },
        { affinity: [1], ...fifo(50) },
      );
      const low = machine.spawn(
        function* (env) {
          yield* env.sys.nanosleep(MS);
          yield* env.work(10 * MS);
        },
        { affinity: [1], ...fifo(1) },
      );
      machine.spawn(
        function* (env) {
          yield* env.sys.schedSetaffinity(high, [0, 1]);
          yield* env.sys.schedSetaffinity(low, affinity);
          yield* env.work(20 * MS);
        },
        { affinity: [0] },
      );
      machine.run();
      return cpu;
    };
    expect([where([1]), where([0, 1])]).toEqual([0, 1]);
  });

  test("a real-time wakee stays on its CPU and preempts there, though another is idle; WF_CURRENT_CPU says nothing", () => {
    const { machine } = boot({ ...FREE, vcpus: 3, wake: "current-cpu" });
    const word = machine.allocate(4);
    let seen = -1;
    machine.spawn(function* (env) {
      yield* env.sys.futexWait(word, 0);
      seen = env.cpu();
    }, fifo(1));
    const hog: Program = function* (env) {
      yield* env.work(10 * MS);
    };
    machine.spawn(hog, { affinity: [0] });
    machine.spawn(
      function* (env) {
        yield* env.work(MS);
        yield* env.sys.futexWake(word);
        expect(machine.kernel.cpus.isIdle(2)).toBe(true);
      },
      { affinity: [1] },
    );
    machine.run();
    expect(seen).toBe(0);
  });

  test("one that finds its equal running goes to the CPU with the lowest: idle, then fair, then lower", () => {
    const busy: Plan = [
      ["equal", 0, 10, { ...fifo(5), affinity: [0] }],
      ["lower", 0, 10, { ...fifo(4), affinity: [1] }],
      ["fair", 0, 10, { affinity: [2] }],
    ];
    const goes = (vcpus: number, cpus: number): number | undefined => {
      // Made first, it has slept on CPU 0.
      const plan: Plan = [["new", 1, 1, fifo(5)], ...busy.slice(0, cpus)];
      return play(plan, { vcpus }).done.find(({ name }) => name === "new")?.cpu;
    };
    expect([goes(4, 3), goes(3, 3), goes(2, 2)]).toEqual([3, 2, 1]);
  });

  test("who is preempted is pushed to a CPU that runs something lower and does not look by itself", () => {
    const { machine, log } = boot({ ...FREE, vcpus: 2 });
    const done: [string, number][] = [];
    const work = function* (env: Env, name: string, ms: number): Coroutine<void> {
      yield* env.work(ms * MS);
      done.push([name, env.now() / MS]);
    };
    const low = machine.spawn((env) => work(env, "low", 10), { affinity: [0], ...fifo(1) });
    machine.spawn(
      function* (env) {
        yield* env.sys.nanosleep(MS);
        yield* work(env, "high", 5);
      },
      { affinity: [0], ...fifo(9) },
    );
    machine.spawn(
      function* (env) {
        yield* env.work(MS / 2);
        // Until now the lower one could not have left CPU 0. From here on CPU 1 has no reason to look for another task.
        yield* env.sys.schedSetaffinity(low, [0, 1]);
        yield* work(env, "fair", 20);
      },
      { affinity: [1] },
    );
    machine.run();
    expect(done).toEqual([
      ["high", 6],
      ["low", 10],
      ["fair", 29.5],
    ]);
    expect(log.single({ kind: TRACE_MIGRATE, tid: low })).toMatchObject({ timeNs: MS, cpu: 1, arg0: 0 });
    expect(flawsOf(log)).toEqual([]);
  });

  test("a CPU about to run something lower pulls what waits elsewhere", () => {
    const plan: Plan = [
      ["a", 0, 10, { ...fifo(5), affinity: [0] }],
      ["b", 0, 4, { ...fifo(5), affinity: [1] }],
      ["waits", 1, 3, fifo(5)],
      ["fair", 0, 1, { affinity: [1] }],
    ];
    const { done, log } = play(plan, { vcpus: 2 });
    expect(at(done)).toEqual({ b: 4, waits: 7, fair: 8, a: 10 });
    expect(done.find(({ name }) => name === "waits")?.cpu).toBe(1);
    expect(log.count({ kind: TRACE_TICK })).toBe(0);
  });
});

describe("sched_setattr", () => {
  function change(
    machine: Machine,
    attr: Parameters<Parameters<Program>[0]["sys"]["schedSetattr"]>[1],
    target: () => number,
    atMs: number,
  ): void {
    machine.spawn(
      function* (env) {
        yield* env.work(atMs * MS);
        expect(yield* env.sys.schedSetattr(target(), attr)).toBe(0);
      },
      { affinity: [1] },
    );
  }

  const hog = (ms: number, done: [string, number][], name: string): Program =>
    function* (env) {
      yield* env.work(ms * MS);
      done.push([name, env.now() / MS]);
    };

  test.each(["virtual-time", "eevdf-7.2"] as const)(
    "a task that waits runs when it becomes real-time (%s)",
    (fair) => {
      const { machine } = boot({ ...FREE, fair, vcpus: 2 });
      const done: [string, number][] = [];
      machine.spawn(hog(10, done, "first"), { affinity: [0] });
      const second = machine.spawn(hog(2, done, "second"), { affinity: [0] });
      change(machine, { policy: "fifo", priority: 1 }, () => second, 3);
      machine.run();
      expect(done).toEqual([
        ["second", 5],
        ["first", 12],
      ]);
    },
  );

  test.each(["virtual-time", "eevdf-7.2"] as const)(
    "a running real-time task that becomes fair shares (%s)",
    (fair) => {
      const { machine, log } = boot({ ...FREE, fair, vcpus: 2, tickHz: 1000 });
      const done: [string, number][] = [];
      const first = machine.spawn(hog(20, done, "first"), { affinity: [0], ...fifo(1) });
      machine.spawn(hog(5, done, "second"), { affinity: [0] });
      change(machine, { policy: "normal" }, () => first, 6);
      machine.run();
      expect(done.map(([name]) => name)).toEqual(["second", "first"]);
      expect(done[0]![1]).toBeLessThan(6 + 12);
      expect(taskOf(machine, first).execNs).toBe(20 * MS);
      expect(flawsOf(log)).toEqual([]);
    },
  );

  test("a lowered priority lets the next one run, a raised one is pulled or preempts", () => {
    const { machine } = boot({ ...FREE, vcpus: 2 });
    const done: [string, number][] = [];
    const high = machine.spawn(hog(10, done, "high"), { affinity: [0], ...fifo(9) });
    machine.spawn(hog(2, done, "low"), { affinity: [0], ...fifo(5) });
    change(machine, { priority: 1 }, () => high, 3);
    machine.run();
    expect(done).toEqual([
      ["low", 5],
      ["high", 12],
    ]);
  });

  test.each(["eevdf-6.12", "eevdf-7.2"] as const)(
    "a shorter slice, or another policy, of one that waits is no reason to preempt; a better nice level may be (%s)",
    (fair) => {
      const finished = (attr: Partial<SchedAttr>): string | undefined => {
        const { machine } = boot({ ...FREE, fair, vcpus: 2, sliceNs: 8 * MS });
        const done: [string, number][] = [];
        machine.spawn(hog(10, done, "first"), { affinity: [0], nice: 5 });
        const second = machine.spawn(hog(2, done, "second"), { affinity: [0], nice: 5 });
        change(machine, attr, () => second, 3);
        machine.run();
        return done[0]?.[0];
      };
      expect(finished({ runtimeNs: 100_000 })).toBe("first");
      expect(finished({ policy: "batch" })).toBe("first");
      expect(finished({ nice: -10, runtimeNs: 100_000 })).toBe("second");
    },
  );

  test("a nice level changes the share from then on, asleep or running", () => {
    const { machine } = boot({ fair: "eevdf-7.2", vcpus: 2, trace: false });
    const tids = [0, 0].map(() =>
      machine.spawn(
        function* (env) {
          for (;;) yield* env.work(1e12);
        },
        { affinity: [0] },
      ),
    );
    machine.spawn(
      function* (env) {
        yield* env.work(1e9);
        for (const tid of tids) yield* env.sys.schedSetattr(tid, { nice: tid === tids[0] ? 0 : 5 });
      },
      { affinity: [1] },
    );
    machine.run({ untilNs: 1e9 });
    const before = tids.map((tid) => taskOf(machine, tid).execNs);
    machine.run({ untilNs: 61e9 });
    const [more, less] = tids.map((tid, index) => taskOf(machine, tid).execNs - before[index]!);
    expect(more! / (more! + less!)).toBeCloseTo(0.7535, 3);
  });

  test("what is left out stays; nice and slice are clamped; getattr tells all", () => {
    const found = evaluate(
      function* (env) {
        const { sys } = env;
        const seen = [yield* sys.schedGetattr(0)];
        yield* sys.schedSetattr(0, { nice: -30, runtimeNs: 1 });
        seen.push(yield* sys.schedGetattr(0));
        yield* sys.schedSetattr(0, { policy: "rr", priority: 7 });
        seen.push(yield* sys.schedGetattr(env.tid));
        yield* sys.schedSetattr(0, { policy: "batch", nice: 99, runtimeNs: 0 });
        seen.push(yield* sys.schedGetattr(0));
        return seen;
      },
      { fair: "eevdf-6.12" },
    );
    expect(found).toEqual([
      { policy: "normal", nice: 0, priority: 0, runtimeNs: 700_000 },
      { policy: "normal", nice: -20, priority: 0, runtimeNs: 100_000 },
      { policy: "rr", nice: -20, priority: 7, runtimeNs: 100 * MS },
      { policy: "batch", nice: 19, priority: 0, runtimeNs: 700_000 },
    ]);
  });

  test("errors: no such task, no such policy, a priority that does not go with the policy", () => {
    const results = evaluate(function* (env) {
      const { sys } = env;
      return {
        nobody: [
          yield* sys.schedSetattr(63, { nice: 1 }),
          yield* sys.schedSetattr(-1, { policy: "fifo" }),
          yield* sys.schedGetattr(63),
        ],
        invalid: [
          yield* sys.schedSetattr(0, { policy: "deadline" as never }),
          yield* sys.schedSetattr(0, { policy: "fifo" }),
          yield* sys.schedSetattr(0, { policy: "fifo", priority: 0 }),
          yield* sys.schedSetattr(0, { policy: "rr", priority: 100 }),
          yield* sys.schedSetattr(0, { policy: "normal", priority: 1 }),
          yield* sys.schedSetattr(0, { nice: 0.5 }),
          yield* sys.schedSetattr(0, { runtimeNs: -1 }),
        ],
        after: yield* sys.schedGetattr(0),
      };
    });
    expect(results.nobody).toEqual([-ESRCH, -ESRCH, -ESRCH]);
    expect(results.invalid).toEqual(results.invalid.map(() => -EINVAL));
    expect(results.after).toMatchObject({ policy: "normal", nice: 0, priority: 0 });
  });
});

test("timer slack is for fair tasks", () => {
  const late = (options: TaskOptions): number => {
    const { machine } = boot({ ...FREE, timerSlackNs: 50_000 });
    let woke = 0;
    machine.spawn(function* (env) {
      yield* env.sys.nanosleep(MS);
      woke = env.now() - MS;
    }, options);
    machine.run();
    return woke;
  };
  expect([late({}), late(fifo(1))]).toEqual([50_000, 0]);
});

test("bad options are ERR_CONFIG and named; a global queue knows no real-time tasks", () => {
  const { machine } = boot();
  const nothing: Program = function* () {};
  const message = (options: TaskOptions, on = machine): string => {
    const { code, message: text } = errorOf(() => on.spawn(nothing, options));
    expect(code).toBe("ERR_CONFIG");
    return text;
  };
  expect(message({ policy: "deadline" as never })).toContain("deadline");
  expect(message({ policy: "fifo" })).toContain("rtPriority");
  expect(message({ policy: "rr", rtPriority: 100 })).toContain("100");
  expect(message({ rtPriority: 1 })).toContain("normal");
  expect(message({ policy: "fifo", rtPriority: 1 }, boot({ fair: "fcfs" }).machine)).toContain("fcfs");
});

test("without a real-time task there is no order of classes to go through", () => {
  const { machine, log } = boot({ ...FREE });
  const plain = machine.kernel.fair;
  machine.spawn(function* (env) {
    yield* env.sys.schedSetattr(0, { policy: "batch", nice: 3 });
  });
  machine.run();
  expect(machine.kernel.fair).toBe(plain);
  expect(log.count({ kind: TRACE_SCHED_SWITCH })).toBeGreaterThan(0);
});
