/** Stopping a machine: in order, with an acknowledgement of every CPU, or at once; whoever asks, and whatever the CPUs do. */
import { describe, expect, test } from "vitest";
import { EBUSY } from "../../../src/atomics/errno.ts";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { cpuId } from "../../../src/kernel-sim/ids.ts";
import { callAndWait, callNumber, type Unanswered } from "../../../src/kernel-sim/smp/call-function.ts";
import { CPU_STATE_NAMES, CPU_STOPPED } from "../../../src/kernel-sim/smp/cpu-state.ts";
import { holdInterruptsOff, irqDisable } from "../../../src/kernel-sim/smp/interrupts.ts";
import { IPI_RESCHEDULE, signalCpu } from "../../../src/kernel-sim/smp/mailbox.ts";
import { PANIC_TIMEOUT_NS, panicHere, panicNow, STOP_TIMEOUT_NS } from "../../../src/kernel-sim/smp/stop.ts";
import type { Machine, MachineConfig } from "../../../src/machine.ts";
import { TRACE_CPU_STATE, TRACE_SYS_EXIT } from "../../../src/trace/events.ts";
import type { Env } from "../../../src/umcg/env.ts";
import { type Booted, boot, errorOf } from "../../support/boot.ts";
import { runOut, spawnPlan } from "../../support/random-program.ts";

const T = 1_000_000;

function pathOf({ log }: Booted, cpu: number): (string | undefined)[] {
  return log.all({ kind: TRACE_CPU_STATE, cpu }).map(({ arg0 }) => CPU_STATE_NAMES[arg0]);
}

/** A task pinned to `cpu` that begins `body` at time `at`. */
function onCpu(machine: Machine, cpu: number, at: number, body: (env: Env) => Coroutine<unknown>): void {
  machine.spawn(
    function* (env) {
      yield* env.work(Math.max(0, at - env.now()));
      yield* body(env);
    },
    { affinity: [cpu] },
  );
}

/** A machine in which every CPU does something else at time T: sleep, compute, call the kernel, spin, sleep in a call. */
function busy(config: MachineConfig = {}): Booted {
  const booted = boot({ vcpus: 6, ...config });
  const { machine } = booted;
  const word = machine.allocate(4);
  onCpu(machine, 1, 0, (env) => env.work(100 * T) as Coroutine<void>);
  onCpu(machine, 2, 0, function* (env) {
    for (;;) yield* env.sys.gettid();
  });
  onCpu(machine, 3, 0, function* (env) {
    while ((yield* env.memory.load32(word)) === 0);
  });
  onCpu(machine, 4, 0, (env) => env.sys.futexWait(word, 0));
  onCpu(machine, 5, 0, (env) => env.sys.nanosleep(100 * T));
  onCpu(machine, 5, 0, function* (env) {
    for (;;) {
      yield* env.work(3_000);
      yield* env.sys.schedYield();
    }
  });
  return booted;
}

/** After a stop nothing happens any more, whatever was pending (U30). */
function expectSilence({ machine, log }: Booted): void {
  machine.trace.flush();
  const events = log.events.length;
  const { now } = machine.host;
  machine.run();
  machine.host.run(now + 1_000 * T);
  machine.trace.flush();
  expect(log.events).toHaveLength(events);
}

