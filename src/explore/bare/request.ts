/**
 * What a thread is about to do: one reusable record a thread, filled in by the operations of `Bare` and carried out by
 * `BareSystem` when the thread is picked.
 *
 * `yield* bare.load32(a)` fills in the record of the running thread and returns it as the iterator of the `yield*`: its first
 * call of next() announces, and its second, when the thread is resumed, returns what the system has put into `result`.
 * Nothing is allocated (js-limits: an iterator object is half the price of a helper generator).
 */
import type { Coroutine, PendingStep, Resume, StepIterator, Yielded } from "../../atomics/step.ts";
import type { ViolationKind } from "../../interleaving/system.ts";
import type { Known } from "./known.ts";
import type { Spin } from "./spins.ts";

export const OP_NONE = 0;
export const OP_LOAD = 1;
export const OP_STORE = 2;
export const OP_CAS = 3;
export const OP_XCHG = 4;
export const OP_ADD = 5;
/** Accesses that order nothing and must not meet others (races.ts). */
export const OP_PLAIN_LOAD = 6;
export const OP_PLAIN_STORE = 7;
export const OP_LOAD64 = 8;
export const OP_STORE64 = 9;
export const OP_CAS64 = 10;
export const OP_XCHG64 = 11;
export const OP_COPY_OUT = 12;
export const OP_COPY_IN = 13;
export const OP_PAUSE = 14;
export const OP_CHOOSE = 15;
export const OP_TRY_LOCK = 16;
export const OP_UNLOCK = 17;
export const OP_WAIT = 18;
export const OP_NOTIFY = 19;
export const OP_SPAWN = 20;
/** From here on: steps that the state enables. */
export const OP_LOCK = 21;
export const OP_JOIN = 22;
export const OP_UNTIL = 23;
/** In a futex wait: only others can end it. */
export const OP_ASLEEP = 24;
/** An iteration without effect was given up: there is no further step. */
export const OP_CUT = 25;

/** The body has returned, or failed: how the running of it ends, and no step. */
export const OP_RETURNED = 26;
export const OP_FAILED = 27;

/** What an announcing thread yields. No other coroutine protocol has this number. */
export const YIELD_ANNOUNCED = -1;

const ANNOUNCED: IteratorYieldResult<Yielded> = { done: false, value: YIELD_ANNOUNCED };

export const NO_BYTES: Uint8Array = new Uint8Array(0);

/** What a body may be given: the number of its thread and what its spawner passed. */
export type Body = (self: number, argument: number) => Coroutine<unknown>;

/** How a body has failed. */
export interface Failure {
  readonly kind: ViolationKind;
  readonly cause: unknown;
}

/** The second half of a request that answers with 64 bits: `result` of the first stays a small integer. */
class WideAnswer implements StepIterator<bigint> {
  readonly result: { done: true; value: bigint } = { done: true, value: 0n };
  next(value?: Resume): IteratorResult<Yielded, bigint> {
    return value === undefined ? ANNOUNCED : this.result;
  }
}

/** An answer of 64 bits, as a step. */
export class WideRequest implements PendingStep<bigint> {
  declare readonly done?: undefined;
  readonly answer: WideAnswer = new WideAnswer();
  [Symbol.iterator](): StepIterator<bigint> {
    return this.answer;
  }
}

export class Request implements PendingStep<number>, StepIterator<number> {
  declare readonly done?: undefined;
  declare readonly actor: number;
  /** What comes next. Written by `Bare` on behalf of the running thread, cleared by the system when it does it. */
  op: number = OP_NONE;
  /** Index of a word, number of a mutex or of a thread. */
  a = 0;
  b = 0;
  c = 0;
  readonly result: { done: true; value: number } = { done: true, value: 0 };
  readonly wide: WideRequest = new WideRequest();
  x = 0n;
  y = 0n;
  bytes: Uint8Array = NO_BYTES;
  predicate: (value: number) => boolean = ALWAYS;
  /** Of a spawn: what the child runs. */
  child: Body | undefined = undefined;

  body: Body | undefined = undefined;
  argument = 0;
  /** Undefined: what was learned of the body has been enough so far. */
  coroutine: Coroutine<unknown> | undefined = undefined;
  /** Where it is in what was learned; undefined: nothing is learned of it. */
  node: Known | undefined = undefined;
  failure: Failure | undefined = undefined;
  /** It has come to be in this execution. */
  born = false;
  /** Came to be by a spawn: it can be joined. */
  spawned = false;
  parent = -1;
  /** Its next step comes after a spawn or a wake-up, and must be ordered after it. */
  fresh = false;
  finished = false;
  /** Is in the list of those that may step. */
  listed = false;
  /** Threads it has spawned in this execution. */
  children = 0;
  /** Numbers of its children, in the order of spawning. Kept from one execution to the next. */
  readonly childNumbers: number[] = [];
  /** Spurious wake-ups and interruptions it may still have in this execution. */
  faults = 0;
  returned: unknown = undefined;
  /** Digest of who it is and of the answers it has had. Kept only while spins are known or looked for. */
  point = 0;
  /** What it would wait for in vain if it went on alone. */
  spin: Spin | undefined = undefined;

  constructor(actor: number) {
    this.actor = actor;
  }
  [Symbol.iterator](): this {
    return this;
  }
  next(value?: Resume): IteratorResult<Yielded, number> {
    return value === undefined ? ANNOUNCED : this.result;
  }
}

/** Digest of what is asked for. What an operation does not use is left over from another, and from another execution. */
export function stampOf({ op, a, b, c, x }: Request): number {
  if (op === OP_PAUSE) return op;
  const stamp = Math.imul(op, 0x9e3779b1) ^ Math.imul(a, 0x85ebca6b);
  if (op >= OP_LOAD64 && op <= OP_XCHG64) return stamp ^ Number(BigInt.asIntN(32, x));
  const operands = op === OP_CAS || op === OP_WAIT ? Math.imul(c, 0x27d4eb2f) : 0;
  return stamp ^ Math.imul(b, 0xc2b2ae35) ^ operands;
}

const ALWAYS = (): boolean => true;

const NAMES: readonly string[] = [
  "nothing",
  "load",
  "store",
  "cmpxchg",
  "xchg",
  "add",
  "plain load",
  "plain store",
  "load64",
  "store64",
  "cmpxchg64",
  "xchg64",
  "copy out",
  "copy in",
  "pause",
  "choose",
  "try lock",
  "unlock",
  "wait",
  "notify",
  "spawn",
  "lock",
  "join",
  "await",
  "asleep",
  "given up",
  "return",
  "throw",
];

export function opName(op: number): string {
  return NAMES[op]!;
}
