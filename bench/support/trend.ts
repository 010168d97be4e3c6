/** The straight line through measurements, by least squares: its slope, and how far that may be off. */

export interface Trend {
  /** Units of y for one of x. */
  readonly slope: number;
  /** Standard error of the slope; of fewer than three points, infinite. */
  readonly error: number;
}

export function trendOf(points: readonly (readonly [x: number, y: number])[]): Trend {
  const count = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count;
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const residual = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  const error = count < 3 ? Number.POSITIVE_INFINITY : Math.sqrt(residual / (count - 2) / spread);
  return { slope, error };
}

export type Verdict = "flat" | "grows" | "too short";

/**
 * Whether a slope is below the limit or above it, by two standard errors. What has risen by less than `jitter` over all of `span` has
 * not been seen to grow: a short time makes a steep slope of any step.
 */
export function verdictOn({ slope, error }: Trend, limit: number, jitter: number, span: number): Verdict {
  if (slope + 2 * error <= limit) return "flat";
  return slope - 2 * error > limit && slope * span > jitter ? "grows" : "too short";
}
