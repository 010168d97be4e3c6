/**
 * What samplers have in common: executions that are independent of each other but for what was learned about the program.
 *
 * After `fairAfter` steps an execution goes on round robin: a sampler that starves somebody (PCT, SURW) would otherwise see livelocks
 * that no scheduler has. What still has no end at `maxSteps` has none under a fair scheduler.
 */
import { type Choice, choice } from "../../interleaving/schedule.ts";
import type { System } from "../../interleaving/system.ts";
import { Sfc32 } from "../../random/sfc32.ts";
import { COMPLETE, PRUNED, type Strategy, TOO_LONG } from "../strategy.ts";

export interface SamplerOptions {
  readonly seed: number;
  readonly maxSteps: number;
  /** Default: half of `maxSteps`. */
  readonly fairAfter?: number;
}

export abstract class Sampler implements Strategy {
  abstract readonly name: string;
  readonly complete = false;
  readonly signature = 0;
  protected readonly system: System;
  protected readonly random: Sfc32;
  readonly #actors: Int32Array;
  readonly #alternatives: Int32Array;
  readonly #fairAfter: number;
  #length = 0;

  constructor(system: System, { seed, maxSteps, fairAfter }: SamplerOptions) {
    this.system = system;
    this.random = new Sfc32(seed);
    this.#actors = new Int32Array(maxSteps);
    this.#alternatives = new Int32Array(maxSteps);
    this.#fairAfter = fairAfter ?? maxSteps >> 1;
  }

  /** A new execution begins. */
  protected abstract begin(): void;
  /** One of the first `count` of `system.enabled`. */
  protected abstract pick(count: number): number;
  /** `actor` has made the step whose footprint was `footprint`. */
  protected stepped(_actor: number, _footprint: number): void {}
  /** The execution has come to its end after so many steps. */
  protected ended(_steps: number): void {}

  execute(): number {
    const { system } = this;
    system.reset();
    this.begin();
    let last = -1;
    this.#length = 0;
    for (let count = system.enabledCount(); count > 0; count = system.enabledCount()) {
      if (this.#length === this.#actors.length) return TOO_LONG;
      const actor = this.#length < this.#fairAfter ? this.pick(count) : nextInTurn(system, count, last);
      const ways = system.alternatives(actor);
      const alternative = ways === 1 ? 0 : (this.random.next() * ways) | 0;
      const footprint = system.footprint(actor);
      this.#actors[this.#length] = actor;
      this.#alternatives[this.#length++] = alternative;
      system.step(actor, alternative);
      this.stepped(actor, footprint);
      last = actor;
    }
    this.ended(this.#length);
    return system.pruned ? PRUNED : COMPLETE;
  }

  get length(): number {
    return this.#length;
  }

  advance(): boolean {
    return true;
  }

  schedule(): Choice[] {
    return Array.from({ length: this.#length }, (_, i) => choice(this.#actors[i]!, this.#alternatives[i]!));
  }
}

/** The first enabled actor after `last`, around. */
function nextInTurn(system: System, count: number, last: number): number {
  for (let i = 0; i < count; i++) if (system.enabled[i]! > last) return system.enabled[i]!;
  return system.enabled[0]!;
}
