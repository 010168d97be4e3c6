/**
 * The tree of a search that is explored in units, by several or by one after the other, with the result of a serial search.
 *
 * A unit is a leaf: from its step on the serial search would go as it likes, and all that it would do there is determined by
 * the path to the leaf and by what stands to the left of that path, which never changes (a unit that has come back early goes on as one
 * unit, too, but for its branches nearest to the root). So units can be explored in any order. What a
 * unit does to the tree above it (escapes: places where a race was reversed) is put off until all to its left has been explored,
 * counted and inserted: so the tree grows as that of the serial search does, executions are counted in its order, and the first
 * violation is its first. A unit may come back before its end; what remains of it becomes part of the tree.
 *
 * What a unit was told of the tree when it began may be less than what is there when its turn comes. Leaves never change and new
 * branches come last, so what it dropped is rightly dropped; where it cannot be sure (dpor/escapes.ts) and the tree has grown in
 * just that place, it is explored again, as it is when it was looked for spins from another length on or is too large for the limit.
 *
 * With `force` what is put off is inserted all the same, whatever is still missing to its left: for results that come from
 * elsewhere and are all there is for now. Every class is explored once in any order of insertion; only a serial search would
 * have gone another way.
 *
 * Rejected: sharing wakeup trees between threads (generators and trees are objects of one thread, and the result would depend on
 * the timing), splitting by prefixes with sleep sets alone (a subtree explored without what is found in its siblings
 * loses executions, or repeats those of others).
 */
import { Footprints } from "../../interleaving/footprints.ts";
import { actorOf, alternativeOf, choice } from "../../interleaving/schedule.ts";
import { Sequence } from "../dpor/sequence.ts";
import { forgetSmall, levelsOf } from "./gather.ts";
import type { Escape, Level, Unit } from "./level.ts";
import type { Fork } from "./outlook.ts";
import { loadTwig, type SavedTwig, saveTwig } from "./saved-tree.ts";
import { branchesOf, graft, isWaiting, makePlace, makeTwig, type Place, type Twig } from "./twig.ts";
import type { UnitResult } from "./unit-runner.ts";

/** What the owner counts. False: the result cannot be used as it is, the unit is to be explored again. */
export type Count = (result: UnitResult, unit: Unit) => boolean;

/** What every unit is told besides its path. */
export type Terms = Pick<Unit, "bound" | "limit" | "suspicious">;

const NOT_TAKEN = 0;
const FIRST = 1;
const COMMUTES = 2;

export class SearchTree {
  readonly #footprints: Footprints = new Footprints(Number.MAX_SAFE_INTEGER);
  readonly #sequence: Sequence = new Sequence(this.#footprints);
  /** Branches have trees below them; otherwise they are steps of which some set is to be explored. */
  readonly #wakeupTrees: boolean;
  readonly #count: Count;
  #root: Twig;
  /** The places on the way to the result that is counted, and the branch taken at each. */
  readonly #path: { readonly place: Place; readonly twig: Twig }[] = [];
  #changes = 0;
  #force = false;

  constructor(strategy: string, count: Count, saved?: SavedTwig) {
    this.#wakeupTrees = strategy === "optimal";
    this.#count = count;
    this.#root = this.#load(saved ?? { step: 0, touches: [] });
  }

  /** Everything has been explored. */
  get over(): boolean {
    return this.#root.over;
  }

  /** Begins anew. Units that are out have become meaningless. */
  restart(): void {
    this.#root = this.#load({ step: 0, touches: [] });
  }

