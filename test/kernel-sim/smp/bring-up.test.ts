/** Bringing the CPUs of a machine up: the handshake, what it costs, and everything that can go wrong on the way. */
import { describe, expect, test } from "vitest";
import { EINVAL } from "../../../src/atomics/errno.ts";
import type { BootConfig, BootFaults } from "../../../src/hosts/virtual/boot-config.ts";
import { PRESENT_TIMEOUT_NS, READY_TIMEOUT_NS } from "../../../src/kernel-sim/smp/bring-up.ts";
import { CPU_FAILED, CPU_READY, CPU_STATE_NAMES } from "../../../src/kernel-sim/smp/cpu-state.ts";
import { createMachine, type Machine } from "../../../src/machine.ts";
import { TRACE_CPU_STATE, type TraceEvent } from "../../../src/trace/events.ts";
import { boot, errorOf } from "../../support/boot.ts";
import { mayRunOn } from "../../support/inspect.ts";

/** The edges that a boot took, in order; the trace begins before any sink can be added. */
function edgesOf(machine: Machine): TraceEvent[] {
  return machine.trace.last(4096).filter(({ kind }) => kind === TRACE_CPU_STATE);
}

function pathOf(machine: Machine, cpu: number): (string | undefined)[] {
  return edgesOf(machine)
    .filter((event) => event.cpu === cpu)
    .map(({ arg0 }) => CPU_STATE_NAMES[arg0]);
}

function bootWith(vcpus: number, config: BootConfig): Machine {
  return createMachine({ vcpus, boot: config, trace: true, traceEvents: 4096, userBytes: 4096 });
}

const COSTS = { createNs: 1_000, presentNs: 20_000, timerNs: 300, wakeNs: 50 };
const UP = ["created", "present", "released", "starting", "ready"];

describe.each([1, 2, 64, 1024])("a machine of %d CPUs", (vcpus) => {
  test("comes up at time 0, and runs a task on its last CPU", () => {
    const machine = createMachine({ vcpus });
    const all = Array.from({ length: vcpus }, (_, cpu) => cpu);
    expect(machine.boot).toEqual({ atNs: 0, ready: all, failed: [] });
    expect(all.every((cpu) => machine.kernel.smp.state(cpu) === CPU_READY)).toBe(true);
    let ranOn = -1;
    machine.spawn(
      function* (env) {
        yield* env.work(100);
        ranOn = env.cpu();
      },
      { affinity: [vcpus - 1] },
    );
    machine.run();
    expect(ranOn).toBe(vcpus - 1);
  });
});

describe("the handshake", () => {
  test("takes every CPU through its states in order, each once (U1, U2)", () => {
    const machine = bootWith(4, { costs: COSTS });
    for (const cpu of [0, 1, 2, 3]) expect(pathOf(machine, cpu)).toEqual(UP);
    for (const { arg0, arg1 } of edgesOf(machine)) expect(arg0).toBe(arg1 + 1);
  });

  test("costs what it is told to: thread by thread, then release by release", () => {
    const machine = bootWith(3, { costs: COSTS });
    const { createNs, presentNs, timerNs, wakeNs } = COSTS;
    // CPU 0 makes its timer, creates CPU 1, is told that it is there, creates CPU 2.
    const first = timerNs + createNs + presentNs;
    const second = first + wakeNs + createNs + presentNs;
    // Then it releases CPU 1, which wakes, makes its timer, and tells CPU 0, which wakes.
    const release = second + wakeNs;
    const ready = release + wakeNs + timerNs;
    const at = (cpu: number, state: string): number | undefined =>
      edgesOf(machine).find((event) => event.cpu === cpu && CPU_STATE_NAMES[event.arg0] === state)?.timeNs;
    expect([at(1, "present"), at(2, "present"), at(1, "released"), at(1, "ready")]).toEqual([
      first,
      second,
      release,
      ready,
    ]);
    expect(machine.boot.atNs).toBe(ready + wakeNs + wakeNs + timerNs + wakeNs);
    expect(machine.host.now).toBe(machine.boot.atNs);
  });

  test("gives each CPU its own idle task before it is released (U4, U7)", () => {
    const machine = bootWith(3, {});
    expect([0, 1, 2].map((cpu) => machine.kernel.smp.idleTask(cpu))).toEqual([1, 2, 3]);
    expect([0, 1, 2].map((cpu) => machine.kernel.cpus.curr(cpu))).toEqual([0, 0, 0]);
  });

  test("does not change what runs after it, but for the time at which it begins", () => {
    const took = (config: BootConfig): number => {
      const { machine } = boot({ vcpus: 2, boot: config });
      machine.spawn(function* (env) {
        yield* env.sys.join(
          yield* env.spawn(function* (own) {
            yield* own.sys.nanosleep(5_000);
          }),
        );
      });
      return machine.run().virtualNs - machine.boot.atNs;
    };
    expect(took({ costs: COSTS })).toBe(took({}));
  });
});

