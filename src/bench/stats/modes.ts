/**
 * The modes of a distribution of durations: stretches that hold most of the samples, with valleys between them.
 *
 * Samples are counted in bins a quarter of an octave wide. A stretch is cut at the bin with the least count in proportion to
 * the lower of the highest bins on its two sides, if that is at most a tenth and both sides hold a twentieth of all samples;
 * and so on with both sides. A distribution with two modes is bimodal: a dip test with its thresholds written down.
 */
import type { Histogram } from "../../trace/histogram.ts";

export interface Mode {
  /** The stretch, and its commonest duration, to a quarter of an octave, ns. */
  readonly fromNs: number;
  readonly toNs: number;
  readonly peakNs: number;
  /** Of all samples, 0 to 1. */
  readonly share: number;
}

const BINS_PER_OCTAVE = 4;
const DEEPEST = 0.1;
const LEAST_SHARE = 0.05;

/** In ascending order; none of an empty histogram. */
export function findModes(histogram: Histogram): Mode[] {
  const { buckets, count } = histogram.toJSON();
  if (count === 0) return [];
  const last = binOf(buckets.at(-1)![0]);
  const bins = new Array<number>(last + 1).fill(0);
  for (const [lowest, samples] of buckets) bins[binOf(lowest)]! += samples;
  return split(bins, binOf(buckets[0]![0]), last, count);
}

function split(bins: readonly number[], from: number, to: number, count: number): Mode[] {
  const valley = deepestValley(bins, from, to, count);
  if (valley !== undefined) {
    return [...split(bins, from, valley - 1, count), ...split(bins, valley, to, count)];
  }
  const own = bins.slice(from, to + 1);
  const first = from + own.findIndex((samples) => samples > 0);
  const last = from + own.findLastIndex((samples) => samples > 0);
  const peak = from + own.indexOf(Math.max(...own));
  return [{ fromNs: edgeOf(first), toNs: edgeOf(last + 1), peakNs: edgeOf(peak), share: sum(own) / count }];
}

function deepestValley(bins: readonly number[], from: number, to: number, count: number): number | undefined {
  let [best, depth] = [-1, DEEPEST];
  for (let at = from + 1; at < to; at++) {
    const [below, above] = [bins.slice(from, at), bins.slice(at + 1, to + 1)];
    if (Math.min(sum(below), sum(above)) < LEAST_SHARE * count) continue;
    const ratio = bins[at]! / Math.min(Math.max(...below), Math.max(...above));
    if (best < 0 ? ratio <= depth : ratio < depth) [best, depth] = [at, ratio];
  }
  return best < 0 ? undefined : best;
}

function binOf(ns: number): number {
  return Math.floor(BINS_PER_OCTAVE * Math.log2(Math.max(1, ns)));
}

function edgeOf(bin: number): number {
  return Math.round(2 ** (bin / BINS_PER_OCTAVE));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
