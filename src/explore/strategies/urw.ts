/**
 * URW, uniform random walk (Zhao, Wolff, Mathur, Roychoudhury, "Selectively uniform concurrency testing", ASPLOS 2025): an actor is picked
 * with a probability in proportion to the steps it has left, so that all interleavings are equally likely if those numbers
 * are right.
 */
import type { System } from "../../interleaving/system.ts";
import { Profile } from "./profile.ts";
import { Sampler, type SamplerOptions } from "./sampler.ts";
import { Weights } from "./weights.ts";

export class Urw extends Sampler {
  readonly name = "urw";
  readonly #profile: Profile;
  readonly #weights: Weights;
  #profiled = false;

  constructor(system: System, options: SamplerOptions) {
    super(system, options);
    this.#profile = new Profile(system);
    this.#weights = new Weights(system, this.#profile);
  }

  protected begin(): void {
    this.#weights.begin(-1);
  }

  protected pick(count: number): number {
    const { enabled } = this.system;
    if (count === 1) return enabled[0]!;
    if (!this.#profiled) return enabled[Math.floor(this.random.next() * count)]!;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += Math.max(this.#weights.of(enabled[i]!), 1);
    let draw = this.random.next() * sum;
    for (let i = 0; i < count; i++) {
      draw -= Math.max(this.#weights.of(enabled[i]!), 1);
      if (draw < 0) return enabled[i]!;
    }
    return enabled[count - 1]!;
  }

  protected override stepped(actor: number, footprint: number): void {
    if (!this.#profiled) {
      this.#profile.add(actor, footprint);
      return;
    }
    this.#weights.set(actor, this.#weights.of(actor) - 1);
    this.#weights.settle(actor, () => {});
  }

  protected override ended(): void {
    this.#profiled = true;
  }
}
