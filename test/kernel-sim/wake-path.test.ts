/**
 * try_to_wake_up: its ordered outcomes, the choice of a CPU, and the signalling of it.
 * Times are virtual; every actor is pinned unless its CPU is what the test is about.
 */
import { describe, expect, test } from "vitest";
import type { Coroutine } from "../../src/atomics/step.ts";
import {
  TASK_INTERRUPTIBLE,
  TASK_NORMAL,
  TASK_RUNNING,
  WF_CURRENT_CPU,
  WF_SYNC,
} from "../../src/kernel-sim/constants.ts";
import { cpuId, type Tid } from "../../src/kernel-sim/ids.ts";
import { tryToWakeUp } from "../../src/kernel-sim/wakeup.ts";
import type { Machine, MachineConfig } from "../../src/machine.ts";
import {
  TRACE_IDLE_ENTER,
  TRACE_IDLE_EXIT,
  TRACE_IPI_RECEIVE,
  TRACE_IPI_SEND,
  TRACE_MIGRATE,
  TRACE_SCHED_SWITCH,
  TRACE_SCHED_WAKEUP,
  TRACE_SCHED_WAKING,
  TRACE_WAKE_MISS,
  TRACE_WAKEUP_DIRECT,
  TRACE_WAKEUP_LIST,
  TRACE_WAKEUP_QUEUED,
} from "../../src/trace/events.ts";
import type { Env, Program } from "../../src/umcg/env.ts";
import { type Booted, boot, priceOf } from "../support/boot.ts";
import { cpuOf, taskOf } from "../support/inspect.ts";
import {
  sleepAfterGap,
  sleepAfterWork,
  sleepNow,
  wakeAtOnce,
  wakeSelf,
  wakeTask,
} from "../support/kernel-code.ts";

/** When the interesting thing happens: late enough for everybody to have settled. */
const T = 1_000_000;
const FLAGS = [0, WF_SYNC, WF_CURRENT_CPU];

function* until(env: Env, ns: number): Coroutine<void> {
  yield* env.work(ns - env.now());
}

/** Computes on one CPU from the beginning on. */
function hog(machine: Machine, cpu: number, nice = 0): Tid {
  return machine.spawn((env) => env.work(10 * T) as Coroutine<void>, { affinity: [cpu], nice });
}

describe("a task that wakes itself", () => {
  test("stays awake: no switch, no selection, and its sleep does not happen", () => {
    const { machine, log } = boot({ vcpus: 2 });
    let state = TASK_INTERRUPTIBLE;
    let took = -1;
    const tid = machine.spawn(function* (env) {
      const began = env.now();
      state = yield* wakeSelf(machine, env.tid);
      took = env.now() - began;
    });
    machine.run();
    expect(state).toBe(TASK_RUNNING);
    expect(took).toBe(0);
    expect(log.single({ kind: TRACE_SCHED_WAKING })).toMatchObject({ tid, arg1: tid });
    expect(log.all({ kind: TRACE_SCHED_WAKEUP, tid }).at(-1)).toMatchObject({ arg0: TRACE_WAKEUP_QUEUED });
    // In, and out at its end.
    expect(log.all({ kind: TRACE_SCHED_SWITCH }).map(({ tid: next }) => next)).toEqual([tid, 0]);
  });
});

