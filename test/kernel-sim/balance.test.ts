/** When CPUs pull tasks from each other, which, and what it costs. */
import { describe, expect, test } from "vitest";
import { balanceDomain, IDLE, NEWLY_IDLE, NOT_IDLE } from "../../src/kernel-sim/balance-domain.ts";
import type { Tid } from "../../src/kernel-sim/ids.ts";
import { migrateWaiting } from "../../src/kernel-sim/migrate.ts";
import { createMachine, type Machine, type MachineConfig } from "../../src/machine.ts";
import { TRACE_IPI_SEND, TRACE_MIGRATE, TRACE_SCHED_SWITCH, TRACE_TICK } from "../../src/trace/events.ts";
import { type Booted, boot, errorOf, priceOf } from "../support/boot.ts";
import { taskOf } from "../support/inspect.ts";

const MS = 1_000_000;
const NEW_IDLE: MachineConfig = { tickHz: 0, balance: { newIdle: true } };
const PERIODIC: MachineConfig = { tickHz: 1000, sliceNs: 100 * MS, balance: { periodic: true } };

/** A task that computes `ms` from the beginning on. It starts on CPU `cpu`, and may go to `allowed` (default: all) then. */
function hog(
  machine: Machine,
  cpu: number,
  ms: number,
  options: { allowed?: number; nice?: number } = {},
): Tid {
  const tid = machine.spawn((env) => env.work(ms * MS) as never, {
    affinity: [cpu],
    nice: options.nice ?? 0,
  });
  machine.kernel.tasks.allowed[tid] = options.allowed ?? -1;
  return tid;
}

/** Who moved, as "tid from>to", in order. */
function moves({ log }: Booted): string[] {
  return log.all({ kind: TRACE_MIGRATE }).map(({ tid, arg0, cpu }) => `${tid} ${arg0}>${cpu}`);
}

