/**
 * Source-DPOR (same paper as optimal.ts, first algorithm): source sets and sleep sets.
 *
 * Every class is completed exactly once, but executions of others may be begun and given up (SLEEP_BLOCKED). It needs no trees, and
 * is here as a check on the optimal one and for the published counts.
 *
 * What comes from outside is explored wherever it can happen (dpor/outside.ts), and sequences then hold what follows the reversed event, too:
 * that may touch something else behind those steps, and depend on them.
 */
import { actorOf, alternativeOf, type Choice, choice } from "../../interleaving/schedule.ts";
import type { System } from "../../interleaving/system.ts";
import { Reversals } from "../dpor/reversals.ts";
import type { Sequence } from "../dpor/sequence.ts";
import { type Escape, type Level, nextOf, single, type Unit } from "../frontier/level.ts";
import { Path } from "../path.ts";
import { SleepSets } from "../sleep-sets.ts";
import { COMPLETE, PART, PRUNED, type Search, SLEEP_BLOCKED, TOO_LONG } from "../strategy.ts";

/** Source-DPOR: each class of executions once, with dead ends. */
export class Source implements Search {
  readonly name = "source";
  readonly complete = true;
  readonly #path: Path;
  readonly #maxSteps: number;
  readonly #sleep: SleepSets;
  readonly #reversals: Reversals;
  /** Per depth: actors to be explored there, in order, the one under way included. */
  readonly #backtrack: number[][] = [];
  readonly #tried: number[] = [];
  readonly #alternative: number[] = [];
  readonly #ways: number[] = [];
  #begin = 0;
  /** Depths below this one are not its own. */
  #own = 0;
  /** What is reversed at depths below this one is explored anyway. */
  #closed = 0;
  /** By depth and initials: each is worth telling once. */
  readonly #escapes: Map<string, Escape> = new Map();

