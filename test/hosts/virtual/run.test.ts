/** Running a machine: to the end, to a time, or until told to stop, whatever the programs do. */
import { describe, expect, test } from "vitest";
import { addr, NULL } from "../../../src/atomics/address.ts";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { PROFILES } from "../../../src/hosts/virtual/cost-model.ts";
import { SIGSEGV, SIGUSR1 } from "../../../src/kernel-sim/constants.ts";
import { TRACE_SYS_EXIT } from "../../../src/trace/events.ts";
import type { Env, Program } from "../../../src/umcg/env.ts";
import { boot } from "../../support/boot.ts";

type Loop = (env: Env) => Coroutine<void>;

/** Programs that never end, each without end in its own way. */
const LOOPS: Readonly<Record<string, Loop>> = {
  *"computing a ns at a time"(env) {
    for (;;) yield* env.work(1);
  },
  *"computing for long"(env) {
    for (;;) yield* env.work(1e9);
  },
  *"computing for no time"(env) {
    for (;;) yield* env.work(0);
  },
  *"spinning on a word"(env) {
    const word = env.allocate(4);
    while ((yield* env.memory.load32(word)) === 0);
  },
  *"spinning with a compare-exchange"(env) {
    const word = env.allocate(8);
    while ((yield* env.memory.cmpxchg64(word, 1n, 2n)) !== 0);
  },
  *"yielding the CPU"(env) {
    for (;;) yield* env.sys.schedYield();
  },
  *"making system calls"(env) {
    for (;;) yield* env.sys.gettid();
  },
  *sleeping(env) {
    for (;;) yield* env.sys.nanosleep(0);
  },
  *"faulting without a repair"(env) {
    yield* env.sys.sigaction(SIGSEGV, function* () {});
    yield* env.memory.load32(NULL);
  },
  *"setting a disposition"(env) {
    for (;;) yield* env.sys.sigaction(SIGUSR1, "ignore");
  },
  *"failing to sleep"(env) {
    for (;;) yield* env.sys.nanosleep(-1);
  },
  *"failing to wait for a word"(env) {
    for (;;) yield* env.sys.futexWait(addr(1), 0);
  },
  *"failing to wake"(env) {
    for (;;) yield* env.sys.futexWake(addr(1));
  },
  *"failing to read"(env) {
    for (;;) yield* env.sys.read(3, NULL, -1);
  },
  *"failing to write to nobody"(env) {
    for (;;) yield* env.sys.write(3, NULL, 1);
  },
  *"failing to write from nowhere"(env) {
    const fd = yield* env.sys.pipe();
    for (;;) yield* env.sys.write(fd + 1, NULL, 1);
  },
  *"failing to wait for a server"(env) {
    for (;;) yield* env.umcg.wait(0);
  },
  *fencing(env) {
    for (;;) yield* env.memory.fence();
  },
  *"failing to join, to kill and to close"(env) {
    for (;;) {
      yield* env.sys.join(0);
      yield* env.sys.kill(0, SIGUSR1);
      yield* env.sys.close(0);
    }
  },
};

describe.each(Object.entries(LOOPS))("a program without end: %s", (_, loop) => {
  test.each([1, 2])("ends its run at a time (%d of them)", (count) => {
    const { machine } = boot({ vcpus: 2, trace: false });
    for (let i = 0; i < count; i++) machine.spawn(loop);
    const { virtualNs } = machine.run({ untilNs: 500_000 });
    // What was begun before is paid for: a stretch of memory operations counts for up to 4096 ns.
    expect(virtualNs).toBeGreaterThanOrEqual(500_000);
    expect(virtualNs).toBeLessThan(505_000);
    expect(machine.waiters()).toHaveLength(count);
  });

  test("ends its run when told to stop, and goes on in the next", () => {
    const { machine } = boot({ trace: false });
    machine.spawn(loop);
    machine.spawn(loop);
    let asked = 0;
    const first = machine.run({ stop: () => ++asked === 4 });
    expect(asked).toBe(4);
    const second = machine.run({ stop: () => ++asked === 8 });
    expect(asked).toBe(8);
    expect(second.events).toBe(first.events + 4);
  });
});

