/**
 * Is a difference between two runs real? Each metric of each benchmark that both have is judged:
 *
 * - the rank-sum test says how probable such values are if nothing has changed (stats/rank-sum.ts);
 * - many metrics are many chances to be wrong, so the probabilities are corrected for all metrics together (Holm): with
 *   nothing changed, at most a share `alpha` of all comparisons calls anything real;
 * - what is real may still be too small to matter: below `leastEffect` it is called so;
 * - a benchmark without any noise gives the same number each time. There is nothing to test then: any difference is real.
 *
 * With few values even the clearest difference may be chance: such a metric is undecided, and not "no difference".
 */
import type { Series } from "../metrics.ts";
import { leastRankSumP, rankSumP, shiftBetween } from "../stats/rank-sum.ts";

export interface CompareOptions {
  /** Probability that anything is called real when nothing has changed. */
  readonly alpha: number;
  /** Relative difference of medians below which a real one does not matter. */
  readonly leastEffect: number;
}

/** What is compared with what. */
export interface Pair {
  /** Benchmark and metric, for people. */
  readonly name: string;
  readonly a: Series;
  readonly b: Series;
  /** Neither has any noise. */
  readonly exact: boolean;
}

export type Verdict = "none" | "better" | "worse" | "undecided";

/** Effects are shares of a's median: 0.05 is 5 % more. */
export interface Comparison extends Pair {
  readonly verdict: Verdict;
  readonly medianA: number;
  readonly medianB: number;
  readonly effect: number;
  /** Interval of the effect, of 95 %; undefined: too few values. Of exact pairs the effect itself. */
  readonly low: number | undefined;
  readonly high: number | undefined;
  /** Corrected for all metrics; 0 or 1 of exact pairs. */
  readonly p: number;
}

export const INTERVAL_LEVEL = 0.95;

export function compare(pairs: readonly Pair[], options: CompareOptions): Comparison[] {
  const noisy = pairs.filter(({ exact }) => !exact);
  const corrected = holm(noisy.map(({ a, b }) => rankSumP(a.values, b.values)));
  return pairs.map((pair) => {
    const at = noisy.indexOf(pair);
    if (pair.exact) return judgeExact(pair, options);
    return judge(pair, corrected[at]!, options, noisy.length);
  });
}

/** How often each of two runs has to be repeated for `tests` metrics to be decided at all. */
export function repetitionsNeeded(tests: number, alpha: number): number {
  let count = 2;
  while (leastRankSumP(count, count) * tests > alpha) count++;
  return count;
}

function judge(pair: Pair, p: number, options: CompareOptions, tests: number): Comparison {
  const { a, b } = pair;
  const { estimate, low, high } = shiftBetween(a.values, b.values, INTERVAL_LEVEL);
  const [medianA, medianB] = [medianOf(a.values), medianOf(b.values)];
  const share = (shift: number): number | undefined =>
    Number.isFinite(shift) ? relative(shift, medianA) : undefined;
  const effect = relative(estimate, medianA);
  const facts = { ...pair, medianA, medianB, effect, low: share(low), high: share(high), p };
  const tooFew = leastRankSumP(a.values.length, b.values.length) * tests > options.alpha;
  if (tooFew) return { ...facts, verdict: "undecided" };
  return { ...facts, verdict: verdictOf(pair, effect, p <= options.alpha, options) };
}

function judgeExact(pair: Pair, options: CompareOptions): Comparison {
  const [medianA, medianB] = [medianOf(pair.a.values), medianOf(pair.b.values)];
  const effect = relative(medianB - medianA, medianA);
  const differs = medianA !== medianB;
  const verdict = verdictOf(pair, effect, differs, options);
  return { ...pair, medianA, medianB, effect, low: effect, high: effect, p: differs ? 0 : 1, verdict };
}

function verdictOf(pair: Pair, effect: number, real: boolean, { leastEffect }: CompareOptions): Verdict {
  if (!real || Math.abs(effect) < leastEffect) return "none";
  return effect > 0 === (pair.a.better === "higher") ? "better" : "worse";
}

/** Holm's step-down correction, in the order of `ps`: each times the number of those that are no smaller, never falling. */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, at) => at).sort((x, y) => ps[x]! - ps[y]!);
  const corrected = new Array<number>(ps.length);
  let highest = 0;
  for (const [rank, at] of order.entries()) {
    highest = Math.max(highest, Math.min(1, ps[at]! * (ps.length - rank)));
    corrected[at] = highest;
  }
  return corrected;
}

/** Of nothing, anything is infinitely more. */
function relative(shift: number, base: number): number {
  return shift === 0 ? 0 : shift / Math.abs(base);
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((x, y) => x - y);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}