describe("halt", () => {
  test("stops every CPU, whatever it does, and says who was alive (S23, U30)", () => {
    const booted = busy();
    const { machine } = booted;
    machine.run({ untilNs: T });
    const report = machine.halt();
    expect(report).toMatchObject({
      how: "orderly",
      reason: "halt",
      stopped: [0, 1, 2, 3, 4, 5],
      stragglers: [],
    });
    expect(report.alive.map(({ tid, reason }) => [tid, reason])).toEqual([
      [1, "runnable"],
      [2, "runnable"],
      [3, "runnable"],
      [4, "futex"],
      [5, "nanosleep"],
      [6, "runnable"],
    ]);
    expect(report.atNs - T).toBeLessThan(20_000);
    for (let cpu = 0; cpu < 6; cpu++) expect(pathOf(booted, cpu)).toEqual(["stopping", "stopped"]);
    expect(machine.stopped).toEqual({ ...report, atNs: machine.host.now });
    expectSilence(booted);
  });

  test.each([1, 2, 64, 1024])("of %d CPUs, right after they came up", (vcpus) => {
    const { machine } = boot({ vcpus });
    expect(machine.halt().stopped).toHaveLength(vcpus);
  });

  test("lets a CPU go on until it holds nothing: a system call is finished", () => {
    const booted = busy();
    booted.machine.run({ untilNs: T });
    booted.machine.halt();
    const { log } = booted;
    const stopping = log.single({ kind: TRACE_CPU_STATE, cpu: 2, arg0: 6 });
    const stopped = log.single({ kind: TRACE_CPU_STATE, cpu: 2, arg0: CPU_STOPPED });
    const between = log.between(stopping, stopped).filter(({ cpu }) => cpu === 2);
    expect(between.map(({ kind }) => kind)).not.toContain(TRACE_SYS_EXIT);
    expect(stopped.timeNs).toBeGreaterThanOrEqual(stopping.timeNs);
  });

  test("names the CPU that does not take the STOP in time, and needs nothing of it (S21, S23)", () => {
    const booted = boot({ vcpus: 3, tickHz: 0 });
    const { machine } = booted;
    onCpu(machine, 1, 0.5 * T, () => holdInterruptsOff(machine.kernel, 5 * STOP_TIMEOUT_NS));
    machine.run({ untilNs: T });
    const report = machine.halt();
    expect(report.stopped).toEqual([0, 2]);
    expect(report.stragglers).toEqual([{ cpu: 1, state: "ready", irqsOff: true }]);
    expect(report.atNs).toBe(machine.kernel.record.stopDeadlineNs);
    expect(machine.run().virtualNs).toBe(report.atNs);
    expect(report.atNs - T).toBeLessThan(STOP_TIMEOUT_NS + 200_000);
  });

  test("waits for one that turns its interrupts on again in time", () => {
    const { machine } = boot({ vcpus: 3, tickHz: 0 });
    onCpu(machine, 1, 0.5 * T, () => holdInterruptsOff(machine.kernel, 50 * T));
    machine.run({ untilNs: T });
    const report = machine.halt();
    expect(report.stragglers).toEqual([]);
    expect(report.atNs).toBeGreaterThan(50 * T);
  });

  test("of a machine that has been stopped changes nothing", () => {
    const { machine } = busy();
    machine.run({ untilNs: T });
    const first = machine.halt();
    expect(machine.halt()).toEqual({ ...first, atNs: machine.host.now });
  });

  test("leaves a machine that takes no more tasks", () => {
    const { machine } = boot({ vcpus: 2 });
    machine.halt();
    expect(errorOf(() => machine.spawn(function* () {}))).toMatchObject({ code: "ERR_HALTED" });
    expect(signalCpu(machine.kernel, 1, IPI_RESCHEDULE)).toBe("stopped");
  });

  test("does not count CPUs that never came up", () => {
    const { machine } = boot({ vcpus: 3, boot: { faults: { noThread: [1] } } });
    expect(machine.halt()).toMatchObject({ stopped: [0, 2], stragglers: [] });
  });

  test("keeps the books: what was charged is what passed", () => {
    const { machine } = busy({ profile: "guest" });
    machine.run({ untilNs: T });
    machine.halt();
    machine.host.time.check();
  });

  test("in the middle of anything leaves no task in two places (U32)", () => {
    for (let at = 0; at < 60; at++) {
      const { machine } = boot({ vcpus: 3, maxTasks: 64 });
      spawnPlan(
        machine,
        Array.from({ length: 6 }, (_, task) => ({
          nice: 0,
          affinity: [],
          actions: Array.from({ length: 30 }, (__, n) => {
            const turn = (task + n) % 4;
            if (turn === 0) return { do: "work", ns: 3_000 } as const;
            if (turn === 1) return { do: "sleep", ns: 2_000 } as const;
            return turn === 2
              ? ({ do: "wake", word: 0, count: 2 } as const)
              : ({ do: "child", actions: [{ do: "yield" }] } as const);
          }),
        })),
      );
      runOut(machine, 1 + at * 1_733);
      const report = machine.halt();
      expect(report.stragglers).toEqual([]);
      const { fair, cpus } = machine.kernel;
      const queued = report.alive.filter(({ reason, tid }) => reason === "runnable" && fair.isQueued(tid));
      const running = [0, 1, 2].map((cpu) => cpus.curr(cpu)).filter((tid) => tid !== 0);
      expect(new Set(running).size).toBe(running.length);
      expect([0, 1, 2].reduce((sum, cpu) => sum + fair.nrRunning(cpu), 0)).toBe(queued.length);
    }
  });
});

