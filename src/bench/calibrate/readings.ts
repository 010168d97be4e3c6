/**
 * What the probes bring home: series of durations, ns, one array for each thing that was timed.
 *
 * | series       | one sample is                                                                       |
 * | ------------ | ----------------------------------------------------------------------------------- |
 * | nativeCall   | a call from JavaScript into C++ that does nothing: the part of `systemCall` that is not the kernel's |
 * | systemCall   | the same with a trivial system call inside                                          |
 * | clock        | reading the clock twice: the part of `notify` and `roundTrip` that is the clock's     |
 * | notifyNobody | Atomics.notify on a word nobody waits for: the part of `notify` that is the engine's  |
 * | notify       | Atomics.notify that wakes the sleeping partner: what a waker pays                    |
 * | roundTrip    | from before that to being woken by the partner in turn                               |
 * | lineAlone    | an atomic store and load by one thread                                                |
 * | lineHop      | half a round of two threads that spin on one word                                    |
 * | oversleep    | how much later than asked a timed sleep ended                                          |
 * | pageFault    | the first touch of a page, less a second touch                                          |
 */
export const SERIES = [
  "nativeCall",
  "systemCall",
  "clock",
  "notifyNobody",
  "notify",
  "roundTrip",
  "lineAlone",
  "lineHop",
  "oversleep",
  "pageFault",
] as const;

export type SeriesName = (typeof SERIES)[number];

/** Enough for a 90th percentile that stands still; bounds what a long calibration keeps. */
const MAX_SAMPLES = 100_000;

/** Three numbers that describe a series, ns. */
export interface SeriesSummary {
  readonly p50: number;
  readonly p90: number;
  readonly samples: number;
}

export class Readings {
  readonly #series: Map<SeriesName, number[]> = new Map();

  /** Adds a sample; past the bound it is dropped. */
  add(series: SeriesName, ns: number): void {
    const samples = this.#series.get(series) ?? [];
    if (samples.length < MAX_SAMPLES) samples.push(ns);
    this.#series.set(series, samples);
  }

  /** Undefined for a series without samples. */
  summary(series: SeriesName): SeriesSummary | undefined {
    const samples = this.#series.get(series);
    if (samples === undefined) return undefined;
    const sorted = samples.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
    return { p50: at(0.5), p90: at(0.9), samples: sorted.length };
  }
}
