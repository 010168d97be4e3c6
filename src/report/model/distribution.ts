/**
 * A histogram of Histogram's 8 significant bits as what can be drawn on logarithmic axes: shares up to each value, and counts in bins
 * of equal width on a logarithmic axis.
 *
 * A value of 0 has no place on such an axis and is drawn at 1 ns, the resolution of the clock.
 */
import type { HistogramJson } from "../../trace/histogram.ts";

export interface Points {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** Share of samples that are at most x; steps, ascending. */
export function cumulative({ buckets, count }: HistogramJson): Points {
  const [x, y]: [number[], number[]] = [[], []];
  let seen = 0;
  for (const [lowest, samples] of buckets) {
    seen += samples;
    x.push(Math.max(1, lowest));
    y.push(seen / count);
  }
  return { x, y };
}

/** Share of samples that are slower than x, down to one sample: what a CDF hides behind its line at 100 %. */
export function tail(histogram: HistogramJson): Points {
  const { x, y } = cumulative(histogram);
  const least = 1 / (2 * Math.max(1, histogram.count));
  return { x: [x[0] ?? 1, ...x], y: [1, ...y.map((share) => Math.max(least, 1 - share))] };
}

export interface Bins {
  /** Lower bounds, and the upper one of the last: one more than counts. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** `perDecade` bins to a power of ten, from `low` to `high` ns. A bucket goes to the bin that its lowest value is in. */
export function logBins({ buckets }: HistogramJson, low: number, high: number, perDecade: number): Bins {
  const first = Math.floor(Math.log10(Math.max(1, low)) * perDecade + 1e-9);
  const last = Math.floor(Math.log10(Math.max(1, high)) * perDecade + 1e-9);
  const counts = new Array<number>(last - first + 1).fill(0);
  for (const [lowest, samples] of buckets) {
    const bin = Math.floor(Math.log10(Math.max(1, lowest)) * perDecade + 1e-9) - first;
    if (bin >= 0 && bin < counts.length) counts[bin]! += samples;
  }
  return {
    edges: Array.from({ length: counts.length + 1 }, (_, i) => 10 ** ((first + i) / perDecade)),
    counts,
  };
}

/** The range that all samples of `histograms` are in, rounded outwards to powers of ten or halves of them. */
export function commonRange(histograms: readonly HistogramJson[]): readonly [low: number, high: number] {
  const filled = histograms.filter(({ count }) => count > 0);
  if (filled.length === 0) return [1, 1000];
  const low = Math.max(1, Math.min(...filled.map(({ min }) => min)));
  const high = Math.max(2, ...filled.map(({ max }) => max));
  const half = (value: number, round: (x: number) => number): number => {
    const exponent = round(2 * Math.log10(value)) / 2;
    return 10 ** exponent;
  };
  const [from, to] = [half(low * 0.999, Math.floor), half(high * 1.001, Math.ceil)];
  return [Math.max(1, from), Math.max(to, from * 10)];
}
