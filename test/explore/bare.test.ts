import { describe, expect, test } from "vitest";
import { addr } from "../../src/atomics/address.ts";
import { EAGAIN, EINTR, ETIMEDOUT } from "../../src/atomics/errno.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import { type Bare, BareSystem, explore, type Program, RandomWalk } from "../../src/explore/index.ts";
import { depthFirst } from "./fixture.ts";

/** What threads can return together, over all interleavings, sorted. */
function outcomes(program: Program, options?: ConstructorParameters<typeof BareSystem>[1]): string[] {
  const seen = new Set<string>();
  const results: unknown[] = [];
  depthFirst(
    (bare) => {
      program(bare);
      for (const [i, thread] of bare.threads.entries()) {
        const { body } = thread;
        Object.assign(thread, {
          body: function* (self: number, argument: number) {
            results[i] = "-";
            results[i] = yield* body(self, argument);
          },
        });
      }
      bare.atEnd(() => seen.add(results.join(" ")));
    },
    false,
    options,
  );
  return [...seen].sort();
}

describe("words", () => {
  test("an update is lost in some interleaving, and only there is the check violated", () => {
    const lostUpdate = (bare: Bare): void => {
      const x = bare.word(0, "x");
      for (const name of ["a", "b"]) {
        bare.thread(function* () {
          const seen = yield* bare.load32(x);
          yield* bare.store32(x, seen + 1);
        }, name);
      }
      bare.atEnd(() => bare.check(bare.peek32(x) === 2, "an update was lost"));
    };
    expect(depthFirst(lostUpdate, false)).toMatchObject({
      complete: 6,
      classes: 4,
      states: 2,
      violations: ["an update was lost"],
    });
    expect(depthFirst(lostUpdate, true)).toMatchObject({ complete: 4, classes: 4, states: 2 });
  });

  test("32 and 64 bits share memory", () => {
    const program = (bare: Bare): void => {
      const long = bare.long(1n);
      bare.thread(function* () {
        yield* bare.store64(long, 0x1_0000_0002n);
      });
      bare.thread(function* () {
        return (yield* bare.cmpxchg64(long, 1n, 7n)) + (yield* bare.add32(long, 1));
      });
      bare.atEnd(() =>
        bare.check(
          [2n, 3n, 8n].every((value) => bare.peek64(long) !== value),
          "seen",
        ),
      );
    };
    expect(outcomes(program)).toEqual([" -9", " 2", " 7"]);
    expect(depthFirst(program, true).classes).toBe(3);
  });
});

describe("futexes", () => {
  const waiter = (bare: Bare, options: { timed?: boolean; order?: readonly number[] } = {}): void => {
    const a = bare.word();
    bare.thread(function* () {
      return yield* bare.wait(a, 0, options.timed ?? false);
    });
    bare.thread(function* () {
      yield* bare.store32(a, 1);
      return yield* bare.notify(a, 1);
    });
  };

  test("a store and a notify: woken, or not asleep yet", () => {
    expect(outcomes((bare) => waiter(bare))).toEqual([`${-EAGAIN} 0`, "0 1"]);
  });

  test("a timeout may come at any moment of the sleep, and not after a notify", () => {
    expect(outcomes((bare) => waiter(bare, { timed: true }))).toEqual(
      [`${-EAGAIN} 0`, `${-ETIMEDOUT} 0`, "0 1"].sort(),
    );
  });

  test("faults end a wait", () => {
    expect(outcomes((bare) => waiter(bare), { faults: 1 })).toEqual(
      [`${-EAGAIN} 0`, `${-EINTR} 0`, "0 0", "0 1"].sort(),
    );
  });

  test("store, wait and notify: the three things that can happen are seen", () => {
    const program = (bare: Bare): void => {
      const a = bare.word();
      bare.thread(function* () {
        yield* bare.store32(a, 1);
      });
      bare.thread(function* () {
        return yield* bare.wait(a, 0);
      });
      bare.thread(function* () {
        return yield* bare.notify(a, 1);
      });
    };
    expect(depthFirst(program, true)).toMatchObject({ complete: 4, classes: 4, states: 3 });
  });

  test.each([
    ["fifo", 6],
    ["any", 8],
  ] as const)("whom a notify wakes: %s", (wakeOrder, executions) => {
    const program = (bare: Bare): void => {
      const a = bare.word();
      for (let i = 0; i < 2; i++) {
        bare.thread(function* () {
          return yield* bare.wait(a, 0);
        });
      }
      bare.thread(function* () {
        return yield* bare.notify(a, 1);
      });
    };
    // Three steps on one queue have six orders; in two of them both sleep when the notify comes.
    expect(depthFirst(program, false, { wakeOrder }).complete).toBe(executions);
    expect(depthFirst(program, true, { wakeOrder })).toMatchObject({
      complete: executions,
      classes: executions,
    });
  });
});

