/** Explorations in parts: published programs by several hands, spins that are learned on the way, what is saved. */
import { describe, expect, test } from "vitest";
import { PROGRAMS } from "../../bench/programs/registry.ts";
import {
  type Bare,
  BareSystem,
  bareProgram,
  checkOptions,
  type Explorable,
  Exploration,
  type ExploreOptions,
  explore,
  type PartedExploration,
  parted,
  runJob,
  type Saved,
  UnitRunner,
} from "../../src/explore/index.ts";
import { Sfc32 } from "../../src/random/sfc32.ts";

function builtin(name: string, parameters: Record<string, number> = {}): Explorable {
  const program = PROGRAMS.get(name)!;
  const given = { ...program.parameters, ...parameters };
  return { makeSystem: () => new BareSystem(program.make(given), program.options(given)) };
}

/** Units are given out near the root first, explored for a while by one of `hands`, and come back in any order. */
function byMany(subject: Explorable, options: ExploreOptions, hands: number): PartedExploration {
  const random = new Sfc32(1);
  const exploration = parted(subject, options);
  const runners = Array.from({ length: hands }, () => new UnitRunner(subject, checkOptions(options)));
  while (!exploration.ended) {
    const tasks = runners.map(() => exploration.next(random.next() < 0.7));
    const lessons = [...exploration.lessons];
    const back = runners.flatMap((runner, i) => {
      const task = tasks[i];
      if (task === undefined) return [];
      runner.learn(lessons);
      let left = random.next() < 0.5 ? 1 : random.next() * 200;
      return [{ task, result: runJob(runner, task.job, () => --left < 0) }];
    });
    for (const { task, result } of back.toSorted(() => random.next() - 0.5))
      exploration.deliver(task, result);
  }
  return exploration;
}

describe("explored by several", () => {
  test.each([
    ["fib_bench", { n: 2 }],
    ["lastzero", { n: 7 }],
    ["control_flow", { n: 3 }],
    ["futex_mutex", { n: 2 }],
    ["philosophers", { n: 3 }],
    ["jacm_ssb", {}],
    ["mutex_vs_trylock", { n: 2 }],
    ["ticketlock", { n: 2 }],
    ["spinlock", { n: 2 }],
  ] as const)("%s %o has the serial result, from each search", (name, parameters) => {
    const subject = builtin(name, parameters);
    for (const strategy of ["optimal", "source"] as const) {
      const options = { strategy, stopAtFirst: false, shrink: false, stepTimeoutMs: 0 };
      const whole = explore(subject, options);
      expect(byMany(subject, options, 3).result()).toEqual(whole);
      if (strategy === "optimal") expect([whole.blocked, whole.distinct]).toEqual([0, whole.executions]);
    }
  });

  test("a defect is the one that the serial search finds first, as small", () => {
    const subject = builtin("reorder", { setters: 3, checkers: 1 });
    for (const strategy of ["optimal", "preemptions"] as const) {
      expect(byMany(subject, { strategy }, 4).result()).toEqual(explore(subject, { strategy }));
    }
  });
});

describe("executions of samplers", () => {
  test.each(["random", "pct", "pos", "urw", "surw"] as const)(
    "of %s are the same, whoever makes them",
    (strategy) => {
      const subject = builtin("reorder", { setters: 4, checkers: 1 });
      for (const stopAtFirst of [true, false]) {
        const options = {
          strategy,
          stopAtFirst,
          maxExecutions: 600,
          shrink: false,
          seed: 3,
          stepTimeoutMs: 0,
        };
        const whole = explore(subject, options);
        expect(whole.violations).toHaveLength(1);
        expect(byMany(subject, options, 3).result()).toEqual(whole);
        const first = new Exploration(subject, options);
        let left = 300;
        if (first.advance(() => --left < 0)) continue;
        const next = parted(subject, options, first.save());
        next.advance(() => false);
        expect(next.result()).toEqual(whole);
      }
    },
  );
});

