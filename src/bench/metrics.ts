/**
 * What a benchmark has measured, as numbers with names: so that repetitions can be summed up, and runs compared, without
 * knowing which benchmark it was.
 */
import { type Interval, meanInterval } from "./stats/intervals.ts";

/** "" of a mere number. */
export type Unit = "ns" | "1/s" | "us" | "s" | "B" | "";

export interface Metric {
  readonly name: string;
  readonly unit: Unit;
  readonly better: "lower" | "higher";
  readonly value: number;
}

/** One metric of several runs. */
export interface Series extends Omit<Metric, "value"> {
  readonly values: readonly number[];
}

/** Rates are better high, all else is better low. */
export function metric(name: string, unit: Unit, value: number): Metric {
  return { name, unit, better: unit === "1/s" ? "higher" : "lower", value };
}

/** The same metrics of each run, put together; those that a run lacks, or in which it is no number, have fewer values. */
export function seriesOf(runs: readonly (readonly Metric[])[]): Series[] {
  const series = new Map<string, Omit<Metric, "value"> & { readonly values: number[] }>();
  for (const { value, ...about } of runs.flat()) {
    if (!Number.isFinite(value)) continue;
    const known = series.get(about.name) ?? { ...about, values: [] };
    known.values.push(value);
    series.set(about.name, known);
  }
  return [...series.values()];
}

/** The mean of the law the values are of; undefined of a single value. */
export function meanOfSeries({ values }: Series, level: number): Interval | undefined {
  return values.length < 2 ? undefined : meanInterval(values, level);
}
