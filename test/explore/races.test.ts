/** Data races on plain accesses: found when there are any, whatever executions hide them, and not when something orders them. */
import { describe, expect, test } from "vitest";
import type { Addr } from "../../src/atomics/address.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import {
  type Bare,
  bareProgram,
  type Explorable,
  explore,
  type Program,
  replay,
} from "../../src/explore/index.ts";

/** Messages of the races of a program, each once. */
function races(program: Program | Explorable): string[] {
  const { complete, violations } = explore(program, { stopAtFirst: false });
  expect(complete).toBe(true);
  expect(violations.every(({ kind }) => kind === "data-race")).toBe(true);
  return violations.map(({ message }) => message.replace("data race on ", ""));
}

/** A value is passed by a flag that `raise` raises and `seen` looks at. */
function passing(
  raise: (bare: Bare, flag: Addr) => Coroutine<unknown>,
  seen: (bare: Bare, flag: Addr) => Coroutine<boolean>,
): Program {
  return (bare) => {
    const [data, flag] = [bare.word(0, "data"), bare.word(0, "flag")];
    bare.thread(function* () {
      yield* bare.plainStore32(data, 42);
      yield* raise(bare, flag);
    }, "giver");
    bare.thread(function* () {
      if (yield* seen(bare, flag)) bare.check((yield* bare.plainLoad32(data)) === 42, "another value");
    }, "taker");
  };
}

function* looks(bare: Bare, flag: Addr): Coroutine<boolean> {
  return (yield* bare.load32(flag)) === 1;
}

describe("message passing", () => {
  test("by an atomic flag has none", () => {
    expect(races(passing((bare, flag) => bare.store32(flag, 1)[Symbol.iterator]() as never, looks))).toEqual(
      [],
    );
  });

  test.each<[string, (bare: Bare, flag: Addr) => Coroutine<unknown>, typeof looks]>([
    [
      "an exchange and a failed compare-exchange",
      function* (bare, flag) {
        yield* bare.xchg32(flag, 1);
      },
      function* (bare, flag) {
        return (yield* bare.cmpxchg32(flag, 0, 0)) !== 0;
      },
    ],
    [
      "an addition and an await",
      function* (bare, flag) {
        yield* bare.add32(flag, 1);
      },
      function* (bare, flag) {
        return (yield* bare.until(flag, (value) => value === 1)) === 1;
      },
    ],
    [
      "a compare-exchange and an addition, which pass it on",
      function* (bare, flag) {
        yield* bare.cmpxchg32(flag, 0, 1);
      },
      function* (bare, flag) {
        return (yield* bare.add32(flag, 1)) === 1;
      },
    ],
    [
      "a store and a wait that need not sleep, or is woken",
      function* (bare, flag) {
        yield* bare.store32(flag, 1);
        yield* bare.notify(flag);
      },
      function* (bare, flag) {
        yield* bare.wait(flag, 0);
        return true;
      },
    ],
    [
      "a notify alone",
      function* (bare, flag) {
        while ((yield* bare.notify(flag)) === 0) yield* bare.cut();
      },
      function* (bare, flag) {
        yield* bare.wait(flag, 0);
        return true;
      },
    ],
    [
      "a copy",
      function* (bare, flag) {
        yield* bare.copyIn(flag, Uint8Array.of(1, 0, 0, 0));
      },
      looks,
    ],
  ])("by %s has none", (_name, raise, seen) => {
    expect(races(passing(raise, seen))).toEqual([]);
  });

  test("by a plain flag has one", () => {
    const program = passing(
      function* (bare, flag) {
        yield* bare.plainStore32(flag, 1);
      },
      function* (bare, flag) {
        return (yield* bare.plainLoad32(flag)) === 1;
      },
    );
    expect(races(program)).toEqual([
      "flag: nothing orders the plain store of giver and the plain load of taker",
    ]);
  });

  test.each([
    ["stores plainly", "plain store", "load"],
    ["looks plainly", "store", "plain load"],
  ])("by a flag of which one %s has one", (_name, store, load) => {
    const program = passing(
      function* (bare, flag) {
        yield* store === "store" ? bare.store32(flag, 1) : bare.plainStore32(flag, 1);
      },
      function* (bare, flag) {
        return (yield* load === "load" ? bare.load32(flag) : bare.plainLoad32(flag)) === 1;
      },
    );
    expect(races(program)).toEqual([`flag: nothing orders the ${store} of giver and the ${load} of taker`]);
  });
});