describe("a CPU that runs out of tasks", () => {
  test("pulls the one that has waited longest from the CPU with most, and pays for its search", () => {
    const booted = boot({ vcpus: 3, ...NEW_IDLE });
    const { machine, log } = booted;
    hog(machine, 0, 20);
    hog(machine, 0, 20);
    hog(machine, 1, 20);
    const waiting = hog(machine, 1, 3);
    hog(machine, 1, 3);
    hog(machine, 2, 2);
    machine.run();
    expect(moves(booted)[0]).toBe(`${waiting} 1>2`);
    const idle = log.all({ kind: TRACE_SCHED_SWITCH, cpu: 2, tid: 0 })[0]!;
    const pulled = log.all({ kind: TRACE_SCHED_SWITCH, cpu: 2, tid: waiting })[0]!;
    // Two CPUs read, one queue locked, and the switch.
    const search = priceOf(machine, "cacheLine", "cacheLine", "cacheLine", "cacheLine");
    expect(pulled.timeNs - idle.timeNs).toBe(search + priceOf(machine, "switch"));
    expect(machine.kernel.balance.pullCostNs(2, 0)).toBe(search);
  });

  test("takes none without the switch", () => {
    const booted = boot({ vcpus: 2, tickHz: 0 });
    hog(booted.machine, 0, 5);
    hog(booted.machine, 0, 5);
    hog(booted.machine, 1, 1);
    booted.machine.run();
    expect(moves(booted)).toEqual([]);
  });

  test("looks only when somebody waits: else going idle costs nothing", () => {
    const booted = boot({ vcpus: 2, ...NEW_IDLE });
    const { machine } = booted;
    hog(machine, 0, 5);
    hog(machine, 1, 1);
    machine.run();
    expect(machine.kernel.balance.pullCostNs(1, 0)).toBe(0);
  });

  test("takes no task that may not run there, and looks at the next CPU if all of one may not", () => {
    const booted = boot({ vcpus: 3, ...NEW_IDLE });
    const { machine } = booted;
    hog(machine, 0, 20);
    const allowed = hog(machine, 0, 3);
    for (let i = 0; i < 4; i++) hog(machine, 1, 20, { allowed: 0b010 });
    hog(machine, 2, 2);
    machine.run();
    expect(moves(booted)[0]).toBe(`${allowed} 0>2`);
  });

  test("leaves the only task of a CPU alone, even if it has not begun to run", () => {
    const booted = boot({ vcpus: 2, ...NEW_IDLE });
    hog(booted.machine, 0, 5);
    hog(booted.machine, 1, 0);
    booted.machine.run();
    expect(moves(booted)).toEqual([]);
  });

  test("leaves a task alone that ran there less than half a millisecond ago", () => {
    // Slices end at the ticks: at 4 ms the first gives way to the second.
    const pulledAfter = (ms: number): boolean => {
      const booted = boot({ vcpus: 2, tickHz: 250, sliceNs: MS, balance: { newIdle: true } });
      const { machine } = booted;
      hog(machine, 0, 20);
      hog(machine, 0, 20);
      hog(machine, 1, ms, { allowed: 0b10 });
      machine.run({ untilNs: (ms + 0.5) * MS });
      return moves(booted).length > 0;
    };
    // Until then the second one has never run.
    expect(pulledAfter(3.9)).toBe(true);
    expect(pulledAfter(4.3)).toBe(false);
    expect(pulledAfter(4.7)).toBe(true);
  });

  test("does not look when it expects to be idle for less than that costs", () => {
    const booted = boot({ vcpus: 2, ...NEW_IDLE });
    const { machine } = booted;
    hog(machine, 0, 20);
    hog(machine, 0, 20);
    hog(machine, 1, 1);
    const { balance } = machine.kernel;
    balance.notePullCost(1, 0, 400_000, 0);
    for (let i = 0; i < 3; i++) balance.addIdle(1, 100_000);
    expect(balance.averageIdleNs(1)).toBe(100_000 + 400_000 * (7 / 8) ** 3);
    machine.run();
    expect(moves(booted)).toEqual([]);
  });

  test("goes from its core outwards, and takes no more than one", () => {
    const deep = { smt: 2, coresPerLlc: 2, llcsPerSocket: 1 };
    const booted = boot({ vcpus: 8, topology: deep, ...NEW_IDLE });
    const { machine } = booted;
    const own = machine.spawn((env) => env.work(2 * MS) as never, { affinity: [0] });
    machine.kernel.tasks.allowed[own] = 1;
    const tids: Tid[] = [];
    for (const cpu of [1, 2, 3, 4, 5, 6, 7]) {
      hog(machine, cpu, 50);
      // 7 on the other socket has most.
      for (let n = 0; n < (cpu === 7 ? 3 : 1); n++) tids.push(hog(machine, cpu, 50));
    }
    machine.run({ untilNs: 3 * MS });
    expect(moves(booted)).toEqual([`${tids[0]} 1>0`]);
  });
});

test("the search of one domain counts against the next", () => {
  /** Is the task that waits in the other LLC pulled, when that has cost so much before? */
  const pulls = (costNs: number): boolean => {
    const booted = boot({ vcpus: 4, topology: { coresPerLlc: 2 }, ...NEW_IDLE });
    const { machine } = booted;
    hog(machine, 0, 1);
    hog(machine, 1, 20);
    hog(machine, 2, 20);
    hog(machine, 2, 20);
    hog(machine, 3, 20);
    machine.kernel.balance.notePullCost(0, 1, costNs, 0);
    machine.run({ untilNs: 2 * MS });
    return moves(booted).length > 0;
  };
  // On average it is idle for 500 000 ns, and has read one CPU of its own LLC.
  const { machine } = boot();
  expect(pulls(500_000 - priceOf(machine, "cacheLine"))).toBe(true);
  expect(pulls(500_000 - priceOf(machine, "cacheLine") + 1)).toBe(false);
});

