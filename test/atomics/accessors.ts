/**
 * Every word accessor of UserAccess as a row of a table: what it is given, what it must answer and what it
 * must leave.
 */
import type { Addr, Step, UserAccess } from "../../src/atomics/index.ts";

/** The high and the low halves both differ from `NEXT`'s, and the top bit of each is set. */
export const WORD64 = 0xdeaddeaddeaddeadn;
const NEXT64 = 0xffffffffffffffffn;
/** Differs from WORD64 in the high half only. */
const NEAR64 = 0x5eaddeaddeaddeadn;

export const WORD32 = 0xdeaddead;
const NEXT32 = 0xffffffff;
const NEAR32 = 0x5eaddead;

/** One accessor applied to a word that holds WORD32 or WORD64. */
export interface Accessor {
  readonly name: string;
  readonly size: 4 | 8;
  readonly writes: boolean;
  readonly nosleep: boolean;
  readonly call: (access: UserAccess, a: Addr) => Step<bigint | number>;
  /** The answer on success. */
  readonly answer: bigint | number;
  /** The word afterwards. */
  readonly leaves: bigint | number;
}

type Row = Omit<Accessor, "nosleep" | "size">;

const PLAIN32: readonly Row[] = [
  { name: "getUser32", writes: false, call: (u, a) => u.getUser32(a), answer: WORD32, leaves: WORD32 },
  { name: "putUser32", writes: true, call: (u, a) => u.putUser32(a, NEXT32), answer: 0, leaves: NEXT32 },
  {
    name: "cmpxchgUser32",
    writes: true,
    call: (u, a) => u.cmpxchgUser32(a, WORD32, NEXT32),
    answer: 0,
    leaves: NEXT32,
  },
];

const NOSLEEP32: readonly Row[] = [
  {
    name: "getUser32Nosleep",
    writes: false,
    call: (u, a) => u.getUser32Nosleep(a),
    answer: WORD32,
    leaves: WORD32,
  },
  {
    name: "putUser32Nosleep",
    writes: true,
    call: (u, a) => u.putUser32Nosleep(a, NEXT32),
    answer: 0,
    leaves: NEXT32,
  },
  {
    name: "cmpxchgUser32Nosleep",
    writes: true,
    call: (u, a) => u.cmpxchgUser32Nosleep(a, WORD32, NEXT32),
    answer: 0,
    leaves: NEXT32,
  },
];

const PLAIN64: readonly Row[] = [
  { name: "getUser64", writes: false, call: (u, a) => u.getUser64(a), answer: WORD64, leaves: WORD64 },
  { name: "putUser64", writes: true, call: (u, a) => u.putUser64(a, NEXT64), answer: 0, leaves: NEXT64 },
  {
    name: "cmpxchgUser64",
    writes: true,
    call: (u, a) => u.cmpxchgUser64(a, WORD64, NEXT64),
    answer: 0,
    leaves: NEXT64,
  },
  {
    name: "xchgUser64",
    writes: true,
    call: (u, a) => u.xchgUser64(a, NEXT64),
    answer: WORD64,
    leaves: NEXT64,
  },
];

const NOSLEEP64: readonly Row[] = [
  {
    name: "getUser64Nosleep",
    writes: false,
    call: (u, a) => u.getUser64Nosleep(a),
    answer: WORD64,
    leaves: WORD64,
  },
  {
    name: "putUser64Nosleep",
    writes: true,
    call: (u, a) => u.putUser64Nosleep(a, NEXT64),
    answer: 0,
    leaves: NEXT64,
  },
  {
    name: "cmpxchgUser64Nosleep",
    writes: true,
    call: (u, a) => u.cmpxchgUser64Nosleep(a, WORD64, NEXT64),
    answer: 0,
    leaves: NEXT64,
  },
  {
    name: "xchgUser64Nosleep",
    writes: true,
    call: (u, a) => u.xchgUser64Nosleep(a, NEXT64),
    answer: WORD64,
    leaves: NEXT64,
  },
];

export const ACCESSORS: readonly Accessor[] = [
  ...PLAIN32.map((row): Accessor => ({ ...row, size: 4, nosleep: false })),
  ...NOSLEEP32.map((row): Accessor => ({ ...row, size: 4, nosleep: true })),
  ...PLAIN64.map((row): Accessor => ({ ...row, size: 8, nosleep: false })),
  ...NOSLEEP64.map((row): Accessor => ({ ...row, size: 8, nosleep: true })),
];

/** A compare-exchange that will not match, with the word it must report as found. */
export interface Mismatch {
  readonly name: string;
  readonly size: 4 | 8;
  readonly call: (access: UserAccess, a: Addr) => Step<number>;
}

export const MISMATCHES: readonly Mismatch[] = [
  { name: "cmpxchgUser32", size: 4, call: (u, a) => u.cmpxchgUser32(a, NEAR32, NEXT32) },
  { name: "cmpxchgUser32Nosleep", size: 4, call: (u, a) => u.cmpxchgUser32Nosleep(a, NEAR32, NEXT32) },
  { name: "cmpxchgUser64", size: 8, call: (u, a) => u.cmpxchgUser64(a, NEAR64, NEXT64) },
  { name: "cmpxchgUser64Nosleep", size: 8, call: (u, a) => u.cmpxchgUser64Nosleep(a, NEAR64, NEXT64) },
];
