/**
 * Sleep sets along the path under way: who need not be tried at a depth, because an execution that begins with its step
 * has been explored and nothing since depends on that step.
 *
 * One stack for all depths: the set of depth d lies above that of depth d - 1. `add` and `enter` at a depth drop what lies above.
 */
import type { Footprints } from "../interleaving/footprints.ts";
import { longer } from "./longer.ts";

export class SleepSets {
  readonly #footprints: Footprints;
  #actors: Int32Array = new Int32Array(64);
  #alternatives: Int32Array = new Int32Array(64);
  #steps: Int32Array = new Int32Array(64);
  /** Where the set of a depth ends; it begins where that of the depth before ends. */
  readonly #ends: number[] = [0];
  /** Where it ended when the depth was entered: what lies behind was added there. */
  readonly #entered: number[] = [0];
  /** Where those end that sleep since before `#foreignFrom`: they come first. */
  readonly #foreignTo: number[] = [0];
  #foreignFrom = 0;

  constructor(footprints: Footprints) {
    this.#footprints = footprints;
  }

  /** Where the set of `depth` begins in `actorAt` and `stepAt`. */
  from(depth: number): number {
    return depth === 0 ? 0 : this.#ends[depth - 1]!;
  }
  /** Where those begin that were added at `depth`. */
  addedFrom(depth: number): number {
    return this.#entered[depth]!;
  }
  /** Where those end that were put to sleep above the depth that `adopt` was told. */
  foreignTo(depth: number): number {
    return this.#foreignTo[depth]!;
  }

  /** All who will sleep at `depth` when it is entered have been explored by others. */
  adopt(depth: number): void {
    this.#foreignFrom = depth;
  }

  to(depth: number): number {
    return this.#ends[depth]!;
  }
  actorAt(i: number): number {
    return this.#actors[i]!;
  }
  alternativeAt(i: number): number {
    return this.#alternatives[i]!;
  }
  /** Footprint of the step that sleeps. */
  stepAt(i: number): number {
    return this.#steps[i]!;
  }

  has(depth: number, actor: number, alternative = 0): boolean {
    for (let i = this.from(depth); i < this.#ends[depth]!; i++) {
      if (this.#actors[i] === actor && this.#alternatives[i] === alternative) return true;
    }
    return false;
  }

  /** All that begins with `actor`'s next step at `depth`, made in this way, has been explored. */
  add(depth: number, actor: number, step: number, alternative = 0): void {
    this.#put(this.#ends[depth]!, actor, step, alternative);
    this.#ends[depth]!++;
  }

  /** A step of `actor` with this footprint is made at `depth`: who sleeps on at the next. Other ways of this very step do not. */
  enter(depth: number, actor: number, footprint: number): void {
    const from = this.from(depth);
    const to = this.#ends[depth]!;
    let [end, foreign] = [to, to];
    const foreignTo = this.#foreignTo[depth]!;
    for (let i = from; i < to; i++) {
      if (this.#actors[i] === actor || this.#footprints.dependent(this.#steps[i]!, footprint)) continue;
      this.#put(end++, this.#actors[i]!, this.#steps[i]!, this.#alternatives[i]!);
      if (i < foreignTo) foreign = end;
    }
    this.#foreignTo[depth + 1] = depth + 1 <= this.#foreignFrom ? end : foreign;
    this.#ends[depth + 1] = end;
    this.#entered[depth + 1] = end;
  }

  #put(at: number, actor: number, step: number, alternative: number): void {
    if (at === this.#actors.length) {
      this.#actors = longer(this.#actors);
      this.#alternatives = longer(this.#alternatives);
      this.#steps = longer(this.#steps);
    }
    this.#actors[at] = actor;
    this.#alternatives[at] = alternative;
    this.#steps[at] = step;
  }
}
