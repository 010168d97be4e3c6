/** Ends of tasks: exit codes, join, and the slots they leave. */
import { describe, expect, test } from "vitest";
import { EAGAIN, EDEADLK, EINTR, ESRCH } from "../../src/atomics/errno.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import { SIGKILL, SIGUSR1 } from "../../src/kernel-sim/constants.ts";
import type { Tid } from "../../src/kernel-sim/ids.ts";
import { TRACE_TASK_EXIT } from "../../src/trace/events.ts";
import type { Program } from "../../src/umcg/env.ts";
import { boot, evaluate, runMain } from "../support/boot.ts";

const nothing: Program = function* () {};

describe("an exit code", () => {
  test.each([
    [undefined, 0],
    [0, 0],
    [7, 7],
    [-3, -3],
    [2 ** 31, -(2 ** 31)],
    [1.9, 1],
    [Number.NaN, 0],
  ])("is what the program returned: %d gives %d", (returned, code) => {
    const joined = evaluate(function* (env) {
      const child = yield* env.spawn(function* () {
        return returned;
      });
      return yield* env.sys.join(child);
    });
    expect(joined).toBe(code);
  });

  test("is what it gave to exit(), from however deep", () => {
    const reached: string[] = [];
    const { log, value } = runMain(function* (env) {
      const child = yield* env.spawn(function* (own) {
        const deep = function* (): Coroutine<void> {
          reached.push("before");
          yield* own.sys.exit(9);
          reached.push("after");
        };
        yield* deep();
        return 1;
      });
      return [child, yield* env.sys.join(child)];
    });
    expect(value![1]).toBe(9);
    expect(reached).toEqual(["before"]);
    expect(log.single({ kind: TRACE_TASK_EXIT, tid: value![0]! })).toMatchObject({ arg0: 9, arg1: 0 });
  });

  test("is 0 for exit() without one", () => {
    const joined = evaluate(function* (env) {
      const child = yield* env.spawn((own) => own.sys.exit());
      return yield* env.sys.join(child);
    });
    expect(joined).toBe(0);
  });
});