/** Initialised on first use; the first look is `look`. */
function onFirstUse(
  look: (bare: Bare, made: Addr) => Coroutine<number>,
  publish: (bare: Bare, made: Addr) => Coroutine<unknown>,
): Program {
  return (bare) => {
    const [made, value] = [bare.word(0, "made"), bare.word(0, "value")];
    const mutex = bare.mutex();
    for (let t = 0; t < 2; t++)
      bare.thread(function* () {
        if ((yield* look(bare, made)) === 0) {
          yield* bare.lock(mutex);
          if ((yield* look(bare, made)) === 0) {
            yield* bare.plainStore32(value, 7);
            yield* publish(bare, made);
          }
          yield* bare.unlock(mutex);
        }
        bare.check((yield* bare.plainLoad32(value)) === 7, "not initialised");
      });
  };
}

describe("double-checked locking", () => {
  test("with a plain look has a race", () => {
    const found = races(
      onFirstUse(
        function* (bare, made) {
          return yield* bare.plainLoad32(made);
        },
        function* (bare, made) {
          yield* bare.plainStore32(made, 1);
        },
      ),
    );
    expect(found).toContain("made: nothing orders the plain store of t0 and the plain load of t1");
  });

  test("with an atomic one has none", () => {
    const program = onFirstUse(
      function* (bare, made) {
        return yield* bare.load32(made);
      },
      function* (bare, made) {
        yield* bare.store32(made, 1);
      },
    );
    expect(races(program)).toEqual([]);
  });
});

/** The first stores outside of the mutex before it, the second loads behind it: ordered if the first is the first to lock. */
function luckyOrder(bare: Bare): void {
  const [x, y] = [bare.word(0, "x"), bare.word(0, "y")];
  const mutex = bare.mutex();
  bare.thread(function* () {
    yield* bare.plainStore32(x, 1);
    yield* bare.lock(mutex);
    yield* bare.add32(y, 1);
    yield* bare.unlock(mutex);
  });
  bare.thread(function* () {
    yield* bare.lock(mutex);
    yield* bare.add32(y, 1);
    yield* bare.unlock(mutex);
    yield* bare.plainLoad32(x);
  });
}

test("a lucky order of locks hides a race from an execution, and not from a search", () => {
  expect(replay(bareProgram(luckyOrder), "0*4 1*4").violation).toBeUndefined();
  expect(races(luckyOrder)).toEqual(["x: nothing orders the plain store of t0 and the plain load of t1"]);
});

describe("the report", () => {
  test("names both steps, threads and lines, and is shrunk and replayed", () => {
    const { violations } = explore(luckyOrder, { strategy: "random" });
    expect(violations).toMatchObject([{ kind: "data-race", preemptions: 0, minimal: true }]);
    const [{ schedule, message, atFault }] = violations as [(typeof violations)[0]];
    const { violation, steps } = replay(bareProgram(luckyOrder), schedule);
    expect(violation).toMatchObject({ kind: "data-race", message });
    const [first, second] = violation!.steps as [number, number];
    expect([steps[first]!.what, steps[second]!.what].sort()).toEqual(["plain load x", "plain store x, 1"]);
    expect(message).toBe("data race on x: nothing orders the plain store of t0 and the plain load of t1");
    expect(atFault).toEqual([
      expect.stringMatching(
        new RegExp(`^step ${first}, ${steps[first]!.name} at .*races\\.test\\.ts:\\d+:\\d+$`),
      ),
      expect.stringMatching(
        new RegExp(`^step ${second}, ${steps[second]!.name} at .*races\\.test\\.ts:\\d+:\\d+$`),
      ),
    ]);
  });

  test.each(["source", "sleep-sets", "naive", "preemptions", "random", "pos", "surw"] as const)(
    "comes from %s",
    (strategy) => {
      expect(explore(luckyOrder, { strategy }).violations[0]?.kind).toBe("data-race");
    },
  );
});