describe("a reboot by a program", () => {
  test("on any CPU ends the run, while CPU 0 sleeps (S34)", () => {
    const booted = boot({ vcpus: 3, tickHz: 0 });
    const { machine } = booted;
    onCpu(machine, 2, T, function* (env) {
      yield* env.sys.reboot();
      throw new Error("went on");
    });
    onCpu(machine, 1, 0, (env) => env.work(100 * T) as Coroutine<void>);
    const { virtualNs } = machine.run();
    expect(virtualNs).toBeLessThan(2 * T);
    expect(machine.stopped).toMatchObject({
      how: "orderly",
      reason: "reboot by task-1 (tid 1)",
      stopped: [0, 1, 2],
      stragglers: [],
    });
    // The one that asked stops last.
    expect(booted.log.all({ kind: TRACE_CPU_STATE, arg0: CPU_STOPPED }).at(-1)?.cpu).toBe(2);
    expectSilence(booted);
  });

  test("by two at once: one wins, the other is told or stopped, nobody hangs (S22)", () => {
    for (const gap of [0, 1, 100, 900, 2_000]) {
      const booted = boot({ vcpus: 4, tickHz: 0 });
      const { machine } = booted;
      const results: number[] = [];
      for (const cpu of [1, 2]) {
        onCpu(machine, cpu, T + cpu * gap, function* (env) {
          results.push(yield* env.sys.reboot());
        });
      }
      machine.run();
      expect(machine.stopped).toMatchObject({ stopped: [0, 1, 2, 3], stragglers: [] });
      expect(results.filter((result) => result !== -EBUSY)).toEqual([]);
      expect(machine.host.now).toBeLessThan(2 * T);
      expectSilence(booted);
    }
  });

  test("waits for a straggler no longer than it has to, and stops all the same", () => {
    const { machine } = boot({ vcpus: 3, tickHz: 0 });
    onCpu(machine, 1, 0, () => holdInterruptsOff(machine.kernel, 5 * STOP_TIMEOUT_NS));
    onCpu(machine, 2, T, (env) => env.sys.reboot());
    machine.run();
    expect(machine.stopped).toMatchObject({ stragglers: [{ cpu: 1, irqsOff: true }] });
    expect(machine.host.now).toBeLessThan(STOP_TIMEOUT_NS + 2 * T);
  });

  test("answers a caller that waits for a CPU that stops", () => {
    const { machine } = boot({ vcpus: 3, tickHz: 0 });
    const { kernel } = machine;
    const fn = callNumber(kernel, () => {});
    const seen: Unanswered[][] = [];
    for (let turn = 0; turn < 40; turn++) {
      onCpu(machine, 0, T + turn * 100, function* () {
        seen.push(yield* callAndWait(kernel, [1, 2], fn, 0));
      });
    }
    onCpu(machine, 1, T + 1_500, (env) => env.sys.reboot());
    machine.run();
    expect(machine.stopped).toMatchObject({ stragglers: [] });
    expect(seen.flat().filter(({ why }) => why === "no answer")).toEqual([]);
    expect(machine.host.now).toBeLessThan(2 * T);
  });
});