describe("threads", () => {
  test("joining a thread of the program's own comes behind its end", () => {
    const found = new Set<string>();
    const result = explore((bare) => {
      const x = bare.word();
      const writer = bare.thread(function* () {
        yield* bare.store32(x, 1);
        yield* bare.store32(x, 2);
      });
      bare.thread(function* () {
        const before = yield* bare.load32(x);
        yield* bare.join(writer);
        found.add(`${before} ${yield* bare.load32(x)}`);
      });
    });
    expect(result).toMatchObject({ complete: true, violations: [] });
    expect([...found].sort()).toEqual(["0 2", "1 2", "2 2"]);
  });

  test("spawn and join order what they should", () => {
    const program = (bare: Bare): void => {
      const x = bare.word();
      bare.thread(function* () {
        const children: number[] = [];
        for (let i = 1; i <= 2; i++) {
          children.push(
            yield* bare.spawn(function* (_self, argument) {
              yield* bare.store32(x, argument);
            }, i),
          );
        }
        for (const child of children) yield* bare.join(child);
        return yield* bare.load32(x);
      });
    };
    expect(outcomes(program)).toEqual(["1", "2"]);
    expect(depthFirst(program, true)).toMatchObject({ complete: 2, classes: 2, violations: [] });
  });

  test("a deadlock names who waits for what", () => {
    const program = (bare: Bare): void => {
      const first = bare.mutex("first");
      const second = bare.mutex("second");
      const both = (a: number, b: number) =>
        function* () {
          yield* bare.lock(a);
          yield* bare.lock(b);
          yield* bare.unlock(b);
          yield* bare.unlock(a);
        };
      bare.thread(both(first, second), "ab");
      bare.thread(both(second, first), "ba");
    };
    expect(depthFirst(program, true)).toMatchObject({
      complete: 3,
      violations: ["nobody can go on: ab at lock second held by ba, ba at lock first held by ab"],
    });
  });

  test("until is enabled by its value only", () => {
    const program = (bare: Bare): void => {
      const x = bare.word();
      bare.thread(function* () {
        return yield* bare.until(x, (value) => value > 1);
      });
      bare.thread(function* () {
        yield* bare.store32(x, 1);
        yield* bare.store32(x, 2);
        yield* bare.store32(x, 3);
      });
    };
    expect(outcomes(program)).toEqual(["2 ", "3 "]);
    expect(depthFirst(program, true).complete).toBe(2);
  });

  test("every choice is made", () => {
    const program = (bare: Bare): void => {
      bare.thread(function* () {
        return 10 * (yield* bare.choose(2)) + (yield* bare.choose(3));
      });
    };
    expect(outcomes(program)).toEqual(["0", "1", "10", "11", "12", "2"]);
    expect(depthFirst(program, true).complete).toBe(6);
  });
});

describe("bad programs", () => {
  const only = (body: (bare: Bare) => Coroutine<unknown>): Program => {
    return (bare) => {
      bare.thread(() => body(bare), "a");
    };
  };

  test.each<[string, Program, string]>([
    [
      "throws",
      only(function* () {
        throw new Error("boo");
      }),
      "a: boo",
    ],
    [
      "yields a number",
      only(function* () {
        yield 42;
      }),
      "a: yielded 42, which is no step",
    ],
    [
      "throws what has no text",
      only(function* () {
        throw Object.create(null);
      }),
      "a: object",
    ],
    [
      "yields what has no text",
      only(function* () {
        yield Object.create(null);
      }),
      "a: yielded object, which is no step",
    ],
    [
      "leaves memory",
      only(function* (bare) {
        yield* bare.load32(addr(4096));
      }),
      "a: load outside memory or misaligned",
    ],
    [
      "unlocks what it does not hold",
      only(function* (bare) {
        yield* bare.unlock(0);
      }),
      "a: unlocks mutex 0, which is free",
    ],
  ])("a thread that %s", (_what, program, message) => {
    const counts = depthFirst((bare) => {
      bare.mutex();
      program(bare);
    }, true);
    expect(counts).toMatchObject({ complete: 1, violations: [message] });
  });

  test("without threads, and with too many", () => {
    expect(() => new BareSystem(() => {})).toThrow("no thread");
    const program = (bare: Bare): void => {
      function* fork(): Coroutine<void> {
        while ((yield* bare.spawn(fork)) >= 0);
      }
      bare.thread(fork, "root");
    };
    expect(() => new BareSystem(program, { maxThreads: 1_025 })).toThrow("1025 threads; 1024 are the most");
    const system = new BareSystem(program, { maxThreads: 4 });
    new RandomWalk(system, 1, 1000).execute();
    expect(system.violations[0]!.message).toMatch(/spawns thread 5, maxThreads is 4/);
  });
});
