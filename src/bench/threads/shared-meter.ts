/**
 * What the leading task of a workload counts on a machine of real threads, in memory that main reads at any time.
 *
 * One writer, the leader's CPU; the number of finished rounds is stored last and read first, by atomic operations, so whatever
 * belongs to a round that is counted is there. It is no part of the machine's memory: measuring changes nothing in that.
 */

/** Words in front of the numbers: rounds finished, tasks that are measured, their tids. */
const ROUND = 0;
const TIDS = 1;
const MAX_TIDS = 6;
const HEADER_BYTES = 64;
/** Numbers: counts of the machine when the measured rounds began, and when they ended. */
const COUNTS = 4;

export interface Counts {
  readonly switches: number;
  readonly ipis: number;
}

export class SharedMeter {
  readonly buffer: SharedArrayBuffer;
  readonly warmUp: number;
  readonly loops: number;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;

  /** `buffer`: of a meter of the same rounds. Default: a new one. */
  constructor(warmUp: number, loops: number, buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer(HEADER_BYTES + 8 * (COUNTS + loops + 1));
    this.warmUp = warmUp;
    this.loops = loops;
    this.#words = new Int32Array(this.buffer, 0, HEADER_BYTES / 4);
    this.#numbers = new Float64Array(this.buffer, HEADER_BYTES);
  }

  /** The leader, before each round and after the last: `now`, and the machine's counts so far. */
  onRound(round: number, now: number, counts: () => Counts): void {
    const at = round - this.warmUp;
    if (at >= 0) this.#numbers[COUNTS + at] = now;
    if (at === 0 || at === this.loops) {
      const { switches, ipis } = counts();
      this.#numbers.set([switches, ipis], at === 0 ? 0 : 2);
    }
    Atomics.store(this.#words, ROUND, round);
  }

  /** The tasks whose wake-ups count. At most six. */
  set tasks(tids: Iterable<number>) {
    const all = [...tids].slice(0, MAX_TIDS);
    this.#words.set(all, TIDS + 1);
    this.#words[TIDS] = all.length;
  }
  get tasks(): ReadonlySet<number> {
    return new Set(this.#words.subarray(TIDS + 1, TIDS + 1 + this.#words[TIDS]!));
  }

  /** Rounds finished, warm-up included. */
  get finished(): number {
    return Atomics.load(this.#words, ROUND);
  }
  /** Of them, those that are measured. */
  get measured(): number {
    return Math.max(0, this.finished - this.warmUp);
  }

  /** When measured round `n` began, or the one before it ended, ns; to be asked up to `measured`. */
  timeNs(n: number): number {
    return this.#numbers[COUNTS + n]!;
  }

  /** Of the measured rounds; `now`: the machine's counts, if they have not ended. */
  counts(now: Counts): Counts {
    const [switches, ipis, switchesAfter, ipisAfter] = this.#numbers as unknown as [
      number,
      number,
      number,
      number,
    ];
    const ended = this.measured === this.loops;
    return {
      switches: (ended ? switchesAfter : now.switches) - switches,
      ipis: (ended ? ipisAfter : now.ipis) - ipis,
    };
  }
}
