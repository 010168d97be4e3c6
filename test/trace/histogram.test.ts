import { describe, expect, test } from "vitest";
import { TraceError } from "../../src/trace/error.ts";
import { Histogram } from "../../src/trace/histogram.ts";

function histogramOf(...values: number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe("Histogram", () => {
  test("is all zeros when empty", () => {
    const histogram = new Histogram();
    const zeros = { p50: 0, p90: 0, p99: 0, p999: 0, max: 0, count: 0 };
    expect(histogram.summary()).toEqual(zeros);
    expect(histogram.toJSON()).toEqual({ ...zeros, min: 0, mean: 0, buckets: [] });
    expect(histogram.quantile(1)).toBe(0);
  });

  test("is exact below 512, where a bucket holds one value", () => {
    const histogram = new Histogram();
    for (let value = 0; value < 512; value++) histogram.record(value);
    for (let rank = 1; rank <= 512; rank++) expect(histogram.quantile(rank / 512)).toBe(rank - 1);
  });

  test("answers with the highest value of the bucket, but never more than the maximum", () => {
    expect(histogramOf(1_000, 1_000, 2_000).quantile(0.5)).toBe(1_001);
    expect(histogramOf(1_000, 1_000).quantile(0.5)).toBe(1_000);
  });

  test("takes the rank that a share stands for, whatever the product rounds to", () => {
    const histogram = new Histogram();
    for (let value = 1; value <= 100; value++) histogram.record(value);
    // 0.07 * 100 is 7.000000000000001, 0.57 * 100 is 56.99999999999999.
    expect(histogram.quantile(0.07)).toBe(7);
    expect(histogram.quantile(0.57)).toBe(57);
    expect(histogram.quantile(0)).toBe(1);
    expect(histogram.quantile(1)).toBe(100);
    // The next number after 1/3; three times that is 1 exactly.
    expect(histogramOf(1, 2, 3).quantile(0.33333333333333337)).toBe(2);
    expect(histogram.quantile(Number.MIN_VALUE)).toBe(1);
  });

  test("reaches from 0 to 2^53", () => {
    const histogram = histogramOf(0, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53);
    expect([histogram.min, histogram.max, histogram.count]).toEqual([0, 2 ** 53, 5]);
    expect(histogram.quantile(0.4)).toBe(2 ** 32 - 1);
    expect(histogram.quantile(0.6)).toBe(2 ** 32 + 2 ** 24 - 1);
    expect(histogram.quantile(0.8)).toBe(2 ** 53 - 1);
    expect(histogram.quantile(1)).toBe(2 ** 53);
    expect(histogram.toJSON().buckets.map(([lowest]) => lowest)).toEqual([
      0,
      2 ** 32 - 2 ** 23,
      2 ** 32,
      2 ** 53 - 2 ** 44,
      2 ** 53,
    ]);
  });

  test("keeps count, extremes and mean exactly", () => {
    const histogram = histogramOf(1_000_001, 1_000_003, 5);
    histogram.recordN(7, 1_000_000_000_000);
    expect(histogram.count).toBe(1_000_000_000_003);
    expect([histogram.min, histogram.max]).toEqual([5, 1_000_003]);
    expect(histogram.mean).toBe((7_000_000_000_000 + 2_000_009) / 1_000_000_000_003);
  });

  test("recording a value no times is nothing", () => {
    const histogram = new Histogram();
    histogram.recordN(5, 0);
    expect(histogram.toJSON()).toEqual(new Histogram().toJSON());
  });

  test("forgets on reset", () => {
    const histogram = histogramOf(1, 2, 3);
    histogram.reset();
    expect(histogram.toJSON()).toEqual(new Histogram().toJSON());
    histogram.record(9);
    expect(histogram.toJSON()).toEqual(histogramOf(9).toJSON());
  });

  test("can be merged with itself", () => {
    const histogram = histogramOf(1, 300, 70_000);
    histogram.merge(histogram);
    expect(histogram.toJSON()).toEqual(histogramOf(1, 1, 300, 300, 70_000, 70_000).toJSON());
  });

  test("summary names the usual quantiles", () => {
    const histogram = new Histogram();
    for (let value = 1; value <= 200; value++) histogram.record(value);
    expect(histogram.summary()).toEqual({ p50: 100, p90: 180, p99: 198, p999: 200, max: 200, count: 200 });
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53 + 2])("refuses the value %d", (value) => {
    const histogram = histogramOf(1);
    expect(() => histogram.record(value)).toThrow(expect.objectContaining({ code: "ERR_TRACE_VALUE" }));
    expect(histogram.toJSON()).toEqual(histogramOf(1).toJSON());
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53])("refuses to record %d times", (times) => {
    expect(() => histogramOf(1).recordN(1, times)).toThrow(TraceError);
  });

  test.each([-0.1, 1.1, Number.NaN])("refuses the share %d, empty or not", (q) => {
    expect(() => histogramOf(1).quantile(q)).toThrow(TraceError);
    expect(() => new Histogram().quantile(q)).toThrow(TraceError);
  });
});
