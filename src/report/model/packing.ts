/**
 * An event log as bytes: column by column, each number the difference from the one before where that is small, as a varint.
 *
 * Columns compress better than records, because deflate then sees runs of one kind of number. A varint has seven bits to a byte,
 * lowest first, the eighth says that there is more; signs are folded into the lowest bit (0, -1, 1, -2 ... are 0, 1, 2, 3 ...).
 * Numbers are whole and up to 2^53, so the arithmetic is that of floats, not of 32-bit integers.
 *
 *     varint count; times (differences); kinds; cpus; tids (differences); args0; args1
 *
 * A million events of a benchmark are some 9 MB so, 1 to 3 MB deflated.
 */
import { EventLog } from "./event-log.ts";

const BITS = 128;
/** Bytes of the longest varint: 53 bits and a sign. */
const LONGEST = 8;

/** A growing run of bytes. */
class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 16);
  #length = 0;

  varint(value: number): void {
    if (this.#length + LONGEST > this.#bytes.length) this.#grow();
    let rest = value;
    while (rest >= BITS) {
      const high = Math.floor(rest / BITS);
      this.#bytes[this.#length++] = rest - high * BITS + BITS;
      rest = high;
    }
    this.#bytes[this.#length++] = rest;
  }

  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(): void {
    const longer = new Uint8Array(2 * this.#bytes.length);
    longer.set(this.#bytes);
    this.#bytes = longer;
  }
}

/** Reads what a ByteWriter wrote. */
class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  varint(): number {
    let [value, scale] = [0, 1];
    for (let i = 0; i < LONGEST; i++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError("the packed events end too early");
      if (byte < BITS) return value + byte * scale;
      value += (byte - BITS) * scale;
      scale *= BITS;
    }
    throw new RangeError(`a packed number is longer than ${LONGEST} bytes`);
  }

  signed(): number {
    const folded = this.varint();
    return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
  }
}

export function packEvents(log: EventLog): Uint8Array<ArrayBuffer> {
  const { length, times, kinds, cpus, tids, args0, args1 } = log;
  const out = new ByteWriter();
  out.varint(length);
  for (let i = 0; i < length; i++) out.signed(times[i]! - (i === 0 ? 0 : times[i - 1]!));
  for (let i = 0; i < length; i++) out.varint(kinds[i]!);
  for (let i = 0; i < length; i++) out.signed(cpus[i]!);
  for (let i = 0; i < length; i++) out.signed(tids[i]! - (i === 0 ? 0 : tids[i - 1]!));
  for (let i = 0; i < length; i++) out.signed(args0[i]!);
  for (let i = 0; i < length; i++) out.signed(args1[i]!);
  return out.done();
}

/** Throws RangeError where the bytes are no packed log. */
export function unpackEvents(bytes: Uint8Array): EventLog {
  const from = new ByteReader(bytes);
  const length = from.varint();
  if (length > bytes.length) throw new RangeError(`${length} events cannot be in ${bytes.length} bytes`);
  const log = new EventLog(length);
  log.length = length;
  log.times = new Float64Array(length);
  log.kinds = new Uint8Array(length);
  log.cpus = new Int32Array(length);
  log.tids = new Int32Array(length);
  log.args0 = new Int32Array(length);
  log.args1 = new Int32Array(length);
  let last = 0;
  for (let i = 0; i < length; i++) log.times[i] = last += from.signed();
  for (let i = 0; i < length; i++) log.kinds[i] = from.varint();
  for (let i = 0; i < length; i++) log.cpus[i] = from.signed();
  last = 0;
  for (let i = 0; i < length; i++) log.tids[i] = last += from.signed();
  for (let i = 0; i < length; i++) log.args0[i] = from.signed();
  for (let i = 0; i < length; i++) log.args1[i] = from.signed();
  return log;
}