/** What a boot with one fault at CPU 2 of 4 leaves. */
function faulty(faults: Partial<BootFaults>): Machine {
  return bootWith(4, { costs: COSTS, faults });
}

describe("when a CPU does not come up, the others do (S4 to S7)", () => {
  test.each([
    ["no thread", { noThread: [2] }, ["created", "failed"], 0],
    ["not present in time", { late: [2] }, ["created", "failed"], PRESENT_TIMEOUT_NS],
    ["not ready in time", { dies: [2] }, ["created", "present", "released", "failed"], READY_TIMEOUT_NS],
    ["no timer", { noTimer: [2] }, ["created", "present", "released", "starting", "failed"], 0],
  ] as const)("%s", (why, faults, path, waitedNs) => {
    const machine = faulty(faults);
    expect(machine.boot).toMatchObject({ ready: [0, 1, 3], failed: [{ cpu: 2, why }] });
    expect(pathOf(machine, 2)).toEqual(path);
    for (const cpu of [0, 1, 3]) expect(pathOf(machine, cpu)).toEqual(UP);
    expect(machine.boot.atNs).toBeGreaterThan(waitedNs);
    expect(machine.boot.atNs).toBeLessThan(waitedNs + 1_000_000);
    expect(machine.kernel.smp.isUsable(2)).toBe(false);
  });

  test("one that is there too late finds itself given up, and ends (S4)", () => {
    const machine = faulty({ late: [2], lateNs: PRESENT_TIMEOUT_NS + 5_000_000 });
    expect(machine.boot.failed).toEqual([{ cpu: 2, why: "not present in time" }]);
    machine.spawn(function* (env) {
      yield* env.work(20_000_000);
    });
    machine.run();
    expect(machine.kernel.smp.state(2)).toBe(CPU_FAILED);
    expect(pathOf(machine, 2)).toEqual(["created", "failed"]);
  });

  test("one that is late, but not too late, is taken (S4)", () => {
    expect(faulty({ late: [2], lateNs: PRESENT_TIMEOUT_NS - 1_000_000 }).boot.failed).toEqual([]);
  });

  test("one whose thread dies is not waited for without limit, and not resumed (S5)", () => {
    const machine = faulty({ dies: [1, 2, 3] });
    expect(machine.boot.ready).toEqual([0]);
    expect(machine.boot.atNs).toBeGreaterThan(3 * READY_TIMEOUT_NS);
    machine.spawn(function* (env) {
      yield* env.sys.nanosleep(1_000_000);
    });
    machine.run();
    expect([1, 2, 3].map((cpu) => pathOf(machine, cpu).at(-1))).toEqual(["failed", "failed", "failed"]);
  });

  test("without CPU 0 there is no machine", () => {
    expect(errorOf(() => faulty({ noTimer: [0, 1] }))).toMatchObject({
      code: "ERR_BOOT",
      message: "CPU 0 did not come up: no timer",
    });
  });
});

