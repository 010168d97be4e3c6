/**
 * Where a task wakes on machines with several LLCs and with SMT, and where a new one starts. What holds
 * in one LLC is in wake-path.test.ts.
 */
import { describe, expect, test } from "vitest";
import { TASK_NORMAL, WF_CURRENT_CPU, WF_SYNC } from "../../src/kernel-sim/constants.ts";
import { cpuId, type Tid } from "../../src/kernel-sim/ids.ts";
import { remaining } from "../../src/kernel-sim/llc-table.ts";
import { tryToWakeUp } from "../../src/kernel-sim/wakeup.ts";
import type { Machine, MachineConfig } from "../../src/machine.ts";
import { TRACE_IPI_SEND } from "../../src/trace/events.ts";
import { type Booted, boot, priceOf } from "../support/boot.ts";
import { taskOf } from "../support/inspect.ts";
import { sleepNow, wakeAtOnce } from "../support/kernel-code.ts";

const T = 1_000_000;
/** Two LLCs of four CPUs. */
const TWO: MachineConfig = { vcpus: 8, topology: { coresPerLlc: 4 } };
/** One LLC of four cores of two threads. */
const SMT: MachineConfig = { vcpus: 8, topology: { smt: 2 } };

interface Choice extends Booted {
  /** CPUs the wakee ran on, after each wake-up. */
  readonly cpus: readonly number[];
  /** What each took the waker. */
  readonly paid: readonly number[];
}

interface ChoiceOptions {
  readonly flags?: number;
  readonly slept: number;
  readonly waker?: number;
  readonly affinity?: readonly number[];
  /** CPUs kept busy from T / 2 on, once for each time they are named. */
  readonly busy?: readonly number[];
  readonly nice?: number;
  /** How often it is woken. */
  readonly wakes?: number;
  readonly prepare?: (machine: Machine, sleeper: Tid, waker: Tid) => void;
}

/** A task that slept on CPU `slept` is woken at T by a task on CPU `waker`. */
function choose(config: MachineConfig, options: ChoiceOptions): Choice {
  const { flags = 0, slept, waker = 0, affinity, busy = [], nice = 0, wakes = 1, prepare } = options;
  const { machine, log } = boot({ tickHz: 0, ...config });
  const all = Array.from({ length: machine.kernel.config.vcpus }, (_, cpu) => cpu);
  const cpus: number[] = [];
  const paid: number[] = [];
  const sleeper = machine.spawn(
    function* (env) {
      for (let wake = 0; wake < wakes; wake++) {
        yield* sleepNow(machine, env.tid);
        cpus.push(env.cpu());
      }
    },
    { affinity: [slept] },
  );
  const tid = machine.spawn(
    function* (env) {
      // Only now may it run elsewhere: it has been placed where the test wants it.
      for (const cpu of affinity ?? all) machine.kernel.tasks.allowed[sleeper]! |= 1 << cpu;
      yield* env.work(T - env.now());
      for (let wake = 0; wake < wakes; wake++) {
        const began = env.now();
        yield* wakeAtOnce(machine, sleeper, flags);
        paid.push(env.now() - began);
        yield* env.work(T);
      }
    },
    { affinity: [waker] },
  );
  for (const cpu of busy) {
    machine.spawn(
      function* (env) {
        yield* env.sys.nanosleep(T / 2);
        yield* env.work(10 * T);
      },
      { affinity: [cpu], nice },
    );
  }
  prepare?.(machine, sleeper, tid);
  machine.run();
  return { machine, log, cpus, paid };
}

