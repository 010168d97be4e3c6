/**
 * The statistics that schbench keeps. Its clock is gettimeofday: a latency is the difference of two times in whole us, and
 * a wake-up of no us is not counted. The same spans are kept in ns, all of them, for whoever wants to know more.
 */
import { Histogram } from "../../trace/histogram.ts";

export class Latencies {
  readonly us: Histogram = new Histogram();
  readonly ns: Histogram = new Histogram();

  /** `zero`: count spans of no us, too. */
  record(fromNs: number, toNs: number, zero: boolean): void {
    const us = Math.floor(toNs / 1000) - Math.floor(fromNs / 1000);
    if (us > 0 || zero) this.us.record(us);
    this.ns.record(Math.max(0, Math.round(toNs - fromNs)));
  }

  reset(): void {
    this.us.reset();
    this.ns.reset();
  }
}

export interface Percentile {
  readonly percent: number;
  readonly value: number;
  /** Samples above the percentile before it, up to this one. */
  readonly samples: number;
}

/** The percentiles that schbench computes, shown or not: counts are between neighbours of this list. */
const PERCENTS = [20, 50, 90, 99, 99.9] as const;

export function percentiles(histogram: Histogram): Percentile[] {
  const { buckets } = histogram.toJSON();
  let behind = 0;
  return PERCENTS.map((percent) => {
    const value = histogram.quantile(percent / 100);
    let upTo = 0;
    for (const [lowest, count] of buckets) if (lowest <= value) upTo += count;
    const samples = upTo - behind;
    behind = upTo;
    return { percent, value, samples };
  });
}