describe("a wake-up of a task that does not sleep", () => {
  test.each(FLAGS)("is a miss, costs nothing and does nothing (flags %d)", (flags) => {
    const { machine, log } = boot({ vcpus: 2 });
    const target = hog(machine, 1);
    let woke = true;
    let took = -1;
    machine.spawn(
      function* (env) {
        yield* until(env, T);
        woke = yield* wakeTask(machine, target, flags);
        took = env.now() - T;
      },
      { affinity: [0] },
    );
    machine.run();
    expect(woke).toBe(false);
    expect(took).toBe(0);
    expect(log.single({ kind: TRACE_WAKE_MISS })).toMatchObject({
      timeNs: T,
      cpu: 0,
      tid: target,
      arg0: flags,
      arg1: 2,
    });
    expect(log.count({ kind: TRACE_SCHED_WAKING })).toBe(0);
  });

  test("waits in a state that is not meant is a miss, too", () => {
    const { machine, log } = boot({ vcpus: 2 });
    const target = machine.spawn(function* (env) {
      yield* env.sys.nanosleep(5 * T);
    });
    machine.spawn(function* (env) {
      yield* env.sys.nanosleep(T);
      yield* wakeTask(machine, env.tid, 0);
    });
    machine.run();
    expect(log.single({ kind: TRACE_WAKE_MISS }).tid).not.toBe(target);
  });
});

describe("a wake-up of a task that has announced its sleep but is still on its CPU", () => {
  const GAP = 10_000;

  test.each(FLAGS)("makes it go on where it is, whatever the flags (%d): nobody is signalled", (flags) => {
    const { machine, log } = boot({ vcpus: 2 });
    const times = { asleep: 0, done: 0, waker: 0 };
    const sleeper = machine.spawn(
      function* (env) {
        yield* until(env, T);
        yield* sleepAfterGap(machine, env.tid, GAP);
        times.done = env.now();
      },
      { affinity: [1] },
    );
    machine.spawn(
      function* (env) {
        yield* until(env, T + 1000);
        times.asleep = taskOf(machine, sleeper).state;
        yield* wakeTask(machine, sleeper, flags);
        times.waker = env.now();
      },
      { affinity: [0] },
    );
    machine.run();
    expect(times).toEqual({
      asleep: TASK_INTERRUPTIBLE,
      done: T + GAP,
      waker: T + 1000 + priceOf(machine, "wake"),
    });
    expect(log.single({ kind: TRACE_SCHED_WAKING })).toMatchObject({ tid: sleeper, timeNs: T + 1000 });
    const wakeups = log.all({ kind: TRACE_SCHED_WAKEUP, tid: sleeper, arg0: TRACE_WAKEUP_QUEUED });
    expect(wakeups).toMatchObject([{ cpu: 1, arg1: 0, timeNs: T + 1000 + priceOf(machine, "wake") }]);
    expect(log.count({ kind: TRACE_MIGRATE })).toBe(0);
    expect(log.all({ kind: TRACE_SCHED_SWITCH, cpu: 1 }).map(({ tid }) => tid)).toEqual([sleeper, 0]);
  });
});

interface Race extends Booted {
  readonly sleeper: Tid;
  readonly seen: {
    /** When and where the sleeper ran again. */
    readonly runs: number;
    readonly cpu: number;
    /** What the wake-up took the waker, ns. */
    readonly waker: number;
  };
}

describe("a task that has announced its sleep and is preempted before it sleeps", () => {
  test("stays runnable, and does not sleep until it says so itself", () => {
    const { machine } = boot();
    const seen = { state: -1, queued: false, woken: false };
    const sleeper = machine.spawn(function* (env) {
      // Stays in the kernel for longer than a tick, and is preempted there.
      yield* sleepAfterWork(machine, env.tid, 5_000_000);
      seen.woken = true;
    });
    machine.spawn(function* (env) {
      const { state, queued } = taskOf(machine, sleeper);
      Object.assign(seen, { state, queued });
      yield* env.work(20_000_000);
      yield* wakeTask(machine, sleeper, 0);
    });
    machine.run();
    expect(seen).toEqual({ state: TASK_INTERRUPTIBLE, queued: true, woken: true });
    expect(taskOf(machine, sleeper).involuntarySwitches).toBeGreaterThan(0);
  });
});

