/** sched_setaffinity and sched_getaffinity: a task in each state leaves the CPUs it may no longer use. */
import { describe, expect, test } from "vitest";
import { EINVAL, ESRCH } from "../../src/atomics/errno.ts";
import type { Tid } from "../../src/kernel-sim/ids.ts";
import {
  TRACE_IPI_SEND,
  TRACE_MIGRATE,
  TRACE_SCHED_SWITCH,
  TRACE_SCHED_WAKEUP,
} from "../../src/trace/events.ts";
import type { Env, Program } from "../../src/umcg/env.ts";
import { boot, evaluate, priceOf, runMain } from "../support/boot.ts";
import { cpuOf, taskOf } from "../support/inspect.ts";
import { flawsOf } from "../support/timeline.ts";

const T = 1_000_000;

/** Works in small pieces for 2 ms and gives the CPUs it was on. */
function worker(seen: number[]): Program {
  return function* (env) {
    for (let i = 0; i < 20; i++) {
      if (seen.at(-1) !== env.cpu()) seen.push(env.cpu());
      yield* env.work(100_000);
    }
  };
}

function binder(target: () => number, cpus: readonly number[], at = T): Program {
  return function* (env) {
    yield* env.work(at);
    expect(yield* env.sys.schedSetaffinity(target(), cpus)).toBe(0);
  };
}

describe("the caller itself", () => {
  test("is on a CPU it may use when the call returns, and stays there", () => {
    const seen = evaluate(
      function* (env) {
        const at: number[] = [env.cpu()];
        for (const cpu of [2, 1, 3, 0]) {
          yield* env.sys.schedSetaffinity(0, [cpu]);
          at.push(env.cpu());
          yield* env.sys.nanosleep(10_000);
          at.push(env.cpu());
        }
        return at;
      },
      { vcpus: 4 },
    );
    expect(seen).toEqual([0, 2, 2, 1, 1, 3, 3, 0, 0]);
  });

  test("does not move when it may stay", () => {
    const { log, value } = runMain(
      function* (env) {
        yield* env.sys.schedSetaffinity(env.tid, [1, 0]);
        return yield* env.sys.schedGetaffinity(0);
      },
      { vcpus: 3 },
    );
    expect(value).toEqual([0, 1]);
    expect(log.count({ kind: TRACE_MIGRATE })).toBe(0);
  });

  test("goes to the idlest of several", () => {
    const { machine } = boot({ vcpus: 3 });
    machine.spawn(
      function* (env) {
        yield* env.work(3 * T);
      },
      { affinity: [1] },
    );
    const seen: number[] = [];
    machine.spawn(
      function* (env) {
        yield* env.work(T);
        yield* env.sys.schedSetaffinity(0, [1, 2]);
        seen.push(env.cpu());
      },
      { affinity: [0] },
    );
    machine.run();
    expect(seen).toEqual([2]);
  });
});

