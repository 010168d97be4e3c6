/** explore(): certificates, counterexamples, limits, and what is refused. */
import { describe, expect, test } from "vitest";
import { systemOf } from "../../bench/programs/define.ts";
import { PROGRAMS } from "../../bench/programs/registry.ts";
import {
  type Bare,
  BareSystem,
  bareProgram,
  Exploration,
  ExploreError,
  type ExploreResult,
  explore,
  type Program,
  parseSchedule,
  replay,
  type StrategyName,
  type System,
  shrink,
} from "../../src/explore/index.ts";

/** `threads` that each add 1 in two steps; with `atomic`, in one. */
function counter(threads: number, atomic = false, before = 0): (bare: Bare) => void {
  return (bare) => {
    const x = bare.word(0, "x");
    const y = bare.word(0, "y");
    for (let t = 0; t < threads; t++) {
      bare.thread(function* () {
        for (let i = 0; i < before; i++) yield* bare.add32(y, 1);
        if (atomic) yield* bare.add32(x, 1);
        else {
          const seen = yield* bare.load32(x);
          yield* bare.store32(x, seen + 1);
        }
      });
    }
    bare.atEnd(() => bare.check(bare.peek32(x) === threads, "an update was lost"));
  };
}

/** Each of two threads takes two mutexes, in opposite orders. */
function abba(bare: Bare): void {
  const [a, b] = [bare.mutex("a"), bare.mutex("b")];
  for (const order of [
    [a, b],
    [b, a],
  ]) {
    bare.thread(function* () {
      for (const mutex of order) yield* bare.lock(mutex);
      for (const mutex of order) yield* bare.unlock(mutex);
    });
  }
}

describe("a correct program", () => {
  test.each<StrategyName>(["optimal", "source", "sleep-sets"])("gets a certificate from %s", (strategy) => {
    const result = explore(counter(3, true), { strategy });
    expect(result).toMatchObject({ strategy, executions: 6, distinct: 6, complete: true, violations: [] });
    expect(result.stopped).toBeUndefined();
  });

  test("has more interleavings than classes", () => {
    expect(explore(counter(2, true, 1), { strategy: "naive" })).toMatchObject({
      executions: 6,
      distinct: 4,
      complete: true,
    });
  });

  test("gets none from a sampler", () => {
    const result = explore(counter(2, true), { strategy: "random", maxExecutions: 50 });
    expect(result).toMatchObject({ executions: 50, complete: false, stopped: "max-executions" });
    expect(result.distinct).toBeUndefined();
  });
});

describe("a broken program", () => {
  test.each<StrategyName>(["optimal", "source", "sleep-sets", "naive", "random"])(
    "is caught by %s, with the same shortest schedule",
    (strategy) => {
      const { violations, complete, stopped } = explore(counter(3, false, 2), { strategy });
      expect([complete, stopped]).toEqual([false, "violation"]);
      expect(violations).toHaveLength(1);
      expect(violations[0]).toMatchObject({
        kind: "assertion",
        message: "an update was lost",
        preemptions: 1,
        steps: 12,
        minimal: true,
      });
    },
  );

  test("is told step by step from the schedule", () => {
    const [finding] = explore(counter(2)).violations;
    const told = replay(bareProgram(counter(2)), finding!.schedule);
    expect(told.violation?.message).toBe("an update was lost");
    expect(told.steps.map(({ name, what }) => `${name}: ${what}`)).toEqual([
      "t0: load x",
      "t1: load x",
      "t1: store x, 1",
      "t0: store x, 1",
    ]);
    expect(told.preemptions).toBe(1);
  });

  test("is explored to the end when asked, and its violations counted once each", () => {
    const result = explore(abba, { stopAtFirst: false });
    expect(result).toMatchObject({ complete: true, stopped: undefined });
    expect(result.violations.map(({ kind, preemptions, minimal }) => [kind, preemptions, minimal])).toEqual([
      ["deadlock", 1, true],
    ]);
  });

  test("with an execution that does not end says so", () => {
    const spins = (bare: Bare): void => {
      const x = bare.word(0, "x");
      bare.thread(function* () {
        while (true) yield* bare.add32(x, 1);
      });
    };
    const result = explore(spins, { maxSteps: 100 });
    expect(result).toMatchObject({ executions: 0, tooLong: 1, complete: false });
    expect(result.violations).toMatchObject([
      { kind: "step-bound", message: "an execution did not end within 100 steps" },
    ]);
  });
});

