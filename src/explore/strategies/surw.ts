/**
 * SURW, selectively uniform random walk (same paper as urw.ts): uniform over the interleavings of *interesting* steps, here all
 * on one object, drawn for each execution from those that several actors touch.
 *
 * `want` is whose interesting step comes next, drawn in proportion to what is left. Other steps are made as a second policy
 * proposes (a random priority for each step); whoever arrives at an interesting step out of turn is held up. When all are held
 * up, somebody else is wanted.
 *
 * The rule for spawns matters most of all: when the wanted one spawns, the child inherits the turn in proportion to its share.
 */
import type { System } from "../../interleaving/system.ts";
import { Profile } from "./profile.ts";
import { Sampler, type SamplerOptions } from "./sampler.ts";
import { Weights } from "./weights.ts";

export class Surw extends Sampler {
  readonly name = "surw";
  readonly #profile: Profile;
  readonly #weights: Weights;
  readonly #priority: Map<number, number> = new Map();
  readonly #held: Set<number> = new Set();
  #profiled = false;
  #object = -1;
  #want = -1;

  constructor(system: System, options: SamplerOptions) {
    super(system, options);
    this.#profile = new Profile(system);
    this.#weights = new Weights(system, this.#profile);
  }

  protected begin(): void {
    const shared = this.#profile.sharedObjects();
    this.#object = shared[Math.floor(this.random.next() * shared.length)] ?? -1;
    this.#weights.begin(this.#object);
    this.#priority.clear();
    this.#held.clear();
    this.#want = -1;
  }

  protected pick(count: number): number {
    const { enabled } = this.system;
    if (!this.#profiled) return enabled[Math.floor(this.random.next() * count)]!;
    for (;;) {
      const proposed = this.#propose(count);
      if (proposed < 0) {
        this.#held.clear();
        this.#want = -1;
        continue;
      }
      if (!this.#isInteresting(proposed)) return proposed;
      if (this.#want < 0) this.#want = this.#draw(count);
      if (proposed === this.#want) return proposed;
      this.#held.add(proposed);
    }
  }

  protected override stepped(actor: number, footprint: number): void {
    if (!this.#profiled) {
      this.#profile.add(actor, footprint);
      return;
    }
    this.#priority.delete(actor);
    if (this.#touches(footprint)) {
      this.#weights.set(actor, Math.max(this.#weights.of(actor), 1) - 1);
      this.#held.clear();
      this.#want = -1;
    }
    this.#weights.settle(actor, (child) => {
      if (this.#want !== actor) return;
      if (this.random.next() * this.#weights.of(actor) < this.#weights.of(child)) this.#want = child;
    });
  }

  protected override ended(): void {
    this.#profiled = true;
  }

  /** The enabled actor with the best priority that is not held up, -1: all are. */
  #propose(count: number): number {
    const { enabled } = this.system;
    let best = -1;
    let bestPriority = 0;
    for (let i = 0; i < count; i++) {
      const actor = enabled[i]!;
      if (this.#held.has(actor)) continue;
      let priority = this.#priority.get(actor);
      if (priority === undefined) {
        priority = this.random.nextOpen();
        this.#priority.set(actor, priority);
      }
      if (priority > bestPriority) {
        best = actor;
        bestPriority = priority;
      }
    }
    return best;
  }

  /** Whose interesting step comes next, of those that can step. */
  #draw(count: number): number {
    const { enabled } = this.system;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += this.#weightOf(enabled[i]!);
    let draw = this.random.next() * sum;
    for (let i = 0; i < count; i++) {
      draw -= this.#weightOf(enabled[i]!);
      if (draw < 0) return enabled[i]!;
    }
    return enabled[count - 1]!;
  }

  /** At least 1 for who stands before an interesting step, whatever the profile says. */
  #weightOf(actor: number): number {
    const weight = this.#weights.of(actor);
    return weight <= 0 && this.#isInteresting(actor) ? 1 : weight;
  }

  #isInteresting(actor: number): boolean {
    return this.#touches(this.system.footprint(actor));
  }

  #touches(footprint: number): boolean {
    if (footprint >= 0) return footprint >> 1 === this.#object;
    return this.system.footprints.dependent(footprint, this.#object * 2 + 1);
  }
}
