/**
 * A series in order of arrival, in numbers: mean and quantiles, with 95 % confidence intervals from batches
 * (stats/intervals.ts). An interval is null where the series is too short to know: fewer than 1000 values, or fewer than
 * ten a batch beyond the quantile.
 */
import {
  cutIntoBatches,
  type Interval,
  meanInterval,
  meanOf,
  sectionInterval,
  sortedQuantile,
} from "../stats/intervals.ts";

export interface MeasureSummary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly p9999: number;
  readonly max: number;
  /** 95 %, [low, high]. */
  readonly intervals: Readonly<Record<"mean" | "p50" | "p99" | "p999", readonly [number, number] | null>>;
}

const BATCHES = 20;
const LEVEL = 0.95;
const LEAST = 1000;
const BEYOND = 10;

/** Of an empty series all numbers are 0. */
export function summariseMeasure(series: Float64Array): MeasureSummary {
  const sorted = series.toSorted();
  const count = series.length;
  const at = (p: number): number => (count === 0 ? 0 : sortedQuantile(sorted, p));
  let sum = 0;
  for (const value of series) sum += value;
  const batches = count < LEAST ? [] : cutIntoBatches(series, BATCHES).map((batch) => batch.toSorted());
  const interval = (p: number): readonly [number, number] | null => {
    if (count < LEAST || (count / BATCHES) * (1 - p) < BEYOND) return null;
    const ofBatches = batches.map((batch) => sortedQuantile(batch, p));
    return ends(sectionInterval(at(p), ofBatches, LEVEL));
  };
  return {
    count,
    mean: count === 0 ? 0 : sum / count,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: at(0.999),
    p9999: at(0.9999),
    max: at(1),
    intervals: {
      mean: count < LEAST ? null : ends(meanInterval(batches.map(meanOf), LEVEL)),
      p50: interval(0.5),
      p99: interval(0.99),
      p999: interval(0.999),
    },
  };
}

function ends({ low, high }: Interval): readonly [number, number] {
  return [low, high];
}
