/** Model commands of several threads: right ones pass, wrong ones shrink to the fewest commands and the smallest interleaving. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Addr } from "../../src/atomics/address.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import type { Bare } from "../../src/explore/index.ts";
import {
  type ConcurrentCommand,
  ConcurrentCommands,
  type ConcurrentModelSetup,
  concurrentCommands,
  concurrentModelRun,
  executions,
  modelProgram,
} from "../../src/fast-check/index.ts";

/** A counter that never goes below 0. `atomic` false: it looks, and stores later. */
class Counter {
  readonly bare: Bare;
  readonly word: Addr;
  readonly atomic: boolean;
  constructor(bare: Bare, atomic: boolean) {
    this.bare = bare;
    this.word = bare.word(0, "count");
    this.atomic = atomic;
  }
  *take(): Coroutine<boolean> {
    for (let seen = yield* this.bare.load32(this.word); seen > 0; seen = yield* this.bare.load32(this.word)) {
      if (!this.atomic) {
        yield* this.bare.store32(this.word, seen - 1);
        return true;
      }
      if ((yield* this.bare.cmpxchg32(this.word, seen, seen - 1)) === 0) return true;
    }
    return false;
  }
}

type Command = ConcurrentCommand<number, Counter, unknown>;

class Add implements Command {
  readonly by: number;
  constructor(by: number) {
    this.by = by;
  }
  apply(count: number): readonly [number, number] {
    return [count + this.by, count];
  }
  run({ bare, word }: Counter): Coroutine<number> {
    const { by } = this;
    return (function* () {
      return yield* bare.add32(word, by);
    })();
  }
  toString(): string {
    return `add(${this.by})`;
  }
}

class Take implements Command {
  apply(count: number): readonly [number, boolean] {
    return [Math.max(count - 1, 0), count > 0];
  }
  run(counter: Counter): Coroutine<boolean> {
    return counter.take();
  }
  toString(): string {
    return "take()";
  }
}

const COMMANDS: readonly fc.Arbitrary<Command>[] = [
  fc.integer({ min: 1, max: 9 }).map((by) => new Add(by)),
  fc.constant(new Take()),
];

const setup =
  (atomic: boolean) =>
  (bare: Bare): ConcurrentModelSetup<number, Counter, unknown> => ({
    model: 0,
    real: new Counter(bare, atomic),
  });

const drawn = concurrentCommands(COMMANDS, { threads: 2, maxCommands: 2, maxBefore: 1 });

describe("model commands run concurrently", () => {
  test("pass on what is linearizable, with every interleaving seen", () => {
    fc.assert(
      fc.property(drawn, (commands) => {
        expect(concurrentModelRun(setup(true), commands)).toBe(true);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test("shrink to the fewest commands and preemptions on what is not", () => {
    const { counterexample, error } = failing(1);
    const text = String(counterexample![0]);
    // Two that take one, or one that takes while another adds and a third looks.
    expect([3, 4]).toContain(text.match(/add\(1\)|take\(\)/g)!.length);
    expect(text).not.toMatch(/add\([^1]\)/);
    expect(error).toMatch(
      /^assertion: not linearizable: thread \d: add\(1\) -> \d; .*take\(\) -> true.*\n\nstep {2}/,
    );
    expect(error).toMatch(/\n[12] preemptions?, the fewest that break it; schedule "[\d* ]+"$/);
  });

  test("come again from seed and path", () => {
    const { seed, counterexamplePath, counterexample } = failing(2);
    const again = fc.check(property(), { seed, path: counterexamplePath!, endOnFailure: true });
    expect(again.numRuns).toBe(1);
    expect(String(again.counterexample![0])).toBe(String(counterexample![0]));
  });

  test("under one drawn interleaving of each set", () => {
    const arbitrary = executions(drawn.map((commands) => modelProgram(setup(false), commands)));
    const { failed, counterexample } = fc.check(
      fc.property(arbitrary, (execution) => execution.check()),
      { seed: 1, numRuns: 500 },
    );
    expect(failed).toBe(true);
    expect(counterexample![0].preemptions).toBe(1);
    expect(() => counterexample![0].check()).toThrow(/add\(1\) -> 0; .*take\(\) -> true/);
  });

  test("say when not every interleaving was looked at", () => {
    const commands = new ConcurrentCommands<number, Counter>([], [[new Add(1), new Take()], [new Take()]]);
    expect(concurrentModelRun(setup(true), commands, { maxExecutions: 2 })).toBe(false);
    expect(concurrentModelRun(setup(true), commands)).toBe(true);
  });

  test("have nothing to find in nothing", () => {
    expect(concurrentModelRun(setup(false), new ConcurrentCommands<number, Counter>([], [[]]))).toBe(true);
  });

  test("that throw, or wait for ever, are told", () => {
    class Hangs extends Take {
      override run({ bare, word }: Counter): Coroutine<boolean> {
        return (function* () {
          return (yield* bare.wait(word, 0)) === 0;
        })();
      }
    }
    const commands = new ConcurrentCommands<number, Counter>([], [[new Hangs()]]);
    expect(() => concurrentModelRun(setup(true), commands)).toThrow(
      /^deadlock: nobody can go on: t0 at wait count/,
    );
  });
});

function property(): fc.IPropertyWithHooks<[ConcurrentCommands<number, Counter>]> {
  return fc.property(drawn, (commands) => {
    concurrentModelRun(setup(false), commands);
  });
}

function failing(seed: number): fc.RunDetails<[ConcurrentCommands<number, Counter>]> & { error: string } {
  const details = fc.check(property(), { seed, numRuns: 200 });
  return { ...details, error: (details.errorInstance as Error).message };
}
