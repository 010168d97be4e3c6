/**
 * POS, partial order sampling (Yuan, Yang, Gu, CAV 2018): every pending step has a random priority, the best is made, and those that
 * race with it draw anew, as its actor does for its next.
 */
import { Sampler } from "./sampler.ts";

export class Pos extends Sampler {
  readonly name = "pos";
  /** Per actor, of its next step; 0: none drawn yet. */
  #priority: Float64Array = new Float64Array(16);

  protected begin(): void {
    this.#priority.fill(0);
  }

  protected pick(count: number): number {
    const { enabled } = this.system;
    let best = enabled[0]!;
    for (let i = 0; i < count; i++) {
      if (this.#priorityOf(enabled[i]!) > this.#priorityOf(best)) best = enabled[i]!;
    }
    const footprint = this.system.footprint(best);
    for (let i = 0; i < count; i++) {
      const other = enabled[i]!;
      if (this.system.footprints.dependent(this.system.footprint(other), footprint))
        this.#priority[other] = 0;
    }
    this.#priority[best] = 0;
    return best;
  }

  #priorityOf(actor: number): number {
    if (actor >= this.#priority.length) {
      const longer = new Float64Array(2 * actor);
      longer.set(this.#priority);
      this.#priority = longer;
    }
    if (this.#priority[actor] === 0) this.#priority[actor] = this.random.nextOpen();
    return this.#priority[actor]!;
  }
}