describe("another task", () => {
  test("that runs is pushed off by its CPU, asked by an IPI, and counts it as an involuntary switch", () => {
    const { machine, log } = boot({ vcpus: 3 });
    const seen: number[] = [];
    const tid = machine.spawn(worker(seen));
    machine.spawn(binder(() => tid, [2]));
    machine.run();
    expect(seen).toEqual([0, 2]);
    expect(log.single({ kind: TRACE_MIGRATE, tid })).toMatchObject({ cpu: 2, arg0: 0 });
    expect(log.all({ kind: TRACE_IPI_SEND }).map(({ arg0 }) => arg0)).toContain(0);
    expect(taskOf(machine, tid).involuntarySwitches).toBe(1);
    expect(flawsOf(log)).toEqual([]);
    // It was not woken.
    expect(log.count({ kind: TRACE_SCHED_WAKEUP, tid })).toBe(1);
  });

  test.each(["virtual-time", "eevdf-7.2"] as const)("that waits moves at once (%s)", (fair) => {
    const { machine, log } = boot({ vcpus: 3, fair, tickHz: 0 });
    machine.spawn(worker([]), { affinity: [0] });
    const seen: number[] = [];
    const tid = machine.spawn(worker(seen), { affinity: [0] });
    machine.spawn(
      binder(() => tid, [2]),
      { affinity: [1] },
    );
    machine.run();
    expect(seen).toEqual([2]);
    const moved = log.single({ kind: TRACE_MIGRATE, tid });
    expect(moved).toMatchObject({ cpu: 2, arg0: 0 });
    // After the border of the call, and the lines of the queue it left.
    const entry = priceOf(machine, "switch", "syscallEntry");
    expect(moved.timeNs - (T + entry)).toBeLessThan(T / 10);
    expect(log.count({ kind: TRACE_SCHED_WAKEUP, tid })).toBe(1);
    expect([0, 1, 2].map((cpu) => cpuOf(machine, cpu).running)).toEqual([0, 0, 0]);
  });

  test("that sleeps is left asleep and wakes where it may", () => {
    const { machine, log } = boot({ vcpus: 3 });
    const at: number[] = [];
    const tid = machine.spawn(function* (env) {
      yield* env.sys.nanosleep(3 * T);
      at.push(env.cpu());
    });
    machine.spawn(binder(() => tid, [2]));
    machine.run();
    expect(at).toEqual([2]);
    expect(log.single({ kind: TRACE_MIGRATE, tid }).timeNs).toBeGreaterThan(3 * T);
  });

  test("that sleeps on its queue, its dequeue delayed, leaves it and wakes where it may", () => {
    for (const bindWhileDelayed of [true, false]) {
      const { machine, log } = boot({ fair: "eevdf-7.2", vcpus: 3, tickHz: 0, sliceNs: 20 * T });
      const word = machine.allocate(4);
      const at: number[] = [];
      // On CPU 0: runs ahead of the hog it shares the CPU with, then sleeps while it is not eligible.
      const tid: Tid = machine.spawn(
        function* (env: Env) {
          yield* env.work(3 * T);
          yield* env.sys.futexWait(word, 0);
          at.push(env.cpu());
        },
        { affinity: [0] },
      );
      machine.spawn(
        function* (env) {
          // Bound while it still runs, it is delayed before its CPU has seen it.
          yield* env.work(bindWhileDelayed ? 4 * T : 3 * T - 100);
          if (bindWhileDelayed) expect(machine.kernel.fair.isDelayed(tid)).toBe(true);
          yield* env.sys.schedSetaffinity(tid, [2]);
          if (bindWhileDelayed) expect(machine.kernel.fair.isQueued(tid)).toBe(false);
          yield* env.work(T);
          yield* env.sys.futexWake(word);
        },
        { affinity: [1] },
      );
      machine.spawn(
        function* (env) {
          yield* env.work(30 * T);
        },
        { affinity: [0] },
      );
      machine.run();
      expect(at).toEqual([2]);
      expect(flawsOf(log)).toEqual([]);
    }
  });

  test("on the wake list of a CPU goes to another, the rest of the list stays", () => {
    // CPU 0 is in deep idle: what is woken for it stays on its list for 100 us.
    for (const which of [0, 1, 2]) {
      const { machine, log } = boot({ vcpus: 3, idle: "c6", wake: "any" });
      const word = machine.allocate(4);
      const at: [Tid, number][] = [];
      const sleepers = [0, 1, 2].map(() =>
        machine.spawn(
          function* (env) {
            yield* env.sys.futexWait(word, 0);
            at.push([env.tid, env.cpu()]);
          },
          { affinity: [0] },
        ),
      );
      machine.spawn(
        function* (env) {
          yield* env.work(T);
          yield* env.sys.futexWake(word, 3);
          yield* env.sys.schedSetaffinity(sleepers[which]!, [2]);
        },
        { affinity: [1] },
      );
      machine.run();
      const stay = sleepers.filter((_, i) => i !== which).map((tid) => [tid, 0]);
      expect(at.filter(([, cpu]) => cpu === 0)).toEqual(stay);
      expect(at.filter(([, cpu]) => cpu === 2)).toEqual([[sleepers[which], 2]]);
      expect(flawsOf(log)).toEqual([]);
    }
  });

  test("alone on the wake list leaves a CPU that wakes for nothing and sleeps again", () => {
    const { machine, log } = boot({ vcpus: 3, idle: "c6" });
    const word = machine.allocate(4);
    const tid = machine.spawn(
      function* (env) {
        yield* env.sys.futexWait(word, 0);
      },
      { affinity: [0] },
    );
    machine.spawn(
      function* (env) {
        yield* env.work(T);
        yield* env.sys.futexWake(word);
        yield* env.sys.schedSetaffinity(tid, [2]);
        yield* env.work(T);
      },
      { affinity: [1] },
    );
    machine.run();
    expect(log.all({ kind: TRACE_SCHED_SWITCH, cpu: 0 }).at(-1)).toMatchObject({ tid: 0, arg0: tid });
    expect(cpuOf(machine, 0)).toMatchObject({ current: 0, running: 0, idle: true });
  });
});

test("CPUs that the machine does not have are left out; errors are ESRCH before EINVAL", () => {
  const results = evaluate(
    function* (env) {
      const { sys } = env;
      const dead = yield* env.spawn(function* () {});
      yield* sys.nanosleep(T);
      return {
        some: [yield* sys.schedSetaffinity(0, [1, 7, 4096]), yield* sys.schedGetaffinity(0)],
        bad: [
          yield* sys.schedSetaffinity(0, []),
          yield* sys.schedSetaffinity(0, [2]),
          yield* sys.schedSetaffinity(0, [0.5]),
          yield* sys.schedSetaffinity(0, [0, -1]),
          yield* sys.schedSetaffinity(0, [Number.NaN]),
        ],
        nobody: [
          yield* sys.schedSetaffinity(63, []),
          yield* sys.schedSetaffinity(-1, [0]),
          yield* sys.schedSetaffinity(dead, [0]),
          yield* sys.schedGetaffinity(63),
          yield* sys.schedGetaffinity(dead),
        ],
        after: yield* sys.schedGetaffinity(0),
      };
    },
    { vcpus: 2 },
  );
  expect(results).toEqual({
    some: [0, [1]],
    bad: [-EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL],
    nobody: [-ESRCH, -ESRCH, -ESRCH, -ESRCH, -ESRCH],
    after: [1],
  });
});
