/** Functions run on other CPUs: when and at what price, and every way in which a call can fail without anybody hanging. */
import { describe, expect, test } from "vitest";
import type { Coroutine } from "../../../src/atomics/step.ts";
import {
  callAndWait,
  callFunction,
  callNumber,
  type Unanswered,
} from "../../../src/kernel-sim/smp/call-function.ts";
import { CALL_SLOTS } from "../../../src/kernel-sim/smp/call-queues.ts";
import { holdInterruptsOff, irqDisable, irqEnable } from "../../../src/kernel-sim/smp/interrupts.ts";
import { IPI_CALL, SEND_TRIES } from "../../../src/kernel-sim/smp/mailbox.ts";
import type { Machine, MachineConfig } from "../../../src/machine.ts";
import { TRACE_CALL, TRACE_IDLE_ENTER, TRACE_IPI_SEND } from "../../../src/trace/events.ts";
import type { Env } from "../../../src/umcg/env.ts";
import { type Booted, boot, priceOf } from "../../support/boot.ts";
import { cpuOf } from "../../support/inspect.ts";

const T = 1_000_000;

interface Ran {
  readonly cpu: number;
  readonly arg: number;
  readonly at: number;
  readonly current: number;
}

interface Fixture extends Booted {
  readonly fn: number;
  /** Every run of function `fn`. */
  readonly ran: Ran[];
}

function fixture(config: MachineConfig = {}): Fixture {
  const booted = boot({ vcpus: 2, tickHz: 0, ...config });
  const ran: Ran[] = [];
  const fn = callNumber(booted.machine.kernel, (kernel, arg) =>
    ran.push({ cpu: kernel.cpu, arg, at: kernel.host.now, current: kernel.current }),
  );
  return { ...booted, fn, ran };
}

/** A task pinned to `cpu` that begins `body` at time `at`. */
function onCpu(machine: Machine, cpu: number, at: number, body: (env: Env) => Coroutine<void>): void {
  machine.spawn(
    function* (env) {
      yield* env.work(at - env.now());
      yield* body(env);
    },
    { affinity: [cpu] },
  );
}

/** Computes on `cpu` from the beginning on. */
function hog(machine: Machine, cpu: number): void {
  onCpu(machine, cpu, 0.5 * T, (env) => env.work(10 * T) as Coroutine<void>);
}

