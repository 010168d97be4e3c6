/** Interrupts off and on: what arrives is held, served in order when they go on, and never lost or nested. */
import { describe, expect, test } from "vitest";
import { type Coroutine, RESUME } from "../../../src/atomics/step.ts";
import { TASK_NORMAL } from "../../../src/kernel-sim/constants.ts";
import { cpuId } from "../../../src/kernel-sim/ids.ts";
import {
  holdInterruptsOff,
  IRQ_ON,
  irqDisable,
  irqEnable,
  irqRestore,
  irqSave,
  irqsOn,
  PEND_IO,
} from "../../../src/kernel-sim/smp/interrupts.ts";
import { IPI_RESCHEDULE, signalCpu } from "../../../src/kernel-sim/smp/mailbox.ts";
import { tryToWakeUp } from "../../../src/kernel-sim/wakeup.ts";
import type { Machine } from "../../../src/machine.ts";
import {
  TRACE_IPI_RECEIVE,
  TRACE_IPI_SEND,
  TRACE_SCHED_WAKEUP,
  TRACE_TICK,
  TRACE_TIMER_EXPIRE,
} from "../../../src/trace/events.ts";
import { boot, priceOf } from "../../support/boot.ts";
import { cpuOf } from "../../support/inspect.ts";
import { sleepNow } from "../../support/kernel-code.ts";

const T = 1_000_000;
const H = 6_000_000;

/** A task on `cpu` that turns interrupts off at T, for H; `then` runs right after. */
function offRegion(machine: Machine, cpu: number, then: () => void = () => {}): void {
  machine.spawn(
    function* (env) {
      yield* env.work(Math.max(0, T - env.now()));
      yield* holdInterruptsOff(machine.kernel, H);
      then();
    },
    { affinity: [cpu] },
  );
}

/** Calls `act` from a task on CPU 0 at `at`. */
function actAt(machine: Machine, at: number, act: () => void): void {
  machine.spawn(
    function* (env) {
      yield* env.work(Math.max(0, at - env.now()));
      act();
    },
    { affinity: [0] },
  );
}

describe("an interrupt that arrives while they are off", () => {
  test("is held until they go on, and then taken at once (U10, U12)", () => {
    const { machine, log } = boot({ vcpus: 2, tickHz: 0 });
    offRegion(machine, 1);
    actAt(machine, T + 1_000, () => signalCpu(machine.kernel, 1, IPI_RESCHEDULE));
    machine.run();
    expect(log.single({ kind: TRACE_IPI_SEND, arg1: IPI_RESCHEDULE }).timeNs).toBe(T + 1_000 + 220);
    expect(log.single({ kind: TRACE_IPI_RECEIVE, cpu: 1, arg0: IPI_RESCHEDULE }).timeNs).toBe(T + H);
    expect(machine.kernel.smp.held(1)).toBe(1);
    expect(machine.kernel.smp.received(1, 0)).toBe(1);
  });

  test("100000 sends leave one bit, and one run (S10)", () => {
    const { machine } = boot({ vcpus: 2, tickHz: 0 });
    const results = new Map<string, number>();
    offRegion(machine, 1);
    actAt(machine, T + 1_000, () => {
      for (let n = 0; n < 100_000; n++) {
        const result = signalCpu(machine.kernel, 1, IPI_RESCHEDULE);
        results.set(result, (results.get(result) ?? 0) + 1);
      }
    });
    machine.run();
    expect(results).toEqual(
      new Map([
        ["sent", 1],
        ["coalesced", 99_999],
      ]),
    );
    expect(cpuOf(machine, 1)).toMatchObject({ ipisReceived: 1, ipisCoalesced: 99_999 });
    expect(machine.kernel.smp.received(1, 0)).toBe(1);
    expect(machine.kernel.cpus.pending(1)).toBe(0);
  });

  test("is one interrupt also when sends come one after the other", () => {
    const { machine } = boot({ vcpus: 2, tickHz: 0 });
    const results: string[] = [];
    offRegion(machine, 1);
    for (const at of [T + 1_000, T + 50_000, T + 100_000]) {
      actAt(machine, at, () => results.push(signalCpu(machine.kernel, 1, IPI_RESCHEDULE)));
    }
    machine.run();
    expect(results).toEqual(["sent", "coalesced", "coalesced"]);
    expect(cpuOf(machine, 1).ipisReceived).toBe(1);
  });

  test("costs what it would have cost, at the end of the region", () => {
    const took = (held: boolean): number => {
      const { machine } = boot({ vcpus: 2, tickHz: 0 });
      let ended = 0;
      machine.spawn(
        function* (env) {
          yield* env.work(T - env.now());
          if (held) yield* holdInterruptsOff(machine.kernel, H);
          else yield* env.work(H);
          ended = env.now();
        },
        { affinity: [1] },
      );
      // A sleeper whose timer fires in the middle of it.
      machine.spawn(
        function* (env) {
          yield* env.sys.nanosleep(T + H / 2);
        },
        { affinity: [1] },
      );
      machine.run();
      return ended;
    };
    expect(took(true)).toBe(took(false));
  });

  test("nothing held: turning them on costs nothing", () => {
    const { machine } = boot();
    let took = -1;
    machine.spawn(function* (env) {
      const began = env.now();
      irqDisable(machine.kernel);
      yield* irqEnable(machine.kernel);
      took = env.now() - began;
    });
    machine.run();
    expect(took).toBe(0);
  });
});