describe("a wake-up of a task that its old CPU is still switching out", () => {
  /** A sleeper that starts on CPU 0 and sleeps at T, woken by CPU 2 `after` ns later. */
  function race(after: number, flags: number, prepare: (machine: Machine) => void = () => {}): Race {
    const { machine, log } = boot({ vcpus: 3, tickHz: 0 });
    const seen = { runs: 0, cpu: -1, waker: 0 };
    const sleeper = machine.spawn(function* (env) {
      yield* until(env, T);
      yield* sleepNow(machine, env.tid);
      seen.runs = env.now();
      seen.cpu = env.cpu();
    });
    machine.spawn(
      function* (env) {
        yield* until(env, T + after);
        const began = env.now();
        yield* wakeAtOnce(machine, sleeper, flags);
        seen.waker = env.now() - began;
      },
      { affinity: [2] },
    );
    prepare(machine);
    machine.run();
    return { machine, log, seen, sleeper };
  }

  test.each(FLAGS)(
    "goes on the wake list of that CPU if it will be idle (flags %d): no IPI, no idle, no move",
    (flags) => {
      for (const after of [1, 100, 249]) {
        const { machine, log, seen, sleeper } = race(after, flags);
        const { block, switch: change, cacheLine } = machine.costs.steps;
        // The CPU looks when it has switched to idle, or when the task has come, if that is later.
        const looks = T + Math.max(block, after + cacheLine);
        expect(seen).toEqual({ runs: looks + change, cpu: 0, waker: 2 * cacheLine });
        expect(log.all({ kind: TRACE_SCHED_WAKEUP, tid: sleeper }).at(-1)).toMatchObject({
          cpu: 0,
          arg0: TRACE_WAKEUP_LIST,
          timeNs: looks,
        });
        const kinds = log.events.filter(({ timeNs }) => timeNs >= T && timeNs < looks + change);
        expect(kinds.filter(({ kind }) => kind === TRACE_IPI_SEND)).toEqual([]);
        expect(kinds.filter(({ kind, cpu }) => kind === TRACE_IDLE_ENTER && cpu === 0)).toEqual([]);
        expect(log.count({ kind: TRACE_MIGRATE })).toBe(0);
      }
    },
  );

  test("waits for that CPU if it has another task, and pays for it; then selects", () => {
    // The hog comes to CPU 0 behind the sleeper: the switch to it takes until T + 750.
    const { machine, log, seen, sleeper } = race(100, 0, (own) => hog(own, 0));
    const { block, switch: change, idleScan, cacheLine, ipiSend } = machine.costs.steps;
    const spun = block + change - 100;
    // CPU 1, the first that is looked at, is idle: list push and IPI.
    expect(seen.waker).toBe(spun + idleScan + cacheLine + ipiSend);
    expect(seen.cpu).toBe(1);
    expect(log.single({ kind: TRACE_MIGRATE })).toMatchObject({ tid: sleeper, cpu: 1, arg0: 0 });
  });

  test("waits for that CPU, then pulls the task to its own with WF_CURRENT_CPU", () => {
    const { machine, log, seen, sleeper } = race(100, WF_CURRENT_CPU, (own) => hog(own, 0));
    const { block, switch: change } = machine.costs.steps;
    expect(seen.waker).toBe(block + change - 100);
    expect(seen.cpu).toBe(2);
    expect(log.single({ kind: TRACE_MIGRATE })).toMatchObject({ tid: sleeper, cpu: 2, arg0: 0 });
  });

  test("is over when the CPU has let go: from then on the wake-up is an ordinary one", () => {
    const { machine, log, seen } = race(250, WF_CURRENT_CPU);
    expect(seen.cpu).toBe(2);
    expect(seen.waker).toBe(0);
    expect(log.count({ kind: TRACE_MIGRATE })).toBe(1);
    expect(priceOf(machine, "block")).toBe(250);
  });
});

/** A machine with a sleeper that slept on `slept` and is woken at T by a task on CPU 0. */
interface Choice extends Booted {
  /** CPU the wakee ran on. */
  readonly cpu: number;
  /** What the wake-up took the waker, ns. */
  readonly paid: number;
}

