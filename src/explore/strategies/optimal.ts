/**
 * Optimal DPOR: exactly one execution of each Mazurkiewicz class, and none that is given up.
 *
 * Abdulla, Aronis, Jonsson, Sagonas, "Source sets: a foundation for optimal dynamic partial order reduction", J.ACM 64(4), 2017,
 * algorithm with wakeup trees. At the end of each execution the races that its new events are part of are reversed: the
 * sequence that reverses one is inserted into the wakeup tree of the depth of its first event, unless somebody who sleeps
 * there could begin it.
 *
 * Races between two events of the part that an execution shares with the one before were reversed then, and are not looked
 * at again.
 *
 * Alternatives of a step (which waiter is woken) are branches of their own below the same actor: an actor goes to sleep when all of
 * them have been explored.
 */
import type { Choice } from "../../interleaving/schedule.ts";
import type { System } from "../../interleaving/system.ts";
import { Reversals } from "../dpor/reversals.ts";
import { ANY_ALTERNATIVE, type Sequence } from "../dpor/sequence.ts";
import { NIL, WakeupTrees } from "../dpor/wakeup-trees.ts";
import { Path } from "../path.ts";
import { SleepSets } from "../sleep-sets.ts";
import { COMPLETE, PRUNED, SLEEP_BLOCKED, type Strategy, TOO_LONG } from "../strategy.ts";

export class Optimal implements Strategy {
  readonly name = "optimal";
  readonly complete = true;
  readonly #path: Path;
  readonly #maxSteps: number;
  readonly #sleep: SleepSets;
  readonly #trees: WakeupTrees = new WakeupTrees();
  readonly #reversals: Reversals;
  /** Per depth: in how many ways its step can be made. */
  readonly #ways: number[] = [];
  /** Per depth: actors and alternatives that are done, of steps that have several. */
  readonly #done: number[][] = [];
  #begin = 0;

  constructor(system: System, maxSteps: number) {
    this.#path = new Path(system);
    this.#maxSteps = maxSteps;
    this.#sleep = new SleepSets(system.footprints);
    this.#reversals = new Reversals(this.#path, true, (at, sequence) => this.#reverse(at, sequence));
  }

  get signature(): number {
    return this.#path.trace.signature;
  }

  execute(): number {
    this.#path.rewind(this.#begin);
    let ended = -1;
    for (let depth = this.#begin; ended < 0; depth++) ended = this.#step(depth);
    this.#reversals.noteBlocked();
    return ended;
  }

  advance(): boolean {
    this.#reversals.report();
    for (let depth = this.#path.trace.length - 1; depth >= 0; depth--) {
      this.#finish(depth);
      if (this.#trees.first(depth) === NIL) continue;
      this.#begin = depth;
      return true;
    }
    return false;
  }

  schedule(): Choice[] {
    return this.#path.schedule();
  }

  /** Makes the step that the tree says, or any that is awake. Returns how the execution ended, -1: not yet. */
  #step(depth: number): number {
    const { system } = this.#path;
    const trees = this.#trees;
    let node = trees.first(depth);
    if (node === NIL) {
      const count = system.enabledCount();
      if (count === 0) return system.pruned ? PRUNED : COMPLETE;
      const actor = this.#firstAwake(depth, count);
      if (actor < 0) return SLEEP_BLOCKED;
      node = trees.make(actor, ANY_ALTERNATIVE, 0);
    } else {
      trees.setFirst(depth, trees.sibling[node]!);
    }
    if (depth === this.#maxSteps) return TOO_LONG;
    const actor = trees.actor[node]!;
    const alternative = Math.max(trees.alternative[node]!, 0);
    const footprint = system.footprint(actor);
    this.#ways[depth] = system.alternatives(actor);
    this.#sleep.enter(depth, footprint);
    trees.setFirst(depth + 1, trees.child[node]!);
    trees.release(node);
    this.#path.step(actor, alternative, footprint);
    return -1;
  }

  #firstAwake(depth: number, count: number): number {
    const { enabled } = this.#path.system;
    for (let i = 0; i < count; i++) if (!this.#sleep.has(depth, enabled[i]!)) return enabled[i]!;
    return -1;
  }

  /** All that begins with the step at `depth` is explored: its other ways are next, or its actor goes to sleep. */
  #finish(depth: number): void {
    const { trace } = this.#path;
    const actor = trace.actor[depth]!;
    const ways = this.#ways[depth]!;
    if (ways > 1) {
      const done = (this.#done[depth] ??= []);
      done.push(actor, trace.alternative[depth]!);
      let missing = false;
      for (let way = 0; way < ways; way++) {
        if (isDone(done, actor, way)) continue;
        missing = true;
        if (this.#trees.begins(depth, actor, way)) continue;
        const node = this.#trees.make(actor, way, trace.peeked[depth]!);
        this.#trees.sibling[node] = this.#trees.first(depth);
        this.#trees.setFirst(depth, node);
      }
      if (missing) return;
    }
    this.#sleep.add(depth, actor, trace.peeked[depth]!);
    if (this.#trees.first(depth) === NIL && this.#done[depth] !== undefined) this.#done[depth].length = 0;
  }

  #reverse(at: number, sequence: Sequence): void {
    const sleep = this.#sleep;
    const to = sleep.to(at);
    for (let i = sleep.from(at); i < to; i++) {
      if (sequence.isWeakInitial(sleep.actorAt(i), sleep.stepAt(i))) return;
    }
    const done = this.#done[at];
    for (let k = 0; done !== undefined && k < done.length; k += 2) {
      const index = sequence.firstOf(done[k]!);
      if (index < 0) continue;
      const way = sequence.alternative[index]!;
      if ((way === ANY_ALTERNATIVE || way === done[k + 1]) && sequence.isInitial(index)) return;
    }
    this.#trees.insert(at, sequence);
  }
}

function isDone(done: readonly number[], actor: number, way: number): boolean {
  for (let k = 0; k < done.length; k += 2) if (done[k] === actor && done[k + 1] === way) return true;
  return false;
}
