/**
 * How many steps each actor makes, and how many of them on each object: learned from one execution at random.
 *
 * What an actor will make includes what the actors it has yet to bring into being will make: or a parent that is behind with its
 * spawns would be thought nearly done.
 */
import type { System } from "../../interleaving/system.ts";

export class Profile {
  readonly #system: System;
  /** Steps of each actor. */
  readonly #steps: Map<number, number> = new Map();
  /** For each object that does not only order: steps of each actor on it. */
  readonly #byObject: Map<number, Map<number, number>> = new Map();
  readonly #children: Map<number, number[]> = new Map();

  constructor(system: System) {
    this.#system = system;
  }

  add(actor: number, footprint: number): void {
    if (!this.#steps.has(actor)) {
      const parent = this.#system.parentOf(actor);
      if (parent >= 0) this.#children.set(parent, [...(this.#children.get(parent) ?? []), actor]);
    }
    increment(this.#steps, actor);
    for (const access of this.#system.footprints.accesses(footprint)) {
      const object = access >> 1;
      if (object >= this.#system.footprints.orderingFrom) continue;
      let steps = this.#byObject.get(object);
      if (steps === undefined) {
        steps = new Map();
        this.#byObject.set(object, steps);
      }
      increment(steps, actor);
    }
  }

  /** Objects that at least two actors touch. */
  sharedObjects(): number[] {
    return [...this.#byObject].filter(([, steps]) => steps.size > 1).map(([object]) => object);
  }

  /** Actors that were brought into being by `actor`. */
  childrenOf(actor: number): readonly number[] {
    return this.#children.get(actor) ?? NONE;
  }

  /** Steps of `actor` and of all that descend from it; those on `object` only, unless it is -1. */
  weightOf(actor: number, object: number): number {
    const steps = object < 0 ? this.#steps : this.#byObject.get(object);
    let sum = steps?.get(actor) ?? 0;
    for (const child of this.childrenOf(actor)) sum += this.weightOf(child, object);
    return sum;
  }
}

const NONE: readonly number[] = [];

function increment(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