interface ChoiceOptions extends MachineConfig {
  readonly flags: number;
  /** CPUs kept busy, besides the waker's, once for each time they are named. */
  readonly busy?: readonly number[];
  /** Of those that keep them busy. */
  readonly nice?: number;
  readonly affinity?: readonly number[];
  readonly slept: number;
}

function choose({ flags, busy = [], nice = 0, affinity, slept, ...config }: ChoiceOptions): Choice {
  const { machine, log } = boot({ tickHz: 0, ...config });
  let cpu = -1;
  let paid = -1;
  // The sleeper must come to its CPU first: it is spawned while all lower ones are taken.
  const others = Array.from({ length: slept }, (_, index) =>
    machine.spawn(function* () {}, { affinity: [index] }),
  );
  const sleeper = machine.spawn(
    function* (env) {
      yield* sleepNow(machine, env.tid);
      cpu = env.cpu();
    },
    affinity === undefined ? {} : { affinity },
  );
  expect(others).toHaveLength(slept);
  expect(taskOf(machine, sleeper).cpu).toBe(slept);
  machine.spawn(
    function* (env) {
      yield* until(env, T);
      const began = env.now();
      yield* wakeAtOnce(machine, sleeper, flags);
      paid = env.now() - began;
      yield* env.work(5 * T);
    },
    { affinity: [0] },
  );
  for (const which of busy) hog(machine, which, nice);
  machine.run();
  return { machine, log, cpu, paid };
}