describe("run({ untilNs })", () => {
  const stamps = (into: number[]): Program =>
    function* (env) {
      for (let i = 0; i < 10; i++) {
        yield* env.work(1000);
        into.push(env.now());
      }
    };

  test("handles what is due before that time, and nothing that is due at it", () => {
    // Starts at 500, so that its steps end at 1500, 2500, ...
    for (const [untilNs, steps] of [
      [0, 0],
      [500, 0],
      [1500, 0],
      [1501, 1],
      [4500, 3],
      [4501, 4],
      [1e9, 10],
    ] as const) {
      const done: number[] = [];
      const { machine } = boot();
      machine.spawn(stamps(done));
      machine.run({ untilNs });
      expect(done).toHaveLength(steps);
    }
  });

  test("in many small pieces is the same run as in one", () => {
    const trace = (pieces: number): unknown => {
      const { machine, log } = boot({ vcpus: 3, jitter: true, seed: 3 });
      const word = machine.allocate(4);
      for (let i = 0; i < 5; i++) {
        machine.spawn(function* (env) {
          for (let round = 0; round < 10; round++) {
            yield* env.work(30_000 * i + round);
            if ((yield* env.memory.cmpxchg32(word, i, i + 1)) === 0) yield* env.sys.futexWake(word, 9);
            yield* env.sys.nanosleep(10_000 * i);
            yield* env.sys.schedYield();
          }
        });
      }
      for (let piece = 1; piece < pieces; piece++) machine.run({ untilNs: piece * 1_777 });
      machine.run();
      return log.events;
    };
    const whole = trace(1);
    expect(trace(200)).toEqual(whole);
    expect(trace(7)).toEqual(whole);
  });

  test("of a time that has passed does nothing", () => {
    const { machine } = boot();
    machine.spawn(stamps([]));
    const first = machine.run({ untilNs: 5_000 });
    expect(machine.run({ untilNs: 1_000 })).toEqual(first);
    expect(machine.run({ untilNs: 0 }).events).toBe(first.events);
  });
});

describe("run({ stop })", () => {
  test("that says so at once stops after one event", () => {
    const { machine } = boot({ vcpus: 4 });
    machine.spawn(LOOPS["sleeping"]!);
    expect(machine.run({ stop: () => true }).events).toBe(1);
  });

  test("is asked often enough to stop a spinning program within a moment of real time", () => {
    const { machine } = boot({ trace: false });
    let steps = 0;
    machine.spawn(function* (env) {
      const word = env.allocate(4);
      while ((yield* env.memory.load32(word)) === 0) steps++;
    });
    const between: number[] = [];
    machine.run({ stop: () => between.push(steps - sum(between)) === 5 });
    // Each takes some 15 ns.
    expect(Math.max(...between)).toBeLessThan(1_100_000);
    expect(between).toHaveLength(5);
  });
});

function sum(list: readonly number[]): number {
  return list.reduce((total, one) => total + one, 0);
}

describe("the clock", () => {
  test("never goes back for a task, wherever it runs", () => {
    const { machine, log } = boot({ vcpus: 3, jitter: true });
    const flaws: string[] = [];
    for (let i = 0; i < 8; i++) {
      machine.spawn(function* (env) {
        let last = 0;
        for (let round = 0; round < 50; round++) {
          yield* env.work(i * 100);
          yield* env.sys.nanosleep(round * 10);
          yield* env.work(0);
          if (env.now() < last) flaws.push(`task ${i}: ${env.now()} after ${last}`);
          last = env.now();
        }
      });
    }
    machine.run();
    expect(flaws).toEqual([]);
    expect(log.count({ kind: TRACE_SYS_EXIT })).toBe(400);
  });

  /**
   * A store behind a system call is made while the CPU still owes the call's exit, and user programs' accesses do not
   * sync: another CPU may see it that much early, and no more, whatever the call has sent.
   */
  test("is the same for all, but for the exit of a system call", () => {
    for (const profile of ["native", "guest"] as const) {
      const { machine } = boot({ vcpus: 3, profile });
      const [word, futex] = [machine.allocate(4), machine.allocate(4)];
      const times = { stored: 0, seen: 0 };
      machine.spawn((env) => env.sys.futexWait(futex, 0), { affinity: [2] });
      machine.spawn(
        function* (env) {
          yield* env.work(100_000);
          yield* env.sys.futexWake(futex);
          times.stored = env.now();
          yield* env.memory.store32(word, 1);
        },
        { affinity: [0] },
      );
      machine.spawn(
        function* (env) {
          while ((yield* env.memory.load32(word)) === 0) yield* env.work(10);
          times.seen = env.now();
        },
        { affinity: [1] },
      );
      machine.run();
      const exit = PROFILES[profile].steps.syscallExit;
      expect(times.seen).toBeGreaterThanOrEqual(times.stored - exit);
    }
  });
});
