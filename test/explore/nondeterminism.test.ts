/** A program that is not determined by its schedule is reported as such: never certified, never a hang. */
import { describe, expect, test } from "vitest";
import { systemOf } from "../../bench/programs/define.ts";
import { PROGRAMS } from "../../bench/programs/registry.ts";
import {
  type Bare,
  bareProgram,
  explore,
  kernelProgram,
  makeStrategy,
  NondeterminismError,
  Path,
  type Program,
  type StrategyName,
  type System,
} from "../../src/explore/index.ts";
import { Sfc32 } from "../../src/random/sfc32.ts";

const SEARCHES = ["optimal", "source", "sleep-sets", "naive", "preemptions", "delays"] as const;
const SAMPLERS = ["random", "pct", "pos", "urw", "surw", "portfolio"] as const;

/** Each thread stores what `value` answers and looks at the other's word. */
function stores(value: () => number): Program {
  return (bare) => {
    const words = [bare.word(0, "x"), bare.word(0, "y")];
    for (const own of [0, 1])
      bare.thread(function* () {
        yield* bare.store32(words[own]!, value());
        return yield* bare.load32(words[1 - own]!);
      });
  };
}

/** Keeps a count from one execution to the next. */
function counting(): Program {
  let count = 0;
  return stores(() => count++ >> 1);
}

function thrown(run: () => unknown): NondeterminismError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(NondeterminismError);
    return error as NondeterminismError;
  }
  throw new Error("nothing was thrown");
}

describe.each<StrategyName>([...SEARCHES, ...SAMPLERS])("under %s", (strategy) => {
  const options = { strategy, maxExecutions: 2_000 };

  test("state that outlives an execution is found out", () => {
    const error = thrown(() => explore(counting(), options));
    expect(error.code).toBe("ERR_NONDETERMINISM");
    expect(error.message).toMatch(/^the program is nondeterministic: step \d of t[01] is not what it was /);
  });

  test("a clock is", () => {
    thrown(() =>
      explore(
        stores(() => performance.now() * 1_000),
        options,
      ),
    );
  });

  test("threads that end or wait as they please do not hang it", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new Sfc32(seed);
      const program = (bare: Bare): void => {
        const x = bare.word(0, "x");
        const mutex = bare.mutex();
        for (let t = 0; t < 3; t++)
          bare.thread(function* () {
            for (let i = 0; i < 3; i++) {
              const draw = random.next();
              if (draw < 0.2) return;
              if (draw < 0.3) yield* bare.wait(x, 0, true);
              else if (draw < 0.4) yield* bare.notify(x);
              else if (draw < 0.5) yield* bare.lock(mutex);
              else if (draw < 0.7) yield* bare.cmpxchg32(x, 0, t);
              else yield* bare.add32(x, 1);
            }
          });
      };
      thrown(() => explore(program, { ...options, stopAtFirst: false }));
    }
  });
});

test("the report names the step, what it is now, and the line", () => {
  const { message, schedule, step } = thrown(() => explore(counting()));
  expect([schedule, step]).toEqual(["", 0]);
  expect(message).toMatch(
    /step 0 of t0 is not .*: it is now "store x, \d" at .*nondeterminism\.test\.ts:\d+:\d+; schedule ""$/,
  );
});

test("a difference in a repeated step is found by the step's operands alone", () => {
  let value = 1;
  const program: Program = (bare) => {
    const x = bare.word(0, "x");
    bare.thread(function* () {
      yield* bare.load32(x);
      yield* bare.store32(x, value);
    });
  };
  const path = new Path(bareProgram(program).makeSystem());
  path.rewind(0);
  for (let i = 0; i < 2; i++) path.step(0, 0, path.system.footprint(0));
  path.rewind(2);
  value = 2;
  expect(() => path.rewind(2)).toThrow(
    'step 1 of t0 is not what it was under the same choices: it is now "store x, 2"',
  );
});

test("what is thrown is a violation of the program, unless it is not thrown again", () => {
  const always = explore((bare) => {
    bare.thread(function* () {
      yield* bare.pause();
      throw new Error("no");
    });
  });
  expect(always.violations[0]).toMatchObject({ kind: "threw", message: "t0: no" });
  let times = 0;
  const { message } = thrown(() =>
    explore((bare) => {
      bare.thread(function* () {
        yield* bare.pause();
        if (++times === 1) throw new Error("no");
      });
    }),
  );
  expect(message).toContain("its end is not what it was under the same choices");
});

test("kernel programs are held to it", () => {
  let times = 0;
  const program = kernelProgram((machine) => {
    const word = machine.allocate(4);
    for (let t = 0; t < 2; t++)
      machine.spawn(function* (env) {
        yield* env.memory.store32(word, times++);
      });
  });
  const { message } = thrown(() =>
    explore(program, { strategy: "delays", maxSteps: 400, maxExecutions: 50 }),
  );
  expect(message).toContain("is not what it was under the same choices");
});

/** Steps that all executions of a search have taken, those of checks included. */
function stepsOf(system: System, run: () => void): number {
  let steps = 0;
  const { step } = system;
  system.step = (actor, alternative) => {
    steps++;
    step.call(system, actor, alternative);
  };
  run();
  return steps;
}

test("the check makes few executions anew", () => {
  const make = (): System => systemOf(PROGRAMS.get("fib_bench")!, { n: 2 });
  const system = make();
  const all = stepsOf(system, () => explore({ makeSystem: () => system }));
  const bare = make();
  const search = makeStrategy(bare, { strategy: "optimal", seed: 1, maxSteps: 1_000 });
  const without = stepsOf(bare, () => {
    do search.execute();
    while (search.advance());
  });
  expect(all - without).toBeGreaterThan(0);
  // 140 executions of 14 steps: the first, second, fourth ... hundred and twenty-eighth are made twice more, with generators, so that
  // the next one has to begin at the beginning.
  expect(all - without).toBeLessThanOrEqual((2 + 1) * 8 * 14);
});