describe("the choice of a CPU", () => {
  test("WF_CURRENT_CPU: the waker's, although others are idle; nobody is signalled", () => {
    const { cpu, paid, log } = choose({ vcpus: 4, flags: WF_CURRENT_CPU, slept: 2 });
    expect(cpu).toBe(0);
    expect(paid).toBe(0);
    expect(log.events.filter(({ kind, timeNs }) => kind === TRACE_IPI_SEND && timeNs >= T)).toEqual([]);
  });

  test("WF_CURRENT_CPU without leave to run there: as without the flag", () => {
    const { cpu } = choose({ vcpus: 4, flags: WF_CURRENT_CPU, slept: 2, affinity: [2, 3] });
    expect(cpu).toBe(2);
    expect(choose({ vcpus: 4, flags: WF_CURRENT_CPU, slept: 2, affinity: [2, 3], busy: [2] }).cpu).toBe(3);
  });

  test.each([0, WF_SYNC])("the CPU it slept on, if that is idle (flags %d): no scan", (flags) => {
    const { machine, cpu, paid } = choose({ vcpus: 4, flags, slept: 2 });
    expect(cpu).toBe(2);
    expect(paid).toBe(priceOf(machine, "cacheLine", "ipiSend"));
  });

  test("else the next idle one behind it, each look paid by the waker", () => {
    const cases: readonly (readonly [number[], number, number])[] = [
      [[2], 3, 1],
      [[2, 3], 4, 2],
      [[2, 3, 4, 5], 1, 5],
      [[2, 4], 3, 1],
    ];
    for (const [busy, expected, looks] of cases) {
      const { machine, cpu, paid } = choose({ vcpus: 6, flags: 0, slept: 2, busy });
      expect(cpu).toBe(expected);
      expect(paid).toBe(looks * priceOf(machine, "idleScan") + priceOf(machine, "cacheLine", "ipiSend"));
    }
  });

  test("a CPU that it may not use is not looked at", () => {
    const { machine, cpu, paid } = choose({ vcpus: 6, flags: 0, slept: 2, affinity: [2, 5], busy: [2] });
    expect(cpu).toBe(5);
    expect(paid).toBe(priceOf(machine, "idleScan", "cacheLine", "ipiSend"));
  });

  test.each(FLAGS)(
    "a task that may use one CPU only gets it, busy or idle: nothing is looked at (flags %d)",
    (flags) => {
      const idle = choose({ vcpus: 40, flags, slept: 35, affinity: [35] });
      expect([idle.cpu, idle.paid]).toEqual([35, priceOf(idle.machine, "cacheLine", "ipiSend")]);
      const busy = choose({ vcpus: 40, flags, slept: 31, affinity: [31], busy: [31] });
      expect([busy.cpu, busy.paid]).toEqual([31, priceOf(busy.machine, "cacheLine", "cacheLine")]);
    },
  );

  test("none idle: it stays where it slept, behind whoever runs there", () => {
    const { machine, log, cpu, paid } = choose({ vcpus: 3, flags: 0, slept: 1, busy: [1, 2] });
    expect(cpu).toBe(1);
    expect(paid).toBe(priceOf(machine, "idleScan", "idleScan", "cacheLine", "cacheLine"));
    expect(log.all({ kind: TRACE_SCHED_WAKEUP, tid: 2 }).at(-1)).toMatchObject({
      arg0: TRACE_WAKEUP_DIRECT,
      cpu: 1,
    });
    expect(log.count({ kind: TRACE_MIGRATE })).toBe(0);
  });

  test("none idle and its own far more loaded: the waker's", () => {
    const { cpu } = choose({ vcpus: 2, flags: 0, slept: 1, busy: [1, 1, 1] });
    expect(cpu).toBe(0);
    expect(choose({ vcpus: 2, flags: 0, slept: 1, busy: [1] }).cpu).toBe(1);
  });

  test("WF_SYNC does not keep it from an idle CPU: that gap is what WF_CURRENT_CPU closes", () => {
    expect(choose({ vcpus: 4, flags: WF_SYNC, slept: 2, busy: [2] }).cpu).toBe(1);
    expect(choose({ vcpus: 4, flags: WF_SYNC, slept: 2, busy: [1, 2] }).cpu).toBe(3);
  });

  test("WF_SYNC keeps it with the waker when none is idle, if the waker is alone there", () => {
    expect(choose({ vcpus: 3, flags: WF_SYNC, slept: 1, busy: [1, 2] }).cpu).toBe(0);
    // However little runs where it slept.
    expect(choose({ vcpus: 2, flags: WF_SYNC, slept: 1, busy: [1], nice: 19 }).cpu).toBe(0);
    expect(choose({ vcpus: 2, flags: 0, slept: 1, busy: [1], nice: 19 }).cpu).toBe(1);
    // With company on the waker's CPU loads are compared, without the waker's own: 2048 against 1024 * 1.085.
    expect(choose({ vcpus: 3, flags: WF_SYNC, slept: 1, busy: [0, 1, 2] }).cpu).toBe(1);
    expect(choose({ vcpus: 3, flags: WF_SYNC, slept: 1, busy: [0, 1, 1, 2] }).cpu).toBe(0);
  });

  test("the CPU it used before the last, if that is idle again: no scan", () => {
    const { machine, log } = boot({ vcpus: 5, tickHz: 0 });
    const cpus: number[] = [];
    const paid: number[] = [];
    machine.spawn(function* () {}, { affinity: [0] });
    const sleeper = machine.spawn(function* (env) {
      for (let round = 0; round < 3; round++) {
        cpus.push(env.cpu());
        yield* sleepNow(machine, env.tid);
      }
      cpus.push(env.cpu());
    });
    machine.spawn(
      function* (env) {
        for (const at of [T, 3 * T, 5 * T]) {
          yield* until(env, at);
          const began = env.now();
          yield* wakeAtOnce(machine, sleeper, 0);
          paid.push(env.now() - began);
        }
      },
      { affinity: [0] },
    );
    // CPU 1 is busy at T only, CPU 2 at 3 T, CPUs 1 and 2 at 5 T.
    for (const [cpu, from, ns] of [
      [1, T / 2, T],
      [2, 2.5 * T, T],
      [1, 4.5 * T, T],
      [2, 4.5 * T, T],
    ] as const) {
      machine.spawn(
        function* (env) {
          yield* env.sys.nanosleep(from);
          yield* env.work(ns);
        },
        { affinity: [cpu] },
      );
    }
    machine.run();
    expect(cpus).toEqual([1, 2, 1, 3]);
    const signal = priceOf(machine, "cacheLine", "ipiSend");
    const look = priceOf(machine, "idleScan");
    expect(paid).toEqual([look + signal, signal, 2 * look + signal]);
    expect(log.count({ kind: TRACE_MIGRATE, tid: sleeper })).toBe(3);
  });

  test("a timer's wake-up: where it slept, if that is idle; else the next idle CPU", () => {
    for (const [busy, expected] of [
      [[], 1],
      [[1], 2],
      [[1, 2], 1],
    ] as const) {
      const { machine } = boot({ vcpus: 3, tickHz: 0 });
      let cpu = -1;
      hog(machine, 0);
      machine.spawn(function* (env) {
        expect(env.cpu()).toBe(1);
        yield* env.sys.nanosleep(T);
        cpu = env.cpu();
      });
      for (const which of busy) hog(machine, which);
      machine.run();
      expect(cpu).toBe(expected);
    }
  });
});

