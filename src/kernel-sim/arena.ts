/**
 * Lays columns out in the machine's one buffer. Used at boot only: nothing is allocated in the buffer afterwards.
 *
 * The same constructor code runs twice, first over a measuring arena that hands out empty columns and only counts, then
 * over the buffer of exactly that size. Rejected: a table of sizes beside the columns, which drifts from them.
 */
export class Arena {
  readonly #buffer: ArrayBufferLike | undefined;
  #at: number;

  /** `at`: first byte to hand out, a multiple of 8. Without a buffer the arena measures. */
  constructor(at: number, buffer?: ArrayBufferLike) {
    this.#at = at;
    this.#buffer = buffer;
  }

  /** First free byte. */
  get end(): number {
    return this.#at;
  }

  uint8(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#buffer ? new Uint8Array(this.#buffer, at, length) : new Uint8Array(0);
  }
  int32(length: number): Int32Array {
    const at = this.#take(length * 4);
    return this.#buffer ? new Int32Array(this.#buffer, at, length) : new Int32Array(0);
  }
  float64(length: number): Float64Array {
    const at = this.#take(length * 8);
    return this.#buffer ? new Float64Array(this.#buffer, at, length) : new Float64Array(0);
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
