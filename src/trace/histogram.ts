/**
 * A histogram of durations with 8 significant bits, in the manner of HdrHistogram and fio.
 *
 * Values below 256 have a bucket each; above, every power of two is cut into 256 buckets of equal width,
 * so that a value and the highest value of its bucket differ by less than 1/256 (0.4 %). The range is that
 * of integers in a float64, 0 to 2^53, which takes 11 777 buckets: 94 kB, allocated once. Counts are
 * float64, exact to 2^53, because a 32-bit
 * count overflows after 72 minutes of recording at a million a second.
 *
 * Index. With `shift` the number of low bits that do not matter, the index is `shift * 256 + (v >>
 * shift)`: where `v >> shift` runs from 256 to 511, consecutive shifts join without a gap, and for v < 512
 * the index is v itself.
 *
 * Count, minimum, maximum and sum are kept beside the buckets and are exact. Rejected: keeping all samples
 * (exact quantiles, but no bound on memory); t-digest and the like (the error depends on the order of
 * recording, so merging two shards would not equal one run).
 */
import { TraceError } from "./error.ts";

const BITS = 8;
const SUB_BUCKETS = 1 << BITS;
const MAX_VALUE = 2 ** 53;
const BUCKETS: number = (53 - BITS + 1) * SUB_BUCKETS + 1;
const TWO_32 = 2 ** 32;

/** Five numbers that describe a span of time, all in ns, and how many samples they stand on. */
export interface SpanSummary {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly count: number;
}

/** A histogram as data. `buckets` holds the non-empty ones as pairs of lowest value and count. */
export interface HistogramJson extends SpanSummary {
  readonly min: number;
  readonly mean: number;
  readonly buckets: readonly (readonly [number, number])[];
}

function bucketOf(value: number): number {
  if (value < TWO_32) {
    const shift = Math.max(0, 31 - BITS - Math.clz32(value));
    return (shift << BITS) + (value >>> shift);
  }
  const shift = 63 - BITS - Math.clz32(value / TWO_32);
  return (shift << BITS) + Math.floor(value / 2 ** shift);
}

function shiftOf(bucket: number): number {
  return bucket < 2 * SUB_BUCKETS ? 0 : (bucket >> BITS) - 1;
}

function lowestOf(bucket: number): number {
  const shift = shiftOf(bucket);
  return (bucket - (shift << BITS)) * 2 ** shift;
}

function highestOf(bucket: number): number {
  const shift = shiftOf(bucket);
  return (bucket - (shift << BITS) + 1) * 2 ** shift - 1;
}

function assertValue(ok: boolean, what: string, value: number): void {
  if (!ok) throw new TraceError("ERR_TRACE_VALUE", `${what}: ${value}`);
}

/**
 * Durations in whole ns.
 *
 * ```ts
 * const wakes = new Histogram();
 * wakes.record(4_253);
 * wakes.quantile(0.99);
 * ```
 */
export class Histogram {
  readonly #counts: Float64Array = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #min: number = Number.POSITIVE_INFINITY;
  #max = 0;

  /** Of these values, in whole ns. */
  static of(values: Iterable<number>): Histogram {
    const histogram = new Histogram();
    for (const value of values) histogram.record(Math.round(value));
    return histogram;
  }

  /** Adds one value: an integer from 0 to 2^53. */
  record(value: number): void {
    this.recordN(value, 1);
  }

  /** Adds the same value `times` times. */
  recordN(value: number, times: number): void {
    assertValue(
      value >= 0 && value <= MAX_VALUE && Math.floor(value) === value,
      "not an integer in 0..2^53",
      value,
    );
    assertValue(Number.isSafeInteger(times) && times >= 0, "not a number of times", times);
    if (times === 0) return;
    this.#counts[bucketOf(value)]! += times;
    this.#count += times;
    this.#sum += value * times;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  get count(): number {
    return this.#count;
  }

  /** Smallest value, 0 when empty. */
  get min(): number {
    return this.#count === 0 ? 0 : this.#min;
  }

  /** Largest value, 0 when empty. */
  get max(): number {
    return this.#max;
  }

  /** Mean, from an exact sum as long as that is below 2^53; 0 when empty. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /**
   * The value that a share `q` (0 to 1) of all samples does not exceed: the highest value equivalent to the
   * sample of that rank, but never more than the maximum. 0 gives the minimum, 1 the maximum; an empty
   * histogram gives 0.
   */
  quantile(q: number): number {
    assertValue(q >= 0 && q <= 1, "not a share between 0 and 1", q);
    if (q === 0 || this.#count === 0) return this.min;
    const rank = this.#rankOf(q);
    let seen = 0;
    for (let bucket = bucketOf(this.#min); bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket]!;
      if (seen >= rank) return Math.min(highestOf(bucket), this.#max);
    }
    return this.#max;
  }

  /** Adds all samples of `other`, as if they had been recorded here. */
  merge(other: Histogram): void {
    const from = other.#counts;
    for (let i = 0; i < BUCKETS; i++) this.#counts[i]! += from[i]!;
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  reset(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = 0;
  }

  summary(): SpanSummary {
    return {
      p50: this.quantile(0.5),
      p90: this.quantile(0.9),
      p99: this.quantile(0.99),
      p999: this.quantile(0.999),
      max: this.#max,
      count: this.#count,
    };
  }

  toJSON(): HistogramJson {
    const buckets: (readonly [number, number])[] = [];
    for (let i = 0; i < BUCKETS; i++) {
      const count = this.#counts[i]!;
      if (count > 0) buckets.push([lowestOf(i), count]);
    }
    return { ...this.summary(), min: this.min, mean: this.mean, buckets };
  }

  /** The smallest rank r with r / count >= q. The product alone may round to either side of an integer. */
  #rankOf(q: number): number {
    let rank = Math.max(1, Math.ceil(q * this.#count));
    if (rank > 1 && (rank - 1) / this.#count >= q) rank--;
    if (rank < this.#count && rank / this.#count < q) rank++;
    return rank;
  }
}
