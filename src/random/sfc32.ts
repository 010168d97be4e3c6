/**
 * Streams of random numbers: sfc32 (Doty-Humphrey, PractRand), seeded, the same on every engine.
 *
 * A seed has many streams; two that differ in seed or number are independent for all practical purposes. What is drawn
 * from one stream does not move another: so a program draws arrivals from one and services from another, and changing how
 * many of the one it takes leaves the other as it was.
 */
export class Sfc32 {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  /** Any integers. */
  constructor(seed: number, stream = 0) {
    this.restart(seed, stream);
  }

  /** Begins another stream, as if made anew. */
  restart(seed: number, stream = 0): void {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = (0x9e3779b9 + stream) | 0;
    this.#counter = 1;
    for (let i = 0; i < 12; i++) this.next();
  }

  /** Uniform in [0, 1), 32 bits. */
  next(): number {
    return this.#bits() / 4294967296;
  }

  /** Uniform in (0, 1], 53 bits: its logarithm is finite. */
  nextOpen(): number {
    const high = this.#bits() * 2097152;
    return (high + (this.#bits() >>> 11) + 1) / 9007199254740992;
  }

  #bits(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return t >>> 0;
  }
}
