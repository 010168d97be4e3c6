/**
 * Whether a thread is in the same local state at two points of its life, as far as can be told from outside.
 *
 * A generator's locals cannot be looked at, but a body is determined by the answers to its steps. So it is begun twice beside the system,
 * given the answers up to the one point and to the other, and then both are given the same answers, drawn from those that were
 * seen and from what they ask with. If they ask for the same steps all along, in every trial, the states are taken to be the same: a
 * loop that counts, or code of two different places, is told apart by an answer that lets one of them go on.
 *
 * No word is read or written; state that bodies keep outside of themselves is spoilt, as by any execution, until it is reset.
 */
import { EAGAIN } from "../../atomics/errno.ts";
import { type Coroutine, RESUME } from "../../atomics/step.ts";
import { textOf } from "../../diagnostics/text-of.ts";
import { Sfc32 } from "../../random/sfc32.ts";
import { OP_CAS, OP_CAS64, OP_NONE, OP_TRY_LOCK, Request } from "./request.ts";
import type { Looked } from "./spins.ts";
import type { Threads } from "./threads.ts";

const TRIALS = 24;
const STEPS = 24;
/** Steps with one and the same answer: a loop that counts further is not told from one that does not count. */
const SAME_ANSWERS = 2_000;

interface Twin {
  readonly request: Request;
  readonly coroutine: Coroutine<unknown>;
  ended: string;
}

export class Likeness {
  readonly #threads: Threads;
  readonly #random: Sfc32 = new Sfc32(1);
  #life: readonly Looked[] = [];
  #seen: number[] = [];

  constructor(threads: Threads) {
    this.#threads = threads;
  }

  /** From now on about the thread whose steps these are. */
  begin(life: readonly Looked[]): void {
    this.#life = life;
    this.#seen = [...new Set([0, 1, ...life.map(({ value }) => value)])];
  }

  /** Whether the thread's states before its steps `a` and `b` are the same. */
  isAlike(a: number, b: number): boolean {
    const [first, second] = [this.#life[a]!, this.#life[b]!];
    if (first.op !== second.op || first.word !== second.word) return false;
    for (let trial = 0; trial < TRIALS; trial++) {
      if (!this.#goesAlike(this.#at(a), this.#at(b), trial)) return false;
    }
    return true;
  }

  #goesAlike(a: Twin, b: Twin, trial: number): boolean {
    // The first trials repeat one answer: they tell loops that count.
    const fixed = trial < this.#seen.length ? this.#seen[trial] : undefined;
    const steps = fixed === undefined ? STEPS : SAME_ANSWERS;
    for (let step = 0; step < steps; step++) {
      if (!asksTheSame(a, b)) return false;
      if (a.ended !== "") return true;
      const answer = fixed ?? this.#draw(a.request);
      for (const twin of [a, b]) this.#answer(twin, answer, BigInt(answer));
    }
    return true;
  }

  /** The thread as it was before its step `index`. */
  #at(index: number): Twin {
    const { actor } = this.#life[0]!;
    const { body, argument } = this.#threads.requests[actor]!;
    const request = new Request(actor);
    this.#threads.bare.current = request;
    const twin: Twin = { request, coroutine: body!(actor, argument) as Coroutine<unknown>, ended: "" };
    this.#resume(twin);
    for (let i = 0; i < index && twin.ended === ""; i++) {
      const { answer, wideAnswer } = this.#life[i + 1]!;
      this.#threads.bare.observed32 = this.#life[i]!.value;
      request.result.value = answer;
      request.wide.answer.result.value = wideAnswer;
      this.#resume(twin);
    }
    return twin;
  }

  #answer(twin: Twin, answer: number, wide: bigint): void {
    const { request } = twin;
    const { bare } = this.#threads;
    const exchanges = request.op === OP_CAS || request.op === OP_CAS64;
    bare.observed32 = answer;
    bare.observed64 = wide;
    request.result.value = exchanges ? (answer === request.b ? 0 : -EAGAIN) : answer;
    if (request.op === OP_TRY_LOCK) request.result.value = answer & 1;
    request.wide.answer.result.value = wide;
    this.#resume(twin);
  }

  #draw({ b, c }: Request): number {
    const choices = [...this.#seen, b, c];
    return choices[Math.floor(this.#random.next() * choices.length)]! >>> 0;
  }

  #resume(twin: Twin): void {
    const { request } = twin;
    this.#threads.bare.current = request;
    // What an operation does not use must not tell twins apart.
    request.op = OP_NONE;
    request.a = 0;
    request.b = 0;
    request.c = 0;
    request.x = 0n;
    request.y = 0n;
    try {
      const { done, value } = twin.coroutine.next(RESUME);
      if (done) twin.ended = `returned ${String(value)}`;
    } catch (cause) {
      twin.ended = `threw ${textOf(cause)}`;
    }
  }
}

function asksTheSame(a: Twin, b: Twin): boolean {
  const [x, y] = [a.request, b.request];
  return (
    a.ended === b.ended &&
    x.op === y.op &&
    x.a === y.a &&
    x.b === y.b &&
    x.c === y.c &&
    x.x === y.x &&
    x.y === y.y
  );
}
