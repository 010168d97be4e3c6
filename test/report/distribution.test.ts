import { describe, expect, test } from "vitest";
import { commonRange, cumulative, logBins, tail } from "../../src/report/model/distribution.ts";
import { Histogram, type HistogramJson } from "../../src/trace/histogram.ts";

function histogram(values: readonly number[]): HistogramJson {
  const made = new Histogram();
  for (const value of values) made.record(value);
  return made.toJSON();
}

describe("a distribution", () => {
  const four = histogram([10, 20, 20, 200]);

  test("is cumulative up to 1", () => {
    expect(cumulative(four)).toEqual({ x: [10, 20, 200], y: [0.25, 0.75, 1] });
  });

  test("has a tail that goes down to less than one sample, and not to 0", () => {
    expect(tail(four)).toEqual({ x: [10, 10, 20, 200], y: [1, 0.75, 0.25, 0.125] });
  });

  test("loses no sample in its bins", () => {
    const { edges, counts } = logBins(four, 1, 1000, 3);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4);
    expect(edges).toHaveLength(counts.length + 1);
    expect(counts[3]).toBe(3);
    expect(edges[3]).toBeCloseTo(10);
  });

  test("draws 0 at the clock's resolution", () => {
    expect(cumulative(histogram([0, 5])).x).toEqual([1, 5]);
    expect(logBins(histogram([0]), 1, 10, 1).counts[0]).toBe(1);
  });

  test("lies in the common range", () => {
    const [low, high] = commonRange([four, histogram([]), histogram([40_000])]);
    expect([low, high]).toEqual([10 ** 0.5, 1e5]);
    expect(commonRange([histogram([])])).toEqual([1, 1000]);
  });
});
