/**
 * What a thread does after certain answers: a node of the tree that pure bodies are learned into (memo.ts).
 *
 * The few answers that most steps have are a chain of siblings, looked through the last learned first; those
 * behind the eighth, and answers that are no numbers of 32 bits, are in a map.
 */
import { textOf } from "../../diagnostics/text-of.ts";
import {
  type Failure,
  NO_BYTES,
  OP_CAS,
  OP_CAS64,
  OP_COPY_IN,
  OP_COPY_OUT,
  OP_FAILED,
  OP_LOAD64,
  OP_NONE,
  OP_PAUSE,
  OP_RETURNED,
  OP_WAIT,
  type Request,
} from "./request.ts";

/** What a step was answered: for a compare-exchange what it found, for copies the bytes as text. */
export type Answer = number | bigint | string;

/** What few steps have. */
export interface Rest {
  readonly x: bigint;
  readonly y: bigint;
  /** Of a copy: what it writes, or room for what it reads. */
  readonly bytes: Uint8Array;
  readonly returned: unknown;
  readonly failure: Failure | undefined;
}

const CHAINED = 8;

export class Known {
  /** OP_NONE: the begin of a thread, whose number and argument are `a` and `b`. */
  declare readonly op: number;
  declare readonly a: number;
  declare readonly b: number;
  declare readonly c: number;
  declare readonly rest: Rest | undefined;
  /** The step that `answer` was given to. Of a begin: the spawn; undefined: the program starts with it. */
  declare readonly parent: Known | undefined;
  declare readonly answer: Answer;
  /** `answer` as far as it is a number: comparing those alone is one instruction. */
  declare readonly number: number;
  #first: Known | undefined = undefined;
  #sibling: Known | undefined = undefined;
  #chained = 0;
  #others: Map<Answer, Known> | undefined = undefined;
  /** Of a spawn: the begin of the child. */
  child: Known | undefined = undefined;
  /** Of an await: whether it accepts the values that were met. */
  accepted: Map<number, boolean> | undefined = undefined;

  /** The step that `request` says. */
  constructor(parent: Known | undefined, answer: Answer, request: Request) {
    const { op } = request;
    this.op = op;
    this.a = op === OP_NONE ? request.actor : request.a;
    this.b = op === OP_NONE ? request.argument : request.b;
    this.c = request.c;
    this.rest = op >= OP_RETURNED || (op >= OP_LOAD64 && op <= OP_COPY_IN) ? restOf(request) : undefined;
    this.parent = parent;
    this.answer = answer;
    this.number = typeof answer === "number" ? answer : 0;
  }

  /** What comes after this answer. */
  after(answer: Answer): Known | undefined {
    if (typeof answer === "number") return this.afterNumber(answer);
    return this.#others?.get(answer);
  }

  afterNumber(answer: number): Known | undefined {
    let next = this.#first;
    while (next !== undefined && next.number !== answer) next = next.#sibling;
    if (next !== undefined || this.#others === undefined) return next;
    return this.#others.get(answer);
  }

  add(next: Known): void {
    if (typeof next.answer === "number" && this.#chained < CHAINED) {
      this.#chained++;
      next.#sibling = this.#first;
      this.#first = next;
      return;
    }
    this.#others ??= new Map();
    this.#others.set(next.answer, next);
  }

  /** Whether `request` says the same. What an operation does not use is left over from another. */
  says(request: Request): boolean {
    const { op, a, b, c, rest } = this;
    if (op !== request.op) return false;
    if (rest !== undefined) return saysRest(op, a, b, rest, request);
    if (op === OP_PAUSE) return true;
    const usesC = op === OP_CAS || op === OP_WAIT;
    return a === request.a && b === request.b && (!usesC || c === request.c);
  }
}

function restOf({ op, x, y, bytes, returned, failure }: Request): Rest {
  const kept = op === OP_COPY_OUT || op === OP_COPY_IN ? bytes.slice() : NO_BYTES;
  return { x, y, bytes: kept, returned, failure };
}

function saysRest(op: number, a: number, b: number, rest: Rest, request: Request): boolean {
  const { x, y, bytes, returned, failure } = request;
  switch (op) {
    case OP_RETURNED:
      return typeof returned !== "number" || Object.is(returned, rest.returned);
    case OP_FAILED:
      return failure!.kind === rest.failure!.kind && textOf(failure!.cause) === textOf(rest.failure!.cause);
    case OP_COPY_OUT:
      return a === request.a && b === request.b;
    case OP_COPY_IN:
      return a === request.a && b === request.b && bytes.every((byte, i) => byte === rest.bytes[i]);
    default: {
      const [usesX, usesY] = [op !== OP_LOAD64, op === OP_CAS64];
      return a === request.a && (!usesX || x === rest.x) && (!usesY || y === rest.y);
    }
  }
}