describe("among two LLCs", () => {
  test("the search stays in the LLC of the CPU it slept on", () => {
    const { machine, cpus, paid } = choose(TWO, { slept: 5, busy: [5] });
    expect(cpus).toEqual([6]);
    expect(paid).toEqual([priceOf(machine, "idleScan", "cacheLineLlc", "ipiSend")]);
  });

  test("with that LLC full it stays there, although others are idle beyond", () => {
    const { machine, cpus, paid } = choose(TWO, { slept: 5, busy: [4, 5, 6, 7] });
    expect(cpus).toEqual([5]);
    const looks = priceOf(machine, "idleScan", "idleScan", "idleScan");
    expect(paid).toEqual([looks + priceOf(machine, "cacheLineLlc", "ipiSend")]);
  });

  test("the CPU it slept on, if idle, wins over every nearer one", () => {
    expect(choose(TWO, { slept: 5 }).cpus).toEqual([5]);
    expect(choose(TWO, { slept: 5, flags: WF_SYNC, busy: [0] }).cpus).toEqual([5]);
  });

  test("WF_SYNC by a task alone on its CPU moves the search to the waker's LLC, even from an idle CPU", () => {
    expect(choose(TWO, { slept: 5, flags: WF_SYNC }).cpus).toEqual([1]);
    expect(choose(TWO, { slept: 5, flags: WF_SYNC, busy: [1, 2, 3] }).cpus).toEqual([0]);
  });

  test("a far more loaded CPU is left for the waker's LLC", () => {
    // 2048 * 100 against 2048 * 108, then against 1024 * 108.
    expect(choose(TWO, { slept: 5, busy: [4, 5, 5, 6, 7] }).cpus).toEqual([1]);
    expect(choose(TWO, { slept: 5, busy: [4, 5, 6, 7] }).cpus).toEqual([5]);
  });

  test("WF_CURRENT_CPU reaches across", () => {
    const { cpus, paid, log } = choose(TWO, { slept: 5, flags: WF_CURRENT_CPU });
    expect([cpus, paid]).toEqual([[0], [0]]);
    expect(log.all({ kind: TRACE_IPI_SEND }).filter(({ timeNs }) => timeNs >= T)).toEqual([]);
  });

  test("a CPU that runs nothing but tasks of the idle policy is as good as idle, whoever else is", () => {
    const beside = (cpu: number, slept: number, policy: "idle" | "batch"): readonly number[] =>
      choose(TWO, {
        slept,
        busy: slept === cpu ? [] : [slept],
        prepare: (machine) => {
          machine.spawn(
            function* (env) {
              yield* env.work(10 * T);
            },
            { affinity: [cpu], policy },
          );
        },
      }).cpus;
    // The CPU it slept on; one that the scan comes across before an idle one.
    expect([beside(5, 5, "idle"), beside(5, 5, "batch")]).toEqual([[5], [6]]);
    expect([beside(6, 5, "idle"), beside(6, 5, "batch")]).toEqual([[6], [7]]);
    // Not if there is somebody else.
    expect(choose(TWO, { slept: 5, busy: [5, 5], nice: 19 }).cpus).toEqual([6]);
  });

  test("the CPU used before the last counts only within the LLC", () => {
    const recently = (cpu: number, slept: number): readonly number[] =>
      choose(TWO, {
        slept,
        busy: [slept],
        prepare: ({ kernel }, sleeper) => kernel.tasks.setRecentUsedCpu(sleeper, cpu),
      }).cpus;
    expect(recently(7, 4)).toEqual([7]);
    expect(recently(3, 4)).toEqual([5]);
  });

  test("an interrupt on an idle CPU takes the task only from within its LLC", () => {
    const interrupted = (on: number): number => {
      const { machine } = boot({ ...TWO, tickHz: 0 });
      let cpu = -1;
      const sleeper = machine.spawn(
        function* (env) {
          yield* sleepNow(machine, env.tid);
          cpu = env.cpu();
        },
        { affinity: [4] },
      );
      machine.spawn((env) => env.work(10 * T) as never, { affinity: [4], nice: 19 });
      machine.run({ untilNs: T });
      machine.kernel.tasks.allowed[sleeper] = 0xff;
      machine.host.deliverInterrupt(cpuId(on), () => tryToWakeUp(machine.kernel, sleeper, TASK_NORMAL, 0));
      machine.run();
      return cpu;
    };
    expect(interrupted(6)).toBe(6);
    // From beyond, loads are compared: what runs there weighs less than the wakee.
    expect(interrupted(3)).toBe(5);
  });
});

test("the margin of the waker's CPU is half of what a domain tolerates: 8 per cent, 5 between threads", () => {
  /** Does the wakee of a plain wake-up stay where it slept, with these weights there, or come to the waker's CPU? */
  const stays = (config: MachineConfig, nices: readonly number[]): boolean => {
    const prepare = (machine: Machine): void => {
      for (const nice of nices) machine.spawn((env) => env.work(10 * T) as never, { affinity: [1], nice });
    };
    return choose({ vcpus: 2, ...config }, { slept: 1, prepare }).cpus[0] === 1;
  };
  // 2048 * 100 against the sum of the weights there: 1024 + 820, 1024 + 820 + 45 and 1024 + 820 + 56 times 108.
  expect(stays({}, [0, 1])).toBe(true);
  expect(stays({}, [0, 1, 14])).toBe(true);
  expect(stays({}, [0, 1, 13])).toBe(false);
  // 1024 + 820 + 110 and 1024 + 655 + 272 times 105: 205170 and 204855; 1024 + 820 + 87 times 105: 202755.
  const threads = { topology: { smt: 2 } };
  expect(stays(threads, [0, 1, 10])).toBe(false);
  expect(stays(threads, [0, 1, 11])).toBe(true);
});

