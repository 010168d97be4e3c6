/** The accounts of a machine: by hand where a run is short, by conservation where it is long. */
import { describe, expect, test } from "vitest";
import type { MachineConfig } from "../../../src/machine.ts";
import { TRACE_MIGRATE, TRACE_SCHED_SWITCH } from "../../../src/trace/events.ts";
import { boot } from "../../support/boot.ts";
import { staysOf } from "../../support/timeline.ts";

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

test("two tasks on one CPU: every ns of a futex hand-off is somebody's", () => {
  const { machine } = boot({ vcpus: 1, tickHz: 0 });
  const word = machine.allocate(4);
  const waiter = machine.spawn(function* (env) {
    yield* env.sys.futexWait(word, 0);
    yield* env.work(1_000);
  });
  machine.spawn(function* (env) {
    yield* env.work(5_000);
    yield* env.sys.futexWake(word, 1);
    yield* env.sys.join(waiter);
  });
  machine.run();
  const { cpus, steps, tasks } = machine.accounting();
  const of = (step: string): unknown[] => steps.filter((line) => line.step === step);
  expect(of("wake")).toEqual([{ step: "wake", paidBy: "waker", count: 1, ns: 350 }]);
  // Two calls that sleep, two exits.
  expect(of("block")).toEqual([{ step: "block", paidBy: "task", count: 4, ns: 1_000 }]);
  expect(of("switch")).toEqual([{ step: "switch", paidBy: "wakee", count: 4, ns: 2_000 }]);
  expect(of("syscallEntry")).toEqual([{ step: "syscallEntry", paidBy: "task", count: 3, ns: 3 * 37 }]);
  expect(of("syscallExit")).toEqual([{ step: "syscallExit", paidBy: "task", count: 3, ns: 3 * 38 }]);
  const { userNs, systemNs, interruptNs, idleNs, idleExitNs, wallNs, switches } = cpus[0]!;
  expect([userNs, interruptNs, idleNs, idleExitNs, switches]).toEqual([6_000, 0, 0, 0, 5]);
  expect(systemNs).toBe(350 + 1_000 + 2_000 + 111 + 114);
  expect(wallNs).toBe(machine.result().virtualNs);
  expect(sum(tasks.map(({ runNs }) => runNs)) + 2_000).toBe(wallNs);
});

test("who pays for waking a halted CPU: the waker up to the IPI, the idle CPU on its way out, the wakee for the switch", () => {
  const { machine } = boot({ vcpus: 2, tickHz: 0, idle: "c1" });
  const word = machine.allocate(4);
  machine.spawn(
    function* (env) {
      yield* env.sys.futexWait(word, 0);
    },
    { affinity: [1] },
  );
  machine.spawn(
    function* (env) {
      yield* env.work(50_000);
      yield* env.sys.futexWake(word, 1);
    },
    { affinity: [0] },
  );
  machine.run();
  const { steps, cpus } = machine.accounting();
  const paid = (step: string): unknown =>
    steps.filter((line) => line.step === step && line.paidBy !== "set-up");
  expect(paid("ipiSend")).toEqual([{ step: "ipiSend", paidBy: "waker", count: 1, ns: 220 }]);
  expect(paid("ipiDeliver")).toEqual([{ step: "ipiDeliver", paidBy: "in-flight", count: 1, ns: 800 }]);
  expect(paid("idleExit")).toEqual([{ step: "idleExit", paidBy: "idle", count: 1, ns: 1_000 }]);
  expect(paid("idleLoopExit")).toEqual([{ step: "idleLoopExit", paidBy: "idle", count: 1, ns: 500 }]);
  expect(cpus[1]!.idleExitNs).toBe(1_500);
  expect(cpus[1]!.idleNs).toBeGreaterThan(45_000);
  expect(cpus.map(({ ipisSent, ipisReceived }) => [ipisSent, ipisReceived])).toEqual([
    [1, 0],
    [0, 1],
  ]);
});

const CONFIGS: readonly MachineConfig[] = [
  { vcpus: 1 },
  { vcpus: 2, idle: "poll", tickHz: 1_000 },
  { vcpus: 4, idle: "c6", jitter: true },
  { vcpus: 3, profile: "guest", tickHz: 1_000, fair: "eevdf-7.2" },
];