describe("a wake-up by a device's interrupt on an idle CPU", () => {
  /** A task that slept on CPU 1, where a light task runs then unless it is `idle`, woken by an interrupt on CPU 3. */
  function interrupted(idle: boolean): number {
    const { machine } = boot({ vcpus: 5, tickHz: 0 });
    let cpu = -1;
    hog(machine, 0);
    const sleeper = machine.spawn(function* (env) {
      yield* sleepNow(machine, env.tid);
      cpu = env.cpu();
    });
    if (!idle) hog(machine, 1, 19);
    machine.run({ untilNs: T });
    expect(taskOf(machine, sleeper).cpu).toBe(1);
    machine.host.deliverInterrupt(cpuId(3), () => tryToWakeUp(machine.kernel, sleeper, TASK_NORMAL, 0));
    machine.run();
    return cpu;
  }

  test("leaves the task where it slept, if that is idle, else takes it", () => {
    expect(interrupted(true)).toBe(1);
    expect(interrupted(false)).toBe(3);
  });
});

describe("signalling an idle CPU", () => {
  const SLEEPERS = 5;

  /** Sleepers on CPU 1, woken at T all at once by CPU 0. */
  function wakeMany(
    config: MachineConfig,
    gapNs = 0,
  ): Booted & { readonly order: number[]; readonly tids: Tid[] } {
    const { machine, log } = boot({ vcpus: 2, tickHz: 0, ...config });
    const order: number[] = [];
    const tids = Array.from({ length: SLEEPERS }, () =>
      machine.spawn(
        function* (env) {
          yield* sleepNow(machine, env.tid);
          order.push(env.tid);
        },
        { affinity: [1] },
      ),
    );
    machine.spawn(
      function* (env) {
        yield* until(env, T);
        for (const tid of tids) {
          yield* wakeAtOnce(machine, tid, 0);
          yield* env.work(gapNs);
        }
      },
      { affinity: [0] },
    );
    machine.run();
    return { machine, log, order, tids };
  }

  const IDLE: readonly MachineConfig[] = [{ idle: "c1" }, { idle: "c6" }, { profile: "guest" }];

  test.each(IDLE)("that is halted takes one IPI for any number of wakes before it answers (%j)", (config) => {
    const { machine, log, order, tids } = wakeMany(config);
    expect(log.all({ kind: TRACE_IPI_SEND }).filter(({ timeNs }) => timeNs >= T)).toHaveLength(1);
    expect(cpuOf(machine, 1).ipisCoalesced).toBe(SLEEPERS - 1);
    expect(machine.result().ipisCoalesced).toBe(SLEEPERS - 1);
    expect(order).toEqual(tids);
    for (const tid of tids) {
      expect(log.all({ kind: TRACE_SCHED_WAKEUP, tid }).at(-1)).toMatchObject({
        arg0: TRACE_WAKEUP_LIST,
        cpu: 1,
      });
    }
    expect(log.all({ kind: TRACE_IDLE_EXIT, cpu: 1 }).filter(({ timeNs }) => timeNs > T)).toHaveLength(1);
  });

  test.each([{ idle: "poll" }, { profile: "guest", idle: "poll" }] as const)(
    "that polls takes none (%j)",
    (config) => {
      const { machine, log, order, tids } = wakeMany(config);
      expect(log.count({ kind: TRACE_IPI_SEND })).toBe(0);
      expect(log.count({ kind: TRACE_IPI_RECEIVE })).toBe(0);
      expect(machine.result().ipis).toBe(0);
      expect(order).toEqual(tids);
    },
  );

  test("each wake-up takes one when the CPU is idle again in between", () => {
    const { machine, log } = wakeMany({ idle: "c1" }, 50_000);
    expect(log.all({ kind: TRACE_IPI_SEND }).filter(({ timeNs }) => timeNs >= T)).toHaveLength(SLEEPERS);
    expect(machine.result().ipisCoalesced).toBe(0);
  });

  test("a CPU that runs is not signalled: the waker takes its queue's lock and pays two cache lines", () => {
    const { machine, log } = boot({ vcpus: 2, tickHz: 0 });
    const sleeper = machine.spawn((env) => sleepNow(machine, env.tid), { affinity: [1] });
    hog(machine, 1);
    let paid = -1;
    machine.spawn(
      function* (env) {
        yield* until(env, T);
        yield* wakeAtOnce(machine, sleeper, 0);
        paid = env.now() - T;
      },
      { affinity: [0] },
    );
    machine.run();
    expect(paid).toBe(priceOf(machine, "cacheLine", "cacheLine"));
    expect(log.all({ kind: TRACE_IPI_SEND }).filter(({ timeNs }) => timeNs >= T)).toEqual([]);
    expect(log.all({ kind: TRACE_SCHED_WAKEUP, tid: sleeper }).at(-1)).toMatchObject({
      arg0: TRACE_WAKEUP_DIRECT,
    });
  });
});

