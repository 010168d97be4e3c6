/**
 * Sleep sets along the path under way: who need not be tried at a depth, because an execution that begins with its step
 * has been explored and nothing since depends on that step.
 *
 * One stack for all depths: the set of depth d lies above that of depth d - 1. `add` and `enter` at a depth drop what lies above.
 */
import type { Footprints } from "../interleaving/footprints.ts";

export class SleepSets {
  readonly #footprints: Footprints;
  #actors: Int32Array = new Int32Array(64);
  #steps: Int32Array = new Int32Array(64);
  /** Where the set of a depth ends; it begins where that of the depth before ends. */
  readonly #ends: number[] = [0];

  constructor(footprints: Footprints) {
    this.#footprints = footprints;
  }

  /** Where the set of `depth` begins in `actorAt` and `stepAt`. */
  from(depth: number): number {
    return depth === 0 ? 0 : this.#ends[depth - 1]!;
  }
  to(depth: number): number {
    return this.#ends[depth]!;
  }
  actorAt(i: number): number {
    return this.#actors[i]!;
  }
  /** Footprint of the step that sleeps. */
  stepAt(i: number): number {
    return this.#steps[i]!;
  }

  has(depth: number, actor: number): boolean {
    for (let i = this.from(depth); i < this.#ends[depth]!; i++) if (this.#actors[i] === actor) return true;
    return false;
  }

  /** All that begins with `actor`'s next step at `depth` has been explored. */
  add(depth: number, actor: number, step: number): void {
    this.#put(this.#ends[depth]!, actor, step);
    this.#ends[depth]!++;
  }

  /** A step with this footprint is made at `depth`: who sleeps on at the next. */
  enter(depth: number, footprint: number): void {
    const from = this.from(depth);
    const to = this.#ends[depth]!;
    let end = to;
    for (let i = from; i < to; i++) {
      if (this.#footprints.dependent(this.#steps[i]!, footprint)) continue;
      this.#put(end++, this.#actors[i]!, this.#steps[i]!);
    }
    this.#ends[depth + 1] = end;
  }

  #put(at: number, actor: number, step: number): void {
    if (at === this.#actors.length) {
      const actors = new Int32Array(2 * at);
      const steps = new Int32Array(2 * at);
      actors.set(this.#actors);
      steps.set(this.#steps);
      this.#actors = actors;
      this.#steps = steps;
    }
    this.#actors[at] = actor;
    this.#steps[at] = step;
  }
}