describe("wake_wide", () => {
  /** A wake-up with WF_SYNC across LLCs of two CPUs, among tasks that have flipped so often. */
  const wideOf = (waker: number, wakee: number): boolean => {
    const flips = (machine: Machine, sleeper: Tid, tid: Tid): void => {
      machine.kernel.tasks.setWakeeFlips(sleeper, wakee);
      machine.kernel.tasks.setWakeeFlips(tid, waker);
      machine.kernel.tasks.setLastWakee(tid, sleeper);
    };
    const config = { vcpus: 4, topology: { coresPerLlc: 2 } };
    const { cpus } = choose(config, { slept: 3, flags: WF_SYNC, busy: [2, 3], prepare: flips });
    expect([[1], [3]]).toContainEqual(cpus);
    return cpus[0] === 3;
  };

  test.each([
    [2, 4, true],
    [4, 2, true],
    [2, 3, false],
    [3, 2, false],
    [1, 9, false],
    [9, 1, false],
    [3, 6, true],
    [3, 5, false],
  ])("flips of %d by the waker and %d by the wakee, LLCs of two: %s", (waker, wakee, wide) => {
    expect(wideOf(waker, wakee)).toBe(wide);
  });
});

describe("with SMT", () => {
  test("a core that is idle as a whole wins over an idle thread next door", () => {
    const { machine, cpus, paid } = choose(SMT, { slept: 2, busy: [2] });
    expect(cpus).toEqual([4]);
    // CPUs 2 and 3, then 4 and 5.
    const looks = 4 * priceOf(machine, "idleScan");
    expect(paid).toEqual([looks + priceOf(machine, "cacheLine", "ipiSend")]);
  });

  test("without one it is the first idle thread; then the belief is gone, and the core it slept on comes first", () => {
    const { machine, cpus, paid } = choose(SMT, { slept: 2, busy: [2, 3, 5, 6], wakes: 2 });
    // CPU 2, both of its core; 4 (idle), 5; 6; 0. The second time it wakes where it is, on CPU 4, which is idle.
    expect(cpus).toEqual([4, 4]);
    const signal = priceOf(machine, "cacheLine", "ipiSend");
    expect(paid).toEqual([6 * priceOf(machine, "idleScan") + signal, signal]);
    expect(machine.kernel.llcs.hasIdleCore(0)).toBe(true);
  });

  test("a search in vain takes the belief in an idle core back", () => {
    const said: boolean[] = [];
    choose(SMT, {
      slept: 2,
      busy: [2, 4, 6],
      prepare: ({ kernel: { llcs } }) => {
        llcs.setHasIdleCore = (_llc, to) => said.push(to);
      },
    });
    expect(said.slice(0, 1)).toEqual([false]);
  });

  test("the other thread of its core must be allowed, too", () => {
    const unbelieved = ({ kernel: { llcs } }: Machine): void => {
      llcs.hasIdleCore = () => false;
    };
    const busy = [2, 4, 6];
    expect(choose(SMT, { slept: 2, busy, affinity: [2, 3, 7], prepare: unbelieved }).cpus).toEqual([3]);
    expect(choose(SMT, { slept: 2, busy, affinity: [2, 7], prepare: unbelieved }).cpus).toEqual([7]);
  });

  test.each([
    [[], 3, 1],
    [[3], 5, 4],
    [[3, 5], 7, 6],
  ] as const)(
    "with no idle core believed in: another thread of its core, or the scan (busy: %j too)",
    (more, to, looks) => {
      const { machine, cpus, paid } = choose(SMT, {
        slept: 2,
        busy: [2, 4, 6, ...more],
        prepare: ({ kernel }) => {
          // The first search in vain would have said so.
          kernel.llcs.setHasIdleCore(0, false);
          kernel.llcs.setHasIdleCore = () => {};
        },
      });
      expect(cpus).toEqual([to]);
      expect(paid).toEqual([looks * priceOf(machine, "idleScan") + priceOf(machine, "cacheLine", "ipiSend")]);
    },
  );

  test("a core becomes idle with the last of its threads", () => {
    const seen: boolean[] = [];
    const { machine } = boot({ vcpus: 4, topology: { smt: 2 }, tickHz: 0 });
    const { llcs } = machine.kernel;
    for (const [cpu, ns] of [
      [0, 10 * T],
      [2, 2 * T],
      [3, 4 * T],
    ] as const)
      machine.spawn((env) => env.work(ns) as never, { affinity: [cpu] });
    machine.run({ untilNs: T });
    llcs.setHasIdleCore(0, false);
    for (const at of [3 * T, 5 * T]) {
      machine.run({ untilNs: at });
      seen.push(llcs.hasIdleCore(0));
    }
    expect(seen).toEqual([false, true]);
  });

  test("the search goes by the task's affinity", () => {
    expect(choose(SMT, { slept: 2, busy: [2], affinity: [2, 3, 7] }).cpus).toEqual([7]);
    expect(choose(SMT, { slept: 2, busy: [2, 6], affinity: [2, 3, 6, 7] }).cpus).toEqual([3]);
    expect(choose(SMT, { slept: 2, busy: [2, 6], affinity: [2, 6, 7] }).cpus).toEqual([7]);
  });
});

