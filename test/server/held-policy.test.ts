/** A policy that is not what types would have it be says which of its functions is to blame. */
import { expect, test } from "vitest";
import { createMachine, createRuntime, NULL, type Policy, RuntimeError } from "../../src/index.ts";

const whole = {
  name: "whole",
  *enqueue() {},
  *pick() {
    return NULL;
  },
  *hasWork() {
    return false;
  },
};

/** What comes of a run under a policy that differs from a whole one so. */
function failure(differs: Readonly<Record<string, unknown>>): Error {
  const machine = createMachine();
  try {
    const runtime = createRuntime(machine, { policy: () => ({ ...whole, ...differs }) as unknown as Policy });
    runtime.spawn(function* () {});
    machine.run();
  } catch (error) {
    const { cause = error } = error as Error;
    expect(cause).toBeInstanceOf(RuntimeError);
    return cause as Error;
  }
  throw new Error("it ran");
}

test.each([
  [{ pick: () => undefined }, "pick", "undefined"],
  [{ pick: () => 0 }, "pick", "0"],
  [{ pick: async () => NULL }, "pick", "a Promise"],
  [{ enqueue: () => [] }, "enqueue", "an Array"],
  [{ hasWork: () => false }, "hasWork", "false"],
  [{ onWake: () => null }, "onWake", "null"],
])("%o: its function is no coroutine", (differs, hook, returned) => {
  expect(failure(differs)).toMatchObject({
    code: "ERR_POLICY",
    message: `${hook} of the policy is no coroutine: it returned ${returned}; write it as *${hook}(...) { ... }`,
  });
});

test.each([undefined, "worker", -64, 0.5, null])("a pick that comes to %o", (picked) => {
  const differs = {
    *pick() {
      return picked;
    },
  };
  expect(failure(differs)).toMatchObject({
    code: "ERR_POLICY",
    message: `pick of the policy must return a worker, or NULL if there is none, got ${picked}`,
  });
});

test("a function that is missing or none is found before a server meets it", () => {
  expect(failure({ hasWork: undefined })).toMatchObject({
    code: "ERR_RUNTIME_CONFIG",
    message: "the policy has no function hasWork",
  });
  expect(failure({ onTick: true })).toMatchObject({
    code: "ERR_RUNTIME_CONFIG",
    message: "onTick of the policy must be a function, got true",
  });
});

test("a policy keeps its own state: its functions are called as its own", () => {
  const calls: string[] = [];
  class Counting {
    readonly name = "counting";
    readonly #queue: number[] = [];
    *enqueue(_: unknown, worker: number) {
      this.#queue.push(worker);
    }
    *pick() {
      return this.#queue.shift() ?? NULL;
    }
    *hasWork() {
      return this.#queue.length > 0;
    }
    *onExit() {
      calls.push(this.name);
    }
  }
  const machine = createMachine();
  createRuntime(machine, { policy: () => new Counting() as unknown as Policy }).spawn(function* () {});
  machine.run();
  expect(calls).toEqual(["counting"]);
});
