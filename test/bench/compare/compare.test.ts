// What is called a difference: by arithmetic, and on runs of the simulator.
import { describe, expect, test } from "vitest";
import { type CompareOptions, compare, holm, repetitionsNeeded } from "../../../src/bench/compare/compare.ts";
import { type Series, seriesOf } from "../../../src/bench/metrics.ts";
import { benchMetrics, runBench } from "../../../src/bench/run-bench.ts";
import { pipe } from "../../../src/bench/workloads/pipe.ts";
import { type CostModel, PROFILES } from "../../../src/hosts/virtual/cost-model.ts";
import { stopped } from "../fixture.ts";

const HOW: CompareOptions = { alpha: 0.01, leastEffect: 0.01 };

function series(values: readonly number[], better: "lower" | "higher" = "lower"): Series {
  return { name: "m", unit: "ns", better, values };
}

/** Verdict and effect of one metric alone. */
function judged(
  a: readonly number[],
  b: readonly number[],
  more: { better?: "higher"; exact?: boolean } = {},
) {
  const [one] = compare(
    [{ name: "m", a: series(a, more.better), b: series(b, more.better), exact: more.exact ?? false }],
    HOW,
  );
  return one!;
}

const BASE = [100, 101, 102, 103, 104, 105, 106, 107];
const plus = (by: number): number[] => BASE.map((value) => value + by);

describe("a verdict", () => {
  test.each([
    ["more of what is better low is worse", plus(20), {}, "worse"],
    ["less of it is better", plus(-20), {}, "better"],
    ["more of what is better high is better", plus(20), { better: "higher" }, "better"],
    ["less of it is worse", plus(-20), { better: "higher" }, "worse"],
    ["the same is the same", BASE, {}, "none"],
    ["a little, within the noise, is none", plus(1), {}, "none"],
  ] as const)("%s", (_, b, more, verdict) => {
    expect(judged(BASE, b, more).verdict).toBe(verdict);
  });

  test("needs an effect that matters", () => {
    const sharp = [100, 100.01, 100.02, 100.03, 100.04, 100.05, 100.06];
    const shifted = (share: number) =>
      judged(
        sharp,
        sharp.map((value) => value * (1 + share)),
      );
    expect(shifted(0.009)).toMatchObject({ verdict: "none" });
    expect(shifted(0.009).p).toBeLessThan(0.01);
    expect(shifted(0.011)).toMatchObject({ verdict: "worse" });
    expect(shifted(0.05).effect).toBeCloseTo(0.05, 3);
  });

  test("takes values enough: five and five against alpha .01, four and four do not do", () => {
    const cut = (count: number) => judged(BASE.slice(0, count), plus(50).slice(0, count)).verdict;
    expect([cut(1), cut(4), cut(5)]).toEqual(["undecided", "undecided", "worse"]);
    expect([repetitionsNeeded(1, 0.01), repetitionsNeeded(7, 0.01)]).toEqual([5, 7]);
  });

  test("of runs without noise needs one of each, and no more than a difference", () => {
    expect(judged([1250], [1250], { exact: true })).toMatchObject({ verdict: "none", p: 1, effect: 0 });
    expect(judged([1250], [1313], { exact: true })).toMatchObject({ verdict: "worse", p: 0 });
    expect(judged([1250], [1251], { exact: true })).toMatchObject({ verdict: "none", p: 0 });
    expect(judged([0], [3], { exact: true })).toMatchObject({ verdict: "worse", effect: Infinity });
  });

  test("of samples without variance is a verdict all the same", () => {
    const same = Array.from({ length: 8 }, () => 7);
    expect(judged(same, same)).toMatchObject({ verdict: "none", effect: 0, low: 0, high: 0 });
    expect(
      judged(
        same,
        same.map(() => 8),
      ).verdict,
    ).toBe("worse");
  });

  test("counts how many metrics there are", () => {
    const barely = [100, 101, 102, 103, 104];
    const pair = { name: "m", a: series(barely), b: series(barely.map((v) => v + 50)), exact: false };
    expect(compare([pair], HOW)[0]!.verdict).toBe("worse");
    expect(compare([pair, pair], HOW).map(({ verdict }) => verdict)).toEqual(["undecided", "undecided"]);
    const exact = { ...pair, exact: true };
    expect(compare([pair, exact, exact], HOW)[0]!.verdict).toBe("worse");
  });
});

test("Holm's correction is that of the textbook", () => {
  expect(holm([0.01, 0.04, 0.03, 0.005]).map((p) => Number(p.toFixed(4)))).toEqual([0.03, 0.06, 0.06, 0.02]);
  expect(holm([0.9, 0.8])).toEqual([1, 1]);
  expect(holm([])).toEqual([]);
});

describe("runs of the simulator with jitter", () => {
  const TRIES = 20;
  const REPEAT = 7;
  const slow: CostModel = {
    ...PROFILES.native,
    steps: Object.fromEntries(
      Object.entries(PROFILES.native.steps).map(([step, ns]) => [step, ns * 1.05]),
    ) as CostModel["steps"],
  };

  /** The metrics of a benchmark that was run with seeds from `seed` on. */
  function measured(profile: CostModel, seed: number): Series[] {
    const runs = Array.from({ length: REPEAT }, (_, at) =>
      runBench({
        workload: pipe,
        loops: 80,
        vcpus: 1,
        jitter: true,
        seed: seed + at,
        profile,
        clock: stopped,
      }),
    );
    return seriesOf(runs.map(benchMetrics));
  }

  function verdicts(one: readonly Series[], other: readonly Series[]): string[] {
    const pairs = one.map((a, at) => ({ name: a.name, a, b: other[at]!, exact: false }));
    return compare(pairs, HOW).map(({ verdict }) => verdict);
  }

  /** Each is compared with the next. */
  const before = Array.from({ length: TRIES + 1 }, (_, at) => measured(PROFILES.native, 1000 * at));

  test("are told apart once in 20 tries at most when nothing has changed", () => {
    const same = (at: number): boolean =>
      verdicts(before[at]!, before[at + 1]!).every((verdict) => verdict === "none");
    const clean = before.slice(1).filter((_, at) => same(at));
    expect(clean.length).toBeGreaterThanOrEqual(TRIES - 1);
  });

  test("are told apart every time when everything takes 5 % longer", () => {
    for (const [at, one] of before.slice(1).entries()) {
      const [handOff, ...others] = verdicts(one, measured(slow, 1000 * at + 700));
      expect(handOff).toBe("worse");
      expect(others).not.toContain("better");
      expect(others).not.toContain("undecided");
    }
  });
});
