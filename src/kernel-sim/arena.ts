/**
 * Lays columns out in the machine's one buffer. Used at boot only: nothing is allocated in the buffer afterwards.
 *
 * The same constructor code runs twice, first over a measuring arena that hands out empty columns and only counts, then
 * over the buffer of exactly that size. Rejected: a table of sizes beside the columns, which drifts from them.
 *
 * It may run a third time, on another thread that looks at the same machine: then the columns hold what they hold, and
 * nothing is initialised (`fresh`).
 */
export class Arena {
  readonly #buffer: ArrayBufferLike | undefined;
  /** The buffer is new: what is not zero to begin with is to be written. */
  readonly fresh: boolean;
  #at: number;

  /** `at`: first byte to hand out, a multiple of 8. Without a buffer the arena measures. */
  constructor(at: number, buffer?: ArrayBufferLike, fresh = true) {
    this.#at = at;
    this.#buffer = buffer;
    this.fresh = fresh;
  }

  /** First free byte. */
  get end(): number {
    return this.#at;
  }

  uint8(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#buffer ? new Uint8Array(this.#buffer, at, length) : new Uint8Array(0);
  }
  /** `initial`: what a fresh column holds. */
  int32(length: number, initial = 0): Int32Array {
    const at = this.#take(length * 4);
    if (this.#buffer === undefined) return new Int32Array(0);
    const column = new Int32Array(this.#buffer, at, length);
    return this.fresh && initial !== 0 ? column.fill(initial) : column;
  }
  float64(length: number, initial = 0): Float64Array {
    const at = this.#take(length * 8);
    if (this.#buffer === undefined) return new Float64Array(0);
    const column = new Float64Array(this.#buffer, at, length);
    return this.fresh && initial !== 0 ? column.fill(initial) : column;
  }

  bigUint64(length: number): BigUint64Array {
    const at = this.#take(length * 8);
    return this.#buffer ? new BigUint64Array(this.#buffer, at, length) : new BigUint64Array(0);
  }

  #take(bytes: number): number {
    const at = this.#at;
    this.#at = (at + bytes + 7) & ~7;
    return at;
  }
}
