/**
 * Confidence intervals.
 *
 * Means. `k` values that are independent and nearly normal, x1 ... xk, with mean m and standard deviation s: the true mean
 * lies within m +- t s / sqrt(k), where t is the (1 + level)/2 quantile of Student's distribution with k - 1 degrees of
 * freedom. The values are the means of independent replications, or of consecutive batches of one run that are so long
 * that they hardly depend on each other (successive sojourn times do: each waits for the one before it).
 *
 * Quantiles. Of n independent values, the number below the true p-quantile is binomial (n, p); so the order statistics
 * with the ranks np -+ z sqrt(np(1 - p)) enclose it, whatever the law. Of dependent values, the interval is around the quantile of
 * the whole series, as wide as the quantiles of batches lie from it (sectioning: Asmussen and Glynn, "Stochastic Simulation", III.5).
 * Around the mean of the batches' quantiles, as for means, it may not even have the quantile of the series in it: most batches of a
 * loaded queue have no busy period as long as those that make its tail, so their quantiles are too small.
 */
import { normalQuantile, studentQuantile } from "./student.ts";

export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  readonly halfWidth: number;
  /** Probability that the true value is inside, 0 to 1. */
  readonly level: number;
}

/** Half width over estimate. */
export function relativePrecision({ estimate, halfWidth }: Interval): number {
  return halfWidth / Math.abs(estimate);
}

/** From independent values; at least 2. */
export function meanInterval(values: ArrayLike<number>, level: number): Interval {
  const k = values.length;
  if (k < 2) throw new RangeError(`an interval takes at least 2 values, got ${k}`);
  let sum = 0;
  for (let i = 0; i < k; i++) sum += values[i]!;
  return sectionInterval(sum / k, values, level);
}

/** Of an estimate from all of a series, by how far those of its parts, at least 2, lie from it. */
export function sectionInterval(estimate: number, ofParts: ArrayLike<number>, level: number): Interval {
  const k = ofParts.length;
  let squares = 0;
  for (let i = 0; i < k; i++) squares += (ofParts[i]! - estimate) ** 2;
  const halfWidth = studentQuantile((1 + level) / 2, k - 1) * Math.sqrt(squares / (k - 1) / k);
  return { estimate, low: estimate - halfWidth, high: estimate + halfWidth, halfWidth, level };
}

/** The mean of a stationary series from consecutive batches. */
export function batchMeans(series: Float64Array, batches: number, level: number): Interval {
  return meanInterval(cutIntoBatches(series, batches).map(meanOf), level);
}

/** The p-quantile of a stationary series. */
export function batchQuantiles(series: Float64Array, p: number, batches: number, level: number): Interval {
  const quantiles = cutIntoBatches(series, batches).map((batch) => sortedQuantile(batch.toSorted(), p));
  return sectionInterval(sortedQuantile(series.toSorted(), p), quantiles, level);
}

/** The p-quantile of independent values, given in ascending order. The ends are -Infinity or Infinity if n is too small. */
export function orderStatisticInterval(sorted: Float64Array, p: number, level: number): Interval {
  const n = sorted.length;
  const reach = normalQuantile((1 + level) / 2) * Math.sqrt(n * p * (1 - p));
  const at = (rank: number): number => {
    if (rank < 1) return Number.NEGATIVE_INFINITY;
    return rank > n ? Number.POSITIVE_INFINITY : sorted[rank - 1]!;
  };
  const [low, high] = [at(Math.floor(n * p - reach)), at(Math.ceil(n * p + reach) + 1)];
  return { estimate: sortedQuantile(sorted, p), low, high, halfWidth: (high - low) / 2, level };
}

/** The smallest value that a share `p` of all values does not exceed; NaN of none. */
export function sortedQuantile(sorted: Float64Array, p: number): number {
  // p * n may round to just above an integer.
  const rank = Math.ceil(p * sorted.length - 1e-9);
  return sorted[Math.max(1, rank) - 1] ?? Number.NaN;
}

/** Consecutive batches of equal length; the rest, at the front, is left out. */
export function cutIntoBatches(series: Float64Array, batches: number): Float64Array[] {
  const length = Math.floor(series.length / batches);
  if (length < 1) throw new RangeError(`${series.length} values do not fill ${batches} batches`);
  const first = series.length - length * batches;
  return Array.from({ length: batches }, (_, i) =>
    series.subarray(first + i * length, first + (i + 1) * length),
  );
}

export function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