describe("what is held", () => {
  test("is served I/O first, then clock, tick and IPIs, each to its end (U13)", () => {
    const { machine, log } = boot({ vcpus: 2, tickHz: 1_000 });
    const { kernel } = machine;
    const served: string[] = [];
    const sleeper = machine.spawn((env) => sleepNow(machine, env.tid), { affinity: [1] });
    machine.spawn(
      function* (env) {
        yield* env.sys.nanosleep(T + 2_000_000);
      },
      { affinity: [1] },
    );
    // Somebody waits for the CPU, so that there are ticks.
    machine.spawn((env) => env.work(20 * T) as Coroutine<void>, { affinity: [1], nice: 19 });
    offRegion(machine, 1);
    actAt(machine, 4 * T, () => {
      signalCpu(kernel, 1, IPI_RESCHEDULE);
      machine.host.deliverInterrupt(cpuId(1), () => {
        served.push("io");
        tryToWakeUp(kernel, sleeper, TASK_NORMAL, 0);
      });
    });
    machine.run({ untilNs: 30 * T });
    const on = log.single({ kind: TRACE_SCHED_WAKEUP, tid: sleeper, cpu: 1, arg1: 1 }).timeNs;
    const kinds = log.events
      .filter(({ cpu, timeNs }) => cpu === 1 && timeNs >= on)
      .map(({ kind }) => kind)
      .filter((kind) => [TRACE_TIMER_EXPIRE, TRACE_TICK, TRACE_IPI_RECEIVE].includes(kind));
    expect(served).toEqual(["io"]);
    expect(kinds.slice(0, 3)).toEqual([TRACE_TIMER_EXPIRE, TRACE_TICK, TRACE_IPI_RECEIVE]);
    // Each to its end: the timer's handler is paid for before the tick is taken.
    const expired = log.all({ kind: TRACE_TIMER_EXPIRE, cpu: 1 }).find(({ timeNs }) => timeNs >= on);
    expect(expired!.timeNs).toBe(on + priceOf(machine, "timerInterrupt"));
  });

  test("is served before the CPU sleeps, by the CPU it was meant for (U12, U19)", () => {
    const { machine, log } = boot({ vcpus: 2, tickHz: 0 });
    offRegion(machine, 1);
    actAt(machine, T + 1_000, () => signalCpu(machine.kernel, 1, IPI_RESCHEDULE));
    machine.run();
    expect(log.all({ kind: TRACE_IPI_RECEIVE, arg0: IPI_RESCHEDULE }).map(({ cpu }) => cpu)).toEqual([1]);
    expect([0, 1].map((cpu) => machine.kernel.cpus.pending(cpu))).toEqual([0, 0]);
  });

  test("on one CPU does not touch another (S35)", () => {
    const { machine } = boot({ vcpus: 2, tickHz: 0 });
    const at: number[] = [];
    offRegion(machine, 0);
    machine.run({ untilNs: T + 1_000 });
    const now = machine.host.now;
    for (const cpu of [0, 1]) {
      machine.host.deliverInterrupt(cpuId(cpu), () => {
        at[cpu] = machine.host.now;
      });
    }
    machine.run();
    expect(at).toEqual([T + H, now]);
  });
});

