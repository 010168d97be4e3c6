/**
 * Spin loops, found at run time: which threads, at which point of their lives, would from then on only look at the same words
 * for ever.
 *
 * A thread's local state is determined by the answers it has had, so a digest of those names the point where it is. A *spin* says:
 * at this point, if these words have these values, the thread alone makes no effect any more and comes back to where it was. Such
 * a thread is disabled until one of the words has another value; its failed iterations are not explored. `while (load(x) === 0);` so
 * becomes an await, and an attempt to take a lock that is bound to fail is not made.
 *
 * Spins are learned from long executions: steps of a thread, periodic at least REPEATS times over, in which it wrote nothing new and
 * saw nothing change. A point is one of a spin if the thread, alone, comes from it to a state in which it was at or before that point
 * without having had an effect since: so the rest of an iteration that is bound to fail belongs to it, and a look before the loop
 * does not. Whether two states are the same is tested (likeness.ts): evidence and not proof.
 *
 * Rejected: a bound on iterations (loom's 1000 branches): it neither ends soon nor says what is waited for. Probing every read for
 * a spin: all programs would pay.
 *
 * Source: Kokologiannakis, Ren, Vafeiadis, "Dynamic partial order reductions for spinloops" (FMCAD 2021), in its aim.
 */
import { actorOf, alternativeOf, type Schedule } from "../../interleaving/schedule.ts";
import { mix } from "../mix.ts";
import type { Likeness } from "./likeness.ts";
import { OP_LOAD, OP_PAUSE, OP_PLAIN_STORE, type Request } from "./request.ts";
import type { Threads } from "./threads.ts";

/** What a thread at some point waits for: in each case, any of the words to differ from its value. */
export interface Spin {
  /** Of all cases. */
  readonly words: readonly number[];
  readonly cases: readonly ReadonlyMap<number, number>[];
}

/** One step as the recorder saw it. */
export interface Looked {
  readonly actor: number;
  /** Digest of the thread's answers before the step. */
  readonly point: number;
  /** The word that was looked at and its value; -1: none was. */
  readonly word: number;
  readonly value: number;
  /** It left all words as they were, and can be made at any time. */
  readonly pure: boolean;
  readonly op: number;
  /** The answer to the thread's step before this one. */
  readonly answer: number;
  readonly wideAnswer: bigint;
}

/** Periods until a loop is believed to have no end of its own. */
const REPEATS = 8;
const MAX_PERIOD = 32;
/** How far into a run of looks its first point of a spin is sought. */
const MAX_POINTS = 64;

export class Spins {
  readonly #byPoint: Map<number, Spin> = new Map();

  get isEmpty(): boolean {
    return this.#byPoint.size === 0;
  }

  at(point: number): Spin | undefined {
    return this.#byPoint.get(point);
  }

  /** Learns from a long execution. Whether anything new was. */
  learn(steps: readonly Looked[], likeness: Likeness): boolean {
    let learned = false;
    for (const actor of new Set(steps.map((step) => step.actor))) {
      const life = steps.filter((step) => step.actor === actor);
      likeness.begin(life);
      const isKnown = (point: number, values: ReadonlyMap<number, number>): boolean =>
        this.#byPoint.get(point)?.cases.some((other) => isEqual(other, values)) ?? false;
      for (const { point, values } of spinsOf(life, likeness, isKnown)) {
        this.#add(point, values);
        learned = true;
      }
    }
    return learned;
  }

  #add(point: number, values: ReadonlyMap<number, number>): void {
    const known = this.#byPoint.get(point);
    const words = [...new Set([...(known?.words ?? []), ...values.keys()])];
    this.#byPoint.set(point, { words, cases: [...(known?.cases ?? []), values] });
  }
}

function isEqual(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): boolean {
  return a.size === b.size && [...a].every(([word, value]) => b.get(word) === value);
}

/** Whether a thread at this point would spin on what words are now. */
export function isSpinning({ cases }: Spin, words: Uint32Array): boolean {
  for (let i = 0; i < cases.length; i++) {
    let same = true;
    for (const [word, value] of cases[i]!) same &&= words[word] === value;
    if (same) return true;
  }
  return false;
}

