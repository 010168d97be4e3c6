/** Spin loops that wait: no turn in vain is made, nothing that could happen is missed, and a lock that is never freed is a deadlock. */
import { describe, expect, it } from "vitest";
import type { Addr } from "../../../src/atomics/address.ts";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { explore, type KernelOptions, kernelProgram } from "../../../src/explore/index.ts";
import type { ExploredMachine } from "../../../src/machine/explored-machine.ts";
import { spinLock, spinUnlock } from "../../../src/server/spin-lock.ts";
import type { Env } from "../../../src/umcg/env.ts";

type Body = (env: Env, lock: Addr, count: Addr) => Coroutine<void>;

function* adds(env: Env, lock: Addr, count: Addr): Coroutine<void> {
  yield* spinLock(env, lock);
  yield* env.memory.store32(count, (yield* env.memory.load32(count)) + 1);
  yield* spinUnlock(env, lock);
}

/** One task of each body, on a CPU of its own; `total` is what the word comes to. */
function program(bodies: readonly Body[], total: number, options: KernelOptions = {}) {
  const setup = (machine: ExploredMachine): void => {
    const lock = machine.allocate(4);
    const count = machine.allocate(4);
    for (const [cpu, body] of bodies.entries())
      machine.spawn((env) => body(env, lock, count), { affinity: [cpu] });
    machine.atEnd(() => {
      if (machine.peek32(count) !== total) throw new Error(`the word is ${machine.peek32(count)}`);
    });
  };
  return kernelProgram(setup, { vcpus: bodies.length, spinsWait: true, ...options });
}

describe("spin loops that wait", () => {
  it.each([
    [2, 2],
    [3, 6],
  ])("leave of %i who take a lock the orders in which they get it: %i", (tasks, executions) => {
    const result = explore(program(Array(tasks).fill(adds), tasks));
    expect(result).toMatchObject({
      complete: true,
      executions,
      distinct: executions,
      blocked: 0,
      violations: [],
    });
  });

  it("end nothing without being told so: each turn is an execution of its own", () => {
    const result = explore(program([adds, adds], 2, { spinsWait: false }), {
      maxExecutions: 50,
      maxSteps: 1_000,
    });
    expect(result).toMatchObject({ complete: false, executions: 50 });
  });

  it("are a deadlock where nobody frees the lock", () => {
    const keeps: Body = (env, lock) => spinLock(env, lock);
    expect(explore(program([adds, keeps], 1)).violations).toMatchObject([{ kind: "deadlock" }]);
  });

  it("show what a lock that is freed too early lets through", () => {
    const early: Body = function* (env, lock, count) {
      yield* spinLock(env, lock);
      const seen = yield* env.memory.load32(count);
      yield* spinUnlock(env, lock);
      yield* env.memory.store32(count, seen + 1);
    };
    expect(explore(program([adds, early], 2)).violations).toMatchObject([{ kind: "assertion" }]);
  });

  it("wait for a load as well, for two values in turn", () => {
    const gives: Body = function* (env, lock) {
      yield* env.memory.store32(lock, 1);
      yield* env.memory.store32(lock, 2);
    };
    const takes: Body = function* (env, lock, count) {
      for (let seen = 0; seen !== 2; seen = yield* env.memory.load32(lock)) yield* env.sys.schedYield();
      yield* env.memory.store32(count, 1);
    };
    const result = explore(program([gives, takes], 1));
    expect(result).toMatchObject({ complete: true, blocked: 0, violations: [] });
    expect(result.distinct).toBe(result.executions);
  });

  it("let go of the CPU where another waits for it", () => {
    const both = kernelProgram(
      (machine) => {
        const [lock, count] = [machine.allocate(4), machine.allocate(4)];
        for (let i = 0; i < 2; i++) machine.spawn((env) => adds(env, lock, count));
        machine.atEnd(() => {
          if (machine.peek32(count) !== 2) throw new Error(`the word is ${machine.peek32(count)}`);
        });
      },
      { vcpus: 1, spinsWait: true, nondeterminism: { preemptions: 2 } },
    );
    const { executions, distinct } = explore(both, { strategy: "sleep-sets" });
    expect(distinct).toBe(executions);
    const complete = { complete: true, violations: [], executions, distinct };
    for (const strategy of ["optimal", "source"] as const)
      expect(explore(both, { strategy })).toMatchObject(complete);
  });
});