  constructor(system: System, maxSteps: number) {
    this.#path = new Path(system, true);
    this.#maxSteps = maxSteps;
    this.#sleep = new SleepSets(system.footprints);
    this.#reversals = new Reversals(
      this.#path,
      this.#path.outsideFrom < system.actors,
      (at, steps, actor) => this.#covered(at, steps, actor),
      (at, sequence) => this.#reverse(at, sequence),
    );
  }

  get signature(): number {
    return this.#path.trace.signature;
  }
  get length(): number {
    return this.#path.trace.length;
  }

  execute(): number {
    this.#path.rewind(this.#begin);
    let ended = -1;
    for (let depth = this.#begin; ended < 0; depth++) ended = this.#step(depth);
    this.#reversals.noteBlocked();
    return ended;
  }

  reverse(): boolean {
    return this.#reversals.report(PART);
  }

  advance(): boolean {
    this.#reversals.report();
    for (let depth = this.#path.trace.length - 1; depth >= this.#own; depth--) {
      if (++this.#alternative[depth]! < this.#ways[depth]!) return this.#resume(depth);
      this.#alternative[depth] = 0;
      this.#sleep.add(depth, this.#path.trace.actor[depth]!, this.#path.trace.peeked[depth]!);
      const list = this.#backtrack[depth]!;
      for (let i = ++this.#tried[depth]!; i < list.length; i = ++this.#tried[depth]!) {
        if (!this.#sleep.has(depth, list[i]!)) return this.#resume(depth);
      }
    }
    return false;
  }

  schedule(): Choice[] {
    return this.#path.schedule();
  }

  begin({ levels, rest, fresh, closed }: Unit): boolean {
    const { system, trace } = this.#path;
    system.reset();
    this.#closed = closed;
    this.#own = levels.length;
    const all = [...levels, ...rest];
    for (const [depth, level] of all.entries()) {
      const { done, step, todo } = level;
      const next = nextOf(level);
      const actor = actorOf(next);
      for (const other of done) this.#sleep.add(depth, actorOf(other), this.#path.here(actorOf(other), 0));
      const steps = [...done, next, ...todo.map((branch) => branch.step)];
      this.#backtrack.push([...new Set(steps.map(actorOf))]);
      this.#tried[depth] = this.#backtrack[depth]!.indexOf(actor);
      this.#alternative[depth] = alternativeOf(next);
      this.#ways[depth] = 1;
      // One that is gone on with at a branch that sleeps has others behind it, so `advance` looks.
      if (depth < this.#own && alternativeOf(next) === 0 && this.#sleep.has(depth, actor)) return false;
      if (depth === fresh) trace.dropRaces();
      if (step !== undefined) this.#step(depth);
    }
    if (fresh >= all.length) trace.dropRaces();
    this.#begin = rest.length > 0 ? all.length - 1 : this.#own;
    return true;
  }

  get ways(): number {
    return this.#own === 0 ? 1 : this.#ways[this.#own - 1]!;
  }

  get escapes(): readonly Escape[] {
    return [...this.#escapes.values()];
  }

  rest(): Level[] {
    const levels: Level[] = [];
    for (let depth = this.#own; depth <= this.#begin; depth++) {
      const list = this.#backtrack[depth]!;
      const tried = this.#tried[depth]!;
      const now = choice(list[tried]!, this.#alternative[depth]!);
      const todo = list.slice(tried + 1).map((actor) => single(choice(actor)));
      if (depth === this.#begin) todo.unshift(single(now));
      else if (alternativeOf(now) + 1 < this.#ways[depth]!)
        todo.unshift(single(choice(actorOf(now), alternativeOf(now) + 1)));
      const done = list.slice(0, tried).map((actor) => choice(actor));
      levels.push({ done, step: depth === this.#begin ? undefined : now, todo });
    }
    return levels;
  }

  #resume(depth: number): boolean {
    this.#backtrack.length = depth + 1;
    this.#begin = depth;
    return true;
  }

  #step(depth: number): number {
    const { system } = this.#path;
    if (this.#backtrack.length === depth) {
      const count = system.enabledCount();
      if (count === 0) return system.pruned ? PRUNED : COMPLETE;
      const actors = this.#begunWith(depth, count);
      if (actors.length === 0) return SLEEP_BLOCKED;
      this.#backtrack.push(actors);
      this.#tried[depth] = 0;
      this.#alternative[depth] = 0;
    }
    if (depth === this.#maxSteps) return TOO_LONG;
    const actor = this.#backtrack[depth]![this.#tried[depth]!]!;
    this.#ways[depth] = system.alternatives(actor);
    const footprint = this.#path.step(actor, this.#alternative[depth]!, this.#path.peek(actor));
    this.#sleep.enter(depth, actor, footprint);
    return -1;
  }

  /** Who is explored at a new place, of those who are awake: all from outside (outside.ts), and then one from within. */
  #begunWith(depth: number, count: number): number[] {
    const { outsideFrom } = this.#path;
    const { enabled } = this.#path.system;
    const actors: number[] = [];
    let within = -1;
    for (let i = 0; i < count; i++) {
      if ((enabled[i]! < outsideFrom && within >= 0) || this.#sleep.has(depth, enabled[i]!)) continue;
      if (enabled[i]! < outsideFrom) within = enabled[i]!;
      else actors.push(enabled[i]!);
    }
    if (within >= 0) actors.push(within);
    return actors;
  }

  /** Is somebody explored at `at` who can begin the steps, whatever comes after them? */
  #covered(at: number, steps: Sequence, actor: number): boolean {
    return this.#backtrack[at]!.some((other) => {
      const index = other === actor ? -1 : steps.firstOf(other);
      return index >= 0 && index < this.#reversals.needed && steps.isInitial(index);
    });
  }

  /** Somebody who can begin the sequence must be explored at `at`. */
  #reverse(at: number, sequence: Sequence): void {
    if (at < this.#closed) return;
    const list = this.#backtrack[at]!;
    const initials: number[] = [];
    const end = Math.min(sequence.length, this.#reversals.needed);
    for (let i = 0; i < end; i++) {
      const actor = sequence.actor[i]!;
      if (sequence.firstOf(actor) !== i || !sequence.isInitial(i)) continue;
      // All that can come from outside is explored.
      if (actor >= this.#path.outsideFrom) return;
      if (list.includes(actor)) return;
      initials.push(actor);
    }
    if (at >= this.#own) list.push(initials[0]!);
    else this.#escape(at, initials);
  }

  /** The level's owner is told who could begin; whether one of them is asked for by then is for him to see. */
  #escape(at: number, initials: readonly number[]): void {
    const key = `${at}: ${initials}`;
    if (this.#escapes.has(key)) return;
    this.#escapes.set(key, {
      at,
      steps: initials.map((actor) => [choice(actor), []] as const),
      actors: [],
      touches: [],
    });
  }
}