describe("how long a CPU is idle on average", () => {
  test("begins at half a millisecond, moves by an eighth, and is bounded by twice the worst search", () => {
    const { machine } = boot({ vcpus: 2 });
    const { balance } = machine.kernel;
    expect(balance.averageIdleNs(0)).toBe(500_000);
    balance.addIdle(0, 900_000);
    expect(balance.averageIdleNs(0)).toBe(550_000);
    balance.addIdle(0, 1e9);
    expect(balance.averageIdleNs(0)).toBe(1_000_000);
    balance.noteSearchCost(0, 700_000);
    balance.addIdle(0, 1e9);
    expect(balance.averageIdleNs(0)).toBe(1_400_000);
  });

  test("takes in every stay in idle that ends with a task that came of itself", () => {
    const { machine } = boot({ vcpus: 2, ...NEW_IDLE });
    machine.spawn(function* (env) {
      yield* env.sys.nanosleep(100_000);
    });
    machine.run();
    const stay = 500_000 + (machine.kernel.cpus.idleNs(0) - 500_000) / 8;
    expect(machine.kernel.balance.averageIdleNs(0)).toBe(stay);
  });

  test("what a pull costs is the worst of late: it fades by a hundredth a second", () => {
    const { machine } = boot({ vcpus: 2 });
    const { balance } = machine.kernel;
    balance.notePullCost(0, 0, 10_000, 5);
    balance.notePullCost(0, 0, 8_000, 5 + 1e9);
    expect(balance.pullCostNs(0, 0)).toBe(10_000);
    balance.notePullCost(0, 0, 8_000, 6 + 1e9);
    expect(balance.pullCostNs(0, 0)).toBe((10_000 * 253) / 256);
    balance.notePullCost(0, 0, 8_000, 7 + 1e9);
    expect(balance.pullCostNs(0, 0)).toBe((10_000 * 253) / 256);
    balance.notePullCost(0, 0, 1e9, 8 + 1e9);
    expect(balance.pullCostNs(0, 0)).toBe(500_200);
    expect(balance.pullCostNs(1, 0)).toBe(0);
  });
});

