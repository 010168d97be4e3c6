/**
 * Wakeup trees (Abdulla, Aronis, Jonsson, Sagonas, J.ACM 2017): for each depth of the path, what remains to be explored from there.
 *
 * A tree is an ordered forest of steps; a leaf stands for "from here on as you like". Inserting a sequence walks down the branches
 * that begin it, or that commute with all of it; where it meets a leaf, that leaf's executions cover it and nothing is added;
 * where no branch fits, it becomes a new one to the right. So no two branches lead to executions of the same class.
 *
 * Nodes are numbers into typed arrays with a free list: nothing is allocated while a search goes on.
 */

import type { Footprints } from "../../interleaving/footprints.ts";
import { actorOf, alternativeOf, choice } from "../../interleaving/schedule.ts";
import type { Branch } from "../frontier/level.ts";
import { longer } from "../longer.ts";
import type { Sequence } from "./sequence.ts";

/** No node. */
export const NIL = -1;

export class WakeupTrees {
  actor: Int32Array = new Int32Array(256);
  alternative: Int32Array = new Int32Array(256);
  /** Footprint of the step at the place where it was inserted. */
  footprint: Int32Array = new Int32Array(256);
  child: Int32Array = new Int32Array(256);
  sibling: Int32Array = new Int32Array(256);
  /** First branch of the tree at each depth. */
  readonly #roots: number[] = [];
  /** Nodes that the last `insert` added. */
  added = 0;
  /** The first of them. */
  firstAdded: number = NIL;
  #free = NIL;
  #used = 0;

  first(depth: number): number {
    return this.#roots[depth] ?? NIL;
  }
  setFirst(depth: number, node: number): void {
    this.#roots[depth] = node;
  }

  make(actor: number, alternative: number, footprint: number): number {
    let node = this.#free;
    if (node !== NIL) this.#free = this.sibling[node]!;
    else {
      if (this.#used === this.actor.length) this.#grow();
      node = this.#used++;
    }
    this.actor[node] = actor;
    this.alternative[node] = alternative;
    this.footprint[node] = footprint;
    this.child[node] = NIL;
    this.sibling[node] = NIL;
    return node;
  }

  release(node: number): void {
    this.sibling[node] = this.#free;
    this.#free = node;
  }

  /** Adds a branch of one step at `depth`, before all others. */
  plant(depth: number, actor: number, alternative: number, footprint: number): void {
    const node = this.make(actor, alternative, footprint);
    this.sibling[node] = this.first(depth);
    this.setFirst(depth, node);
  }

  /** The tree at `depth`, as data. */
  save(depth: number, footprints: Footprints): Branch[] {
    const branches = (first: number): Branch[] => {
      const list: Branch[] = [];
      for (let node = first; node !== NIL; node = this.sibling[node]!) {
        list.push({
          step: choice(this.actor[node]!, this.alternative[node]!),
          touches: footprints.accesses(this.footprint[node]!),
          below: branches(this.child[node]!),
        });
      }
      return list;
    };
    return branches(this.first(depth));
  }

  /** The other way round. `depth` has no tree yet. */
  restore(depth: number, branches: readonly Branch[], footprints: Footprints): void {
    const chain = (list: readonly Branch[]): number => {
      let next = NIL;
      for (const { step, touches, below } of list.toReversed()) {
        const node = this.make(actorOf(step), alternativeOf(step), footprints.of(touches));
        // First what is below: making nodes may replace the arrays.
        const first = chain(below);
        this.child[node] = first;
        this.sibling[node] = next;
        next = node;
      }
      return next;
    };
    this.setFirst(depth, chain(branches));
  }

  /**
   * Adds a sequence at `depth`. Uses it up. Returns the node that covers it: the last of those that were added, or one that was
   * there; `added` says which.
   */
  insert(depth: number, sequence: Sequence): number {
    this.added = 0;
    let parent = NIL;
    for (;;) {
      let last = NIL;
      let node = parent === NIL ? this.first(depth) : this.child[parent]!;
      while (node !== NIL && !this.#takes(node, sequence)) {
        last = node;
        node = this.sibling[node]!;
      }
      if (node === NIL) {
        this.added = sequence.length;
        return this.#append(depth, parent, last, sequence);
      }
      if (this.child[node] === NIL || sequence.length === 0) return node;
      parent = node;
    }
  }

  /** Adds a sequence at `depth` as a branch of its own, behind all others. */
  append(depth: number, sequence: Sequence): void {
    let last = NIL;
    for (let node = this.first(depth); node !== NIL; node = this.sibling[node]!) last = node;
    this.#append(depth, NIL, last, sequence);
  }

  /** Whether the branch of `node` begins the sequence or commutes with it; in the first case its step is taken out. */
  #takes(node: number, sequence: Sequence): boolean {
    const index = sequence.firstOf(this.actor[node]!);
    if (index < 0) return sequence.isIndependent(this.footprint[node]!);
    const sameWay = sequence.alternative[index] === this.alternative[node];
    if (!sameWay || !sequence.isInitial(index)) return false;
    sequence.remove(index);
    return true;
  }

  #append(depth: number, parent: number, last: number, sequence: Sequence): number {
    let above = NIL;
    for (let i = 0; i < sequence.length; i++) {
      const node = this.make(sequence.actor[i]!, sequence.alternative[i]!, sequence.footprint[i]!);
      if (i > 0) this.child[above] = node;
      else if (last !== NIL) this.sibling[last] = node;
      else if (parent !== NIL) this.child[parent] = node;
      else this.setFirst(depth, node);
      if (i === 0) this.firstAdded = node;
      above = node;
    }
    return above;
  }

  #grow(): void {
    this.actor = longer(this.actor);
    this.alternative = longer(this.alternative);
    this.footprint = longer(this.footprint);
    this.child = longer(this.child);
    this.sibling = longer(this.sibling);
  }
}