describe("a region with interrupts off", () => {
  test("is not ended by preemption: who shall take the CPU waits", () => {
    const { machine } = boot({ vcpus: 2, tickHz: 1_000, sliceNs: 100_000 });
    const { kernel } = machine;
    let ended = 0;
    let otherAt = Number.POSITIVE_INFINITY;
    machine.spawn(
      function* (env) {
        yield* env.work(T - env.now());
        const began = env.now();
        irqDisable(kernel);
        for (let n = 0; n < 5_000; n++) {
          kernel.host.chargeNs(1_000);
          yield* kernel.host.sync();
        }
        ended = env.now();
        expect(ended - began).toBe(5_000_000);
        yield* irqEnable(kernel);
        yield* env.work(1);
      },
      { affinity: [1] },
    );
    machine.spawn(
      function* (env) {
        yield* env.sys.nanosleep(T + 100_000);
        otherAt = env.now();
      },
      { affinity: [1], nice: -20 },
    );
    machine.run();
    expect(otherAt).toBeGreaterThanOrEqual(ended);
  });

  test("nests by save and restore", () => {
    const { machine } = boot();
    const { kernel } = machine;
    const seen: boolean[] = [];
    machine.spawn(function* () {
      const outer = irqSave(kernel);
      const inner = irqSave(kernel);
      seen.push(outer, inner, irqsOn(kernel));
      yield* irqRestore(kernel, inner);
      seen.push(irqsOn(kernel));
      yield* irqRestore(kernel, outer);
      seen.push(irqsOn(kernel));
    });
    machine.run();
    expect(seen).toEqual([true, false, false, false, true]);
  });

  test.each([
    [
      "begins once",
      function* (machine: Machine): Coroutine<void> {
        irqDisable(machine.kernel);
        irqDisable(machine.kernel);
      },
      "irqDisable on CPU 0, whose interrupts are not on",
    ],
    [
      "ends only if it was begun",
      function* (machine: Machine): Coroutine<void> {
        yield* irqEnable(machine.kernel);
      },
      "irqEnable on CPU 0, whose interrupts are on",
    ],
    [
      "is no place to sleep",
      function* (machine: Machine): Coroutine<void> {
        irqDisable(machine.kernel);
        yield* sleepNow(machine, machine.kernel.current);
      },
      "CPU 0 sleeps with interrupts off",
    ],
  ] as const)("%s", (_, body, message) => {
    const { machine } = boot();
    machine.spawn(() => body(machine));
    expect(() => machine.run()).toThrow(message);
  });

  test("is ended by the task that began it", () => {
    const { machine } = boot({ vcpus: 1 });
    const { kernel } = machine;
    machine.spawn(function* (env) {
      irqDisable(kernel);
      yield* env.sys.schedYield();
    });
    machine.spawn(function* () {
      yield* irqEnable(kernel);
    });
    expect(() => machine.run()).toThrow("task 1 has CPU 0's interrupts off, not 2");
  });
});

describe("a handler", () => {
  test("runs with interrupts off, and cannot turn them on for itself (U11, U14, S15)", () => {
    const { machine } = boot({ vcpus: 2 });
    const { kernel } = machine;
    const seen: unknown[] = [];
    machine.host.deliverInterrupt(cpuId(1), () => {
      seen.push(kernel.smp.irq(1), irqsOn(kernel), irqSave(kernel));
      seen.push(irqEnable(kernel).next(RESUME).done, kernel.smp.irq(1));
    });
    expect(seen).toEqual([PEND_IO, false, false, true, PEND_IO]);
    expect(kernel.smp.irq(1)).toBe(IRQ_ON);
  });

  test("does not nest: an interrupt in it is a bug that is found", () => {
    const { machine } = boot();
    expect(() =>
      machine.host.deliverInterrupt(cpuId(0), () => machine.host.deliverInterrupt(cpuId(0), () => {})),
    ).toThrow("CPU 0 is interrupted within a handler");
  });
});

describe("a CPU that did not come up", () => {
  test("has its interrupts off, and takes none", () => {
    const machine = boot({ vcpus: 3, boot: { faults: { noTimer: [2] } } }).machine;
    let ran = false;
    machine.host.deliverInterrupt(cpuId(2), () => {
      ran = true;
    });
    machine.spawn((env) => env.work(T) as Coroutine<void>);
    machine.run();
    expect(ran).toBe(false);
    expect(signalCpu(machine.kernel, 2, IPI_RESCHEDULE)).toBe("not-online");
    expect(machine.kernel.cpus.pending(2) & IPI_RESCHEDULE).toBe(0);
  });
});
