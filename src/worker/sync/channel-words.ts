/**
 * Values of a channel in user memory, for machines whose CPUs have JavaScript objects of their own (Kernel.manyIsolates).
 *
 * A number, a boolean, undefined and null are a 64-bit word each, and cross. Anything else stays with the CPU that has sent it: the
 * word says which CPU, and where it lies there. A receiver on that CPU gets it; one on another is told (ERR_VALUE_STAYS), as the joiner
 * of a worker is whose result stays (worker/ends-elsewhere.ts). Nothing is cloned behind anybody's back.
 *
 * The word: the bits of the number; of what is none those of a NaN that no computation gives.
 */
import { type Addr, offsetBy } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { Words } from "./sync-worker.ts";

/** What says which CPU executes. */
export interface Isolate {
  readonly cpu: number;
  readonly manyIsolates: boolean;
}

/** In place of a value that lies on another CPU. */
export class Stays {
  readonly cpu: number;
  constructor(cpu: number) {
    this.cpu = cpu;
  }
}

const NOT_A_NUMBER = 0x7ff8_0000_0000_0000n;
/** Above the CPU and the place of a value that stays, and above the number of one of PLAIN. */
const STAYS = 0xfff4n;
const PLAIN = 0xfff5n;
const KIND_SHIFT = 48n;
const CPU_SHIFT = 32n;
const PLAINS: readonly unknown[] = [undefined, null, false, true];

export class ChannelWords {
  readonly #isolate: Isolate;
  readonly #ring: Addr;
  /** Of this CPU, by their places. */
  readonly #kept: Map<number, unknown> = new Map();
  #next = 0;

  /** `ring`: 8 bytes a place. */
  constructor(isolate: Isolate, ring: Addr) {
    this.#isolate = isolate;
    this.#ring = ring;
  }

  place(index: number): Addr {
    return offsetBy(this.#ring, 8 * index);
  }

  *put(memory: Words, at: Addr, value: unknown): Coroutine<void> {
    yield* memory.store64(at, this.#encode(value));
  }
  *take(memory: Words, at: Addr): Coroutine<unknown> {
    return this.#decode(yield* memory.load64(at));
  }
  /** What is in place `index`; the word at `from` takes its place, if there is one. */
  *replace(memory: Words, index: number, from: Addr | undefined): Coroutine<unknown> {
    const place = this.place(index);
    const word = yield* memory.load64(place);
    if (from !== undefined) yield* memory.store64(place, yield* memory.load64(from));
    return this.#decode(word);
  }

  #encode(value: unknown): bigint {
    if (typeof value === "number") return Number.isNaN(value) ? NOT_A_NUMBER : bitsOf(value);
    const plain = PLAINS.indexOf(value);
    if (plain >= 0) return (PLAIN << KIND_SHIFT) | BigInt(plain);
    this.#next = (this.#next + 1) >>> 0;
    this.#kept.set(this.#next, value);
    return (STAYS << KIND_SHIFT) | (BigInt(this.#isolate.cpu) << CPU_SHIFT) | BigInt(this.#next);
  }

  #decode(word: bigint): unknown {
    const kind = word >> KIND_SHIFT;
    if (kind === PLAIN) return PLAINS[Number(word & 3n)];
    if (kind !== STAYS) return numberOf(word);
    const cpu = Number((word >> CPU_SHIFT) & 0xffffn);
    if (cpu !== this.#isolate.cpu) return new Stays(cpu);
    const key = Number(word & 0xffff_ffffn);
    const value = this.#kept.get(key);
    this.#kept.delete(key);
    return value;
  }
}

function bitsOf(value: number): bigint {
  return new BigUint64Array(new Float64Array([value]).buffer)[0]!;
}
function numberOf(bits: bigint): number {
  return new Float64Array(new BigUint64Array([bits]).buffer)[0]!;
}
