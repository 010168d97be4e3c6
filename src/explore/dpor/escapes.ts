/**
 * Sequences that are to be inserted into wakeup trees above a unit of work (frontier/level.ts): found by the unit, done by whoever
 * owns those trees.
 *
 * The unit has a copy of the trees as they were when it began. What the copy drops is dropped for good: branches are only
 * ever added, behind those that are there. What becomes a branch of the copy is told, once; what such a branch covers from then on
 * is not, but the actors and accesses of all that are noted with it: should the owner find that in the meantime another branch
 * has come to cover the sequence because the two commute, then it must commute with these, too, or they would be lost.
 *
 * Rejected: telling every sequence (one for each race with a step above the unit: more than there are executions), and dropping what
 * a new branch covers without a note (a branch that comes between may cover the one and not the other).
 */
import { choice } from "../../interleaving/schedule.ts";
import type { Escape } from "../frontier/level.ts";
import type { Sequence } from "./sequence.ts";
import { NIL, type WakeupTrees } from "./wakeup-trees.ts";

interface Noted extends Escape {
  readonly actorSet: Set<number>;
  readonly touchSet: Set<number>;
  single?: "strict" | "lax";
}

export class Escapes {
  readonly #trees: WakeupTrees;
  readonly #whole: Sequence;
  readonly #noted: Noted[] = [];
  /** By node of the copy that was added here. */
  readonly #byNode: Map<number, Noted> = new Map();

  /** `trees`: the copy. */
  constructor(trees: WakeupTrees, whole: Sequence) {
    this.#trees = trees;
    this.#whole = whole;
  }

  /** Uses the sequence up. */
  add(at: number, sequence: Sequence): void {
    const whole = this.#whole;
    const trees = this.#trees;
    whole.copy(sequence);
    const node = trees.insert(at, sequence);
    if (trees.added === 0) {
      const covering = this.#byNode.get(node);
      if (covering !== undefined) this.#cover(covering, whole);
      return;
    }
    const noted = this.#note(at, whole);
    for (let added = trees.firstAdded; added !== NIL; added = trees.child[added]!) {
      this.#byNode.set(added, noted);
    }
  }

  /** A sequence asks for its first step alone; `strict`: only who occurs in it covers it. It stands for no other. */
  addSingle(at: number, sequence: Sequence, strict: boolean): void {
    const noted = this.#note(at, sequence);
    noted.single = strict ? "strict" : "lax";
    sequence.length = 1;
    this.#trees.append(at, sequence);
  }

  list(): Escape[] {
    return this.#noted.map(({ at, steps, actorSet, touchSet, single }) => ({
      at,
      steps,
      ...(single && { single }),
      actors: [...actorSet],
      touches: [...touchSet],
    }));
  }

  #note(at: number, { footprints, length, actor, alternative, footprint }: Sequence): Noted {
    const noted: Noted = {
      at,
      steps: Array.from(
        { length },
        (_, i) => [choice(actor[i]!, alternative[i]!), footprints.accesses(footprint[i]!)] as const,
      ),
      actors: [],
      touches: [],
      actorSet: new Set<number>(),
      touchSet: new Set<number>(),
    };
    this.#noted.push(noted);
    return noted;
  }

  #cover({ actorSet, touchSet }: Noted, { footprints, length, actor, footprint }: Sequence): void {
    for (let i = 0; i < length; i++) {
      actorSet.add(actor[i]!);
      const touched = footprint[i]!;
      if (touched >= 0) touchSet.add(touched);
      else if (touched < -1) for (const access of footprints.list(touched)) touchSet.add(access);
    }
  }
}
