// Quantiles of distributions against published tables, and intervals that cover what they claim to.
import { describe, expect, test } from "vitest";
import {
  batchMeans,
  batchQuantiles,
  meanInterval,
  orderStatisticInterval,
  relativePrecision,
  sortedQuantile,
} from "../../../src/bench/stats/intervals.ts";
import { logGamma, normalQuantile, studentQuantile } from "../../../src/bench/stats/student.ts";
import { ln, normal } from "../../../src/random/pinned-math.ts";
import { Sfc32 } from "../../../src/random/sfc32.ts";

describe("quantiles", () => {
  test.each([
    [0.975, 1, 12.7062],
    [0.975, 2, 4.3027],
    [0.95, 5, 2.015],
    [0.975, 29, 2.0452],
    [0.995, 10, 3.1693],
    [0.9995, 29, 3.6594],
    [0.025, 9, -2.2622],
    [0.5, 7, 0],
  ])("Student t at %f with %i degrees is %f", (p, degrees, t) => {
    expect(studentQuantile(p, degrees)).toBeCloseTo(t, 4);
  });

  test.each([
    [0.975, 1.959964],
    [0.995, 2.575829],
    [0.9995, 3.290527],
    [0.01, -2.326348],
  ])("normal at %f is %f", (p, z) => {
    expect(normalQuantile(p)).toBeCloseTo(z, 4);
  });

  test("outside their range they are refused", () => {
    for (const [p, n] of [
      [0, 5],
      [1, 5],
      [0.5, 0],
      [Number.NaN, 5],
    ] as const)
      expect(() => studentQuantile(p, n)).toThrow(RangeError);
  });

  test("ln gamma", () => {
    expect(logGamma(5)).toBeCloseTo(Math.log(24), 11);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 11);
  });
});

describe("intervals", () => {
  test("of a mean, by hand", () => {
    const interval = meanInterval([1, 2, 3, 4, 5], 0.95);
    expect(interval.estimate).toBe(3);
    expect(interval.halfWidth).toBeCloseTo(2.7764 * Math.sqrt(2.5 / 5), 3);
    expect([interval.low, interval.high]).toEqual([3 - interval.halfWidth, 3 + interval.halfWidth]);
    expect(relativePrecision(interval)).toBe(interval.halfWidth / 3);
    expect(() => meanInterval([1], 0.95)).toThrow(RangeError);
  });

  test("batches are equal, consecutive and at the end", () => {
    const series = Float64Array.from([100, 1, 1, 5, 5, 9, 9]);
    expect(batchMeans(series, 3, 0.9)).toEqual(meanInterval([1, 5, 9], 0.9));
    expect(batchQuantiles(series, 0.5, 2, 0.9)).toEqual(meanInterval([1, 9], 0.9));
    const skewed = Float64Array.from([1, 1, 1, 1, 1, 9]);
    const { estimate, low, high } = batchQuantiles(skewed, 0.9, 2, 0.9);
    expect([estimate, (low + high) / 2]).toEqual([9, 9]);
    expect(high - low).toBeCloseTo(2 * studentQuantile(0.95, 1) * Math.sqrt(64 / 1 / 2), 9);
    expect(() => batchMeans(series, 8, 0.9)).toThrow(RangeError);
  });

  test("quantiles of a list", () => {
    const sorted = Float64Array.from({ length: 100 }, (_, i) => i + 1);
    expect([0, 0.01, 0.5, 0.99, 0.999, 1].map((p) => sortedQuantile(sorted, p))).toEqual([
      1, 1, 50, 99, 100, 100,
    ]);
    // 0.29 * 100 is above 29 in floating point.
    expect(sortedQuantile(sorted, 0.29)).toBe(29);
    expect(sortedQuantile(new Float64Array(), 0.5)).toBeNaN();
  });

  test("an order-statistic interval is open where there are too few values", () => {
    const sorted = Float64Array.from({ length: 50 }, (_, i) => i);
    expect(orderStatisticInterval(sorted, 0.99, 0.95).high).toBe(Number.POSITIVE_INFINITY);
    expect(orderStatisticInterval(sorted, 0.5, 0.95)).toMatchObject({ estimate: 24, low: 17, high: 32 });
  });

  test.each([0.9, 0.99])("at level %f they miss as often as they may", (level) => {
    const stream = new Sfc32(17);
    const trials = 2000;
    const missed = { mean: 0, quantile: 0 };
    for (let trial = 0; trial < trials; trial++) {
      const mean = meanInterval(
        Float64Array.from({ length: 8 }, () => normal(stream)),
        level,
      );
      if (Math.abs(mean.estimate) > mean.halfWidth) missed.mean++;
      const values = Float64Array.from({ length: 200 }, () => -ln(stream.nextOpen())).sort();
      const { low, high } = orderStatisticInterval(values, 0.9, level);
      const truth = -Math.log(0.1);
      if (truth < low || truth > high) missed.quantile++;
    }
    const wanted = trials * (1 - level);
    const slack = 4 * Math.sqrt(wanted);
    expect(Math.abs(missed.mean - wanted)).toBeLessThan(slack);
    // Ranks are whole, so this one errs on the safe side.
    expect(missed.quantile).toBeLessThan(wanted + slack);
    expect(missed.quantile).toBeGreaterThan(wanted / 2 - slack);
  });
});