describe("the bound of the scan", () => {
  test.each([
    [0, 2, 0],
    [1, 2, 1],
    [2, 5, 2],
    [8, 5, 2],
  ])("%d: goes to CPU %d after %d looks", (limit, to, looks) => {
    const { machine, cpus, paid } = choose(
      { vcpus: 8 },
      {
        slept: 2,
        busy: [2, 3],
        affinity: [0, 2, 3, 5],
        prepare: ({ kernel }) => kernel.llcs.setNrIdleScan(0, limit),
      },
    );
    expect(cpus).toEqual([to]);
    const queue =
      to === 2 ? priceOf(machine, "cacheLine", "cacheLine") : priceOf(machine, "cacheLine", "ipiSend");
    expect(paid).toEqual([looks * priceOf(machine, "idleScan") + queue]);
  });

  test("of 0 ends the search for an idle core, too", () => {
    const limit = ({ kernel }: Machine): void => kernel.llcs.setNrIdleScan(0, 0);
    expect(choose(SMT, { slept: 2, busy: [2], prepare: limit }).cpus).toEqual([2]);
  });
});

describe("a new task", () => {
  /** CPUs of tasks started before the machine runs, by CPU 0. */
  function placed(config: MachineConfig, count: number, affinity?: readonly number[]): number[] {
    const { machine } = boot(config);
    const tids = Array.from({ length: count }, () =>
      machine.spawn((env) => env.work(T) as never, affinity === undefined ? {} : { affinity }),
    );
    return tids.map((tid) => taskOf(machine, tid).cpu);
  }

  test("goes to the group with more idle CPUs, level by level, from its maker's on", () => {
    expect(placed({ vcpus: 4 }, 4)).toEqual([0, 1, 2, 3]);
    expect(placed(TWO, 8)).toEqual([0, 4, 1, 5, 2, 6, 3, 7]);
    expect(placed({ vcpus: 4, topology: { smt: 2 } }, 4)).toEqual([0, 2, 1, 3]);
    const deep = { vcpus: 16, topology: { smt: 2, coresPerLlc: 2, llcsPerSocket: 2 } };
    expect(placed(deep, 8)).toEqual([0, 8, 4, 12, 2, 10, 6, 14]);
  });

  test("keeps to its affinity", () => {
    expect(placed(TWO, 4, [6, 7])).toEqual([6, 7, 6, 7]);
    expect(placed(TWO, 3, [1, 2, 6])).toEqual([1, 2, 6]);
    expect(placed({ vcpus: 40 }, 2, [33, 39])).toEqual([33, 39]);
  });

  test("is spread over CPUs that are all overloaded by their loads", () => {
    expect(placed({ vcpus: 2 }, 7)).toEqual([0, 1, 0, 1, 0, 1, 0]);
  });

  test("starts on the idle CPU that was least busy lately; among cores of one LLC, from its maker's on", () => {
    expect(startsOn(8 * T, 2 * T)).toBe(3);
    expect(startsOn(2 * T, 8 * T)).toBe(1);
    // Nobody has been busy: the next after its maker's.
    expect(startsOn(0, 0)).toBe(3);
  });

  /** Where a task starts that CPU 2 makes at 10 T, when CPUs 1 and 3 have been busy for so long. */
  function startsOn(busy1: number, busy3: number): number {
    const { machine } = boot({ vcpus: 4, tickHz: 0 });
    let cpu = -1;
    for (const [busy, ns] of [
      [1, busy1],
      [3, busy3],
    ] as const)
      if (ns > 0) machine.spawn((env) => env.work(ns) as never, { affinity: [busy] });
    machine.spawn((env) => env.work(20 * T) as never, { affinity: [0] });
    machine.spawn(
      function* (env) {
        yield* env.work(10 * T);
        yield* env.spawn(function* (own) {
          cpu = own.cpu();
          yield* own.work(1);
        });
      },
      { affinity: [2] },
    );
    machine.run();
    return cpu;
  }

  test("prefers a CPU in a shallow state to one that went idle later, but deeply", () => {
    const { machine } = boot({ ...TWO, idle: "menu", tickHz: 0 });
    let cpu = -1;
    // CPU 5 expects to be idle for 0.5 ms, CPU 6 for ever, 4 and 7 are busy.
    machine.spawn(
      function* (env) {
        yield* env.work(9.7 * T);
        yield* env.sys.nanosleep(T / 2);
      },
      { affinity: [5] },
    );
    machine.spawn((env) => env.work(9.9 * T) as never, { affinity: [6] });
    for (const busy of [4, 7]) machine.spawn((env) => env.work(20 * T) as never, { affinity: [busy] });
    machine.spawn(
      function* (env) {
        yield* env.work(10 * T);
        const child = yield* env.spawn(function* (own) {
          cpu = own.cpu();
          yield* own.work(1);
        });
        yield* env.sys.join(child);
      },
      { affinity: [0] },
    );
    for (const busy of [1, 2, 3]) machine.spawn((env) => env.work(20 * T) as never, { affinity: [busy] });
    machine.run();
    expect(cpu).toBe(5);
  });

  test("of the CPUs of an idler LLC takes the one that is fastest to wake, then the one that went idle last", () => {
    /** CPUs of the other LLC work until these times; a task is made at 10 T. */
    const made = (until: readonly number[], profile: "native" | "guest"): number => {
      const { machine } = boot({ ...TWO, profile, tickHz: 0 });
      let cpu = -1;
      for (const [index, ns] of until.entries())
        machine.spawn((env) => env.work(ns) as never, { affinity: [4 + index] });
      machine.spawn(
        function* (env) {
          yield* env.work(10 * T);
          const child = yield* env.spawn(function* (own) {
            cpu = own.cpu();
            yield* own.work(1);
          });
          yield* env.sys.join(child);
        },
        { affinity: [0] },
      );
      machine.run();
      return cpu;
    };
    expect(made([T, 3 * T, 2 * T, T], "native")).toBe(5);
    // A guest's HLT takes longer to leave after a while; after a millisecond it is all the same.
    expect(made([T, 3 * T, 2 * T, T], "guest")).toBe(5);
    expect(made([T, 2 * T, 9.98 * T, 3 * T], "guest")).toBe(6);
  });
});

describe("utilisation", () => {
  test("halves in 32 ms of idleness and goes half way to 1 in 32 ms of work", () => {
    expect(remaining(0)).toBe(1);
    for (const x of [0.001, 0.5, 0.999, 1, 1.5, 2, 7.25, 63.9])
      expect(remaining(x) * 2 ** x).toBeCloseTo(1, 7);
    expect(remaining(64)).toBe(0);
    const { machine } = boot({ tickHz: 0, idle: "poll" });
    machine.spawn((env) => env.work(64 * T) as never);
    machine.run({ untilNs: 32 * T });
    expect(machine.kernel.llcs.utilisation(0, machine.host.now)).toBeCloseTo(0.5, 4);
    machine.run();
    expect(machine.kernel.llcs.utilisation(0, machine.host.now)).toBeCloseTo(0.75, 4);
    expect(machine.kernel.llcs.utilisation(0, machine.host.now + 64 * T)).toBeCloseTo(0.1875, 4);
    // The clock of another CPU may be behind.
    expect(machine.kernel.llcs.utilisation(0, 0)).toBeCloseTo(0.75, 4);
  });
});
