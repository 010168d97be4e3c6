/**
 * Optimal DPOR: exactly one execution of each Mazurkiewicz class, and none that is given up.
 *
 * Abdulla, Aronis, Jonsson, Sagonas, "Source sets: a foundation for optimal dynamic partial order reduction", J.ACM 64(4), 2017,
 * algorithm with wakeup trees. At the end of each execution its races are reversed: the sequence that reverses one is inserted
 * into the wakeup tree of the depth of its first event, unless somebody who sleeps there could begin it.
 *
 * Those too that it shares with the execution before, unless they are settled (reversals.ts). A sequence holds what came behind the race, and that
 * differs from one to the other; who commuted with the one sequence, and so covered it, need not commute with the other. To look
 * at new events only, as source-DPOR can, loses classes of programs from five threads on.
 *
 * A unit of a top that is branched in full (frontier/full-top.ts) begins with steps asleep that no wakeup tree has woken, and is not
 * told what is found behind them. So they cover a sequence only if they occur in it and can begin it, as with source-DPOR; and
 * executions can be given up. Such a one says nothing of what would have come behind, so of its races that holds for all who sleep.
 *
 * What comes from outside is explored wherever it can happen (dpor/outside.ts). Then executions can be given up, too.
 *
 * A step made in another way (another waiter is woken) is another event. Where a step is made because any would do, its other ways become
 * branches beside it; where a tree asks for it, only the one that was asked for is explored: the others have races of their own.
 */
import { actorOf, alternativeOf, type Choice, choice } from "../../interleaving/schedule.ts";
import type { System } from "../../interleaving/system.ts";
import { Escapes } from "../dpor/escapes.ts";
import { OutsideCover } from "../dpor/outside.ts";
import { Reversals } from "../dpor/reversals.ts";
import { Sequence } from "../dpor/sequence.ts";
import { NIL, WakeupTrees } from "../dpor/wakeup-trees.ts";
import type { Branch, Escape, Level, Unit } from "../frontier/level.ts";
import { Path } from "../path.ts";
import { SleepSets } from "../sleep-sets.ts";
import { COMPLETE, PART, PRUNED, type Search, SLEEP_BLOCKED, TOO_LONG } from "../strategy.ts";

/** Optimal DPOR: each class of executions once, none in vain. */
export class Optimal implements Search {
  readonly name = "optimal";
  readonly complete = true;
  readonly #path: Path;
  readonly #maxSteps: number;
  readonly #sleep: SleepSets;
  readonly #trees: WakeupTrees = new WakeupTrees();
  readonly #reversals: Reversals;
  #begin = 0;
  /** Of the execution made last, steps below this depth are those that a tree asked for. */
  #asked = 0;
  /** Its races are reversed. */
  #reversed = true;
  /** Depths below this one are not its own. */
  #own = 0;
  /** What is reversed at depths below this one is explored anyway. */
  #closed = 0;
  readonly #escapes: Escapes;
  readonly ways = 1;
  /** Actors from this number on come from outside. */
  readonly #outsideFrom: number;
  readonly #outside: OutsideCover | undefined;

