/**
 * PCT (Burckhardt, Kothari, Musuvathi, Nagarakatte, ASPLOS 2010): random priorities, lowered at d - 1 random steps.
 *
 * A bug that needs d ordering constraints among n threads of k steps in all is found with a probability of at least
 * 1 / (n * k^(d-1)). k is the longest execution of the block so far; steps with nobody to choose from are not counted. A thread that comes to be
 * is inserted anywhere; one that yields goes below all.
 */
import { STEP_YIELDS, type System } from "../../interleaving/system.ts";
import { Sampler, type SamplerOptions } from "./sampler.ts";

export class Pct extends Sampler {
  readonly name: string;
  readonly #depth: number;
  /** Per actor; 0: none drawn yet. Initial ones are above the number of change points. */
  #priority: Float64Array = new Float64Array(16);
  readonly #changeAt: number[] = [];
  #lowest = 0;
  #choices = 0;
  #longest = 0;
  /** Choices of the first execution of all. */
  #first = -1;

  /** `depth`: d. */
  constructor(system: System, options: SamplerOptions, depth: number) {
    super(system, options);
    this.name = `pct${depth}`;
    this.#depth = depth;
  }

  protected begin(): void {
    this.#priority.fill(0);
    this.#changeAt.length = 0;
    for (let i = 1; i < this.#depth; i++) {
      this.#changeAt.push(1 + Math.floor(this.random.next() * Math.max(this.#longest, 1)));
    }
    this.#lowest = 0;
    this.#choices = 0;
  }

  protected pick(count: number): number {
    const { enabled } = this.system;
    if (count === 1) return this.#yielding(enabled[0]!);
    let best = enabled[0]!;
    for (let i = 0; i < count; i++) {
      if (this.#priorityOf(enabled[i]!) > this.#priorityOf(best)) best = enabled[i]!;
    }
    this.#choices++;
    const point = this.#changeAt.indexOf(this.#choices);
    if (point >= 0) this.#priority[best] = this.#depth - 1 - point;
    return this.#yielding(best);
  }

  protected override forget(): void {
    this.#longest = this.#first;
  }

  protected override ended(): void {
    if (this.#first < 0) this.#first = this.#choices;
    this.#longest = Math.max(this.#longest, this.#choices);
  }

  #yielding(actor: number): number {
    if ((this.system.traits(actor) & STEP_YIELDS) !== 0) {
      this.#priorityOf(actor);
      this.#priority[actor] = --this.#lowest;
    }
    return actor;
  }

  #priorityOf(actor: number): number {
    if (actor >= this.#priority.length) {
      const longer = new Float64Array(2 * actor);
      longer.set(this.#priority);
      this.#priority = longer;
    }
    if (this.#priority[actor] === 0) this.#priority[actor] = this.#depth + this.random.next();
    return this.#priority[actor]!;
  }
}
