/** Where the time goes: what tasks, idle CPUs and switches are charged is all there is. */
import { describe, expect, test } from "vitest";
import type { MachineConfig } from "../../src/machine.ts";
import {
  TRACE_SCHED_SWITCH,
  TRACE_SCHED_WAKEUP,
  TRACE_TICK,
  TRACE_TIMER_EXPIRE,
} from "../../src/trace/events.ts";
import { type Booted, boot, priceOf } from "../support/boot.ts";
import { cpusOf, taskOf } from "../support/inspect.ts";
import { flawsOf, heldNs, staysOf } from "../support/timeline.ts";

const JOBS = 60;
const CONFIGS: readonly MachineConfig[] = [
  { vcpus: 1 },
  { vcpus: 2, idle: "poll" },
  { vcpus: 4, idle: "c6" },
  { vcpus: 3, profile: "guest", tickHz: 1000 },
];

/** Jobs that arrive at uneven times and compute for uneven times; each says when it was due and when it was done. */
function runJobs(config: MachineConfig): Booted & { readonly sojourns: number[] } {
  const { machine, log } = boot({ maxTasks: JOBS, ...config });
  const sojourns: number[] = [];
  for (let job = 0; job < JOBS; job++) {
    machine.spawn(function* (env) {
      const due = 1_000_000 + job * 800_000 + ((job * 7919) % 500_000);
      yield* env.sys.nanosleep(due - env.now());
      yield* env.work(200_000 + ((job * 104_729) % 2_000_000));
      yield* env.sys.schedYield();
      sojourns.push(env.now() - due);
    });
  }
  machine.run();
  return { machine, log, sojourns };
}

describe.each(CONFIGS)("the CPU time of a run on %j", (config) => {
  const { machine, log, sojourns } = runJobs(config);
  const stays = staysOf(log);
  const change = priceOf(machine, "switch");
  const tids = Array.from({ length: JOBS }, (_, index) => index + 1);

  test("follows a timeline without flaws", () => {
    expect(flawsOf(log)).toEqual([]);
    expect(sojourns).toHaveLength(JOBS);
  });

  test("of each task is what its stays on CPUs add up to", () => {
    for (const tid of tids) expect(taskOf(machine, tid).execNs).toBe(heldNs(stays, tid, change));
  });

  test("of each CPU is run time, idle time and switches, and nothing else", () => {
    const idle = cpusOf(machine).map(({ idleNs }) => idleNs);
    idle.forEach((ns, cpu) => {
      expect(ns).toBe(heldNs(stays, 0, change, cpu));
    });
    const run = tids.reduce((sum, tid) => sum + taskOf(machine, tid).execNs, 0);
    const switches = log.all({ kind: TRACE_SCHED_SWITCH }).filter(({ tid }) => tid !== 0).length;
    // Each CPU's time ends with its last switch.
    const ends = new Map(stays.map(({ cpu, toNs }) => [cpu, toNs]));
    const wall = [...ends.values()].reduce((a, b) => a + b, 0);
    expect(run + idle.reduce((a, b) => a + b, 0) + switches * change).toBe(wall);
  });

  test("of no task is more than the virtual time that has passed", () => {
    const { virtualNs } = machine.result();
    for (const tid of tids) {
      expect(taskOf(machine, tid).execNs).toBeGreaterThan(200_000);
      expect(taskOf(machine, tid).execNs).toBeLessThanOrEqual(virtualNs);
    }
  });

  test("counts the switches that the trace has", () => {
    const counted = cpusOf(machine).map(({ switches }) => switches);
    const traced = counted.map((_, cpu) => log.count({ kind: TRACE_SCHED_SWITCH, cpu }));
    expect(counted).toEqual(traced);
    const left = tids.map((tid) => {
      const { voluntarySwitches, involuntarySwitches } = taskOf(machine, tid);
      return voluntarySwitches + involuntarySwitches;
    });
    // A turn that goes straight back to the same task is no switch, but it was asked for.
    const seen = tids.map((tid) => stays.filter((stay) => stay.tid === tid).length);
    for (const [index, count] of left.entries()) expect(count).toBeGreaterThanOrEqual(seen[index]!);
  });

  test("obeys Little's law: the mean number of jobs there is arrivals per time times their mean stay", () => {
    // Once by looking at how many there are at each moment, once by asking each job how long it took.
    const arrivals = log.all({ kind: TRACE_TIMER_EXPIRE }).map(({ timeNs }) => ({ at: timeNs, step: 1 }));
    const departures = tids.map((tid) => {
      const last = stays.filter((stay) => stay.tid === tid).at(-1)!;
      return { at: last.toNs, step: -1 };
    });
    let [there, area, since] = [0, 0, 0];
    for (const { at, step } of [...arrivals, ...departures].sort((a, b) => a.at - b.at)) {
      area += there * (at - since);
      there += step;
      since = at;
    }
    expect(there).toBe(0);
    const total = sojourns.reduce((a, b) => a + b, 0);
    // The two clocks differ by the timer's interrupt before and the exit's block path behind.
    expect(Math.abs(area - total)).toBeLessThan(JOBS * 25_000);
    expect(area).toBeGreaterThan(JOBS * 1_000_000);
  });
});

describe("a computation among interrupts", () => {
  test("is charged for its own time, its ticks and nothing of the others", () => {
    const { machine, log } = boot();
    const WORK = [30_000_000, 17_000_000];
    const elapsed: number[] = [];
    const tids = WORK.map((ns) =>
      machine.spawn(function* (env) {
        const began = env.now();
        yield* env.work(ns);
        elapsed.push(env.now() - began);
      }),
    );
    machine.run();
    const { tick, block } = machine.costs.steps;
    tids.forEach((tid, index) => {
      const ticks = log.count({ kind: TRACE_TICK, tid });
      expect(ticks).toBeGreaterThan(3);
      expect(taskOf(machine, tid).execNs).toBe(WORK[index]! + ticks * tick + block);
    });
    expect(log.count({ kind: TRACE_SCHED_WAKEUP })).toBe(2);
    expect(elapsed).toHaveLength(2);
  });
});
