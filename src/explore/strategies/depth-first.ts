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
import { actorOf, alternativeOf, type Choice, choice } from "../../interleaving/schedule.ts";
import type { System } from "../../interleaving/system.ts";
import { type Level, nextOf, single, type Unit } from "../frontier/level.ts";
import { Path } from "../path.ts";
import { SleepSets } from "../sleep-sets.ts";
import { COMPLETE, PRUNED, type Search, SLEEP_BLOCKED, TOO_LONG } from "../strategy.ts";

/** Every schedule, depth first ("naive"), or every class of them with dead ends ("sleep-sets"). */
export class DepthFirst implements Search {
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
  /** Depths below this one are not its own. */
  #own = 0;
  readonly escapes: readonly never[] = [];

  constructor(system: System, options: { readonly sleepSets: boolean; readonly maxSteps: number }) {
    this.name = options.sleepSets ? "sleep-sets" : "naive";
    this.#path = new Path(system, true);
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
    for (let depth = trace.length - 1; depth >= this.#own; depth--) {
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

  begin({ levels, rest }: Unit): boolean {
    const { system, trace } = this.#path;
    system.reset();
    this.#own = levels.length;
    this.#begin = levels.length;
    for (const [depth, level] of [...levels, ...rest].entries()) {
      const actor = actorOf(nextOf(level));
      if (!system.isEnabled(actor)) this.#path.fail(actor);
      this.#open(depth);
      this.#ways[depth] = system.alternatives(actor);
      // Who comes before it has been explored, unless it slept already.
      while (this.#enabled[this.#tried[depth]!] !== actor) {
        if (this.#tried[depth] === this.#to[depth]) {
          this.#ways[depth] = 1;
          return false;
        }
        const other = this.#enabled[this.#tried[depth]!]!;
        this.#sleep?.add(depth, other, this.#path.here(other, 0));
        this.#tried[depth] = this.#firstAwake(depth, this.#tried[depth]! + 1);
      }
      this.#alternative[depth] = alternativeOf(nextOf(level));
      this.#begin = depth;
      if (level.step !== undefined) this.#step(depth);
    }
    trace.dropRaces();
    if (rest.length === 0) this.#begin = this.#own;
    return true;
  }

  get ways(): number {
    return this.#own === 0 ? 1 : this.#ways[this.#own - 1]!;
  }

  rest(): Level[] {
    const levels: Level[] = [];
    for (let depth = this.#own; depth <= this.#begin; depth++) {
      const tried = this.#tried[depth]!;
      const now = choice(this.#enabled[tried]!, this.#alternative[depth]!);
      const awake = this.#enabled
        .slice(tried + 1, this.#to[depth]!)
        .filter((actor) => !this.#sleeps(depth, actor));
      const todo = awake.map((actor) => single(choice(actor)));
      if (depth === this.#begin) todo.unshift(single(now));
      else if (alternativeOf(now) + 1 < this.#ways[depth]!)
        todo.unshift(single(choice(actorOf(now), alternativeOf(now) + 1)));
      const done = this.#enabled.slice(this.#from[depth]!, tried).map((actor) => choice(actor));
      levels.push({ done, step: depth === this.#begin ? undefined : now, todo });
    }
    return levels;
  }

  #step(depth: number): void {
    const { system } = this.#path;
    const actor = this.#enabled[this.#tried[depth]!]!;
    if (this.#alternative[depth] === 0) this.#ways[depth] = system.alternatives(actor);
    const footprint = this.#path.step(actor, this.#alternative[depth]!, this.#path.peek(actor));
    this.#sleep?.enter(depth, actor, footprint);
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
    while (at < this.#to[depth]! && this.#sleeps(depth, this.#enabled[at]!)) at++;
    return at;
  }

  #sleeps(depth: number, actor: number): boolean {
    return this.#sleep?.has(depth, actor) === true;
  }
}
