// The rank-sum test against published tables and by counting all arrangements.
import { describe, expect, test } from "vitest";
import { leastRankSumP, rankSumP, shiftBetween } from "../../../src/bench/stats/rank-sum.ts";
import { normal } from "../../../src/random/pinned-math.ts";
import { Sfc32 } from "../../../src/random/sfc32.ts";

/** p by choosing the first sample in every possible way. */
function byBruteForce(a: readonly number[], b: readonly number[]): number {
  const all = [...a, ...b];
  const rank = (value: number): number => {
    const below = all.filter((other) => other < value).length;
    return below + (all.filter((other) => other === value).length + 1) / 2;
  };
  const ranks = all.map(rank);
  const mean = (a.length * (all.length + 1)) / 2;
  const distance = Math.abs(ranks.slice(0, a.length).reduce((x, y) => x + y, 0) - mean);
  let [ways, far] = [0, 0];
  for (let mask = 0; mask < 2 ** all.length; mask++) {
    const chosen = ranks.filter((_, at) => mask & (1 << at));
    if (chosen.length !== a.length) continue;
    ways++;
    if (Math.abs(chosen.reduce((x, y) => x + y, 0) - mean) >= distance - 1e-9) far++;
  }
  return far / ways;
}

describe("the rank-sum test", () => {
  test("counts, with and without ties, as counting does", () => {
    const stream = new Sfc32(3);
    for (let round = 0; round < 40; round++) {
      const draw = (): number => Math.floor(stream.next() * (round % 2 === 0 ? 5 : 1000));
      const a = Array.from({ length: 1 + (round % 6) }, draw);
      const b = Array.from({ length: 1 + (round % 5) }, draw);
      expect(rankSumP(a, b)).toBeCloseTo(byBruteForce(a, b), 12);
    }
  });

  test("gives the tables' least probabilities", () => {
    expect(leastRankSumP(3, 3)).toBeCloseTo(2 / 20, 12);
    expect(leastRankSumP(5, 5)).toBeCloseTo(2 / 252, 12);
    expect(leastRankSumP(10, 10)).toBeCloseTo(2 / 184_756, 12);
    expect(leastRankSumP(1, 1)).toBe(1);
  });

  test("of equal values is sure of nothing", () => {
    expect(rankSumP([7, 7, 7], [7, 7])).toBe(1);
    expect(rankSumP([], [])).toBe(1);
    expect(
      rankSumP(
        Array.from({ length: 50 }, () => 7),
        Array.from({ length: 50 }, () => 7),
      ),
    ).toBe(1);
  });

  test("goes over into its limit without a jump", () => {
    // Even values against odd ones from 10 on: sixty values are counted, sixty-two are not.
    const samples = (n: number): [number[], number[]] => [
      Array.from({ length: n }, (_, at) => 2 * at),
      Array.from({ length: n }, (_, at) => 2 * at + 11),
    ];
    const [counted, limit] = [rankSumP(...samples(30)), rankSumP(...samples(31))];
    expect(counted / limit).toBeGreaterThan(0.9);
    expect(counted / limit).toBeLessThan(1.1);
  });

  test("is wrong as often as it says", () => {
    const stream = new Sfc32(8);
    let wrong = 0;
    for (let round = 0; round < 1000; round++) {
      const draw = (): number[] => Array.from({ length: 8 }, () => normal(stream));
      if (rankSumP(draw(), draw()) <= 0.05) wrong++;
    }
    expect(wrong).toBeGreaterThan(25);
    expect(wrong).toBeLessThan(70);
  });
});

describe("the shift", () => {
  test("is the median of all differences", () => {
    expect(shiftBetween([1, 2, 4], [3, 9], 0.5).estimate).toBe((2 + 5) / 2);
    expect(shiftBetween([1], [4], 0.95)).toEqual({ estimate: 3, low: -Infinity, high: Infinity });
  });

  test("has the interval of the tables: for two samples of 5, the third and the 23rd of 25 differences", () => {
    const a = [0, 0, 0, 0, 0];
    const b = [1, 2, 3, 4, 5];
    // P(U <= 2) = 4/252: twice that is .032; P(U <= 3) = 7/252 is too much.
    expect(shiftBetween(a, b, 0.95)).toEqual({ estimate: 3, low: 1, high: 5 });
    const apart = [0, 10, 20, 30, 40];
    const sorted = b.flatMap((y) => apart.map((x) => y - x)).sort((x, y) => x - y);
    const { low, high } = shiftBetween(apart, b, 0.95);
    expect([low, high]).toEqual([sorted[2], sorted[22]]);
  });

  test.each([8, 40])("holds the truth as often as it says, with samples of %i", (size) => {
    const stream = new Sfc32(5);
    let held = 0;
    const rounds = 300;
    for (let round = 0; round < rounds; round++) {
      const draw = (mean: number): number[] => Array.from({ length: size }, () => mean + normal(stream));
      const { low, high } = shiftBetween(draw(0), draw(0.7), 0.95);
      if (low <= 0.7 && 0.7 <= high) held++;
    }
    expect(held / rounds).toBeGreaterThan(0.92);
    expect(held / rounds).toBeLessThan(0.99);
  });
});
