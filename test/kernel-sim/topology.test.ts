/** Who shares what, which domains follow from it, and what distance costs. */
import { describe, expect, test } from "vitest";
import { WF_CURRENT_CPU } from "../../src/kernel-sim/constants.ts";
import { STEP_NAMES, type StepName } from "../../src/kernel-sim/steps.ts";
import { Topology, type TopologyConfig } from "../../src/kernel-sim/topology.ts";
import { createMachine, type MachineConfig } from "../../src/machine.ts";
import {
  TRACE_IPI_SEND,
  TRACE_SCHED_WAKEUP,
  TRACE_WAKEUP_DIRECT,
  TRACE_WAKEUP_LIST,
} from "../../src/trace/events.ts";
import { boot, errorOf, priceOf } from "../support/boot.ts";
import { taskOf } from "../support/inspect.ts";
import { sleepNow, wakeAtOnce } from "../support/kernel-code.ts";

const T = 1_000_000;

/** Two sockets of two LLCs of two cores of two threads. */
const DEEP: TopologyConfig = { smt: 2, coresPerLlc: 2, llcsPerSocket: 2 };

function levels(vcpus: number, config: TopologyConfig): string[] {
  return new Topology(vcpus, config).levels.map(
    ({ name, width, groupWidth, imbalancePct, sharesLlc }) =>
      `${name} ${width}/${groupWidth} ${imbalancePct}${sharesLlc ? " llc" : ""}`,
  );
}

describe("the domains", () => {
  test.each<[number, TopologyConfig, string[]]>([
    [1, {}, []],
    [1, DEEP, []],
    [8, {}, ["MC 8/1 117 llc"]],
    [2, DEEP, ["SMT 2/1 110 llc"]],
    [8, { smt: 2 }, ["SMT 2/1 110 llc", "MC 8/2 117 llc"]],
    [8, { coresPerLlc: 4 }, ["MC 4/1 117 llc", "PKG 8/4 117"]],
    [8, { coresPerLlc: 4, llcsPerSocket: 1 }, ["MC 4/1 117 llc", "NUMA 8/4 117"]],
    [4, { coresPerLlc: 1 }, ["PKG 4/1 117"]],
    [16, DEEP, ["SMT 2/1 110 llc", "MC 4/2 117 llc", "PKG 8/4 117", "NUMA 16/8 117"]],
    [6, DEEP, ["SMT 2/1 110 llc", "MC 4/2 117 llc", "PKG 6/4 117"]],
    [4, { smt: 2, coresPerLlc: 1, llcsPerSocket: 1 }, ["SMT 2/1 110 llc", "NUMA 4/2 117"]],
  ])("of %d CPUs, %j, are %j", (vcpus, config, expected) => {
    expect(levels(vcpus, config)).toEqual(expected);
  });

  test("are ranges of consecutive CPUs, the last of them as long as there are CPUs", () => {
    const topology = new Topology(14, DEEP);
    expect([0, 3, 4, 13].map((cpu) => [topology.first(cpu, 4), topology.end(cpu, 4)])).toEqual([
      [0, 4],
      [0, 4],
      [4, 8],
      [12, 14],
    ]);
    expect([0, 1, 2, 7, 8, 13].map((cpu) => topology.coreOf(cpu))).toEqual([0, 0, 1, 3, 4, 6]);
    expect([0, 3, 4, 13].map((cpu) => topology.llcOf(cpu))).toEqual([0, 0, 1, 3]);
    expect([0, 7, 8, 13].map((cpu) => topology.socketOf(cpu))).toEqual([0, 0, 1, 1]);
    expect(topology.llcs).toBe(4);
    expect([1, 2, 5, 8].map((cpu) => topology.commonLevel(0, cpu).name)).toEqual([
      "SMT",
      "MC",
      "PKG",
      "NUMA",
    ]);
  });
});

