/** ERR_DEADLOCK: raised exactly when nothing can happen any more, and what it says. */
import { describe, expect, test } from "vitest";
import type { Coroutine } from "../../src/atomics/step.ts";
import { SIGUSR1 } from "../../src/kernel-sim/constants.ts";
import type { Machine, MachineConfig } from "../../src/machine.ts";
import type { Env, Program } from "../../src/umcg/env.ts";
import { boot, errorOf, runMain } from "../support/boot.ts";

const forever = function* (env: Env): Coroutine<void> {
  yield* env.sys.futexWait(env.allocate(4), 0);
};

/** The error of a machine on which these programs run; each is named after its place. */
function deadlock(
  programs: readonly Program[],
  config: MachineConfig = {},
): { machine: Machine; message: string } {
  const { machine } = boot(config);
  programs.forEach((program, index) => {
    machine.spawn(program, { name: `task ${index}` });
  });
  const error = errorOf(() => machine.run());
  expect(error.code).toBe("ERR_DEADLOCK");
  return { machine, message: error.message };
}

describe("the report", () => {
  test("names every task, its CPU, the reason and what it waits for", () => {
    let word = 0;
    const { machine, message } = deadlock(
      [
        function* (env) {
          word = env.allocate(4);
          yield* env.sys.futexWait(env.allocate(4), 0);
        },
        function* (env) {
          const fd = yield* env.sys.pipe();
          yield* env.sys.read(fd, env.allocate(8), 8);
        },
        function* (env) {
          const buffer = env.allocate(64);
          const fd = yield* env.sys.pipe();
          yield* env.sys.write(fd + 1, buffer, 64);
        },
        function* (env) {
          yield* env.sys.join(1);
        },
      ],
      { pipeBytes: 32, vcpus: 2 },
    );
    const waits = machine.waiters();
    expect(waits.map(({ tid, name, reason }) => [tid, name, reason])).toEqual([
      [1, "task 0", "futex"],
      [2, "task 1", "pipe read"],
      [3, "task 2", "pipe write"],
      [4, "task 3", "join"],
    ]);
    expect(waits.slice(1).map(({ waitsFor }) => waitsFor)).toEqual([3, 6, 1]);
    expect(waits[0]!.waitsFor).toBeGreaterThan(word);
    expect(message.split("\n")).toEqual([
      "deadlock: nothing is runnable, no timer is armed, and 4 tasks wait",
      ...waits.map(
        ({ tid, name, cpu, reason, waitsFor }) =>
          `  ${name} (tid ${tid}, cpu ${cpu}) waits in ${reason} for 0x${waitsFor.toString(16)}`,
      ),
    ]);
  });

  test("leaves out the dead, and says how many it does not show", () => {
    const { machine, message } = deadlock([function* () {}, ...new Array<Program>(25).fill(forever)]);
    expect(machine.waiters().map(({ tid }) => tid)).toEqual(Array.from({ length: 25 }, (_, i) => i + 2));
    const lines = message.split("\n");
    expect(lines).toHaveLength(22);
    expect(lines.at(-1)).toBe("  and 5 more");
  });
});

describe("is raised", () => {
  test("when two tasks wait for each other", () => {
    const { machine } = deadlock([
      function* (env) {
        yield* env.sys.join(2);
      },
      function* (env) {
        yield* env.sys.join(1);
      },
    ]);
    expect(machine.waiters()).toHaveLength(2);
  });

  test("at the moment it is one, not before: other tasks run on until they end", () => {
    const { machine } = deadlock(
      [
        forever,
        function* (env) {
          yield* env.work(5_000_000);
        },
        function* (env) {
          yield* env.sys.nanosleep(8_000_000);
        },
      ],
      { vcpus: 2 },
    );
    expect(machine.result().virtualNs).toBeGreaterThan(8_000_000);
    expect(machine.result().virtualNs).toBeLessThan(8_100_000);
  });

  test("although a wake-up was missed and signals were ignored", () => {
    const { machine } = deadlock([
      function* (env) {
        const word = env.allocate(4);
        yield* env.sys.futexWake(word);
        yield* env.sys.sigaction(SIGUSR1, "ignore");
        yield* env.sys.kill(env.tid, SIGUSR1);
        yield* env.sys.futexWait(word, 0);
      },
    ]);
    expect(machine.waiters()).toMatchObject([{ tid: 1, reason: "futex" }]);
  });
});

describe("is not raised", () => {
  test("while a timer is armed, however far off", () => {
    const { value } = runMain(function* (env) {
      const word = env.allocate(4);
      const waiter = yield* env.spawn(function* (own) {
        return -(yield* own.sys.futexWait(word, 0));
      });
      yield* env.sys.nanosleep(1e15);
      yield* env.sys.futexWake(word);
      return yield* env.sys.join(waiter);
    });
    expect(value).toBe(0);
  });

  test("by a machine without tasks, or whose tasks have all ended", () => {
    const { machine } = boot({ vcpus: 3 });
    expect(machine.run()).toMatchObject({ virtualNs: 0, switches: 0 });
    machine.spawn(function* () {});
    machine.run();
    expect(machine.run().switches).toBeGreaterThan(0);
    expect(machine.waiters()).toEqual([]);
  });

  test("by a run that was told to stop before it could be one", () => {
    const { machine } = boot();
    machine.spawn(forever);
    machine.spawn(function* (env) {
      yield* env.sys.nanosleep(1_000_000);
    });
    machine.run({ untilNs: 500_000 });
    expect(machine.waiters().map(({ reason }) => reason)).toEqual(["futex", "nanosleep"]);
    expect(errorOf(() => machine.run())).toMatchObject({ code: "ERR_DEADLOCK" });
  });
});

describe("the list of waiters", () => {
  test("calls a task runnable that is, whatever it waited for before", () => {
    const { machine } = boot({ vcpus: 1 });
    const program: Program = function* (env) {
      yield* env.sys.nanosleep(1000);
      yield* env.work(100_000_000);
    };
    machine.spawn(program);
    machine.spawn(program);
    machine.spawn(function* (env) {
      yield* env.sys.nanosleep(50_000_000);
    });
    machine.run({ untilNs: 10_000_000 });
    expect(machine.waiters()).toMatchObject([
      { tid: 1, reason: "runnable", waitsFor: 0 },
      { tid: 2, reason: "runnable", waitsFor: 0 },
      { tid: 3, reason: "nanosleep" },
    ]);
  });
});
