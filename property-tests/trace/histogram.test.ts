import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Histogram } from "../../src/trace/histogram.ts";

const MAX_VALUE = 2 ** 53;

/** Values of every size alike: a bare integer of up to 2^53 would hardly ever be below 2^45. */
const anyValue = fc
  .tuple(fc.integer({ min: 0, max: 53 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([bits, share]) => Math.floor(2 ** bits * (1 + share)))
  .map((value) => Math.min(value, MAX_VALUE));

/** Small enough that a sum of a few hundred is exact. */
const duration = anyValue.map((value) => value % 2 ** 40);
const share = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.integer({ min: 0, max: 1_000 }).map((permille) => permille / 1_000),
);

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

/** The model: the value of the lowest rank that covers the share. */
function quantileOf(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.find((_value, index) => (index + 1) / sorted.length >= q) ?? Number.NaN;
}

describe("a histogram against the sorted samples", () => {
  test.prop([fc.array(anyValue, { minLength: 1, maxLength: 300, size: "max" }), share])(
    "a quantile is never below the sample and exceeds it by less than 1/256",
    (values, q) => {
      const exact = quantileOf(values, q);
      const estimate = histogramOf(values).quantile(q);
      expect(estimate).toBeGreaterThanOrEqual(exact);
      expect((estimate - exact) * 256).toBeLessThanOrEqual(exact);
      if (exact < 512) expect(estimate).toBe(exact);
    },
  );

  test.prop([fc.array(duration, { minLength: 1, maxLength: 300, size: "max" })])(
    "count, extremes and mean are exact",
    (values) => {
      const histogram = histogramOf(values);
      expect(histogram.count).toBe(values.length);
      expect(histogram.min).toBe(Math.min(...values));
      expect(histogram.max).toBe(Math.max(...values));
      expect(histogram.mean).toBe(values.reduce((sum, value) => sum + value, 0) / values.length);
      expect(histogram.quantile(0)).toBe(histogram.min);
      expect(histogram.quantile(1)).toBe(histogram.max);
    },
  );

  test.prop([fc.array(anyValue, { minLength: 1, maxLength: 300, size: "max" }), share, share])(
    "a larger share has no smaller quantile",
    (values, one, other) => {
      const histogram = histogramOf(values);
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      expect(histogram.quantile(low)).toBeLessThanOrEqual(histogram.quantile(high));
    },
  );

  test.prop([fc.array(duration), fc.array(duration)])("merging is recording both", (one, other) => {
    const merged = histogramOf(one);
    merged.merge(histogramOf(other));
    expect(merged.toJSON()).toEqual(histogramOf([...one, ...other]).toJSON());
  });

  test.prop([fc.array(fc.tuple(duration, fc.integer({ min: 0, max: 20 })), { maxLength: 50 })])(
    "recording a value n times is recording it n times over",
    (runs) => {
      const histogram = new Histogram();
      for (const [value, times] of runs) histogram.recordN(value, times);
      const values = runs.flatMap(([value, times]) => new Array<number>(times).fill(value));
      expect(histogram.toJSON()).toEqual(histogramOf(values).toJSON());
    },
  );

  test.prop([fc.array(anyValue)])("its buckets hold every sample, and rebuild it", (values) => {
    const { buckets, count } = histogramOf(values).toJSON();
    expect(buckets.reduce((sum, [, times]) => sum + times, 0)).toBe(count);
    const rebuilt = new Histogram();
    for (const [lowest, times] of buckets) rebuilt.recordN(lowest, times);
    expect(rebuilt.toJSON().buckets).toEqual(buckets);
  });
});
