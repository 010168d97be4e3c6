/** New tasks: where they start, what they may be told, what a machine has no room for, and how a program can fail. */
import { describe, expect, test } from "vitest";
import { TRACE_TASK_NEW } from "../../src/trace/events.ts";
import type { Program } from "../../src/umcg/env.ts";
import { boot, errorOf, evaluate, priceOf, runMain } from "../support/boot.ts";
import { taskOf } from "../support/inspect.ts";

const nothing: Program = function* () {};

describe("a new task", () => {
  test("has a tid from 1 up, a name, and its parent in the trace", () => {
    const { log, value } = runMain(function* (env) {
      const child = yield* env.spawn(nothing, { name: "child" });
      yield* env.sys.join(child);
      return [env.tid, yield* env.sys.gettid(), child];
    });
    expect(value).toEqual([1, 1, 2]);
    expect(log.all({ kind: TRACE_TASK_NEW })).toMatchObject([
      { tid: 1, arg0: 0 },
      { tid: 2, arg0: 1 },
    ]);
  });

  test("costs its creator a system call and the creation", () => {
    const { machine, value } = runMain(function* (env) {
      const began = env.now();
      yield* env.spawn(nothing);
      return env.now() - began;
    });
    expect(value).toBe(priceOf(machine, "syscallEntry", "threadCreate", "syscallExit"));
  });

  test("starts on an idle CPU while there is one, then next to its maker, then where fewer run", () => {
    const cpus: number[] = [];
    const { machine } = boot({ vcpus: 4 });
    const hog: Program = function* (env) {
      cpus.push(env.cpu());
      yield* env.work(10_000_000);
    };
    const tids = [19, 0, -5, 5].map((nice) => machine.spawn(hog, { nice }));
    tids.push(machine.spawn(hog, { nice: 19 }), machine.spawn(hog, { nice: 0 }));
    machine.run();
    expect(tids.slice(0, 4).map((tid) => taskOf(machine, tid).cpu)).toEqual([0, 1, 2, 3]);
    // What counts is how many run and how busy a CPU has been, not their weights, as long as none has more than it can do.
    expect(tids.slice(4).map((tid) => taskOf(machine, tid).cpu)).toEqual([0, 1]);
    expect(cpus).toHaveLength(6);
  });

  test.each([1, 3])("made between two runs of a machine of %d CPUs runs in the next", (vcpus) => {
    const ran: number[] = [];
    const { machine } = boot({ vcpus });
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5; i++) {
        machine.spawn(function* (env) {
          ran.push(round);
          yield* env.sys.nanosleep(1000);
        });
      }
      machine.run();
    }
    expect(ran).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
  });
});

describe("affinity", () => {
  test.each([[[2]], [[1, 3]], [[33]], [[0, 31, 32, 63]], [[3, 3, 3]]])("%j is kept to", (affinity) => {
    const seen = new Set<number>();
    const { machine } = boot({ vcpus: 64 });
    for (let i = 0; i < 6; i++) {
      machine.spawn(
        function* (env) {
          for (let round = 0; round < 4; round++) {
            seen.add(env.cpu());
            yield* env.work(20_000);
            yield* env.sys.nanosleep(10_000 * (i + 1));
          }
        },
        { affinity },
      );
    }
    machine.run();
    expect([...seen].sort((a, b) => a - b)).toEqual([...new Set(affinity)]);
  });

  test.each([
    [[], "affinity must list CPUs from 0 to 3, got []"],
    [[4], "affinity must list CPUs from 0 to 3, got [4]"],
    [[0, -1], "affinity must list CPUs from 0 to 3, got [0, -1]"],
    [[1.5], "affinity must list CPUs from 0 to 3, got [1.5]"],
    [[Number.NaN], "affinity must list CPUs from 0 to 3, got [NaN]"],
  ])("%j is refused", (affinity, message) => {
    const { machine } = boot({ vcpus: 4 });
    expect(errorOf(() => machine.spawn(nothing, { affinity }))).toMatchObject({
      code: "ERR_CONFIG",
      message,
    });
  });
});