describe("a call that is not waited for", () => {
  test("runs once on the other CPU, in interrupt context, when the IPI has arrived", () => {
    const { machine, log, fn, ran } = fixture();
    hog(machine, 1);
    let result: unknown;
    onCpu(machine, 0, T, function* () {
      result = callFunction(machine.kernel, 1, fn, 42);
    });
    machine.run();
    expect(result).toBe("queued");
    const arrives = T + priceOf(machine, "cacheLine", "ipiSend", "ipiDeliver");
    expect(ran).toEqual([{ cpu: 1, arg: 42, at: arrives + priceOf(machine, "cacheLine"), current: 0 }]);
    expect(log.single({ kind: TRACE_CALL })).toMatchObject({ cpu: 1, arg0: fn, arg1: 0 });
    expect(log.all({ kind: TRACE_IPI_SEND }).at(-1)).toMatchObject({ arg0: 1, arg1: IPI_CALL });
    expect([machine.kernel.smp.received(1, 0), machine.kernel.smp.received(1, 1)]).toEqual([0, 1]);
  });

  test("on the CPU itself runs at once", () => {
    const { machine, fn, ran } = fixture();
    onCpu(machine, 1, T, function* (env) {
      callFunction(machine.kernel, 1, fn, 7);
      expect(ran).toMatchObject([{ cpu: 1, arg: 7, at: T, current: env.tid }]);
      yield* env.work(1);
    });
    machine.run();
    expect(ran).toHaveLength(1);
  });

  test.each([
    ["c1", 1],
    ["poll", 0],
  ] as const)("wakes an idle CPU in %s, which sleeps again", (idle, ipis) => {
    const { machine, log, fn, ran } = fixture({ idle });
    onCpu(machine, 0, T, function* (env) {
      callFunction(machine.kernel, 1, fn, 1);
      yield* env.work(T);
    });
    machine.run();
    expect(ran).toMatchObject([{ cpu: 1, current: 0 }]);
    expect(log.count({ kind: TRACE_IPI_SEND })).toBe(ipis);
    expect(log.all({ kind: TRACE_IDLE_ENTER, cpu: 1 })).toHaveLength(2);
    expect(machine.kernel.cpus.pending(1)).toBe(0);
  });

  test("rides along with others: one IPI for all that come before it is answered", () => {
    const { machine, log, fn, ran } = fixture();
    hog(machine, 1);
    onCpu(machine, 0, T, function* () {
      for (let arg = 0; arg < 10; arg++) callFunction(machine.kernel, 1, fn, arg);
    });
    machine.run();
    expect(ran.map(({ arg }) => arg)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(log.all({ kind: TRACE_IPI_SEND }).filter(({ timeNs }) => timeNs > T)).toHaveLength(1);
  });

  test("is refused when the queue is full: it is bounded (S10)", () => {
    const { machine, fn, ran } = fixture();
    const results: string[] = [];
    onCpu(machine, 1, T, () => holdInterruptsOff(machine.kernel, T));
    onCpu(machine, 0, T + 1_000, function* () {
      for (let arg = 0; arg < CALL_SLOTS + 5; arg++) results.push(callFunction(machine.kernel, 1, fn, arg));
    });
    machine.run();
    expect(results.filter((result) => result === "queued")).toHaveLength(CALL_SLOTS);
    expect(results.slice(CALL_SLOTS)).toEqual(Array(5).fill("queue full"));
    expect(ran).toHaveLength(CALL_SLOTS);
  });

  test("to a CPU that is not up is refused (S9, U17)", () => {
    const { machine, fn, ran } = fixture({ vcpus: 3, boot: { faults: { noThread: [2] } } });
    let result: unknown;
    onCpu(machine, 0, T, function* () {
      result = callFunction(machine.kernel, 2, fn, 1);
    });
    machine.run();
    expect(result).toBe("not-online");
    expect(ran).toEqual([]);
  });
});

describe("a call that is waited for", () => {
  /** Calls `targets` from CPU 0 at T. */
  function callAll(
    { machine, fn }: Fixture,
    targets: readonly number[],
    timeoutNs?: number,
  ): { unanswered?: Unanswered[]; took?: number } {
    const result: { unanswered?: Unanswered[]; took?: number } = {};
    onCpu(machine, 0, T, function* (env) {
      const began = env.now();
      result.unanswered = yield* callAndWait(machine.kernel, targets, fn, 5, timeoutNs);
      result.took = env.now() - began;
    });
    return result;
  }

  test("costs its lines, one IPI there, and no interrupt back", () => {
    const own = fixture();
    hog(own.machine, 1);
    const result = callAll(own, [1]);
    own.machine.run();
    expect(result).toEqual({
      unanswered: [],
      took: priceOf(own.machine, "cacheLine", "ipiSend", "ipiDeliver", "cacheLine", "cacheLine"),
    });
    expect(own.ran).toHaveLength(1);
  });

  test("runs on all of them, also on the caller, and ends with the last", () => {
    const own = fixture({ vcpus: 70 });
    const all = Array.from({ length: 70 }, (_, cpu) => cpu);
    const result = callAll(own, all);
    own.machine.run();
    expect(result.unanswered).toEqual([]);
    expect(own.ran.map(({ cpu }) => cpu).sort((a, b) => a - b)).toEqual(all);
    // The caller resumes when the last answer is there: at the line behind the last run.
    const last = Math.max(...own.ran.map(({ at }) => at));
    expect(T + result.took!).toBe(last + priceOf(own.machine, "cacheLine"));
  });

  test("ends at its deadline; the function runs later, and does not answer the next wait", () => {
    const own = fixture();
    const { machine, ran } = own;
    onCpu(machine, 1, 0.9 * T, () => holdInterruptsOff(machine.kernel, T));
    const result = callAll(own, [1], 100_000);
    let second: Unanswered[] | undefined;
    onCpu(machine, 0, T + 200_000, function* () {
      second = yield* callAndWait(machine.kernel, [1], own.fn, 6);
      expect(ran.map(({ arg }) => arg)).toEqual([5, 6]);
    });
    machine.run();
    expect(result).toEqual({ unanswered: [{ cpu: 1, why: "no answer" }], took: 100_000 });
    expect(ran[0]!.at).toBeGreaterThan(1.9 * T);
    expect(second).toEqual([]);
  });

  test("waits for a place in a full queue, if its own interrupts are on", () => {
    const own = fixture({ vcpus: 3 });
    const { machine, fn, ran } = own;
    onCpu(machine, 1, T - 2_000, () => holdInterruptsOff(machine.kernel, T));
    onCpu(machine, 2, T - 1_000, function* () {
      for (let arg = 0; arg < CALL_SLOTS; arg++) callFunction(machine.kernel, 1, fn, 100 + arg);
    });
    const result = callAll(own, [1]);
    machine.run();
    expect(result.unanswered).toEqual([]);
    expect(ran.map(({ arg }) => arg).at(-1)).toBe(5);
    expect(ran).toHaveLength(CALL_SLOTS + 1);
  });

  test("serves the interrupts of its CPU meanwhile, and pays for them", () => {
    const own = fixture();
    const { machine, ran } = own;
    const offAt = T - 50_000;
    onCpu(machine, 1, offAt, () => holdInterruptsOff(machine.kernel, T));
    const result = callAll(own, [1]);
    let woken = 0;
    machine.spawn(
      function* (env) {
        yield* env.sys.nanosleep(T + 20_000 - env.now());
        woken = env.now();
      },
      { affinity: [0] },
    );
    machine.run();
    expect(result.unanswered).toEqual([]);
    // The sleeper is woken in time, but has no CPU before the wait ends.
    expect(woken).toBeGreaterThan(offAt + T);
    expect(ran).toHaveLength(1);
    expect(cpuOf(machine, 0).current).toBe(0);
    machine.host.time.check();
  });
});

describe("CPUs that call each other", () => {
  /** Each CPU of a ring calls the next one at T, with interrupts off or on. */
  function ring(vcpus: number, off: boolean): { readonly results: Unanswered[][]; readonly own: Fixture } {
    const own = fixture({ vcpus });
    const { kernel } = own.machine;
    const results: Unanswered[][] = [];
    for (let cpu = 0; cpu < vcpus; cpu++) {
      onCpu(own.machine, cpu, T + cpu, function* () {
        if (off) irqDisable(kernel);
        results[cpu] = yield* callAndWait(kernel, [(cpu + 1) % vcpus], own.fn, cpu);
        if (off) yield* irqEnable(kernel);
      });
    }
    own.machine.run();
    return { results, own };
  }

  test.each([2, 3, 5, 64])("%d of them, interrupts on: all get through (S20)", (vcpus) => {
    const { results, own } = ring(vcpus, false);
    expect(results).toEqual(Array(vcpus).fill([]));
    expect(own.ran).toHaveLength(vcpus);
    expect(own.machine.host.now).toBeLessThan(2 * T);
  });

  test.each([2, 3, 5, 64])(
    "%d of them, interrupts off: the one that closes the circle is told (S19)",
    (vcpus) => {
      const { results, own } = ring(vcpus, true);
      expect(results.at(-1)).toEqual([{ cpu: 0, why: "deadlock" }]);
      expect(results.slice(0, -1)).toEqual(Array(vcpus - 1).fill([]));
      // All but the call that was refused have run, as soon as interrupts were on again.
      expect(own.ran).toHaveLength(vcpus - 1);
      expect(own.machine.host.now).toBeLessThan(2 * T);
    },
  );

  test("one with interrupts off and one with them on: no deadlock", () => {
    const own = fixture();
    const { kernel } = own.machine;
    const results: Unanswered[][] = [];
    onCpu(own.machine, 0, T, function* () {
      irqDisable(kernel);
      results[0] = yield* callAndWait(kernel, [1], own.fn, 0);
      yield* irqEnable(kernel);
    });
    onCpu(own.machine, 1, T + 1, function* () {
      results[1] = yield* callAndWait(kernel, [0], own.fn, 1);
    });
    own.machine.run();
    expect(results).toEqual([[], []]);
    expect(own.ran).toHaveLength(2);
  });
});

describe("a host that refuses to send (U16, S11)", () => {
  function refusing(refusedSends: number): {
    readonly result: Unanswered[] | undefined;
    readonly own: Fixture;
  } {
    const own = fixture({ boot: { faults: { refusedSends } } });
    hog(own.machine, 1);
    let result: Unanswered[] | undefined;
    onCpu(own.machine, 0, T, function* () {
      result = yield* callAndWait(own.machine.kernel, [1], own.fn, 1);
    });
    own.machine.run();
    return { result, own };
  }

  test("is asked again, at the price of a send each time", () => {
    const { result, own } = refusing(SEND_TRIES - 1);
    expect(result).toEqual([]);
    const { cacheLine, ipiSend, ipiDeliver } = own.machine.costs.steps;
    expect(own.ran).toMatchObject([{ at: T + 2 * cacheLine + SEND_TRIES * ipiSend + ipiDeliver }]);
  });

  test("for ever: the caller is told, and does not wait", () => {
    const { result, own } = refusing(SEND_TRIES);
    expect(result).toEqual([{ cpu: 1, why: "refused" }]);
    expect(own.machine.host.now).toBeLessThan(20 * T);
  });

  test("a wake-up that cannot be delivered ends the run with an error", () => {
    const { machine } = boot({ vcpus: 2, boot: { faults: { refusedSends: SEND_TRIES } } });
    machine.spawn(
      function* (env) {
        yield* env.sys.nanosleep(T);
        yield* env.spawn(function* () {}, { affinity: [1] });
      },
      { affinity: [0] },
    );
    expect(() => machine.run()).toThrow(`the host refused ${SEND_TRIES} times to interrupt CPU 1`);
  });
});