describe("what orders, and what does not", () => {
  const both =
    (first: (bare: Bare, x: Addr) => Coroutine<unknown>, second: typeof first): Program =>
    (bare) => {
      const x = bare.word(0, "x");
      bare.thread(() => first(bare, x));
      bare.thread(() => second(bare, x));
    };
  const stores = function* (bare: Bare, x: Addr): Coroutine<void> {
    yield* bare.plainStore32(x, 1);
  };
  const loads = function* (bare: Bare, x: Addr): Coroutine<void> {
    yield* bare.plainLoad32(x);
  };

  test("two plain stores, or a load and a store, are a race; two loads, or atomic ones, are none", () => {
    expect(races(both(stores, stores))).toHaveLength(1);
    expect(races(both(stores, loads))).toHaveLength(1);
    expect(races(both(loads, loads))).toEqual([]);
    expect(
      races(
        both(
          function* (bare, x) {
            yield* bare.store32(x, 1);
          },
          function* (bare, x) {
            yield* bare.load32(x);
          },
        ),
      ),
    ).toEqual([]);
  });

  test("spawn and join do", () => {
    expect(
      races((bare) => {
        const x = bare.word(0, "x");
        bare.thread(function* () {
          yield* bare.plainStore32(x, 1);
          const child = yield* bare.spawn(function* () {
            yield* bare.plainStore32(x, 2);
          });
          yield* bare.join(child);
          yield* bare.plainLoad32(x);
        });
      }),
    ).toEqual([]);
  });

  test("spawn alone does not order what follows it", () => {
    expect(
      races((bare) => {
        const x = bare.word(0, "x");
        bare.thread(function* () {
          yield* bare.spawn(function* () {
            yield* bare.plainStore32(x, 2);
          });
          yield* bare.plainLoad32(x);
        }, "main");
      }),
    ).toHaveLength(1);
  });

  test("a mutex and a try-lock do; a try-lock that fails does not", () => {
    const guarded =
      (tries: boolean, anyway: boolean): Program =>
      (bare) => {
        const x = bare.word(0, "x");
        const mutex = bare.mutex();
        bare.thread(function* () {
          yield* bare.lock(mutex);
          yield* bare.plainStore32(x, 1);
          yield* bare.unlock(mutex);
        });
        bare.thread(function* () {
          const got = tries ? (yield* bare.tryLock(mutex)) === 1 : (yield* bare.lock(mutex)) === 0;
          if (got || anyway) yield* bare.plainLoad32(x);
          if (got) yield* bare.unlock(mutex);
        });
      };
    expect(races(guarded(false, false))).toEqual([]);
    expect(races(guarded(true, false))).toEqual([]);
    expect(races(guarded(true, true))).not.toEqual([]);
  });

  test("a look does not order who stores after it", () => {
    const program: Program = (bare) => {
      const [x, flag] = [bare.word(0, "x"), bare.word(0, "flag")];
      bare.thread(function* () {
        yield* bare.plainStore32(x, 1);
        yield* bare.load32(flag);
      });
      bare.thread(function* () {
        yield* bare.store32(flag, 1);
        yield* bare.plainStore32(x, 2);
      });
    };
    // The first whole, then the second: the look comes before the store, and tells it nothing.
    expect(replay(bareProgram(program), "0*2 1*2").violation?.kind).toBe("data-race");
  });

  test("a plain store takes away what an atomic one has told", () => {
    const program: Program = (bare) => {
      const [x, flag] = [bare.word(0, "x"), bare.word(0, "flag")];
      bare.thread(function* () {
        yield* bare.plainStore32(x, 1);
        yield* bare.store32(flag, 1);
        yield* bare.plainStore32(flag, 2);
      });
      bare.thread(function* () {
        yield* bare.until(flag, (value) => value === 2);
        yield* bare.plainLoad32(x);
      });
    };
    expect(races(program)).toEqual(["flag: nothing orders the plain store of t0 and the await of t1"]);
  });

  test("wide words and copies are both of their words, or all", () => {
    const wide = (access: (bare: Bare, a: Addr) => Coroutine<unknown>): string[] =>
      races((bare) => {
        const a = bare.long(0n, "a");
        bare.thread(() => access(bare, a));
        bare.thread(function* () {
          yield* bare.plainLoad32((a + 4) as Addr);
        });
      });
    const store = function* (bare: Bare, a: Addr): Coroutine<void> {
      yield* bare.store64(a, 1n);
    };
    const copy = function* (bare: Bare, a: Addr): Coroutine<void> {
      yield* bare.copyIn(a, new Uint8Array(8));
    };
    const look = function* (bare: Bare, a: Addr): Coroutine<void> {
      yield* bare.load64(a);
      yield* bare.copyOut(a, new Uint8Array(8));
      yield* bare.cmpxchg64(a, 1n, 2n);
    };
    expect(wide(store)).toHaveLength(1);
    expect(wide(copy)).toHaveLength(1);
    expect(wide(look)).toEqual([]);
  });
});

test("a plain access that comes to light late is looked at from then on", () => {
  const program: Program = (bare) => {
    const [x, y] = [bare.word(0, "x"), bare.word(0, "y")];
    bare.thread(function* () {
      if ((yield* bare.load32(y)) === 1) yield* bare.plainLoad32(x);
    });
    bare.thread(function* () {
      yield* bare.store32(y, 1);
      yield* bare.plainStore32(x, 1);
    });
  };
  expect(races(program)).not.toEqual([]);
});
