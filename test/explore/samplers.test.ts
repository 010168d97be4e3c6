/** Samplers: their distributions, and how soon they find known bugs. Seeds are fixed: no test is a matter of luck. */
import { describe, expect, test } from "vitest";
import { systemOf } from "../../bench/programs/define.ts";
import { PROGRAMS } from "../../bench/programs/registry.ts";
import {
  type Bare,
  BareSystem,
  DepthFirst,
  makeStrategy,
  type Strategy,
  type StrategyName,
  type System,
  TOO_LONG,
} from "../../src/explore/index.ts";

function create(
  strategy: StrategyName,
  system: System,
  options: { seed?: number; maxSteps?: number; depth?: number } = {},
): Strategy {
  return makeStrategy(system, { strategy, seed: 1, maxSteps: 2_000, ...options });
}

/** Mean number of schedules to the first violation; `limit` counts as found then. */
function meanToFirst(
  name: StrategyName,
  program: string,
  parameters: Record<string, number>,
  trials: number,
): number {
  const limit = 1_000;
  let sum = 0;
  for (let seed = 1; seed <= trials; seed++) {
    const system = systemOf(PROGRAMS.get(program)!, parameters);
    const strategy = create(name, system, { seed });
    for (let made = 1; made <= limit; made++) {
      strategy.execute();
      system.finish();
      sum++;
      if (system.violations.length > 0) break;
    }
  }
  return sum / trials;
}

function chiSquared(name: StrategyName): number {
  const system = new BareSystem((bare) => {
    const x = bare.word();
    for (let t = 0; t < 2; t++) {
      bare.thread(function* () {
        for (let i = 0; i < 5; i++) yield* bare.load32(x);
      });
    }
  });
  const strategy = create(name, system, { seed: 7 });
  strategy.execute();
  const counts = new Map<string, number>();
  for (let i = 0; i < 25_200; i++) {
    strategy.execute();
    const made = strategy.schedule().join("");
    counts.set(made, (counts.get(made) ?? 0) + 1);
  }
  let chi = (252 - counts.size) * 100;
  for (const count of counts.values()) chi += (count - 100) ** 2 / 100;
  return chi;
}

describe("the uniform random walk", () => {
  test("is uniform over the 252 interleavings of twice five steps, the random walk is not", () => {
    // 306 is the critical value at 99 %, for 251 degrees of freedom.
    expect(chiSquared("urw")).toBeLessThan(306);
    expect(chiSquared("random")).toBeGreaterThan(20_000);
  });
});

describe("the selectively uniform random walk finds bugs as soon as published, within a factor of 2", () => {
  test.each([
    ["reorder", { setters: 2, checkers: 1 }, 7],
    ["reorder", { setters: 3, checkers: 1 }, 7],
    ["reorder", { setters: 4, checkers: 1 }, 10],
    ["twostage", {}, 8],
    ["twostage", { writers: 10, readers: 10 }, 6],
    ["account", {}, 6],
    ["lazy01", {}, 2],
    ["deadlock01", {}, 2],
  ] as const)("%s %j: %d", (program, parameters, published) => {
    const mean = meanToFirst("surw", program, parameters, 40);
    expect(mean).toBeLessThan(2 * published);
    expect(mean).toBeGreaterThan(published / 2);
  });

  test("by the rule for spawns: reorder_10", () => {
    expect(meanToFirst("surw", "reorder", { setters: 9, checkers: 1 }, 20)).toBeLessThan(40);
  });
});

describe("POS and PCT find bugs of programs as they are compiled as soon as published, and no sooner", () => {
  test.each([
    ["reorder", 86, 185],
    ["twostage", 13, 13],
    ["account", 4, 5],
    ["lazy01", 5, 4],
    ["deadlock01", 4, 13],
  ] as const)("%s: %d and %d", (program, pos, pct) => {
    for (const [name, published] of [
      ["pos", pos],
      ["pct", pct],
    ] as const) {
      const mean = meanToFirst(name, program, { locals: 1 }, 30);
      // The published means are of 20 trials: their standard error is 22 %, ours 18 %.
      expect(mean).toBeGreaterThan(published / 2);
      expect(mean).toBeLessThan(2.5 * published);
    }
  });
});

describe("the random walk", () => {
  test("finds reorder_3 as often as the enumeration of all interleavings says", () => {
    const system = systemOf(PROGRAMS.get("reorder")!);
    const search = new DepthFirst(system, { sleepSets: false, maxSteps: 100 });
    let probability = 0;
    do {
      search.execute();
      if (system.violations.length === 0) continue;
      let weight = 1;
      system.reset();
      for (const chosen of search.schedule()) {
        weight /= system.enabledCount();
        system.step(chosen, 0);
      }
      probability += weight;
    } while (search.advance());
    expect(probability).toBeCloseTo(0.02503, 5);
    const mean = meanToFirst("random", "reorder", {}, 100);
    expect(mean * probability).toBeGreaterThan(0.75);
    expect(mean * probability).toBeLessThan(1.25);
  });
});

describe("PCT", () => {
  test("keeps its bound: a bug of depth d in n threads of k steps in all, once in n * k^(d-1) schedules", () => {
    // reorder_3 has depth 3, 4 threads and 15 steps at most.
    expect(meanToFirst("pct", "reorder", {}, 30)).toBeLessThan(4 * 15 ** 2);
  });

  test("a thread that yields lets others run; a starved one is saved by the fair tail", () => {
    const spin = (yields: boolean) => (bare: Bare) => {
      const flag = bare.word();
      bare.thread(function* () {
        while ((yield* bare.load32(flag)) === 0) if (yields) yield* bare.pause();
      });
      bare.thread(function* () {
        yield* bare.store32(flag, 1);
      });
    };
    for (const yields of [false, true]) {
      const strategy = create("pct", new BareSystem(spin(yields)), { maxSteps: 100, depth: 1 });
      let longest = 0;
      for (let i = 0; i < 50; i++) {
        expect(strategy.execute()).not.toBe(TOO_LONG);
        longest = Math.max(longest, strategy.schedule().length);
      }
      if (yields) expect(longest).toBeLessThan(10);
      else expect(longest).toBeGreaterThan(50);
    }
  });
});

test.each(["random", "pct", "pos", "urw", "surw", "portfolio"] as const)(
  "%s repeats itself under a seed",
  (name) => {
    const runs = [1, 1, 2].map((seed) => {
      const strategy = create(name, systemOf(PROGRAMS.get("account")!), { seed });
      return Array.from({ length: 20 }, () => {
        strategy.execute();
        const made = strategy.schedule().join();
        strategy.advance();
        return made;
      });
    });
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]).not.toEqual(runs[2]);
  },
);