describe("a panic", () => {
  test("from outside stops every CPU where it is", () => {
    const booted = busy();
    booted.machine.run({ untilNs: T });
    const report = booted.machine.panic("test");
    expect(report).toMatchObject({
      how: "emergency",
      reason: "test",
      stopped: [0, 1, 2, 3, 4, 5],
      stragglers: [],
    });
    for (let cpu = 0; cpu < 6; cpu++) expect(pathOf(booted, cpu)).toEqual(["stopping", "stopped"]);
    expect(errorOf(() => booted.machine.run())).toMatchObject({ code: "ERR_PANIC", message: "panic: test" });
  });

  test.each([
    ["with interrupts on", false],
    ["with interrupts off", true],
  ])("of kernel code %s ends the run with an error, and that code", (_, off) => {
    const booted = boot({ vcpus: 3, tickHz: 0 });
    const { machine } = booted;
    let wentOn = false;
    onCpu(machine, 1, T, function* () {
      if (off) irqDisable(machine.kernel);
      yield* panicHere(machine.kernel, "out of ideas");
      wentOn = true;
    });
    onCpu(machine, 2, 0, (env) => env.work(100 * T) as Coroutine<void>);
    expect(errorOf(() => machine.run())).toMatchObject({ code: "ERR_PANIC", message: "panic: out of ideas" });
    expect(wentOn).toBe(false);
    expect(machine.stopped).toMatchObject({ how: "emergency", stopped: [0, 1, 2] });
    // The CPU that panics waits for nobody.
    expect(booted.log.single({ kind: TRACE_CPU_STATE, cpu: 1, arg0: CPU_STOPPED }).timeNs).toBeLessThan(
      T + 1_000,
    );
  });

  test("of a handler stops its CPU there", () => {
    const { machine } = boot({ vcpus: 2, tickHz: 0 });
    onCpu(machine, 0, 0, (env) => env.work(100 * T) as Coroutine<void>);
    machine.run({ untilNs: T });
    machine.host.deliverInterrupt(cpuId(0), () => panicNow(machine.kernel, "in a handler"));
    expect(machine.kernel.smp.state(0)).toBe(CPU_STOPPED);
    expect(errorOf(() => machine.run())).toMatchObject({ code: "ERR_PANIC" });
  });

  test("of two CPUs at once is one", () => {
    const { machine } = boot({ vcpus: 3, tickHz: 0 });
    for (const cpu of [1, 2]) onCpu(machine, cpu, T, () => panicHere(machine.kernel, `by ${cpu}`));
    expect(errorOf(() => machine.run())).toMatchObject({ message: "panic: by 1" });
    expect(machine.stopped?.stopped).toEqual([0, 1, 2]);
  });

  test("waits 10 ms for a CPU with interrupts off, and no longer", () => {
    const { machine } = boot({ vcpus: 3, tickHz: 0 });
    onCpu(machine, 1, 0, () => holdInterruptsOff(machine.kernel, 5 * STOP_TIMEOUT_NS));
    machine.run({ untilNs: T });
    const report = machine.panic("stuck");
    expect(report).toMatchObject({
      stopped: [0, 2],
      stragglers: [{ cpu: 1, state: "ready", irqsOff: true }],
    });
    expect(report.atNs).toBeLessThanOrEqual(T + PANIC_TIMEOUT_NS + 200_000);
  });

  test("takes over from an orderly stop that hangs", () => {
    const { machine } = boot({ vcpus: 3, tickHz: 0 });
    const { kernel } = machine;
    onCpu(machine, 1, 0, () => holdInterruptsOff(kernel, 5 * STOP_TIMEOUT_NS));
    onCpu(machine, 2, T, (env) => env.sys.reboot());
    machine.run({ untilNs: 3 * T });
    expect(kernel.smp.state(0)).toBe(CPU_STOPPED);
    expect(machine.panic("impatient")).toMatchObject({ how: "emergency", stopped: [0, 2] });
    expect(machine.host.now).toBeLessThan(20 * T);
  });
});