interface Found {
  readonly point: number;
  readonly values: ReadonlyMap<number, number>;
}

/**
 * The points of a thread's life at which it begins to spin, and on what values; those behind are not met once it is disabled there.
 * Known ones are left out, and what follows from them.
 */
function spinsOf(
  life: readonly Looked[],
  likeness: Likeness,
  isKnown: (point: number, values: ReadonlyMap<number, number>) => boolean,
): Found[] {
  const found: Found[] = [];
  let stretch = 0;
  for (let from = 0; from < life.length; ) {
    const values = new Map<number, number>();
    let end = from;
    for (; end < life.length; end++) {
      const { word, value, pure } = life[end]!;
      if (!pure || (word >= 0 && (values.get(word) ?? value) !== value)) break;
      if (word >= 0) values.set(word, value);
    }
    if (isEndless(life, from, end)) {
      for (let k = from; k < Math.min(end, from + MAX_POINTS); k++) {
        const spin = { point: life[k]!.point, values: valuesIn(life, k, end) };
        if (isKnown(spin.point, spin.values)) break;
        if (!comesBack(stretch, k, end, likeness)) continue;
        found.push(spin);
        break;
      }
    }
    // A step with an effect begins a new stretch; a changed value only a new run of looks.
    if (end < life.length && !life[end]!.pure) stretch = ++end;
    from = end;
  }
  return found;
}

/** Whether the thread comes from point k, without effect, to a state that it was in at k or before, since `stretch`. */
function comesBack(stretch: number, k: number, end: number, likeness: Likeness): boolean {
  for (let later = k + 1; later < Math.min(end, k + 1 + MAX_PERIOD); later++) {
    for (let earlier = k; earlier >= Math.max(stretch, k - MAX_PERIOD); earlier--) {
      if (likeness.isAlike(earlier, later)) return true;
    }
  }
  return false;
}

function valuesIn(life: readonly Looked[], from: number, end: number): ReadonlyMap<number, number> {
  const looks = life.slice(from, end).filter(({ word }) => word >= 0);
  return new Map(looks.map(({ word, value }) => [word, value]));
}

/** Whether the steps from `from` to `end` become periodic, for long enough. */
function isEndless(life: readonly Looked[], from: number, end: number): boolean {
  for (let period = 1; period <= MAX_PERIOD && period * REPEATS <= end - from; period++) {
    let begin = end - period;
    while (begin > from && isRepeated(life[begin - 1]!, life[begin - 1 + period]!)) begin--;
    if (end - begin >= period * REPEATS) return true;
  }
  return false;
}

function isRepeated(a: Looked, b: Looked): boolean {
  return a.op === b.op && a.word === b.word && a.value === b.value;
}

/** Has threads make the steps of a schedule, and says what they looked at; not of those that are no thread's own. */
export function lookedAlong(
  { requests, bare }: Threads,
  schedule: Schedule,
  step: (actor: number, alternative: number) => void,
): Looked[] {
  const steps: Looked[] = [];
  for (const made of schedule) {
    const actor = actorOf(made);
    const request = requests[actor];
    if (request === undefined) step(actor, 0);
    else steps.push(looked(request, bare.words, () => step(actor, alternativeOf(made))));
  }
  return steps;
}

/** Has a thread make its step, and says what it looked at and whether that had an effect. */
function looked(request: Request, words: Uint32Array, step: () => void): Looked {
  const { op, actor, point } = request;
  const answer = request.result.value;
  const wideAnswer = request.wide.answer.result.value;
  const word = op >= OP_LOAD && op <= OP_PLAIN_STORE ? request.a : -1;
  const value = word < 0 ? 0 : words[word]!;
  step();
  const pure = op === OP_PAUSE || (word >= 0 && words[word] === value);
  return { actor, point, word, value, pure, op, answer, wideAnswer };
}

/** The point after one more answer. */
export function pointAfter(point: number, answer: number, wide: bigint): number {
  return mix(mix(point, answer), Number(BigInt.asIntN(32, wide ^ (wide >> 32n))));
}