describe("a bad topology", () => {
  test.each([
    [{ smt: 0 }, "topology.smt must be an integer from 1 to 8, got 0"],
    [{ smt: 9 }, "topology.smt must be an integer from 1 to 8, got 9"],
    [{ coresPerLlc: 1.5 }, "topology.coresPerLlc must be an integer from 1 to 1024, got 1.5"],
    [{ llcsPerSocket: "2" }, "topology.llcsPerSocket must be an integer from 1 to 1024, got 2"],
    [{ llc: 4 }, "topology.llc is no part of a topology; known are smt, coresPerLlc, llcsPerSocket"],
    [
      { toString: 4 },
      "topology.toString is no part of a topology; known are smt, coresPerLlc, llcsPerSocket",
    ],
  ])("%j is refused", (topology, message) => {
    const config = { vcpus: 4, topology } as unknown as MachineConfig;
    expect(errorOf(() => createMachine(config))).toMatchObject({ code: "ERR_CONFIG", message });
  });
});

describe("a cache line", () => {
  test.each<[number, StepName]>([
    [1, "cacheLineSmt"],
    [2, "cacheLine"],
    [4, "cacheLineLlc"],
    [8, "cacheLineSocket"],
  ])("from CPU 0 to CPU %d of the deep machine is one %s, either way", (other, step) => {
    const topology = new Topology(16, DEEP);
    expect(STEP_NAMES[topology.lineStep(0, other)]).toBe(step);
    expect(STEP_NAMES[topology.lineStep(other, 0)]).toBe(step);
  });

  test("is equally far everywhere in one LLC without SMT", () => {
    const topology = new Topology(64, {});
    expect(STEP_NAMES[topology.lineStep(3, 60)]).toBe("cacheLine");
    expect(STEP_NAMES[topology.lineStep(3, 3)]).toBe("cacheLine");
  });
});

interface WakeCost {
  readonly paid: number;
  readonly how: number;
  readonly ipis: number;
  readonly prices: ReturnType<typeof boot>["machine"];
}

/** What waking a task that sleeps on CPU `on`, where somebody runs if `busy`, costs CPU 0. */
function wakeOn(on: number, busy: boolean, config: MachineConfig = {}): WakeCost {
  const { machine, log } = boot({ vcpus: 16, topology: DEEP, tickHz: 0, ...config });
  const sleeper = machine.spawn((env) => sleepNow(machine, env.tid), { affinity: [on] });
  if (busy) machine.spawn((env) => env.work(10 * T) as never, { affinity: [on] });
  let paid = -1;
  machine.spawn(
    function* (env) {
      yield* env.work(T - env.now());
      yield* wakeAtOnce(machine, sleeper, 0);
      paid = env.now() - T;
      yield* env.work(T);
    },
    { affinity: [0] },
  );
  machine.run();
  const how = log.all({ kind: TRACE_SCHED_WAKEUP, tid: sleeper }).at(-1)!.arg0;
  const ipis = log.all({ kind: TRACE_IPI_SEND, arg0: on }).filter(({ timeNs }) => timeNs >= T).length;
  expect(taskOf(machine, sleeper).cpu).toBe(on);
  return { paid, how, ipis, prices: machine };
}