describe("periodic balancing", () => {
  test("an idle CPU is sent for the tasks that wait for another, by one IPI", () => {
    const booted = boot({ vcpus: 2, ...PERIODIC });
    const { machine, log } = booted;
    hog(machine, 0, 20);
    const other = hog(machine, 0, 20);
    machine.run();
    expect(moves(booted)).toEqual([`${other} 0>1`]);
    // The domain spans two CPUs: two milliseconds.
    const move = log.single({ kind: TRACE_MIGRATE });
    expect(move.timeNs).toBeGreaterThan(2 * MS);
    expect(move.timeNs).toBeLessThan(3.1 * MS);
    const sent = log.all({ kind: TRACE_IPI_SEND, arg0: 1 }).filter(({ timeNs }) => timeNs < move.timeNs);
    expect(sent.map(({ cpu }) => cpu)).toEqual([0, 0]);
  });

  test("balances for the other idle CPUs, too, and wakes them", () => {
    const booted = boot({ vcpus: 4, ...PERIODIC });
    const { machine } = booted;
    const tids = [0, 0, 0, 0].map((cpu) => hog(machine, cpu, 30));
    machine.run({ untilNs: 20 * MS });
    expect(tids.map((tid) => taskOf(machine, tid).cpu).sort()).toEqual([0, 1, 2, 3]);
    // One CPU takes half of what is too much; the next takes from it.
    expect(moves(booted)).toHaveLength(4);
  });

  test("ticks on every CPU that runs something, and on none in a machine that sleeps", () => {
    const booted = boot({ vcpus: 2, ...PERIODIC });
    booted.machine.spawn(function* (env) {
      yield* env.work(10 * MS);
      yield* env.sys.nanosleep(10 * MS);
      yield* env.work(10 * MS);
    });
    booted.machine.run();
    const ticks = booted.log.all({ kind: TRACE_TICK }).map(({ timeNs }) => Math.floor(timeNs / MS));
    expect(ticks.filter((ms) => ms < 10)).toHaveLength(9);
    expect(ticks.filter((ms) => ms > 10 && ms < 20)).toEqual([]);
    expect(ticks.filter((ms) => ms > 20)).toHaveLength(10);
    expect(booted.log.count({ kind: TRACE_IPI_SEND })).toBe(0);
  });

  test("a busy CPU balances sixteen times as rarely, by load", () => {
    const booted = boot({ vcpus: 2, ...PERIODIC });
    const { machine, log } = booted;
    const [first, ...rest] = [0, 0, 0, 0, 1].map((cpu) => hog(machine, cpu, 300));
    machine.run({ untilNs: 100 * MS });
    const counts = [0, 1].map(
      (cpu) => [first!, ...rest].filter((tid) => taskOf(machine, tid).cpu === cpu).length,
    );
    expect(counts.sort()).toEqual([2, 3]);
    // 16 times two milliseconds, less a tick.
    expect(log.all({ kind: TRACE_MIGRATE })[0]!.timeNs).toBeGreaterThanOrEqual(31 * MS);
  });

  test("leaves loads alone that are within 17 per cent", () => {
    const booted = boot({ vcpus: 2, ...PERIODIC });
    for (const cpu of [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]) hog(booted.machine, cpu, 500);
    booted.machine.run({ untilNs: 200 * MS });
    expect(moves(booted)).toEqual([]);
  });

  test("nobody is sent for while no CPU has more than one task, nor more often than once a tick", () => {
    const sent = (pinned: number): number => {
      const booted = boot({ vcpus: 3, ...PERIODIC });
      for (let n = 0; n < pinned; n++)
        for (const cpu of [0, 1]) hog(booted.machine, cpu, 50, { allowed: 1 << cpu });
      booted.machine.run({ untilNs: 20.5 * MS });
      return booted.log.count({ kind: TRACE_IPI_SEND, arg0: 2 });
    };
    expect(sent(1)).toBe(0);
    // Both CPUs tick twenty times.
    expect(sent(2)).toBeGreaterThan(15);
    expect(sent(2)).toBeLessThanOrEqual(21);
  });

  test("of several LLCs one with two busy CPUs sends an idle CPU, too", () => {
    const booted = boot({ vcpus: 4, topology: { coresPerLlc: 2 }, ...PERIODIC });
    for (const cpu of [0, 1]) hog(booted.machine, cpu, 50);
    booted.machine.run({ untilNs: 20.5 * MS });
    expect(booted.log.count({ kind: TRACE_IPI_SEND, arg0: 2 })).toBeGreaterThan(15);
    // Nobody waits, so nobody moves.
    expect(moves(booted)).toEqual([]);
  });

  test("takes hot tasks when it has failed twice", () => {
    // Slices of a tick: whoever waits ran a moment ago.
    const booted = boot({ vcpus: 2, tickHz: 10_000, sliceNs: 1, balance: { periodic: true } });
    const { machine, log } = booted;
    hog(machine, 0, 30);
    hog(machine, 0, 30);
    const seen: number[] = [];
    for (const at of [3, 5, 7]) {
      machine.run({ untilNs: at * MS });
      seen.push(machine.kernel.balance.nrFailed(1, 0));
    }
    expect(seen).toEqual([1, 2, 0]);
    expect(log.all({ kind: TRACE_MIGRATE })[0]!.timeNs).toBeGreaterThan(6 * MS);
  });

  test("bounds the search for an idle CPU by how busy the LLC has been", () => {
    const limitAfter = (busy: number): number => {
      const booted = boot({ vcpus: 8, tickHz: 250, balance: { periodic: true } });
      for (let cpu = 0; cpu < busy; cpu++) hog(booted.machine, cpu, 400, { allowed: 1 << cpu });
      // Somebody waits, so that idle CPUs are sent for.
      hog(booted.machine, 0, 400, { allowed: 1 });
      booted.machine.run({ untilNs: 350 * MS });
      return booted.machine.kernel.llcs.nrIdleScan(0);
    };
    // 8 * (1 - (1.17 * busy / 8)^2), rounded down.
    expect([1, 4, 6, 8].map(limitAfter)).toEqual([7, 5, 1, 0]);
  });
});