describe("join", () => {
  test("of a task that has ended returns at once; of a running one when it ends", () => {
    const value = evaluate(
      function* (env) {
        const early = yield* env.spawn(function* () {
          return 1;
        });
        const late = yield* env.spawn(function* (own) {
          yield* own.work(5_000_000);
          return 2;
        });
        yield* env.sys.nanosleep(1_000_000);
        const results = [yield* env.sys.join(early)];
        const between = env.now();
        results.push(yield* env.sys.join(late));
        return { results, waited: env.now() - between };
      },
      { vcpus: 2 },
    );
    expect(value.results).toEqual([1, 2]);
    expect(value.waited).toBeGreaterThan(3_000_000);
  });

  test("of a task that was killed is 128 + the signal", () => {
    const value = evaluate(function* (env) {
      const child = yield* env.spawn(function* (own) {
        yield* own.sys.nanosleep(1e9);
      });
      yield* env.sys.nanosleep(1000);
      yield* env.sys.kill(child, SIGKILL);
      return yield* env.sys.join(child);
    });
    expect(value).toBe(137);
  });

  test("of nobody is -ESRCH, of itself -EDEADLK", () => {
    const results = evaluate(function* (env) {
      const gone = yield* env.spawn(nothing);
      yield* env.sys.join(gone);
      const results: number[] = [];
      for (const target of [gone, 0, -1, 99, 1.5, Number.NaN, 1e9]) results.push(yield* env.sys.join(target));
      results.push(yield* env.sys.join(env.tid));
      return results;
    });
    expect(results).toEqual([...new Array(7).fill(-ESRCH), -EDEADLK]);
  });

  test("gives the result to one of several joiners, the first in the queue; the others get -EAGAIN", () => {
    const results: [string, number][] = [];
    runMain(function* (env) {
      const target = yield* env.spawn(function* (own) {
        yield* own.sys.nanosleep(1_000_000);
        return 5;
      });
      const joiner = (name: string): Program =>
        function* (own) {
          results.push([name, yield* own.sys.join(target)]);
        };
      const joiners: Tid[] = [];
      for (const name of ["a", "b", "c"]) joiners.push(yield* env.spawn(joiner(name)));
      for (const tid of joiners) yield* env.sys.join(tid);
    });
    expect(results).toEqual([
      ["a", 5],
      ["b", -EAGAIN],
      ["c", -EAGAIN],
    ]);
  });

  test("by a second joiner is -EAGAIN even when the slot has a new task by then", () => {
    // Both joiners share a CPU: when the second runs, the first has started another task in the slot.
    const results: number[] = [];
    const { machine } = boot({ vcpus: 2, maxTasks: 3 });
    const target = machine.spawn(
      function* (env) {
        yield* env.work(1_000_000);
      },
      { affinity: [0] },
    );
    machine.spawn(
      function* (env) {
        results.push(yield* env.sys.join(target));
        const successor = yield* env.spawn(
          function* (own) {
            yield* own.work(50_000_000);
            return 3;
          },
          { affinity: [1] },
        );
        expect(successor).toBe(target);
        results.push(yield* env.sys.join(successor));
      },
      { affinity: [1] },
    );
    machine.spawn(
      function* (env) {
        results.push(yield* env.sys.join(target));
      },
      { affinity: [1] },
    );
    machine.run();
    expect([...results].sort((a, b) => a - b)).toEqual([-EAGAIN, 0, 3]);
  });

  test("is interrupted by a signal, and can be made again", () => {
    const value = evaluate(function* (env) {
      const target = yield* env.spawn(function* (own) {
        yield* own.sys.nanosleep(10_000_000);
        return 4;
      });
      const results: number[] = [];
      const joiner = yield* env.spawn(function* (own) {
        yield* own.sys.sigaction(SIGUSR1, function* () {});
        results.push(yield* own.sys.join(target));
        results.push(yield* own.sys.join(target));
      });
      yield* env.sys.nanosleep(1_000_000);
      yield* env.sys.kill(joiner, SIGUSR1);
      yield* env.sys.join(joiner);
      return results;
    });
    expect(value).toEqual([-EINTR, 4]);
  });
});

describe("a task slot", () => {
  test("is free again when it has been joined, the oldest first, and begins afresh", () => {
    const value = evaluate(
      function* (env) {
        const first = yield* env.spawn(function* (own) {
          yield* own.sys.sigaction(SIGUSR1, "ignore");
          yield* own.work(1_000_000);
          return 3;
        });
        const second = yield* env.spawn(nothing);
        yield* env.sys.join(second);
        yield* env.sys.join(first);
        const tids = [yield* env.spawn(nothing), yield* env.spawn((own) => own.sys.exit())];
        const results = [yield* env.sys.join(tids[1]!), yield* env.sys.join(tids[0]!)];
        // The slot of the very first: no disposition, no exit code and no signal of the predecessors.
        const third = yield* env.spawn(function* (own) {
          yield* own.sys.nanosleep(1_000_000);
        });
        yield* env.sys.nanosleep(1000);
        yield* env.sys.kill(third, SIGUSR1);
        results.push(yield* env.sys.join(third));
        return { reused: [...tids, third], results, expected: [second, first, first] };
      },
      { maxTasks: 3 },
    );
    expect(value.reused).toEqual(value.expected);
    expect(value.results).toEqual([0, 0, 128 + SIGUSR1]);
  });

  test("is enough for any number of tasks, one after the other", () => {
    const sum = evaluate(
      function* (env) {
        let sum = 0;
        for (let i = 0; i < 200; i++) {
          const child = yield* env.spawn(function* () {
            return i;
          });
          sum += yield* env.sys.join(child);
        }
        return sum;
      },
      { maxTasks: 2 },
    );
    expect(sum).toBe(19_900);
  });
});
