/** A task that goes on as a part of its program with nothing beneath it: what follows when that has ended. */
import { describe, expect, test } from "vitest";
import { SIGKILL, SIGUSR1 } from "../../src/kernel-sim/constants.ts";
import type { Env } from "../../src/umcg/env.ts";
import { boot, errorOf } from "../support/boot.ts";

describe("env.become", () => {
  test.each([
    ["returned", false],
    ["thrown", true],
  ])("what was %s is given to the sequel, which ends the task", (outcome, threw) => {
    const { machine } = boot();
    const seen: unknown[] = [];
    function* body(env: Env) {
      yield* env.sys.nanosleep(1_000);
      if (threw) throw outcome;
      return outcome;
    }
    const task = machine.spawn(function* (env) {
      yield* env.work(10);
      seen.push("before");
      yield* env.become(body(env), {
        *after(...end) {
          seen.push(...end);
          yield* env.sys.nanosleep(1_000);
          seen.push("after");
          return 7;
        },
      });
      seen.push("never");
    });
    machine.spawn(function* (env) {
      seen.push(yield* env.sys.join(task));
    });
    machine.run();
    expect(seen).toEqual(["before", outcome, threw, "after", 7]);
  });

  test("a sequel that throws fails as a program does, and is not followed by itself", () => {
    const { machine } = boot();
    machine.spawn(
      function* (env) {
        yield* env.become(env.sys.gettid(), {
          *after() {
            yield* env.work(1);
            throw new Error("in the end");
          },
        });
      },
      { name: "odd" },
    );
    const error = { code: "ERR_PROGRAM_THREW", message: "odd (tid 1) threw: in the end" };
    expect(errorOf(() => machine.run())).toMatchObject(error);
  });

  test("a task that is killed or goes on as another program has no sequel", () => {
    const { machine } = boot();
    const seen: string[] = [];
    const note = (what: string) => ({
      *after() {
        seen.push(what);
        yield* [];
      },
    });
    const sleeper = machine.spawn((env) => env.become(env.sys.nanosleep(1e9), note("killed")));
    machine.spawn((env) =>
      env.become(
        env.exec(function* (next) {
          yield* next.work(1);
        }),
        note("exec"),
      ),
    );
    machine.spawn((env) => env.sys.kill(sleeper, SIGKILL));
    machine.run();
    expect(seen).toEqual([]);
  });

  test("a signal that is pending is taken first", () => {
    const { machine } = boot();
    const seen: string[] = [];
    machine.spawn(function* (env) {
      yield* env.sys.sigaction(SIGUSR1, function* () {
        seen.push("signal");
        yield* env.work(1);
      });
      yield* env.become(
        (function* () {
          yield* env.sys.kill(env.tid, SIGUSR1);
          seen.push("body");
        })(),
        {
          *after() {
            seen.push("sequel");
            yield* env.work(1);
          },
        },
      );
    });
    machine.run();
    expect(seen).toEqual(["signal", "body", "sequel"]);
  });
});

describe("the name of a task", () => {
  test("is asked for when it is needed, and is its number unless it has one", () => {
    const { machine } = boot();
    let asked = 0;
    const named = {
      get name(): string {
        return `asked ${++asked} times`;
      },
    };
    const tids = [
      machine.spawn((env) => env.sys.gettid()),
      machine.spawn((env) => env.sys.gettid(), { name: named }),
    ];
    machine.run();
    expect(asked).toBe(0);
    expect(tids.map((tid) => machine.kernel.names.of(tid))).toEqual(["task-1", "asked 1 times"]);
    expect(machine.kernel.names.of(0)).toBe("idle");
  });
});