describe("one domain", () => {
  /** A machine at 2 ms, with so many tasks a CPU; `hot`: those that wait ran until a moment ago. */
  function loaded(config: MachineConfig, counts: readonly number[], hot = false): Booted {
    const booted = boot({ tickHz: hot ? 10_000 : 0, sliceNs: 1, ...config });
    for (const [cpu, count] of counts.entries()) for (let n = 0; n < count; n++) hog(booted.machine, cpu, 50);
    booted.machine.run({ untilNs: 2 * MS });
    return booted;
  }

  test("a newly idle CPU takes one task, another idle one half of what is too much", () => {
    const take = (why: number): number =>
      balanceDomain(loaded({ vcpus: 2 }, [5, 0]).machine.kernel, 1, 0, why);
    expect([take(NEWLY_IDLE), take(IDLE), take(NOT_IDLE)]).toEqual([1, 2, 0]);
  });

  test("hot tasks stay, which counts as a failure unless it was a newly idle CPU; the third attempt takes them", () => {
    const { kernel } = loaded({ vcpus: 2 }, [2, 0], true).machine;
    const failed = (): number => kernel.balance.nrFailed(1, 0);
    expect([balanceDomain(kernel, 1, 0, NEWLY_IDLE), failed()]).toEqual([0, 0]);
    expect([balanceDomain(kernel, 1, 0, IDLE), failed()]).toEqual([0, 1]);
    expect([balanceDomain(kernel, 1, 0, IDLE), failed()]).toEqual([0, 2]);
    expect([balanceDomain(kernel, 1, 0, IDLE), failed()]).toEqual([1, 0]);
  });

  test("between the threads of a core no task is hot", () => {
    const { kernel } = loaded({ vcpus: 4, topology: { smt: 2 } }, [2, 0], true).machine;
    expect(balanceDomain(kernel, 1, 0, IDLE)).toBe(1);
  });

  test("a task that only waits on a CPU and ran elsewhere is not hot", () => {
    const { kernel } = loaded({ vcpus: 3 }, [2, 1], true).machine;
    migrateWaiting(kernel, kernel.fair.firstWaiting(0), 1);
    expect(balanceDomain(kernel, 2, 0, IDLE)).toBe(1);
  });

  test("one CPU of a group balances for it: of an idle core the first, else the first idle", () => {
    const topology = { smt: 2 };
    const pulls = (cpu: number, counts: readonly number[]): number =>
      balanceDomain(loaded({ vcpus: 4, topology }, counts).machine.kernel, cpu, 1, IDLE);
    expect([2, 3].map((cpu) => pulls(cpu, [4, 0, 0, 0]))).toEqual([2, 0]);
    expect([2, 3].map((cpu) => pulls(cpu, [6, 6, 1, 0]))).toEqual([0, 5]);
  });

  test("a busy CPU of a group without spare CPUs takes load up to the average", () => {
    const { kernel } = loaded({ vcpus: 2 }, [9, 3]).machine;
    expect(balanceDomain(kernel, 1, 0, NOT_IDLE)).toBe(3);
    expect([0, 1].map((cpu) => kernel.fair.nrRunning(cpu))).toEqual([6, 6]);
  });
});

describe("several groups", () => {
  test("cores are filled before their second threads: of two tasks on one core the waiting one moves", () => {
    const booted = boot({ vcpus: 4, topology: { smt: 2 }, ...PERIODIC });
    const { machine } = booted;
    hog(machine, 0, 30);
    const second = hog(machine, 0, 30);
    machine.run({ untilNs: 10 * MS });
    // The core's own idle thread is nearer: within the core it is balanced first.
    expect(moves(booted)[0]).toMatch(new RegExp(`^${second} 0>[123]$`));
  });

  test("an LLC with idle CPUs takes from an overloaded one", () => {
    const booted = boot({ vcpus: 4, topology: { coresPerLlc: 2 }, ...PERIODIC });
    const { machine } = booted;
    const tids = [0, 0, 1, 1].map((cpu) => hog(machine, cpu, 60));
    machine.run({ untilNs: 50 * MS });
    expect(tids.map((tid) => taskOf(machine, tid).cpu).sort()).toEqual([0, 1, 2, 3]);
  });
});

describe("a bad balance", () => {
  test.each([
    [{ newidle: true }, "balance.newidle is no switch; known are newIdle, periodic"],
    [{ newIdle: 1 }, "balance.newIdle must be true or false, got 1"],
    [
      { periodic: true, newIdle: true },
      "balance.periodic must be false without ticks (tickHz is 0), got true",
    ],
  ])("%j is refused", (balance, message) => {
    const config = { balance, tickHz: 0 } as unknown as MachineConfig;
    expect(errorOf(() => createMachine(config))).toMatchObject({ code: "ERR_CONFIG", message });
  });
});
