/**
 * Depth-first search over all choices, naive or with sleep sets.
 *
 * Naive, every interleaving is one execution: the oracle of oracles, for tiny programs. With sleep sets (Godefroid 1996) a branch
 * does not begin with a step that was tried before it and that nothing since depends on; every Mazurkiewicz class is completed
 * exactly once, and executions that would repeat one are given up on the way (SLEEP_BLOCKED).
 *
 * A sleeping entry is an actor and the footprint of its next step. An actor sleeps only when all alternatives of its
 * step have been tried.
 */
import type { Choice } from "../../interleaving/schedule.ts";
import type { System } from "../../interleaving/system.ts";
import { Path } from "../path.ts";
import { SleepSets } from "../sleep-sets.ts";
import { COMPLETE, PRUNED, SLEEP_BLOCKED, type Strategy, TOO_LONG } from "../strategy.ts";

export class DepthFirst implements Strategy {
  readonly name: string;
  readonly complete = true;
  readonly #path: Path;
  readonly #maxSteps: number;
  readonly #sleep: SleepSets | undefined;
  /** Enabled actors, those of one depth after those of the depth before. */
  readonly #enabled: number[] = [];
  /** Per depth: where its actors begin and end, which is being tried, with which of how many alternatives. */
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #tried: number[] = [];
  readonly #alternative: number[] = [];
  readonly #ways: number[] = [];
  #begin = 0;

  constructor(system: System, options: { readonly sleepSets: boolean; readonly maxSteps: number }) {
    this.name = options.sleepSets ? "sleep-sets" : "naive";
    this.#path = new Path(system);
    this.#maxSteps = options.maxSteps;
    this.#sleep = options.sleepSets ? new SleepSets(system.footprints) : undefined;
  }

  get signature(): number {
    return this.#path.trace.signature;
  }
  get length(): number {
    return this.#path.trace.length;
  }

  execute(): number {
    const { system, trace } = this.#path;
    this.#path.rewind(this.#begin);
    let ended = -1;
    for (let depth = this.#begin; ended < 0; depth++) {
      if (this.#from.length === depth) this.#open(depth);
      if (this.#from[depth] === this.#to[depth]) ended = system.pruned ? PRUNED : COMPLETE;
      else if (this.#tried[depth] === this.#to[depth]) ended = SLEEP_BLOCKED;
      else if (depth === this.#maxSteps) ended = TOO_LONG;
      else this.#step(depth);
    }
    trace.dropRaces();
    return ended;
  }

  /** Moves on to the next choice at the deepest depth that has one. */
  advance(): boolean {
    const { trace } = this.#path;
    for (let depth = trace.length - 1; depth >= 0; depth--) {
      if (++this.#alternative[depth]! >= this.#ways[depth]!) {
        this.#alternative[depth] = 0;
        this.#sleep?.add(depth, trace.actor[depth]!, trace.peeked[depth]!);
        this.#tried[depth] = this.#firstAwake(depth, this.#tried[depth]! + 1);
        if (this.#tried[depth] === this.#to[depth]) continue;
      }
      this.#enabled.length = this.#to[depth]!;
      this.#from.length = depth + 1;
      this.#begin = depth;
      return true;
    }
    return false;
  }

  schedule(): Choice[] {
    return this.#path.schedule();
  }

  #step(depth: number): void {
    const { system } = this.#path;
    const actor = this.#enabled[this.#tried[depth]!]!;
    const footprint = system.footprint(actor);
    if (this.#alternative[depth] === 0) this.#ways[depth] = system.alternatives(actor);
    this.#sleep?.enter(depth, actor, footprint);
    this.#path.step(actor, this.#alternative[depth]!, footprint);
  }

  /** A depth is seen for the first time: who may be tried there. */
  #open(depth: number): void {
    const { system } = this.#path;
    const count = system.enabledCount();
    this.#from[depth] = this.#enabled.length;
    for (let i = 0; i < count; i++) this.#enabled.push(system.enabled[i]!);
    this.#to[depth] = this.#enabled.length;
    this.#alternative[depth] = 0;
    this.#tried[depth] = this.#firstAwake(depth, this.#from[depth]!);
  }

  #firstAwake(depth: number, from: number): number {
    let at = from;
    while (at < this.#to[depth]! && this.#sleep?.has(depth, this.#enabled[at]!) === true) at++;
    return at;
  }
}