  constructor(system: System, maxSteps: number) {
    this.#path = new Path(system, true);
    this.#maxSteps = maxSteps;
    this.#sleep = new SleepSets(system.footprints);
    this.#outsideFrom = this.#path.outsideFrom;
    const outside = this.#outsideFrom < system.actors;
    this.#outside = outside ? new OutsideCover(this.#sleep, this.#trees, this.#outsideFrom) : undefined;
    this.#escapes = new Escapes(this.#trees, new Sequence(system.footprints));
    this.#reversals = new Reversals(
      this.#path,
      true,
      (at, steps, actor) => this.#covered(at, steps, actor),
      (at, sequence) => this.#reverse(at, sequence),
      (at, actor, alternative) => this.#isBegun(at, actor, alternative),
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
    this.#asked = Number.MAX_SAFE_INTEGER;
    this.#reversed = false;
    let ended = -1;
    for (let depth = this.#begin; ended < 0; depth++) ended = this.#step(depth);
    this.#reversals.toEnd = ended !== SLEEP_BLOCKED;
    this.#reversals.noteBlocked();
    return ended;
  }

  reverse(): boolean {
    return this.#reversals.report(PART);
  }

  advance(): boolean {
    this.#reversals.report();
    this.#reversed = true;
    const { trace } = this.#path;
    for (let depth = trace.length - 1; depth >= this.#own; depth--) {
      this.#sleep.add(depth, trace.actor[depth]!, trace.peeked[depth]!, trace.alternative[depth]!);
      if (this.#trees.first(depth) === NIL) continue;
      this.#begin = depth;
      return true;
    }
    return false;
  }

  schedule(): Choice[] {
    return this.#path.schedule();
  }

  begin({ levels, rest, closed }: Unit): boolean {
    const { system } = this.#path;
    system.reset();
    this.#closed = closed;
    this.#sleep.adopt(closed);
    this.#own = levels.length;
    const all = [...levels, ...rest];
    for (const [depth, { done, step, todo }] of all.entries()) {
      for (const other of done) {
        const footprint = this.#path.here(actorOf(other), alternativeOf(other));
        this.#sleep.add(depth, actorOf(other), footprint, alternativeOf(other));
      }
      this.#trees.restore(depth, todo, system.footprints);
      if (step === undefined) break;
      const actor = actorOf(step);
      const footprint = this.#path.step(actor, alternativeOf(step), this.#path.peek(actor));
      this.#sleep.enter(depth, actor, footprint);
    }
    if (rest.length === 0) this.#trees.setFirst(this.#own, NIL);
    this.#begin = rest.length > 0 ? all.length - 1 : this.#own;
    return true;
  }

  get escapes(): readonly Escape[] {
    return this.#escapes.list();
  }

  rest(): Level[] {
    const { system, trace } = this.#path;
    const levels: Level[] = [];
    for (let depth = this.#own; depth <= this.#begin; depth++) {
      const done: Choice[] = [];
      for (let i = this.#sleep.addedFrom(depth); i < this.#sleep.to(depth); i++) {
        done.push(choice(this.#sleep.actorAt(i), this.#sleep.alternativeAt(i)));
      }
      const step = depth === this.#begin ? undefined : choice(trace.actor[depth]!, trace.alternative[depth]!);
      const todo = this.#trees.save(depth, system.footprints);
      if (depth === this.#begin && !this.#reversed) todo.unshift(this.#madeLast());
      levels.push({ done, step, todo });
    }
    return levels;
  }

  /** The branch by which the execution made last was begun. What was reversed behind it by now will be again. */
  #madeLast(): Branch {
    const { system, trace } = this.#path;
    let branch: Branch | undefined;
    const end = Math.max(this.#begin + 1, Math.min(this.#asked, trace.length));
    for (let depth = end - 1; depth >= this.#begin; depth--) {
      const beside = depth + 1 < end ? this.#trees.save(depth + 1, system.footprints) : [];
      branch = {
        step: choice(trace.actor[depth]!, trace.alternative[depth]!),
        touches: system.footprints.accesses(trace.peeked[depth]!),
        below: branch === undefined ? [] : [branch, ...beside],
      };
    }
    return branch!;
  }

  /** Makes the step that the tree says, or any that is awake. Returns how the execution ended, -1: not yet. */
  #step(depth: number): number {
    const { system } = this.#path;
    const trees = this.#trees;
    let node = trees.first(depth);
    if (node === NIL) {
      const count = system.enabledCount();
      if (count === 0) return system.pruned ? PRUNED : COMPLETE;
      node = this.#plant(depth, count);
      if (node === NIL) return SLEEP_BLOCKED;
    }
    trees.setFirst(depth, trees.sibling[node]!);
    if (depth === this.#maxSteps) return TOO_LONG;
    const actor = trees.actor[node]!;
    const alternative = trees.alternative[node]!;
    trees.setFirst(depth + 1, trees.child[node]!);
    trees.release(node);
    const footprint = this.#path.step(actor, alternative, this.#path.peek(actor));
    this.#sleep.enter(depth, actor, footprint);
    return -1;
  }

  /**
   * A branch for every way in which the first actor that is awake can step, and before it one for everything that can come from outside.
   * Returns the first, NIL: all are asleep.
   */
  #plant(depth: number, count: number): number {
    if (depth < this.#asked) this.#asked = depth;
    const { system } = this.#path;
    const trees = this.#trees;
    let i = 0;
    for (; i < count && trees.first(depth) === NIL; i++) {
      if (system.enabled[i]! < this.#outsideFrom) this.#plantWays(depth, system.enabled[i]!);
    }
    for (i = count - 1; i >= 0 && system.enabled[i]! >= this.#outsideFrom; i--) {
      this.#plantWays(depth, system.enabled[i]!);
    }
    return trees.first(depth);
  }

  #plantWays(depth: number, actor: number): void {
    for (let way = this.#path.system.alternatives(actor) - 1; way >= 0; way--) {
      if (this.#sleep.has(depth, actor, way)) continue;
      this.#trees.plant(depth, actor, way, this.#path.peek(actor));
    }
  }

  /** Could somebody who sleeps begin the steps, whatever comes after them? */
  #covered(at: number, steps: Sequence, actor: number): boolean {
    if (this.#outside !== undefined)
      return this.#outside.coversAnyway(at, steps, this.#reversals.needed, actor);
    const sleep = this.#sleep;
    const { observes } = this.#path;
    const to = sleep.to(at);
    for (let i = sleep.from(at); i < to; i++) {
      const other = sleep.actorAt(i);
      const index = steps.firstOf(other);
      if (index >= 0) {
        if (steps.alternative[index] === sleep.alternativeAt(i) && steps.isInitial(index)) return true;
      } else if (other === actor && observes && steps.isIndependent(sleep.stepAt(i))) {
        // The reversed step itself sleeps, and is the same behind steps that it does not depend on.
        return true;
      }
    }
    return false;
  }

  /** Does somebody who sleeps or will be explored at `at` occur in the sequence, and can begin it? */
  #begun(at: number, sequence: Sequence): boolean {
    const sleep = this.#sleep;
    const trees = this.#trees;
    for (let i = sleep.from(at); i < sleep.to(at); i++) {
      if (begins(sequence, sleep.actorAt(i), sleep.alternativeAt(i))) return true;
    }
    for (let node = trees.first(at); node !== NIL; node = trees.sibling[node]!) {
      if (begins(sequence, trees.actor[node]!, trees.alternative[node]!)) return true;
    }
    return false;
  }

  /** Does somebody sleep or wait for his turn at `at` with this step, or is everything explored there? */
  #isBegun(at: number, actor: number, alternative: number): boolean {
    if (at < this.#closed || actor >= this.#outsideFrom || this.#sleep.has(at, actor, alternative))
      return true;
    const trees = this.#trees;
    let node = trees.first(at);
    while (node !== NIL && (trees.actor[node] !== actor || trees.alternative[node] !== alternative))
      node = trees.sibling[node]!;
    return node !== NIL;
  }

  #reverse(at: number, sequence: Sequence): void {
    if (at < this.#closed) return;
    const sleep = this.#sleep;
    const to = sleep.to(at);
    const { strict, needed } = this.#reversals;
    if (this.#outside !== undefined) {
      if (!this.#outside.covers(at, sequence, needed, strict)) this.#reverseOne(at, sequence, strict);
      return;
    }
    if (strict) {
      if (!this.#begun(at, sequence)) this.#trees.append(at, sequence);
      return;
    }
    const own = sleep.foreignTo(at);
    for (let i = sleep.from(at); i < own; i++) {
      if (begins(sequence, sleep.actorAt(i), sleep.alternativeAt(i))) return;
    }
    for (let i = own; i < to; i++) {
      if (sequence.isWeakInitial(sleep.actorAt(i), sleep.stepAt(i), sleep.alternativeAt(i))) return;
    }
    if (at >= this.#own) this.#trees.insert(at, sequence);
    else this.#escapes.add(at, sequence);
  }

  /** The first step of the sequence is to be explored, and then whatever there is. */
  #reverseOne(at: number, sequence: Sequence, strict: boolean): void {
    if (at >= this.#own) {
      sequence.length = 1;
      this.#trees.append(at, sequence);
    } else this.#escapes.addSingle(at, sequence, strict);
  }
}

/** Whether a step of the actor occurs in the sequence, in this way, and nothing there must come before it. */
function begins(sequence: Sequence, actor: number, alternative: number): boolean {
  const index = sequence.firstOf(actor);
  return index >= 0 && sequence.alternative[index] === alternative && sequence.isInitial(index);
}
