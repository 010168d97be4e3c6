/** A policy as a program to explore: the shipped ones keep their contract in every execution, and each way to break it is found. */
import { describe, expect, test } from "vitest";
import { ExploreError, explore, policyProgram } from "../../../src/explore/index.ts";
import {
  linkOf,
  makePolicy,
  NULL,
  POLICY_NAMES,
  type PolicyFactory,
  packRecord,
  spinLock,
  spinUnlock,
  unpackRecord,
} from "../../../src/index.ts";

const named =
  (name: (typeof POLICY_NAMES)[number]): PolicyFactory =>
  (setup) =>
    makePolicy(name, setup);

describe("shipped policies", () => {
  // Of two servers: what they can do to each other is a theft, or the order in which they get a lock.
  test.each([
    ["go-like", 63],
    ["work-stealing", 63],
    ["fifo", 650],
    ["priority", 1498],
    ["edf", 1498],
  ] as const)("%s keeps its contract: all %i executions", (name, executions) => {
    const workers = executions === 63 ? 3 : 2;
    const result = explore(policyProgram(named(name), { workers }));
    expect(result.violations).toEqual([]);
    expect([result.complete, result.executions, result.distinct]).toEqual([true, executions, executions]);
  });

  test("each is in the table above", () => {
    expect(POLICY_NAMES).toHaveLength(5);
  });
});

interface Hooks {
  readonly locked: boolean;
  /** What `pick` does with the worker it takes. */
  readonly keeps?: boolean;
  readonly hasWork?: "never" | "always";
  readonly neverUnlocks?: boolean;
}

/** A stack, with a flaw to choose. */
function stack({ locked, keeps = false, hasWork, neverUnlocks = false }: Hooks): PolicyFactory {
  return ({ allocate }) => {
    const [lock, top] = [allocate(4), allocate(4)];
    return {
      name: "stack",
      *enqueue({ env }, worker) {
        if (locked) yield* spinLock(env, lock);
        yield* env.memory.store32(linkOf(worker), yield* env.memory.load32(top));
        yield* env.memory.store32(top, packRecord(worker));
        if (locked && !neverUnlocks) yield* spinUnlock(env, lock);
      },
      *pick({ env }) {
        if ((yield* env.memory.load32(top)) === 0) return NULL;
        if (locked) yield* spinLock(env, lock);
        const worker = unpackRecord(yield* env.memory.load32(top));
        if (worker !== NULL && !keeps)
          yield* env.memory.store32(top, yield* env.memory.load32(linkOf(worker)));
        if (locked) yield* spinUnlock(env, lock);
        return worker;
      },
      *hasWork({ env }) {
        const occupied = (yield* env.memory.load32(top)) !== 0;
        return hasWork === undefined ? occupied : hasWork === "always";
      },
    };
  };
}

describe("a policy that breaks its contract", () => {
  test("none: a stack under a lock", () => {
    const result = explore(policyProgram(stack({ locked: true })));
    expect([result.complete, result.violations]).toEqual([true, []]);
  });

  test.each<[string, Hooks, string, RegExp]>([
    ["two enqueue at once", { locked: false }, "assertion", /worker \d was enqueued/],
    [
      "it picks and keeps",
      { locked: true, keeps: true },
      "assertion",
      /worker \d was enqueued once and picked twice/,
    ],
    [
      "it never has work",
      { locked: true, hasWork: "never" },
      "assertion",
      /hasWork says no on server \d, which then/,
    ],
    [
      "it always has work",
      { locked: true, hasWork: "always" },
      "assertion",
      /hasWork says yes when all have been/,
    ],
    ["it keeps its lock", { locked: true, neverUnlocks: true }, "deadlock", /nobody can go on/],
  ])("%s", (_, hooks, kind, message) => {
    const [found] = explore(policyProgram(stack(hooks))).violations;
    expect(found?.kind).toBe(kind);
    expect(found?.message).toMatch(message);
    expect(found?.minimal).toBe(true);
  });

  test("one that keeps state outside of words is made anew for each execution", () => {
    const forgetful: PolicyFactory = () => {
      const ready: Parameters<typeof linkOf>[0][] = [];
      return {
        name: "array",
        *enqueue(_, worker) {
          ready.push(worker);
        },
        *pick() {
          return ready.shift() ?? NULL;
        },
        *hasWork() {
          return ready.length > 0;
        },
      };
    };
    expect(explore(policyProgram(forgetful))).toMatchObject({ complete: true, violations: [] });
  });
});

test.each([
  [{ servers: 0 }, "servers must be an integer from 1 to 8, got 0"],
  [{ servers: 9 }, "servers must be an integer from 1 to 8, got 9"],
  [{ workers: 1.5 }, "workers must be an integer from 1 to 16, got 1.5"],
  [{ workers: 17 }, "workers must be an integer from 1 to 16, got 17"],
])("%j is refused", (options, message) => {
  const wrong = (): unknown => policyProgram(named("fifo"), options);
  expect(wrong).toThrow(ExploreError);
  expect(wrong).toThrow(message);
});

test("a policy that lacks a function, or cannot be made, is refused by name", () => {
  const lacks = (() => ({ name: "x" })) as unknown as PolicyFactory;
  expect(() => explore(policyProgram(lacks))).toThrow("the policy has no function enqueue");
  const throws: PolicyFactory = () => {
    throw new Error("no");
  };
  expect(() => explore(policyProgram(throws))).toThrow("the policy cannot be made: no");
});