describe("shrinking", () => {
  const system = (): ReturnType<ReturnType<typeof bareProgram>["makeSystem"]> =>
    bareProgram(counter(2, false, 3)).makeSystem();
  const wild = parseSchedule("0 1 0 1 0 1 0 1 0 1");
  const options = { kind: "assertion", maxSteps: 100, effort: 1000 } as const;

  test("takes preemptions away, and small things are left as they are", () => {
    const once = shrink(system(), wild, options);
    expect(once).toMatchObject({ preemptions: 1, minimal: true });
    expect(shrink(system(), once.schedule, options)).toEqual(once);
  });

  test("takes few executions for a long schedule", () => {
    const long = bareProgram(counter(2, false, 60)).makeSystem();
    let executions = 0;
    const reset = long.reset.bind(long);
    long.reset = () => {
      executions++;
      reset();
    };
    const found = parseSchedule(Array.from({ length: 120 }, () => "0 1").join(" "));
    expect(shrink(long, found, { ...options, maxSteps: 1_000, effort: 0 })).toMatchObject({ preemptions: 1 });
    expect(executions).toBeLessThan(500); // 384; one by one they were 7812
  });

  test("claims no minimality that was not proven", () => {
    expect(shrink(system(), wild, { ...options, effort: 1 }).minimal).toBe(false);
  });

  test("learns of spin loops, which have schedules without end with fewer preemptions", () => {
    const peterson = (): System => systemOf(PROGRAMS.get("peterson")!, { wrong: 1 });
    const found = parseSchedule("0 1*3 0*4 1*3 0");
    const once = shrink(peterson(), found, { ...options, maxSteps: 10_000 });
    expect(once).toMatchObject({ preemptions: 2, minimal: true, violation: { kind: "assertion" } });
    expect(shrink(peterson(), once.schedule, { ...options, maxSteps: 10_000 })).toEqual(once);
  });

  test("follows a livelock on a system that knows it", () => {
    const eachForTheOther: Program = (bare) => {
      const [x, y, z] = [bare.word(), bare.word(), bare.word()];
      for (const [own, other] of [
        [x, y],
        [y, x],
      ] as const) {
        bare.thread(function* () {
          yield* bare.add32(z, 1);
          while ((yield* bare.load32(other)) === 0);
          yield* bare.store32(own, 1);
        });
      }
    };
    const found = parseSchedule("0 1 0 1");
    const made = shrink(bareProgram(eachForTheOther).makeSystem(), found, { ...options, kind: "livelock" });
    expect(made).toMatchObject({ preemptions: 0, minimal: true, violation: { kind: "livelock" } });
    expect(made.schedule).toHaveLength(2);
    expect(replay(bareProgram(eachForTheOther), "0 1")).toMatchObject({ violation: { kind: "livelock" } });
  });

  test("keeps a schedule that does not show what it is said to", () => {
    const found = parseSchedule("0*5 1*5");
    expect(shrink(system(), found, options)).toMatchObject({ schedule: found, violation: undefined });
  });
});

describe("a system with choices, to which something comes from outside", () => {
  /** What the last of two threads does never has to happen. */
  const makeSystem = (): System =>
    Object.assign(
      new BareSystem((bare) => {
        bare.thread(function* () {
          return yield* bare.choose(2);
        });
        bare.thread(function* () {
          yield* bare.pause();
        });
      }),
      { outsideFrom: 1 },
    );

  test.each(["optimal", "source"] as const)("is refused by %s", (strategy) => {
    const refused = expect.objectContaining({ code: "ERR_UNSUPPORTED" }) as Error;
    expect(() => new Exploration({ makeSystem }, { strategy }).advance(() => false)).toThrow(refused);
  });

  test("is explored by sleep sets", () => {
    const exploration = new Exploration({ makeSystem }, { strategy: "sleep-sets" });
    exploration.advance(() => false);
    expect(exploration.result()).toMatchObject({ complete: true, executions: 2 });
  });
});

describe("in stretches", () => {
  test("is the same exploration", () => {
    const whole = explore(counter(3, true, 1));
    const exploration = new Exploration(bareProgram(counter(3, true, 1)));
    let stretches = 0;
    while (!exploration.advance(() => true)) stretches++;
    expect(exploration.result()).toEqual(whole);
    expect(stretches).toBe(whole.executions);
  });

  test("can be given up", () => {
    const exploration = new Exploration(bareProgram(counter(3, true, 1)));
    exploration.advance(() => true);
    exploration.interrupt();
    expect(exploration.advance(() => false)).toBe(true);
    expect(exploration.result()).toMatchObject({ executions: 1, complete: false, stopped: "interrupted" });
  });

  test("what it finds is made small in stretches, too, and kept as it is by then when that is given up", () => {
    const options = { strategy: "random", seed: 3 } as const;
    const program = bareProgram(counter(3, false, 4));
    const found = (exploration: Exploration): ExploreResult => {
      while (exploration.result().violations.length === 0) exploration.advance(() => true);
      return exploration.result();
    };
    const exploration = new Exploration(program, options);
    const { violations, executions } = found(exploration);
    expect([exploration.ended, violations[0]!.minimal]).toEqual([false, false]);
    let stretches = 0;
    while (!exploration.advance(() => true)) stretches++;
    expect(stretches).toBeGreaterThan(10);
    expect(exploration.result()).toEqual(explore(program, options));
    expect(exploration.result()).toMatchObject({
      executions,
      violations: [{ preemptions: 1, minimal: true }],
    });

    const given = new Exploration(program, options);
    found(given);
    given.interrupt();
    expect(given.ended).toBe(true);
    expect(given.result()).toMatchObject({ stopped: "violation", violations });
  });
});

test.each([
  [
    { strategy: "dpor" as StrategyName },
    "strategy must be one of optimal, source, sleep-sets, naive, preemptions, delays, random, pct, pos, urw, surw, portfolio, got dpor",
  ],
  [{ seed: 0.5 }, "seed must be an integer, got 0.5"],
  [{ maxExecutions: 0 }, "maxExecutions must be an integer of at least 1, got 0"],
  [{ maxSteps: Number.NaN }, "maxSteps must be an integer from 1 to 1048576, got NaN"],
  [{ proofExecutions: -1 }, "proofExecutions must be an integer of at least 0, got -1"],
])("%o is refused", (options, message) => {
  expect(() => explore(counter(2), options)).toThrow(new ExploreError("ERR_EXPLORE_OPTION", message));
});

test("a schedule of another program is refused at the step that cannot be made", () => {
  expect(() => replay(bareProgram(counter(1)), "0 1")).toThrow(
    new ExploreError(
      "ERR_SCHEDULE_MISMATCH",
      "step 1 of the schedule cannot be made: actor 1 cannot step there, or not in this way",
    ),
  );
  expect(replay(bareProgram(counter(1)), "0 1", { bestEffort: true }).steps).toHaveLength(2);
});