  /** The tree without what is not counted yet. */
  save(): SavedTwig {
    return saveTwig(this.#root, this.#footprints);
  }

  /** Leaves that are to be explored and that nobody was given, from left to right. */
  *leaves(): Generator<Twig, undefined> {
    const stack: Twig[] = [this.#root];
    for (let twig = stack.pop(); twig !== undefined; twig = stack.pop()) {
      if (twig.over) continue;
      if (isWaiting(twig)) yield twig;
      else if (twig.place !== undefined) stack.push(...twig.place.branches.toReversed());
    }
  }

  /** The same, those with the shortest paths first. */
  *nearest(): Generator<Twig, undefined> {
    let row: Twig[] = [this.#root];
    while (row.length > 0) {
      const next: Twig[] = [];
      for (const twig of row) {
        if (twig.over) continue;
        if (isWaiting(twig)) yield twig;
        else if (twig.place !== undefined) next.push(...twig.place.branches);
      }
      row = next;
    }
  }

  /** Gives a leaf out. */
  take(twig: Twig, terms: Terms): Unit {
    const levels: Level[] = [];
    let [fresh, closed] = [0, 0];
    const path = this.#pathTo(twig);
    for (const [depth, { place, index }] of path.entries()) {
      const { step } = place.branches[index]!;
      const before = place.branches.slice(0, index).map((other) => other.step);
      const again = !this.#wakeupTrees && alternativeOf(step) > 0;
      if (place.done.length + index > 0 || again) fresh = depth;
      if (place.full) closed = depth + 1;
      const others = place.full ? [] : place.branches.slice(index + 1);
      levels.push({ done: [...place.done, ...before], step, todo: branchesOf(others, this.#footprints) });
    }
    fresh = Math.max(fresh, closed);
    const rest = twig.resume ?? [];
    if (twig.resume !== undefined) fresh = levels.length + rest.length;
    const unit = { levels, rest, fresh, closed, ...terms };
    twig.sent = { unit, at: this.#changes };
    return unit;
  }

  /** Takes a unit back that nothing has come of. */
  giveUp(twig: Twig): void {
    twig.sent = undefined;
  }

  /** Makes one unit of all that remains, if nothing of it is out. */
  gather(): void {
    const root = this.#root;
    if (root.place === undefined || root.sent !== undefined) return;
    forgetSmall(root.place);
    const levels = levelsOf(root.place, this.#footprints);
    if (levels === undefined) return;
    root.resume = levels;
    root.place = undefined;
  }

  /** Takes what has come of a unit. */
  deliver(twig: Twig, result: UnitResult): void {
    this.#changes++;
    twig.held = result;
    twig.place = result.rest && graft(result.rest, this.#footprints, this.#changes);
    if (twig.place !== undefined) twig.place.owner = twig;
    const actor = actorOf(twig.step);
    const next = choice(actor, alternativeOf(twig.step) + 1);
    if (twig === this.#root || alternativeOf(next) >= result.ways) return;
    const { branches } = twig.parent;
    const index = branches.indexOf(twig);
    if (branches[index + 1]?.step === next) return;
    branches.splice(index + 1, 0, makeTwig(twig.parent, next, -1, this.#changes));
  }

  /** Counts and inserts what can be. */
  settle(force = false): void {
    this.#force = force;
    const root = this.#root;
    root.over ||= this.#settleTwig(root, true);
  }

  /** The places on the way to what is explored next. */
  get forks(): Fork[] {
    const forks: Fork[] = [];
    let place = this.#root.place;
    while (place !== undefined) {
      forks.push([place.done.length, place.done.length + place.branches.length]);
      place = place.branches[0]?.place;
    }
    return forks;
  }

  #load(saved: SavedTwig): Twig {
    return loadTwig(saved, makePlace(), this.#footprints);
  }

  #pathTo(twig: Twig): { place: Place; index: number }[] {
    const path: { place: Place; index: number }[] = [];
    for (let at = twig; at !== this.#root; at = at.parent.owner!) {
      path.push({ place: at.parent, index: at.parent.branches.indexOf(at) });
    }
    return path.reverse();
  }

  /** Whether all that is behind the branch is over. */
  #settleTwig(twig: Twig, first: boolean): boolean {
    if (twig.held !== undefined && !this.#apply(twig, twig.held)) return false;
    if ((twig.leaf && !twig.counted) || twig.resume !== undefined) return false;
    return twig.place === undefined || this.#settlePlace(twig.place, first);
  }

  /** `first`: all to the left of the place is over. */
  #settlePlace(place: Place, first: boolean): boolean {
    let over = true;
    // Branches may be added behind the one that is looked at.
    for (const twig of place.branches) {
      if (!twig.over) {
        this.#path.push({ place, twig });
        twig.over = this.#settleTwig(twig, first && over);
        this.#path.pop();
        if (twig.over && twig.leaf) twig.place = undefined;
      }
      over &&= twig.over;
      if (!over && !this.#force) break;
    }
    while (first && place.branches[0]?.over === true) place.done.push(place.branches.shift()!.step);
    return over;
  }

  #apply(twig: Twig, result: UnitResult): boolean {
    const { unit, at } = twig.sent!;
    const known = result.escapes.every((found) => this.#insert(found, at));
    twig.held = undefined;
    twig.sent = undefined;
    if (known && this.#count(result, unit)) {
      twig.counted = true;
      twig.resume = undefined;
      return true;
    }
    twig.place = undefined;
    return false;
  }

  /** Whether what the unit took for covered is. */
  #insert(found: Escape, sentAt: number): boolean {
    const { place, twig } = this.#path[found.at]!;
    if (!this.#wakeupTrees) return this.#insertOne(place, found);
    const sequence = this.#sequence;
    sequence.clear();
    for (const [step, touches] of found.steps) {
      sequence.push(actorOf(step), alternativeOf(step), this.#footprints.of(touches));
    }
    if (found.single !== undefined) return this.#insertSingle(place, twig, found, sentAt);
    let into = place;
    // Bounded by the length of the sequence and the depth of the tree.
    for (let from = place.branches.indexOf(twig) + 1; ; from = 0) {
      let next: Twig | undefined;
      for (let i = from; i < into.branches.length && next === undefined; i++) {
        const branch = into.branches[i]!;
        const taken = this.#takes(branch, sequence);
        if (taken === COMMUTES && branch.born > sentAt && !this.#commutes(branch, found)) return false;
        if (taken !== NOT_TAKEN) next = branch;
      }
      if (next === undefined) {
        this.#append(into, sequence);
        return true;
      }
      if (next.leaf || sequence.length === 0) return true;
      next.over = false;
      into = next.place!;
    }
  }

  /** The sequence is that of `found`. */
  #insertSingle(place: Place, twig: Twig, { steps, single }: Escape, sentAt: number): boolean {
    const sequence = this.#sequence;
    for (const branch of place.branches.slice(place.branches.indexOf(twig) + 1)) {
      // What the unit left out because of the step that it asks for may need that very step.
      if (branch.step === steps[0]![0]) return true;
      const taken = this.#takes(branch, sequence);
      if (taken === FIRST || (taken === COMMUTES && single === "lax")) return branch.born <= sentAt;
    }
    sequence.length = 1;
    this.#append(place, sequence);
    return true;
  }

  /** Somebody who can begin must be among those who do. */
  #insertOne(place: Place, { steps }: Escape): boolean {
    const begun = new Set([...place.done, ...place.branches.map(({ step }) => step)].map(actorOf));
    if (steps.some(([step]) => begun.has(actorOf(step)))) return true;
    this.#changes++;
    place.branches.push(makeTwig(place, steps[0]![0], -1, this.#changes));
    return true;
  }

  #takes({ step, footprint }: Twig, sequence: Sequence): number {
    const index = sequence.firstOf(actorOf(step));
    if (index < 0) return sequence.isIndependent(footprint) ? COMMUTES : NOT_TAKEN;
    if (sequence.alternative[index] !== alternativeOf(step) || !sequence.isInitial(index)) return NOT_TAKEN;
    sequence.remove(index);
    return FIRST;
  }

  #commutes({ step, footprint }: Twig, { actors, touches }: Escape): boolean {
    if (actors.includes(actorOf(step))) return false;
    return !this.#footprints.dependent(footprint, this.#footprints.of(touches));
  }

  #append(place: Place, { length, actor, alternative, footprint }: Sequence): void {
    this.#changes++;
    const born = this.#changes;
    let into = place;
    for (let i = 0; i < length; i++) {
      const next = i + 1 < length ? makePlace() : undefined;
      into.branches.push(makeTwig(into, choice(actor[i]!, alternative[i]!), footprint[i]!, born, next));
      if (next !== undefined) into = next;
    }
  }
}
