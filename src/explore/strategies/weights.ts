/**
 * Steps that actors have yet to make in the execution under way, according to a profile. An actor that comes to be takes
 * its share, and its descendants', from its parent.
 */
import type { System } from "../../interleaving/system.ts";
import type { Profile } from "./profile.ts";

export class Weights {
  readonly #system: System;
  readonly #profile: Profile;
  readonly #left: Map<number, number> = new Map();
  #object = -1;

  constructor(system: System, profile: Profile) {
    this.#system = system;
    this.#profile = profile;
  }

  /** For steps on `object`; -1: for all. */
  begin(object: number): void {
    this.#object = object;
    this.#left.clear();
  }

  of(actor: number): number {
    let weight = this.#left.get(actor);
    if (weight === undefined) {
      weight = this.#profile.weightOf(actor, this.#object);
      this.#left.set(actor, weight);
    }
    return weight;
  }

  set(actor: number, weight: number): void {
    this.#left.set(actor, weight);
  }

  /** `parent` has made a step: calls `born` for each child that it brought into being, before its share is taken. */
  settle(parent: number, born: (child: number) => void): void {
    for (const child of this.#profile.childrenOf(parent)) {
      if (this.#left.has(child)) continue;
      if (!this.#system.isEnabled(child) && !this.#system.isBlocked(child)) continue;
      born(child);
      this.set(parent, Math.max(this.of(parent) - this.of(child), 0));
    }
  }
}
