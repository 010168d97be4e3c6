/**
 * Random accesses: the arbitraries, how each is made on the real accessors, and what the model answers to it.
 */
import fc from "fast-check";
import type { Addr, NosleepMode, Step, UserAccess, UserMemory } from "../../src/atomics/index.ts";
import { FAULT, MODEL_PAGE, type Model } from "./model.ts";

export const PAGES = 6;
export const LIMIT: number = PAGES * MODEL_PAGE;

export type Verb = "get" | "put" | "cmpxchg" | "xchg";

export interface WordAccess {
  readonly verb: Verb;
  readonly size: 4 | 8;
  readonly nosleep: boolean;
  readonly a: number;
  readonly value: bigint;
  /** For a compare-exchange: expect what is there, or else `other`. */
  readonly matching: boolean;
  readonly other: bigint;
}

const EDGES = [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 0xdeaddeaddeaddeadn, 2n ** 64n - 1n];

/** 64-bit words, edges often. A 32-bit access takes the low half. */
export const word64: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(...EDGES),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

const offset = fc.oneof(
  fc.constantFrom(0, 4, 8, 12, 16, 24),
  fc.constantFrom(MODEL_PAGE - 8, MODEL_PAGE - 4, MODEL_PAGE - 1),
  fc.nat(MODEL_PAGE - 1),
);

/** Numbers that are in no buffer, some of which become good addresses when cut to 32 bits. */
const wildAddress: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(LIMIT, 2 ** 32, 2 ** 52 + 1, 2 ** 53, -1, -8, Number.NaN, Number.POSITIVE_INFINITY),
  fc.tuple(fc.nat(LIMIT - 1), fc.constantFrom(2 ** 32, 2 ** 40, -(2 ** 32))).map(([low, high]) => low + high),
);

export const insideAddress: fc.Arbitrary<number> = fc
  .tuple(fc.nat(PAGES - 1), offset)
  .map(([page, off]) => page * MODEL_PAGE + off);

export const anyAddress: fc.Arbitrary<number> = fc.oneof(
  { weight: 12, arbitrary: insideAddress },
  { weight: 1, arbitrary: wildAddress },
);

export function wordAccess(a: fc.Arbitrary<number>): fc.Arbitrary<WordAccess> {
  return fc
    .record({
      verb: fc.constantFrom<Verb>("get", "put", "cmpxchg", "xchg"),
      size: fc.constantFrom<4 | 8>(4, 8),
      nosleep: fc.boolean(),
      a,
      value: word64,
      matching: fc.boolean(),
      other: word64,
    })
    .map(({ size, a: place, ...rest }) => {
      // The shrunk form of an address is often misaligned; most accesses should not be.
      const aligned = place % 2 === 0 ? place - (place % size) : place;
      return { ...rest, size, a: Number.isNaN(place) ? place : aligned };
    });
}

const low = (word: bigint, size: 4 | 8): bigint => (size === 4 ? word & 0xffffffffn : word);

/** What `access` expects to find, by the model as it is before the access. */
export function expectedWord(model: Model, { a, size, matching, other }: WordAccess): bigint {
  return matching && a >= 0 && a < LIMIT ? model.word(a, size) : low(other, size);
}

/**
 * The accessor's answer as a bigint, errors negative. There is no 32-bit exchange on UserAccess: it is a put
 * there.
 */
export function onAccess(access: UserAccess, op: WordAccess, expected: bigint): Step<bigint | number> {
  const a = op.a as Addr;
  const narrow = Number(low(op.value, 4));
  if (op.size === 4) {
    if (op.verb === "get") return op.nosleep ? access.getUser32Nosleep(a) : access.getUser32(a);
    if (op.verb !== "cmpxchg")
      return op.nosleep ? access.putUser32Nosleep(a, narrow) : access.putUser32(a, narrow);
    const old = Number(expected);
    return op.nosleep ? access.cmpxchgUser32Nosleep(a, old, narrow) : access.cmpxchgUser32(a, old, narrow);
  }
  const { nosleep, value, verb } = op;
  if (verb === "get") return nosleep ? access.getUser64Nosleep(a) : access.getUser64(a);
  if (verb === "put") return nosleep ? access.putUser64Nosleep(a, value) : access.putUser64(a, value);
  if (verb === "xchg") return nosleep ? access.xchgUser64Nosleep(a, value) : access.xchgUser64(a, value);
  return nosleep ? access.cmpxchgUser64Nosleep(a, expected, value) : access.cmpxchgUser64(a, expected, value);
}

export function onUser(user: UserMemory, op: WordAccess, expected: bigint): Step<bigint | number> {
  const a = op.a as Addr;
  const narrow = Number(low(op.value, 4));
  switch (op.verb) {
    case "get":
      return op.size === 4 ? user.load32(a) : user.load64(a);
    case "put":
      return op.size === 4 ? user.store32(a, narrow) : user.store64(a, op.value);
    case "xchg":
      return op.size === 4 ? user.xchg32(a, narrow) : user.xchg64(a, op.value);
    case "cmpxchg":
      return op.size === 4
        ? user.cmpxchg32(a, Number(expected), narrow)
        : user.cmpxchg64(a, expected, op.value);
  }
}

/**
 * The access on words that are known to be reachable. `exchange32`: whether this family has a 32-bit
 * exchange.
 */
export function onWords(model: Model, op: WordAccess, expected: bigint, exchange32: boolean): bigint {
  const { a, size } = op;
  const value = low(op.value, size);
  if (op.verb === "get") return model.word(a, size);
  if (op.verb === "cmpxchg") return model.cmpxchg(a, size, expected, value);
  if (op.verb === "xchg" && (size === 8 || exchange32)) return model.xchg(a, size, value);
  model.put(a, size, value);
  return 0n;
}

/** What UserAccess must answer. */
export function modelAccess(model: Model, op: WordAccess, expected: bigint, nosleep: NosleepMode): bigint {
  const write = op.verb !== "get";
  const quiet = nosleep === "refuse" ? "refuse" : "write";
  const fault = op.nosleep ? quiet : write ? "write" : "read";
  if (!model.reachWord(op.a, op.size, write, fault)) return FAULT;
  return onWords(model, op, expected, false);
}
