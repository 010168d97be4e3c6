/** Spin loops end without annotation, and say what they waited for. */
import { describe, expect, test } from "vitest";
import type { Coroutine } from "../../src/atomics/step.ts";
import { type Bare, explore, type Program } from "../../src/explore/index.ts";

function threads(bare: Bare, count: number, body: () => Coroutine<unknown>): void {
  for (let t = 0; t < count; t++) bare.thread(body);
}

/** Draw a number; wait for it by looking. */
const ticketLock =
  (count: number): Program =>
  (bare) => {
    const next = bare.word(0, "next");
    const serving = bare.word(0, "serving");
    threads(bare, count, function* () {
      const ticket = yield* bare.add32(next, 1);
      while ((yield* bare.load32(serving)) !== ticket);
      yield* bare.store32(serving, ticket + 1);
    });
  };

/** Look until it is free, then try to take it. */
const spinLock =
  (count: number): Program =>
  (bare) => {
    const lock = bare.word(0, "lock");
    threads(bare, count, function* () {
      do {
        while ((yield* bare.load32(lock)) !== 0);
      } while ((yield* bare.cmpxchg32(lock, 0, 1)) !== 0);
      yield* bare.store32(lock, 0);
    });
  };

describe("a search ends in spite of spin loops", () => {
  test.each<[string, Program, number]>([
    ["ticketlock(2)", ticketLock(2), 2],
    ["ticketlock(3)", ticketLock(3), 6],
    ["spinlock(2)", spinLock(2), 4],
  ])("%s: executions", (_name, program, executions) => {
    for (const strategy of ["optimal", "source", "sleep-sets"] as const) {
      const result = explore(program, { strategy, maxSteps: 500 });
      expect(result).toMatchObject({ complete: true, executions, distinct: executions, violations: [] });
      if (strategy === "optimal") expect(result.blocked).toBe(0);
    }
  });

  test("a loop over two words ends when either changes", () => {
    const result = explore(
      (bare) => {
        const x = bare.word(0, "x");
        const y = bare.word(0, "y");
        bare.thread(function* () {
          while ((yield* bare.load32(x)) === 0 && (yield* bare.load32(y)) === 0);
        });
        for (const word of [x, y]) {
          bare.thread(function* () {
            yield* bare.store32(word, 1);
          });
        }
      },
      { maxSteps: 500 },
    );
    expect(result).toMatchObject({ complete: true, violations: [], blocked: 0 });
    expect(result.executions).toBe(result.distinct);
  });

  test("a loop that counts is no spin", () => {
    const program: Program = (bare) => {
      const x = bare.word();
      bare.thread(function* () {
        let seen = 0;
        for (let i = 0; i < 40; i++) seen += yield* bare.load32(x);
        return seen;
      });
      bare.thread(function* () {
        yield* bare.store32(x, 1);
      });
    };
    expect(explore(program, { maxSteps: 500 })).toMatchObject({
      complete: true,
      executions: 41,
      violations: [],
    });
  });
});

describe("a livelock", () => {
  test("names the words waited for", () => {
    const result = explore(
      (bare) => {
        const flag = bare.word(0, "flag");
        bare.thread(function* () {
          while ((yield* bare.load32(flag)) === 0) yield* bare.pause();
        }, "waiter");
      },
      { maxSteps: 500 },
    );
    expect(result.violations).toMatchObject([
      { kind: "livelock", message: "nobody can go on: waiter at spin on flag" },
    ]);
  });
});
