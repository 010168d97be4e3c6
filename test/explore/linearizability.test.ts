/** Histories that a sequential object explains, and those that none does; recorded from explored programs. */
import { describe, expect, test } from "vitest";
import type { Coroutine } from "../../src/atomics/step.ts";
import {
  type Bare,
  explore,
  History,
  linearize,
  type Model,
  type Operation,
} from "../../src/explore/index.ts";

type Ask = "read" | number;
/** A register: a number writes it and answers 0. */
const REGISTER: Model<number, Ask, number> = {
  initial: 0,
  apply: (state, input) => (input === "read" ? [state, state] : [input, 0]),
};

const at = (
  thread: number,
  input: Ask,
  output: number | undefined,
  invokedAt: number,
  returnedAt: number = Number.POSITIVE_INFINITY,
): Operation<Ask, number> => ({ thread, input, output, invokedAt, returnedAt });

describe("a history of a register", () => {
  test.each([
    ["nothing", [], []],
    ["one after the other", [at(0, 1, 0, 0, 1), at(1, "read", 1, 2, 3)], [0, 1]],
    ["a read during a write sees the old value", [at(0, 1, 0, 0, 3), at(1, "read", 0, 1, 2)], [1, 0]],
    ["or the new one", [at(0, 1, 0, 0, 3), at(1, "read", 1, 1, 2)], [0, 1]],
    ["a write without an answer has not happened", [at(0, 1, undefined, 0), at(1, "read", 0, 1, 2)], [1]],
    ["or has", [at(0, 1, undefined, 0), at(1, "read", 1, 1, 2)], [0, 1]],
  ])("is explained: %s", (_, history, order) => {
    expect(linearize(history, REGISTER)).toEqual(order);
  });

  test.each([
    ["a read after a write misses it", [at(0, 1, 0, 0, 1), at(1, "read", 0, 2, 3)]],
    ["a read before a write sees it", [at(1, "read", 1, 0, 1), at(0, 1, 0, 2, 3)]],
    ["new, then old", [at(0, 1, 0, 0, 9), at(1, "read", 1, 1, 2), at(2, "read", 0, 3, 4)]],
    [
      "old after a pending write was seen",
      [at(0, 1, undefined, 0), at(1, "read", 1, 1, 2), at(1, "read", 0, 3, 4)],
    ],
  ])("is not: %s", (_, history) => {
    expect(linearize(history, REGISTER)).toBeUndefined();
  });

  test("of too many operations is refused", () => {
    const history = Array.from({ length: 53 }, (_, i) => at(0, "read", 0, 2 * i, 2 * i + 1));
    expect(() => linearize(history, REGISTER)).toThrow("a history may have 52 operations, got 53");
    expect(linearize(history.slice(1), REGISTER)).toHaveLength(52);
  });
});

const COUNTER: Model<number, "next", number> = { initial: 0, apply: (state) => [state + 1, state] };

/** Threads that each draw `times` numbers. */
function tickets(
  next: (bare: Bare, word: ReturnType<Bare["word"]>) => Coroutine<number>,
  threads: number,
  times = 1,
) {
  return (bare: Bare): void => {
    const word = bare.word(0, "next");
    const history = new History<"next", number>(bare, threads);
    for (let thread = 0; thread < threads; thread++) {
      bare.thread(function* () {
        for (let i = 0; i < times; i++) yield* history.call(thread, "next", next(bare, word));
      });
    }
    bare.atEnd(() => history.check(COUNTER));
  };
}

describe("recorded from every interleaving", () => {
  function* atomic(bare: Bare, word: ReturnType<Bare["word"]>): Coroutine<number> {
    return yield* bare.add32(word, 1);
  }
  function* torn(bare: Bare, word: ReturnType<Bare["word"]>): Coroutine<number> {
    const seen = yield* bare.load32(word);
    yield* bare.store32(word, seen + 1);
    return seen;
  }

  test("an atomic counter is one", () => {
    expect(explore(tickets(atomic, 2, 2))).toMatchObject({ complete: true, violations: [] });
    expect(explore(tickets(atomic, 3))).toMatchObject({ complete: true, violations: [] });
  });

  test("a counter in two steps is not", () => {
    const [finding] = explore(tickets(torn, 2)).violations;
    expect(finding).toMatchObject({ kind: "assertion", preemptions: 1, minimal: true });
    expect(finding!.message).toBe('not linearizable: thread 0: "next" -> 0; thread 1: "next" -> 0');
  });

  test("an answer from the past is found, though every read and write is atomic", () => {
    const cached = (bare: Bare): void => {
      const word = bare.word(0, "value");
      const copy = bare.word(0, "copy");
      const history = new History<Ask, number>(bare, 2);
      function* write(): Coroutine<number> {
        yield* bare.store32(word, 1);
        return 0;
      }
      function* read(): Coroutine<number> {
        return yield* bare.load32(copy);
      }
      bare.thread(function* () {
        yield* history.call(0, 1, write());
        // Too late: the write has returned.
        yield* bare.store32(copy, 1);
      });
      bare.thread(function* () {
        yield* history.call(1, "read", read());
      });
      bare.atEnd(() => history.check(REGISTER));
    };
    for (const strategy of ["optimal", "naive"] as const) {
      const [finding] = explore(cached, { strategy }).violations;
      expect(finding?.message).toBe('not linearizable: thread 0: 1 -> 0; thread 1: "read" -> 0');
    }
  });
});
