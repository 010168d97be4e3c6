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

/**
 * Executions that share a stream of random numbers. Execution k belongs to block k / BLOCK, whose stream depends on the seed and its
 * number alone, and what is learned within a block is forgotten at its end: so blocks can be made by anybody in any order. Only
 * the very first execution is known to all.
 */
export const BLOCK = 256;

/** A strategy whose executions are numbered. */
export interface Numbered extends Strategy {
  /** The next execution is the one with this number. Before the first `execute`. */
  seek(number: number): void;
}

export interface SamplerOptions {
  readonly seed: number;
  readonly maxSteps: number;
  /** Default: half of `maxSteps`. */
  readonly fairAfter?: number;
}

export abstract class Sampler implements Numbered {
  abstract readonly name: string;
  readonly complete = false;
  readonly signature = 0;
  protected readonly system: System;
  protected readonly random: Sfc32;
  readonly #actors: Int32Array;
  readonly #alternatives: Int32Array;
  readonly #fairAfter: number;
  #length = 0;
  readonly #seed: number;
  #number = 0;

  constructor(system: System, { seed, maxSteps, fairAfter }: SamplerOptions) {
    this.system = system;
    this.#seed = seed;
    this.random = new Sfc32(seed);
    this.#actors = new Int32Array(maxSteps);
    this.#alternatives = new Int32Array(maxSteps);
    this.#fairAfter = fairAfter ?? maxSteps >> 1;
  }

  /** A new block begins: whatever was learned since the first execution is to be forgotten. */
  protected forget(): void {}
  /** A new execution begins. */
  protected abstract begin(): void;
  /** One of the first `count` of `system.enabled`. */
  protected abstract pick(count: number): number;
  /** `actor` has made the step whose footprint was `footprint`. */
  protected stepped(_actor: number, _footprint: number): void {}
  /** The execution has come to its end, or to the bound, after so many steps. */
  protected ended(_steps: number): void {}

  execute(): number {
    const { system } = this;
    if (this.#number % BLOCK === 0) this.#beginBlock();
    this.#number++;
    system.reset();
    this.begin();
    let last = -1;
    this.#length = 0;
    for (let count = system.enabledCount(); count > 0; count = system.enabledCount()) {
      if (this.#length === this.#actors.length) {
        this.ended(this.#length);
        return TOO_LONG;
      }
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

  seek(number: number): void {
    if (number >= BLOCK) this.execute();
    this.#number = number - (number % BLOCK);
    while (this.#number < number) this.execute();
  }

  #beginBlock(): void {
    if (this.#number === 0) return;
    this.random.restart(this.#seed, this.#number / BLOCK);
    this.forget();
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