describe("nice", () => {
  test.each([
    [-20, 88761],
    [-1, 1277],
    [undefined, 1024],
    [0, 1024],
    [1, 820],
    [19, 15],
  ])("%d is weight %d", (nice, weight) => {
    const { machine } = boot();
    const tid = machine.spawn(nothing, nice === undefined ? {} : { nice });
    expect(taskOf(machine, tid).weight).toBe(weight);
  });

  test.each([-21, 20, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("%d is refused", (nice) => {
    const { machine } = boot();
    const message = `nice must be an integer from -20 to 19, got ${nice}`;
    expect(errorOf(() => machine.spawn(nothing, { nice }))).toMatchObject({ code: "ERR_CONFIG", message });
  });

  test("refused within a program is an error the program can catch, and takes no slot", () => {
    const { value } = runMain(
      function* (env) {
        let code: unknown;
        try {
          yield* env.spawn(nothing, { nice: 99 });
        } catch (error) {
          code = Reflect.get(error as Error, "code");
        }
        const child = yield* env.spawn(nothing);
        return [code, child, yield* env.sys.join(child)];
      },
      { maxTasks: 2 },
    );
    expect(value).toEqual(["ERR_CONFIG", 2, 0]);
  });
});

describe("what a machine has no room for", () => {
  test("a task more than maxTasks is ERR_TASK_LIMIT, from outside and from within", () => {
    const { machine } = boot({ maxTasks: 2 });
    machine.spawn(nothing);
    machine.spawn(function* (env) {
      yield* env.spawn(nothing);
    });
    const expected = { code: "ERR_TASK_LIMIT", message: "no task slot left: maxTasks is 2" };
    expect(errorOf(() => machine.spawn(nothing))).toMatchObject(expected);
    expect(errorOf(() => machine.run())).toMatchObject(expected);
  });

  test("memory is ERR_USER_MEMORY, naming what did not fit", () => {
    const { machine } = boot({ userBytes: 8192 });
    machine.allocate(8000);
    const expected = { code: "ERR_USER_MEMORY", message: "512 bytes do not fit: userBytes is 8192" };
    expect(errorOf(() => machine.allocate(512))).toMatchObject(expected);
    // What does fit is still given.
    expect(machine.allocate(192)).toBeGreaterThan(0);
    expect(errorOf(() => machine.allocate(1))).toMatchObject({ code: "ERR_USER_MEMORY" });
  });

  test("memory is handed out once, aligned", () => {
    const addresses = evaluate(function* (env) {
      return [1, 4096, 64, 8, 1].map((align) => [align, env.allocate(10, align)] as const);
    });
    let end = 0;
    for (const [align, a] of addresses) {
      expect(a % align).toBe(0);
      expect(a).toBeGreaterThanOrEqual(end);
      end = a + 10;
    }
  });

  test.each([
    [-1, 64],
    [0.5, 64],
    [Number.NaN, 64],
    [Number.POSITIVE_INFINITY, 64],
    [8, 0],
    [8, -8],
    [8, 1.5],
    [8, Number.NaN],
  ])("%d bytes aligned to %d are no size", (bytes, align) => {
    const { machine } = boot();
    const message = `allocate(bytes, align) takes whole numbers, got ${bytes}, ${align}`;
    expect(errorOf(() => machine.allocate(bytes, align))).toMatchObject({ code: "ERR_CONFIG", message });
  });
});

describe("a program that fails", () => {
  test.each([
    [new TypeError("no good"), "worker (tid 1) threw: no good"],
    ["a string", "worker (tid 1) threw: a string"],
    [undefined, "worker (tid 1) threw: undefined"],
  ])("by throwing %s ends the run with ERR_PROGRAM_THREW and the cause", (thrown, message) => {
    const { machine } = boot();
    machine.spawn(
      function* (env) {
        yield* env.work(10);
        throw thrown;
      },
      { name: "worker" },
    );
    const error = errorOf(() => machine.run());
    expect(error).toMatchObject({ code: "ERR_PROGRAM_THREW", message });
    expect(error.cause).toBe(thrown);
  });

  test("leaves a machine that says so when it is run on, and why", () => {
    const { machine } = boot();
    machine.spawn(
      function* () {
        throw new Error("no good");
      },
      { name: "worker" },
    );
    machine.spawn((env) => env.sys.futexWait(env.allocate(4), 0));
    const first = errorOf(() => machine.run());
    for (let again = 0; again < 2; again++) {
      const error = errorOf(() => machine.run());
      expect(error).toMatchObject({
        code: "ERR_HALTED",
        message: "the machine has failed, and cannot be run on: worker (tid 1) threw: no good",
      });
      expect((error.cause as Error).message).toBe(first.message);
    }
  });

  test("in a signal handler is reported as the task that ran it", () => {
    const { machine } = boot();
    machine.spawn(function* (env) {
      yield* env.sys.sigaction(10, function* () {
        throw new Error("in the handler");
      });
      yield* env.sys.kill(env.tid, 10);
    });
    const message = "task-1 (tid 1) threw: in the handler";
    expect(errorOf(() => machine.run())).toMatchObject({ code: "ERR_PROGRAM_THREW", message });
  });

  test("that catches its own exception goes on", () => {
    const caught = evaluate(function* (env) {
      try {
        yield* env.work(10);
        throw new Error("mine");
      } catch (error) {
        yield* env.work(10);
        return (error as Error).message;
      }
    });
    expect(caught).toBe("mine");
  });

  test.each([
    [99, "99"],
    ["text", "text"],
    [undefined, "undefined"],
    [Promise.resolve(), "[object Promise]"],
    [{ kind: "load" }, "[object Object]"],
  ])("by yielding %s is told to use yield*", (foreign, shown) => {
    const { machine } = boot();
    machine.spawn(
      function* () {
        yield foreign as number;
      },
      { name: "odd" },
    );
    const message = `odd (tid 1) yielded ${shown}: only steps may be yielded, with yield*`;
    expect(errorOf(() => machine.run())).toMatchObject({ code: "ERR_FOREIGN_YIELD", message });
  });

  test.each([
    [async () => {}, "Promise"],
    [() => {}, "Undefined"],
    [async function* () {}, "AsyncGenerator"],
  ])("by being no generator function (%s) is told so at once", (program, made) => {
    const { machine } = boot();
    const message = `odd (tid 1): its program made ${made}, and no generator: write it as function*, and wait with yield*`;
    const spawn = (): unknown => machine.spawn(program as unknown as Program, { name: "odd" });
    expect(errorOf(spawn)).toMatchObject({ code: "ERR_PROGRAM", message });
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 52 + 1])(
    "by computing for %d ns is told so",
    (ns) => {
      const { machine } = boot();
      machine.spawn(function* (env) {
        yield* env.work(ns);
      });
      const message = `task-1 (tid 1): work(ns) takes a time from 0 to ${2 ** 52} ns, got ${ns}`;
      expect(errorOf(() => machine.run())).toMatchObject({ code: "ERR_TIME", message });
    },
  );
});
