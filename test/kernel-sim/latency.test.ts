/**
 * The sums of docs/costs.md, to the ns: with jitter off, what a wake-up takes is the sum of its named steps.
 * Each formula is written out once in steps and once, for the published check values, as a number.
 */
import { describe, expect, test } from "vitest";
import type { Addr } from "../../src/atomics/address.ts";
import type { MachineConfig } from "../../src/machine.ts";
import {
  TRACE_IDLE_ENTER,
  TRACE_IPI_RECEIVE,
  TRACE_SCHED_WAKEUP,
  TRACE_SCHED_WAKING,
} from "../../src/trace/events.ts";
import type { Program } from "../../src/umcg/env.ts";
import { type Booted, boot, priceOf } from "../support/boot.ts";

const ROUNDS = 100;

describe("a hand-off on one CPU: wake the other, then block", () => {
  const STEPS = [
    "syscallEntry",
    "wake",
    "syscallExit",
    "syscallEntry",
    "block",
    "switch",
    "syscallExit",
  ] as const;

  test.each([
    ["native", 1250],
    ["guest", 1690],
  ] as const)("by futex takes 1250 ns native, 1690 ns guest (%s)", (profile, ns) => {
    for (const vcpus of [1, 4]) {
      for (const wake of ["any", "sync", "current-cpu"] as const) {
        const { machine } = boot({ profile, vcpus, wake, tickHz: 0 });
        const words = [machine.allocate(4), machine.allocate(4)] as const;
        const stamps: number[] = [];
        const player = (mine: Addr, theirs: Addr): Program =>
          function* (env) {
            for (let i = 0; i < ROUNDS; i++) {
              yield* env.sys.futexWait(mine, 0);
              stamps.push(env.now());
              yield* env.sys.futexWake(theirs);
            }
          };
        machine.spawn(player(words[0], words[1]), { affinity: [0] });
        machine.spawn(player(words[1], words[0]), { affinity: [0] });
        machine.spawn(
          function* (env) {
            yield* env.sys.nanosleep(100_000);
            yield* env.sys.futexWake(words[0]);
          },
          { affinity: [0] },
        );
        machine.run();
        expect(stamps).toHaveLength(2 * ROUNDS);
        // The first hand-off is not between the two, and the last of each ends in its exit.
        const each = stamps.slice(1, -1).map((stamp, index) => stamp - stamps[index]!);
        expect(new Set(each)).toEqual(new Set([ns]));
        expect(priceOf(machine, ...STEPS)).toBe(ns);
      }
    }
  });

  test.each([
    ["native", 1250],
    ["guest", 1690],
  ] as const)("by pipe takes the same (%s)", (profile, ns) => {
    const { machine } = boot({ profile, tickHz: 0 });
    let took = 0;
    machine.spawn(function* (env) {
      const there = yield* env.sys.pipe();
      const back = yield* env.sys.pipe();
      const buffer = env.allocate(8);
      yield* env.spawn(function* (own) {
        while ((yield* own.sys.read(there, buffer, 1)) === 1) yield* own.sys.write(back + 1, buffer, 1);
      });
      yield* env.sys.schedYield();
      const began = env.now();
      for (let i = 0; i < ROUNDS; i++) {
        yield* env.sys.write(there + 1, buffer, 1);
        yield* env.sys.read(back, buffer, 1);
      }
      took = env.now() - began;
      yield* env.sys.close(there + 1);
    });
    machine.run();
    expect(took / (2 * ROUNDS)).toBe(ns);
  });
});

interface RemoteWake extends Booted {
  /** From the waker's call to the wakee's next instruction, ns. */
  readonly latency: number;
  /** What the waker's call took it, ns. */
  readonly waker: number;
  /** How long the wakee's CPU had been idle when it was signalled, ns. */
  readonly idleNs: number;
}

/** A task on CPU 0 wakes one on CPU 1 at `wakeAt`. */
function remoteWake(config: MachineConfig, wakeAt: number): RemoteWake {
  const { machine, log } = boot({ vcpus: 2, tickHz: 0, ...config });
  const word = machine.allocate(4);
  let [woken, called, returned] = [0, 0, 0];
  machine.spawn(
    function* (env) {
      yield* env.sys.futexWait(word, 0);
      woken = env.now();
    },
    { affinity: [1] },
  );
  machine.spawn(
    function* (env) {
      yield* env.work(wakeAt - env.now());
      called = env.now();
      yield* env.sys.futexWake(word);
      returned = env.now();
      yield* env.work(1_000_000);
    },
    { affinity: [0] },
  );
  machine.run();
  const slept = log.all({ kind: TRACE_IDLE_ENTER, cpu: 1 })[0]!.timeNs;
  const signalled = log.all({ kind: TRACE_IPI_RECEIVE, cpu: 1 }).at(-1)?.timeNs ?? Number.NaN;
  return { machine, log, latency: woken - called, waker: returned - called, idleNs: signalled - slept };
}