describe("waits that end for no reason, and wake-ups that get lost (S1 to S3)", () => {
  test.each([1, 2, 3, 5, 17, 100])("%d of the first kind change nothing but the time", (spuriousWakes) => {
    const machine = bootWith(4, { costs: COSTS, faults: { spuriousWakes } });
    expect(machine.boot.failed).toEqual([]);
    for (const cpu of [0, 1, 2, 3]) expect(pathOf(machine, cpu)).toEqual(UP);
    expect(machine.boot.atNs - bootWith(4, { costs: COSTS }).boot.atNs).toBeLessThan(1_000);
  });

  test.each([1, 2, 3, 4, 5])("%d of the second are made good at a deadline", (lostWakes) => {
    const machine = bootWith(3, { costs: COSTS, faults: { lostWakes } });
    const reasons = machine.boot.failed.map(({ why }) => why);
    // Whose release does not reach it is not ready in time; nobody hangs, and nobody is ready twice.
    expect(reasons.every((why) => why === "not ready in time")).toBe(true);
    expect(machine.boot.ready.length + reasons.length).toBe(3);
    expect(machine.boot.atNs).toBeLessThan(5 * PRESENT_TIMEOUT_NS);
  });

  test("a release that comes before the CPU waits for it is not missed (S1)", () => {
    // Without costs everything happens at one time: CPUs are released in the very moment in which they begin to wait.
    expect(bootWith(64, {}).boot.failed).toEqual([]);
  });
});

describe("tasks", () => {
  const failed = (): Machine => faulty({ noThread: [2], noTimer: [3] });

  test("are placed on CPUs that are ready, and allow no others", () => {
    const machine = failed();
    const ranOn = new Set<number>();
    const tids = Array.from({ length: 12 }, () =>
      machine.spawn(function* (env) {
        for (let turn = 0; turn < 20; turn++) {
          yield* env.work(50_000);
          yield* env.sys.nanosleep(10_000);
          ranOn.add(env.cpu());
        }
      }),
    );
    machine.run();
    expect([...ranOn].sort()).toEqual([0, 1]);
    for (const tid of tids) {
      expect([0, 1, 2, 3].map((cpu) => mayRunOn(machine, tid, cpu))).toEqual([true, true, false, false]);
    }
  });

  test("with an affinity to some that are ready run on those", () => {
    const machine = failed();
    let ranOn = -1;
    const tid = machine.spawn(
      function* (env) {
        yield* env.work(100);
        ranOn = env.cpu();
      },
      { affinity: [3, 1] },
    );
    machine.run();
    expect(ranOn).toBe(1);
    expect([0, 1, 2, 3].map((cpu) => mayRunOn(machine, tid, cpu))).toEqual([false, true, false, false]);
  });

  test("can be moved among those that are ready only", () => {
    const machine = failed();
    let results: unknown;
    machine.spawn(function* (env) {
      const none = yield* env.sys.schedSetaffinity(0, [2, 3]);
      const some = yield* env.sys.schedSetaffinity(0, [1, 2]);
      results = [none, some, yield* env.sys.schedGetaffinity(0), env.cpu()];
    });
    machine.run();
    expect(results).toEqual([-EINVAL, 0, [1], 1]);
  });

  test("with an affinity to none that is ready are refused", () => {
    expect(errorOf(() => failed().spawn(function* () {}, { affinity: [2, 3] }))).toMatchObject({
      code: "ERR_CONFIG",
      message: "none of the CPUs of affinity [2, 3] is ready",
    });
  });
});

describe("a configuration that cannot be is refused", () => {
  test.each([
    [{ faults: { noThread: [0] } }, "boot.faults.noThread must be a list of CPUs from 1 to 3, got [0]"],
    [{ faults: { late: [4] } }, "boot.faults.late must be a list of CPUs from 1 to 3, got [4]"],
    [{ faults: { dies: 2 } }, "boot.faults.dies must be a list of CPUs from 1 to 3, got 2"],
    [{ faults: { noTimer: [-1] } }, "boot.faults.noTimer must be a list of CPUs from 0 to 3, got [-1]"],
    [
      { faults: { lostWakes: 0.5 } },
      "boot.faults.lostWakes must be a whole number from 0 to 1000000000000, got 0.5",
    ],
    [
      { faults: { typo: 1 } },
      "boot.faults.typo is no fault; known are noThread, late, lateNs, dies, noTimer, spuriousWakes, lostWakes, refusedSends",
    ],
    [{ costs: { wakeNs: -1 } }, "boot.costs.wakeNs must be a whole number from 0 to 1000000000000, got -1"],
    [{ costs: { wake: 1 } }, "boot.costs.wake is no cost; known are createNs, presentNs, timerNs, wakeNs"],
    [{ cost: {} }, "boot.cost is no part of a boot; known are costs, faults"],
  ])("%j", (config, message) => {
    expect(errorOf(() => bootWith(4, config as BootConfig))).toMatchObject({ code: "ERR_CONFIG", message });
  });
});