describe("waking a task of a remote CPU", () => {
  test.each<[number, StepName]>([
    [1, "cacheLineSmt"],
    [2, "cacheLine"],
    [4, "cacheLineLlc"],
    [8, "cacheLineSocket"],
  ])("that is idle (CPU %d): one line (%s) for its list, and the IPI", (cpu, line) => {
    const { paid, how, ipis, prices } = wakeOn(cpu, false);
    expect([paid, how, ipis]).toEqual([priceOf(prices, line, "ipiSend"), TRACE_WAKEUP_LIST, 1]);
  });

  test.each<[number, StepName]>([
    [1, "cacheLineSmt"],
    [8, "cacheLineSocket"],
  ])("that polls (CPU %d): a line for the list, one for the flag (%s)", (cpu, line) => {
    const { paid, ipis, prices } = wakeOn(cpu, false, { idle: "poll" });
    expect([paid, ipis]).toEqual([priceOf(prices, line, line), 0]);
  });

  test("that is busy in the same LLC: its lock and its queue", () => {
    const { paid, how, ipis, prices } = wakeOn(1, true);
    expect([paid, how, ipis]).toEqual([
      priceOf(prices, "cacheLineSmt", "cacheLineSmt"),
      TRACE_WAKEUP_DIRECT,
      0,
    ]);
  });

  test.each<[number, StepName]>([
    [4, "cacheLineLlc"],
    [8, "cacheLineSocket"],
  ])("that is busy in another LLC (CPU %d): it is asked to queue the task itself", (cpu, line) => {
    const { paid, how, ipis, prices } = wakeOn(cpu, true);
    expect([paid, how, ipis]).toEqual([priceOf(prices, line, "ipiSend"), TRACE_WAKEUP_LIST, 1]);
  });

  test("the flag line comes to a polling CPU from as far as the waker is", () => {
    const arrival = (cpu: number): number => {
      const { machine } = boot({ vcpus: 16, topology: DEEP, tickHz: 0, idle: "poll" });
      let woken = 0;
      const sleeper = machine.spawn(
        function* (env) {
          yield* sleepNow(machine, env.tid);
          woken = env.now();
        },
        { affinity: [cpu] },
      );
      machine.spawn(
        function* (env) {
          yield* env.work(T - env.now());
          yield* wakeAtOnce(machine, sleeper, 0);
        },
        { affinity: [0] },
      );
      machine.run();
      return woken - T;
    };
    const { machine } = boot();
    expect(arrival(8) - arrival(2)).toBe(
      3 * (priceOf(machine, "cacheLineSocket") - priceOf(machine, "cacheLine")),
    );
  });
});

describe("the working set of a task", () => {
  const BYTES = 1 << 20;

  /** ns of run time that a task is charged for 1 us of work done on CPU 0 and, after a move, on `to`. */
  function ranFor(to: number, config: MachineConfig, own?: number): number {
    const { machine } = boot({ vcpus: 16, topology: DEEP, tickHz: 0, ...config });
    // Sleeps on CPU 0 and is woken onto `to`, by a task there.
    const sleeper = machine.spawn(
      function* (env) {
        yield* env.work(1000);
        yield* sleepNow(machine, env.tid);
        expect(env.cpu()).toBe(to);
        yield* env.work(1000);
      },
      { affinity: [0, to], ...(own !== undefined && { migrationBytes: own }) },
    );
    machine.spawn(
      function* (env) {
        yield* env.work(T - env.now());
        yield* wakeAtOnce(machine, sleeper, WF_CURRENT_CPU);
      },
      { affinity: [to] },
    );
    machine.run();
    return taskOf(machine, sleeper).execNs;
  }

  test("is fetched again on another core, at 20 GB/s within the LLC and 8 GB/s beyond, on the task's own time", () => {
    const stay = ranFor(1, {});
    expect(ranFor(1, { migrationBytes: BYTES }) - stay).toBe(0);
    expect(ranFor(2, { migrationBytes: BYTES }) - stay).toBe(51 * 1024);
    expect(ranFor(4, { migrationBytes: BYTES }) - stay).toBe(128 * 1024);
    expect(ranFor(8, { migrationBytes: BYTES }) - stay).toBe(128 * 1024);
  });

  test("is the machine's, unless the task has one of its own", () => {
    const stay = ranFor(2, {});
    expect(ranFor(2, {}, 2048) - stay).toBe(102);
    expect(ranFor(2, { migrationBytes: BYTES }, 0) - stay).toBe(0);
    expect(ranFor(2, { migrationBytes: 100 }) - stay).toBe(5);
  });

  test("must be a number of bytes", () => {
    const message = "migrationBytes must be an integer from 0 to 1000000000, got -1";
    expect(errorOf(() => createMachine({ migrationBytes: -1 }))).toMatchObject({ message });
    expect(errorOf(() => createMachine().spawn(function* () {}, { migrationBytes: -1 }))).toMatchObject({
      code: "ERR_CONFIG",
      message,
    });
  });
});
