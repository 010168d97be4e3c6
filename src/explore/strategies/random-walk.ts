/** Random walk: at each step every enabled actor, and every alternative of it, is as likely as any other. */
import { type Choice, choice } from "../../interleaving/schedule.ts";
import type { System } from "../../interleaving/system.ts";
import { Sfc32 } from "../../random/sfc32.ts";
import { COMPLETE, PRUNED, TOO_LONG } from "../strategy.ts";
import { BLOCK, type Numbered } from "./sampler.ts";

/** Each step is drawn among those that can be made. */
export class RandomWalk implements Numbered {
  readonly name = "random";
  readonly complete = false;
  readonly signature = 0;
  declare private readonly system: System;
  declare private readonly random: Sfc32;
  declare private readonly actors: Int32Array;
  declare private readonly alternatives: Int32Array;
  #length = 0;
  declare private readonly seed: number;
  #number = 0;

  constructor(system: System, seed: number, maxSteps: number) {
    this.system = system;
    this.seed = seed;
    this.random = new Sfc32(seed);
    this.actors = new Int32Array(maxSteps);
    this.alternatives = new Int32Array(maxSteps);
  }

  execute(): number {
    const { system, random, actors, alternatives } = this;
    const { enabled } = system;
    if (this.#number % BLOCK === 0) random.restart(this.seed, this.#number / BLOCK);
    this.#number++;
    system.reset();
    let length = 0;
    for (;;) {
      const count = system.enabledCount();
      if (count === 0) break;
      if (length === actors.length) {
        this.#length = length;
        return TOO_LONG;
      }
      const actor = count === 1 ? enabled[0]! : enabled[(random.next() * count) | 0]!;
      const ways = system.alternatives(actor);
      const alternative = ways === 1 ? 0 : (random.next() * ways) | 0;
      actors[length] = actor;
      alternatives[length++] = alternative;
      system.step(actor, alternative);
    }
    this.#length = length;
    return system.pruned ? PRUNED : COMPLETE;
  }

  seek(number: number): void {
    this.#number = number - (number % BLOCK);
    while (this.#number < number) this.execute();
  }

  get length(): number {
    return this.#length;
  }

  advance(): boolean {
    return true;
  }

  schedule(): Choice[] {
    return Array.from({ length: this.#length }, (_, i) => choice(this.actors[i]!, this.alternatives[i]!));
  }
}
