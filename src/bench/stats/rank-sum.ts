/**
 * Are two samples of one law? The rank-sum test of Wilcoxon, Mann and Whitney, and what belongs to it: the shift between
 * them (Hodges and Lehmann) with the interval of all shifts that the test would not reject (Moses).
 *
 * The test asks only how the ranks of one sample lie among those of both, so no law is assumed, and one wild value counts as
 * one. Up to 60 values the distribution is exact and conditional on the ties there are: the number of ways to choose the
 * first sample's ranks with each sum, counted by adding one rank after the other. Above, the normal limit with the
 * correction for ties. Rejected: Welch's t (repetitions of a quantile are anything but normal) and the bootstrap (below ten
 * values it promises more than it keeps, and it has a seed).
 */
import { normalQuantile, normalTail } from "./student.ts";

/** Values in both samples for which ways are counted one by one. */
const MOST_COUNTED = 60;

/** Two-sided: how probable ranks as uneven as these are, or more, if both samples are of one law. Of two empty ones 1. */
export function rankSumP(a: readonly number[], b: readonly number[]): number {
  const ranks = doubledRanks([...a, ...b]);
  const [n, total] = [a.length, ranks.length];
  const sum = ranks.slice(0, n).reduce((x, y) => x + y, 0);
  // Of doubled ranks: n of them, of mean (total + 1).
  const distance = Math.abs(sum - n * (total + 1));
  if (distance === 0) return 1;
  if (total > MOST_COUNTED) return normalP(ranks, n, distance);
  const ways = sumsOf(ranks, n);
  let [all, asFar] = [0, 0];
  for (let at = 0; at < ways.length; at++) {
    all += ways[at]!;
    if (Math.abs(at - n * (total + 1)) >= distance) asFar += ways[at]!;
  }
  return Math.min(1, asFar / all);
}

/** The least p that samples of these sizes can have: when each value of one is below each of the other. */
export function leastRankSumP(n: number, m: number): number {
  return rankSumP(
    Array.from({ length: n }, (_, at) => at),
    Array.from({ length: m }, (_, at) => n + at),
  );
}

export interface Shift {
  /** Median of the differences of all pairs. */
  readonly estimate: number;
  /** -Infinity and Infinity if the samples are too small for the level. */
  readonly low: number;
  readonly high: number;
}

/** How far `b` is above `a`, with an interval that holds the truth with probability `level` at least; neither is empty. */
export function shiftBetween(a: readonly number[], b: readonly number[], level: number): Shift {
  const differences = Float64Array.from(b.flatMap((y) => a.map((x) => y - x))).sort();
  const count = differences.length;
  const middle = (differences[(count - 1) >> 1]! + differences[count >> 1]!) / 2;
  const outside = outerPairs(a.length, b.length, (1 - level) / 2);
  return {
    estimate: middle,
    low: outside < 1 ? Number.NEGATIVE_INFINITY : differences[outside - 1]!,
    high: outside < 1 ? Number.POSITIVE_INFINITY : differences[count - outside]!,
  };
}

/** The rank, from 1, of the first pair inside: fewer pairs than that lie below with probability `tail` at most. */
function outerPairs(n: number, m: number, tail: number): number {
  const total = n + m;
  if (total > MOST_COUNTED) {
    return Math.floor((n * m) / 2 + normalQuantile(tail) * Math.sqrt((n * m * (total + 1)) / 12));
  }
  const ways = sumsOf(
    Array.from({ length: total }, (_, at) => at + 1),
    n,
  );
  const all = ways.reduce((x, y) => x + y, 0);
  let [below, rank] = [0, 0];
  for (let at = (n * (n + 1)) / 2; at < ways.length; at++, rank++) {
    below += ways[at]!;
    if (below / all > tail) break;
  }
  return rank;
}

/** In how many ways `n` of the ranks have each sum. Ranks are positive integers. */
function sumsOf(ranks: readonly number[], n: number): Float64Array {
  const most = ranks.reduce((x, y) => x + y, 0);
  const ways = Array.from({ length: n + 1 }, () => new Float64Array(most + 1));
  ways[0]![0] = 1;
  for (const rank of ranks) {
    for (let size = n; size > 0; size--) {
      const [from, into] = [ways[size - 1]!, ways[size]!];
      for (let sum = most; sum >= rank; sum--) into[sum]! += from[sum - rank]!;
    }
  }
  return ways[n]!;
}

/** Twice the rank of each value, so that the mean rank of ties is whole. */
function doubledRanks(values: readonly number[]): number[] {
  const sorted = values.toSorted((x, y) => x - y);
  return values.map((value) => {
    const first = sorted.indexOf(value);
    return first + 1 + sorted.lastIndexOf(value) + 1;
  });
}

function normalP(ranks: readonly number[], n: number, distance: number): number {
  const total = ranks.length;
  const mean = total + 1;
  const spread = ranks.reduce((sum, rank) => sum + (rank - mean) ** 2, 0) / total;
  const variance = (n * (total - n) * spread) / (total - 1);
  // A step of the sum is 2: half of one is taken off.
  return Math.min(1, 2 * normalTail(Math.max(0, distance - 1) / Math.sqrt(variance)));
}