describe("a wake-up of another CPU", () => {
  const LATE = 20_000;
  const WAKEE = ["idleLoopExit", "switch", "syscallExit"] as const;

  test.each(["native", "guest"] as const)("that polls in idle: a flag line, no interrupt (%s)", (profile) => {
    const { machine, latency, waker } = remoteWake({ profile, idle: "poll" }, LATE);
    const paid = priceOf(machine, "syscallEntry", "wake", "cacheLine", "cacheLine");
    expect(waker).toBe(paid + priceOf(machine, "syscallExit"));
    expect(latency).toBe(paid + priceOf(machine, "cacheLine", ...WAKEE));
    // Published: 1000 to 2500 ns.
    if (profile === "native") expect(latency).toBe(1500);
  });

  test.each([
    ["native", "c1", 1_000, 3_470],
    ["native", "c1e", 4_000, 6_470],
    ["native", "c6", 100_000, 102_470],
    ["guest", "hlt", 0, 12_875],
  ] as const)("that is halted: an IPI and the exit of its state (%s %s)", (profile, idle, exit, check) => {
    const { machine, latency, waker } = remoteWake({ profile, idle }, LATE);
    const paid = priceOf(machine, "syscallEntry", "wake", "cacheLine", "ipiSend");
    expect(waker).toBe(paid + priceOf(machine, "syscallExit"));
    expect(latency).toBe(paid + priceOf(machine, "ipiDeliver") + exit + priceOf(machine, ...WAKEE));
    expect(latency).toBe(check);
  });

  test.each([
    [49_999, 0],
    [50_000, 9_000],
    [999_999, 9_000],
    [1_000_000, 20_000],
    [5_000_000, 20_000],
  ])("of a guest costs more the longer it has been halted: %d ns", (idleNs, exit) => {
    const probe = remoteWake({ profile: "guest" }, 100_000);
    const warm = probe.latency - 9_000;
    const { latency, ...wake } = remoteWake({ profile: "guest" }, 100_000 + idleNs - probe.idleNs);
    expect(wake.idleNs).toBe(idleNs);
    expect(latency).toBe(warm + exit);
    expect(warm).toBe(12_875);
  });

  test("splits into wake call to queue and queue to CPU as the trace tells it", () => {
    const { machine, log } = remoteWake({ idle: "c1" }, LATE);
    const waking = log.all({ kind: TRACE_SCHED_WAKING }).at(-1)!;
    const wakeup = log.all({ kind: TRACE_SCHED_WAKEUP, tid: waking.tid }).at(-1)!;
    expect(waking.timeNs).toBe(LATE + priceOf(machine, "syscallEntry"));
    const queued = priceOf(machine, "wake", "cacheLine", "ipiSend", "ipiDeliver", "idleLoopExit") + 1_000;
    expect(wakeup.timeNs - waking.timeNs).toBe(queued);
  });

  test("that runs another task: the waker pays for the queue's lock; the wakee waits until the other blocks", () => {
    for (const profile of ["native", "guest"] as const) {
      const { machine } = boot({ vcpus: 2, tickHz: 0, profile });
      const word = machine.allocate(4);
      const times = { woken: 0, called: 0, returned: 0, freed: 0 };
      machine.spawn(
        function* (env) {
          yield* env.sys.futexWait(word, 0);
          times.woken = env.now();
        },
        { affinity: [1] },
      );
      machine.spawn(
        function* (env) {
          yield* env.work(500_000 - env.now());
          times.freed = env.now();
          yield* env.sys.nanosleep(1_000_000);
        },
        { affinity: [1] },
      );
      machine.spawn(
        function* (env) {
          yield* env.work(LATE - env.now());
          times.called = env.now();
          yield* env.sys.futexWake(word);
          times.returned = env.now();
        },
        { affinity: [0] },
      );
      machine.run();
      const paid = priceOf(machine, "syscallEntry", "wake", "cacheLine", "cacheLine", "syscallExit");
      expect(times.returned - times.called).toBe(paid);
      const sleep = priceOf(machine, "syscallEntry", "timerArm", "timerReprogram", "block");
      const freed = sleep + priceOf(machine, "switch", "syscallExit");
      expect(times.woken - times.freed).toBe(freed);
    }
  });
});

describe("a timer's wake-up", () => {
  test.each([
    ["native", "poll", 3_538],
    ["native", "c1", 3_538],
    ["native", "c6", 3_538],
    ["guest", "hlt", 17_360],
  ] as const)(
    "takes the interrupt, the idle loop and the switch, in every idle state (%s %s)",
    (profile, idle, check) => {
      const { machine } = boot({ profile, idle });
      const SLEEP = 100_000;
      let late = 0;
      machine.spawn(function* (env) {
        const due = env.now() + priceOf(machine, "syscallEntry", "timerArm") + SLEEP;
        yield* env.sys.nanosleep(SLEEP);
        late = env.now() - due;
      });
      machine.run();
      expect(late).toBe(priceOf(machine, "timerInterrupt", "idleLoopExit", "switch", "syscallExit"));
      expect(late).toBe(check);
    },
  );

  test("on a busy CPU delays the running task by the interrupt, and its own task until that blocks", () => {
    const { machine } = boot({ tickHz: 0 });
    const times = { worked: 0, woken: 0 };
    machine.spawn(function* (env) {
      yield* env.sys.nanosleep(100_000);
      times.woken = env.now();
    });
    machine.spawn(function* (env) {
      const began = env.now();
      yield* env.work(1_000_000);
      times.worked = env.now() - began;
    });
    machine.run();
    expect(times.worked).toBe(1_000_000 + priceOf(machine, "timerInterrupt"));
    expect(times.woken).toBeGreaterThan(1_000_000);
  });
});
