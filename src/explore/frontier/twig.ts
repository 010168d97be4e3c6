/**
 * The tree of a search as its owner keeps it: places, and the branches that are to be explored from each, in order.
 *
 * A *leaf* is a branch from whose end on a unit explores as it likes. It stands for all that is behind it, also when that is
 * being explored or known: what a leaf covers is covered. A branch that is no leaf is a step of a wakeup tree, or one that a unit
 * has taken and come back from with more to do.
 */
import type { Footprints } from "../../interleaving/footprints.ts";
import type { Choice } from "../../interleaving/schedule.ts";
import type { Branch, Level, Unit } from "./level.ts";
import type { UnitResult } from "./unit-runner.ts";

export interface Place {
  /** Branches that have been explored, all those before them too. */
  readonly done: Choice[];
  readonly branches: Twig[];
  /** All that can be done here are its branches: nothing is inserted. */
  readonly full: boolean;
  /** The branch that it is behind. */
  owner: Twig | undefined;
}

export function makePlace(done: Choice[] = [], full = false): Place {
  return { done, branches: [], full, owner: undefined };
}

export interface Twig {
  readonly step: Choice;
  readonly footprint: number;
  readonly leaf: boolean;
  /** Number of the change to the tree that it came with. */
  readonly born: number;
  readonly parent: Place;
  /** What is known to remain behind it, in parts. */
  place: Place | undefined;
  /** What remains behind it, to be gone on with as one unit. */
  resume: readonly Level[] | undefined;
  /** Of a leaf: given out as this unit. */
  sent: { readonly unit: Unit; readonly at: number } | undefined;
  /** What came of that, until it can be counted. */
  held: UnitResult | undefined;
  /** The first that came of it has been counted. */
  counted: boolean;
  /** Explored, and all that is behind it. */
  over: boolean;
}

export function makeTwig(parent: Place, step: Choice, footprint: number, born: number, place?: Place): Twig {
  const leaf = place === undefined;
  const blank = { resume: undefined, sent: undefined, held: undefined, counted: false, over: false };
  const twig: Twig = { step, footprint, leaf, born, parent, place, ...blank };
  if (place !== undefined) place.owner = twig;
  return twig;
}

/** Branches of wakeup trees as twigs of a place. */
export function plant(place: Place, branches: readonly Branch[], footprints: Footprints, born: number): void {
  for (const { step, touches, below } of branches) {
    let behind: Place | undefined;
    if (below.length > 0) {
      behind = makePlace();
      plant(behind, below, footprints, born);
    }
    place.branches.push(makeTwig(place, step, footprints.of(touches), born, behind));
  }
}

/** Whether there is something to explore that nobody was given. */
export function isWaiting({ leaf, counted, resume, sent }: Twig): boolean {
  return sent === undefined && ((leaf && !counted) || resume !== undefined);
}

/**
 * What a unit has come back with, as a place: its branches nearest to the root, which others can have, and behind them, as one unit,
 * what it can go on with.
 */
export function graft(levels: readonly Level[], footprints: Footprints, born: number): Place {
  const root = makePlace();
  let place = root;
  for (const [i, { done, step, todo }] of levels.entries()) {
    place.done.push(...done);
    if (step !== undefined) {
      const next = makePlace();
      const twig = makeTwig(place, step, -1, born, next);
      place.branches.push(twig);
      if (todo.length > 0) {
        twig.place = undefined;
        twig.resume = levels.slice(i + 1);
      }
      plant(place, todo, footprints, born);
      if (todo.length > 0) break;
      place = next;
    } else plant(place, todo, footprints, born);
  }
  return root;
}

/** Branches as a unit to their left sees them: leaves cover what is behind them. */
export function branchesOf(twigs: readonly Twig[], footprints: Footprints): Branch[] {
  return twigs.map(({ step, footprint, leaf, place }) => ({
    step,
    touches: footprints.accesses(footprint),
    below: leaf ? [] : branchesOf(place!.branches, footprints),
  }));
}