describe("executions that are long", () => {
  /** Two take turns for long, and then race. */
  const pong = (rounds: number): Explorable =>
    bareProgram((bare) => {
      const [turn, x, y] = [bare.word(0, "turn"), bare.word(0, "x"), bare.word(0, "y")];
      for (const own of [0, 1]) {
        bare.thread(function* () {
          for (let i = 0; i < rounds; i++) {
            yield* bare.until(turn, (now) => now % 2 === own);
            yield* bare.cmpxchg32(x, i, i + 1);
            yield* bare.add32(turn, 1);
          }
          for (let i = 0; i < 2; i++) yield* bare.cmpxchg32(y, 2 * i + own, 2 * i + 1 - own);
        });
      }
    });

  test.each(["optimal", "source"] as const)("are looked at for races in parts by %s", (strategy) => {
    const options = { strategy, stepTimeoutMs: 0 };
    const subject = pong(100);
    const whole = explore(subject, options);
    expect(whole).toMatchObject({ complete: true });
    const exploration = new Exploration(subject, options);
    let parts = 0;
    while (!exploration.advance(() => true)) parts++;
    expect(exploration.result()).toEqual(whole);
    expect(parts).toBeGreaterThan(2 * whole.executions);
  });

  test.each(["optimal", "source"] as const)(
    "can be cut off in the middle of that, and %s makes them again",
    (strategy) => {
      const options = { strategy, stepTimeoutMs: 0 };
      const subject = pong(60);
      const whole = explore(subject, options);
      let more = true;
      for (let parts = 1; more; parts++) {
        const first = new Exploration(subject, options);
        let left = parts;
        more = !first.advance(() => --left === 0);
        if (!more) break;
        first.interrupt();
        const saved = JSON.parse(JSON.stringify(first.save())) as Saved;
        const next = parted(subject, options, saved);
        next.advance(() => false);
        expect(next.result()).toEqual(whole);
      }
      expect(byMany(subject, options, 2).result()).toEqual(whole);
    },
  );
});

describe("saved", () => {
  const counter = (bare: Bare): void => {
    const x = bare.word(0, "x");
    for (let t = 0; t < 3; t++) {
      bare.thread(function* () {
        const seen = yield* bare.load32(x);
        yield* bare.store32(x, seen + 1);
      });
    }
    bare.atEnd(() => bare.check(bare.peek32(x) === 3, "an update was lost"));
  };

  test("after a violation, it can be gone on with, and finds nothing twice", () => {
    const first = new Exploration(bareProgram(counter));
    first.advance(() => false);
    const saved = JSON.parse(JSON.stringify(first.save())) as Saved;
    const next = parted(bareProgram(counter), {}, saved);
    next.advance(() => false);
    const whole = explore(counter, { stopAtFirst: false });
    expect(next.result()).toEqual(whole);
    expect(whole.violations).toHaveLength(1);
  });

  test("at its end, there is nothing to go on with", () => {
    const first = new Exploration(bareProgram(counter), { stopAtFirst: false });
    first.advance(() => false);
    const next = parted(bareProgram(counter), { stopAtFirst: false }, first.save());
    expect(next.ended).toBe(true);
    expect(next.result()).toEqual(first.result());
  });

  test("before its beginning, all is left", () => {
    const first = new Exploration(bareProgram(counter), { stopAtFirst: false });
    const next = parted(bareProgram(counter), { stopAtFirst: false }, first.save());
    next.advance(() => false);
    expect(next.result()).toEqual(explore(counter, { stopAtFirst: false }));
  });

  test("a portfolio cannot be", () => {
    expect(new Exploration(bareProgram(counter), { strategy: "portfolio" }).save()).toBeUndefined();
    expect(() => parted(bareProgram(counter), { strategy: "portfolio" })).toThrow(
      "portfolio takes turns on one system: it has no parts",
    );
  });
});