describe("what each primitive passes", () => {
  const program = (machine: Machine, flagsOf: number[]): Program =>
    function* (env) {
      const word = env.allocate(4);
      const buffer = env.allocate(8);
      const fd = yield* env.sys.pipe();
      const tids = [
        yield* env.spawn(function* (own) {
          yield* own.sys.futexWait(word, 0);
        }),
        yield* env.spawn(function* (own) {
          yield* own.sys.read(fd, buffer, 8);
        }),
        yield* env.spawn(function* (own) {
          yield* own.sys.nanosleep(100);
        }),
      ];
      yield* env.sys.nanosleep(T);
      yield* env.sys.futexWake(word);
      yield* env.sys.write(fd + 1, buffer, 8);
      for (const tid of tids) yield* env.sys.join(tid);
      flagsOf.push(...tids);
      expect(machine.kernel.live).toBe(1);
    };

  test.each([
    [undefined, [0, WF_SYNC, 0]],
    ["any", [0, 0, 0]],
    ["sync", [WF_SYNC, WF_SYNC, 0]],
    ["current-cpu", [WF_CURRENT_CPU, WF_CURRENT_CPU, 0]],
    [{ futex: "sync", pipe: "any" }, [WF_SYNC, 0, 0]],
  ] as const)("with wake: %j futex, pipe and timer pass %j", (wake, expected) => {
    const { machine, log } = boot(wake === undefined ? {} : { wake });
    const tids: number[] = [];
    machine.spawn(program(machine, tids));
    machine.run();
    expect(tids.map((tid) => log.single({ kind: TRACE_SCHED_WAKING, tid }).arg0)).toEqual(expected);
  });
});
