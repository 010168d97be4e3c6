/**
 * Iterative bounding: all schedules with no preemption, then with one, and so on (Musuvathi and Qadeer, PLDI 2007); or with delays
 * (Emmi, Qadeer, Rakamaric, POPL 2011).
 *
 * - *Preemption*: switching away from an actor that could go on and has not yielded costs 1.
 * - *Delay*: the schedule without delays is round robin at blocking points; skipping k actors that were next costs k.
 *
 * Within a bound every schedule is enumerated, without reduction: sleep sets and source sets are unsound under a bound. The bound
 * grows while schedules were cut off by it, up to `maxBound`; if none was, the search was exhaustive.
 */
import { actorOf, alternativeOf, type Choice, choice } from "../../interleaving/schedule.ts";
import { STEP_YIELDS, type System } from "../../interleaving/system.ts";
import { type Level, nextOf, single, type Unit } from "../frontier/level.ts";
import { Path } from "../path.ts";
import { COMPLETE, PRUNED, type Search, TOO_LONG } from "../strategy.ts";

export interface BoundedOptions {
  readonly by: "preemptions" | "delays";
  readonly maxSteps: number;
  /** Default: none. */
  readonly maxBound?: number;
}

export class Bounded implements Search {
  readonly name: string;
  readonly #path: Path;
  readonly #options: BoundedOptions;
  readonly #maxBound: number;
  /** What may be spent now. */
  bound = 0;
  /** Schedules were cut off by the bound. */
  #cutOff = false;
  /** Per depth: candidates in order of their cost, their costs, which is tried and in which way, and what was spent before. */
  readonly #actors: number[][] = [];
  readonly #costs: number[][] = [];
  readonly #tried: number[] = [];
  readonly #way: number[] = [];
  readonly #spent: number[] = [];
  #yielded = false;
  #begin = 0;
  /** Depths below this one are not its own; -1: the search goes on to greater bounds by itself. */
  #own = -1;
  readonly escapes: readonly never[] = [];

  constructor(system: System, options: BoundedOptions) {
    this.name = options.by;
    this.#path = new Path(system);
    this.#options = options;
    this.#maxBound = options.maxBound ?? Number.POSITIVE_INFINITY;
  }

  get signature(): number {
    return this.#path.trace.signature;
  }
  get length(): number {
    return this.#path.trace.length;
  }
  /** Whether the end of it means that every schedule has been seen. */
  get complete(): boolean {
    return !this.#cutOff;
  }

  execute(): number {
    const { system, trace } = this.#path;
    this.#path.rewind(this.#begin);
    let ended = -1;
    for (let depth = this.#begin; ended < 0; depth++) {
      if (this.#actors.length === depth) this.#open(depth);
      if (this.#actors[depth]!.length === 0) ended = system.pruned ? PRUNED : COMPLETE;
      else if (depth === this.#options.maxSteps) ended = TOO_LONG;
      else this.#step(depth);
    }
    trace.dropRaces();
    return ended;
  }

  advance(): boolean {
    const { trace } = this.#path;
    for (let depth = trace.length - 1; depth >= Math.max(this.#own, 0); depth--) {
      if (++this.#way[depth]! >= trace.ways[depth]!) {
        this.#way[depth] = 0;
        const next = ++this.#tried[depth]!;
        if (next === this.#actors[depth]!.length) continue;
        if (this.#spent[depth]! + this.#costs[depth]![next]! > this.bound) {
          this.#cutOff = true;
          continue;
        }
      }
      this.#actors.length = depth + 1;
      this.#begin = depth;
      return true;
    }
    if (this.#own >= 0 || !this.#cutOff || this.bound >= this.#maxBound) return false;
    this.bound++;
    this.#cutOff = false;
    this.#actors.length = 0;
    this.#begin = 0;
    return true;
  }

  schedule(): Choice[] {
    return this.#path.schedule();
  }

  begin({ levels, rest, bound }: Unit): boolean {
    const { system, trace } = this.#path;
    this.bound = bound;
    this.#own = levels.length;
    system.reset();
    const all = [...levels, ...rest];
    for (const [depth, level] of all.entries()) {
      const next = nextOf(level);
      this.#open(depth);
      this.#tried[depth] = this.#actors[depth]!.indexOf(actorOf(next));
      if (this.#tried[depth]! < 0) this.#path.fail(actorOf(next));
      this.#way[depth] = alternativeOf(next);
      if (level.step !== undefined) this.#step(depth);
    }
    trace.dropRaces();
    this.#begin = rest.length > 0 ? all.length - 1 : levels.length;
    return true;
  }

  get cutOff(): boolean {
    return this.#cutOff;
  }

  get ways(): number {
    return this.#own <= 0 ? 1 : this.#path.trace.ways[this.#own - 1]!;
  }

  rest(): Level[] {
    const levels: Level[] = [];
    // The bound has just grown.
    if (this.#actors.length === 0) return levels;
    for (let depth = Math.max(this.#own, 0); depth <= this.#begin; depth++) {
      const tried = this.#tried[depth]!;
      const now = choice(this.#actors[depth]![tried]!, this.#way[depth]!);
      const left = this.bound - this.#spent[depth]!;
      const within = this.#actors[depth]!.filter((_, i) => i > tried && this.#costs[depth]![i]! <= left);
      if (tried + 1 + within.length < this.#actors[depth]!.length) this.#cutOff = true;
      const todo = within.map((actor) => single(choice(actor)));
      if (depth === this.#begin) todo.unshift(single(now));
      else if (alternativeOf(now) + 1 < this.#path.trace.ways[depth]!)
        todo.unshift(single(choice(actorOf(now), alternativeOf(now) + 1)));
      levels.push({ done: [], step: depth === this.#begin ? undefined : now, todo });
    }
    return levels;
  }

  #open(depth: number): void {
    const { system, trace } = this.#path;
    const count = system.enabledCount();
    const last = depth === 0 ? -1 : trace.actor[depth - 1]!;
    const all = Array.from(system.enabled.subarray(0, count));
    // The last one first, then those after it, around.
    const order = [...all.filter((actor) => actor >= last), ...all.filter((actor) => actor < last)];
    const goesOn = order[0] === last && !this.#yielded;
    if (order[0] === last && this.#yielded) order.push(order.shift()!);
    this.#actors[depth] = order;
    const delays = this.#options.by === "delays";
    this.#costs[depth] = order.map((_, index) => (delays ? index : goesOn && index > 0 ? 1 : 0));
    this.#tried[depth] = 0;
    this.#way[depth] = 0;
    const before = depth - 1;
    this.#spent[depth] = depth === 0 ? 0 : this.#spent[before]! + this.#costs[before]![this.#tried[before]!]!;
  }

  #step(depth: number): void {
    const { system } = this.#path;
    const actor = this.#actors[depth]![this.#tried[depth]!]!;
    this.#yielded = (system.traits(actor) & STEP_YIELDS) !== 0;
    this.#path.step(actor, this.#way[depth]!, system.footprint(actor));
  }
}