describe.each(CONFIGS)("the accounts of a busy machine on %j", (config) => {
  const { machine, log } = boot({ maxTasks: 24, ...config });
  const words = machine.allocate(64);
  for (let task = 0; task < 24; task++) {
    machine.spawn(function* (env) {
      for (let round = 0; round < 12; round++) {
        yield* env.work(10_000 + ((task * 7_919 + round * 104_729) % 900_000));
        if ((task + round) % 3 === 0) yield* env.sys.nanosleep(1 + ((task * 31 + round * 17) % 700_000));
        else if ((task + round) % 3 === 1) yield* env.sys.futexWake(words, 3);
        else yield* env.sys.schedYield();
      }
    });
  }
  // In pieces, so that reports are also asked for in the middle of things.
  for (let piece = 1; piece < 50; piece++) {
    const { virtualNs } = machine.run({ untilNs: piece * 100_000 });
    for (const { wallNs } of machine.accounting().cpus)
      expect(wallNs).toBeGreaterThanOrEqual(virtualNs - 1_500);
  }
  const { virtualNs, switches } = machine.run();
  const { cpus, tasks, steps } = machine.accounting();

  test("give each CPU all the time there was", () => {
    for (const { wallNs, userNs, systemNs, interruptNs, idleNs, idleExitNs } of cpus) {
      expect(userNs + systemNs + interruptNs + idleNs + idleExitNs).toBe(wallNs);
      // But for the code it was about to execute when the run ended.
      expect(wallNs).toBeGreaterThanOrEqual(virtualNs - 1_500);
      for (const ns of [userNs, systemNs, interruptNs, idleNs, idleExitNs])
        expect(ns).toBeGreaterThanOrEqual(0);
    }
  });

  test("agree with the trace", () => {
    expect(log.count({ kind: TRACE_SCHED_SWITCH })).toBe(switches);
    expect(log.count({ kind: TRACE_MIGRATE })).toBe(sum(tasks.map(({ migrations }) => migrations)));
    const asked = sum(tasks.map((task) => task.voluntarySwitches + task.involuntarySwitches));
    const left = staysOf(log).filter(({ tid }) => tid !== 0).length;
    expect(asked).toBeGreaterThanOrEqual(left);
  });

  test("have the programs' own work as user time, and no more run time than the CPUs were busy", () => {
    let work = 0;
    for (let task = 0; task < 24; task++)
      for (let round = 0; round < 12; round++) work += 10_000 + ((task * 7_919 + round * 104_729) % 900_000);
    expect(sum(cpus.map(({ userNs }) => userNs))).toBe(work);
    const busy = sum(cpus.map(({ wallNs, idleNs, idleExitNs }) => wallNs - idleNs - idleExitNs));
    const changing = steps.find(({ step }) => step === "switch")!.ns;
    const run = sum(tasks.map(({ runNs }) => runNs));
    expect(run).toBeLessThanOrEqual(busy);
    expect(run + changing).toBeGreaterThanOrEqual(busy * 0.98);
  });
});

test("tasks that are gone are in a sum of their own", () => {
  const { machine } = boot({ vcpus: 1, maxTasks: 2 });
  machine.spawn(function* (env) {
    for (let round = 0; round < 5; round++) {
      const child = yield* env.spawn(function* (own) {
        yield* own.work(10_000);
      });
      yield* env.sys.join(child);
    }
  });
  machine.run();
  const { tasks, gone, cpus } = machine.accounting();
  expect(tasks).toHaveLength(2);
  expect(gone.voluntarySwitches).toBe(4);
  expect(gone.runNs).toBeGreaterThanOrEqual(40_000);
  expect(cpus[0]!.userNs).toBe(50_000);
});

test("waiting is from being queued, or preempted, to the end of the switch", () => {
  const { machine } = boot({ vcpus: 1, tickHz: 1_000, sliceNs: 1_000_000 });
  for (const ns of [1_500_000, 10_000]) {
    machine.spawn(function* (env) {
      yield* env.work(ns);
    });
  }
  machine.run();
  const { tasks } = machine.accounting();
  const [first, second] = tasks;
  // The tick at 1 ms ends the first's slice; it waits while the second runs.
  expect(second?.waitNs).toBe(1_000_000 + 1_500 + 500);
  expect(first?.waitNs).toBe(500 + 500 + 10_000 + 250 + 500);
  expect([first?.runNs, second?.runNs]).toEqual([1_500_000 + 1_500 + 250, 10_000 + 250]);
});
