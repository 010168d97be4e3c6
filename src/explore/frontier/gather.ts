/**
 * The other way round of grafting: what remains of a tree, which was split for others, as the levels of one unit again.
 *
 * A tree whose branches are an execution each costs more to give away than to explore, for each unit is told all that stands to the right
 * of its path. So when it has turned out that nothing is gained, one goes on with all of it, as a serial search would.
 */
import type { Footprints } from "../../interleaving/footprints.ts";
import { attemptsOf } from "./counts.ts";
import type { Level } from "./level.ts";
import { branchesOf, type Place, type Twig } from "./twig.ts";

/** Executions of a result that is worth keeping. */
const LARGE = 1_000;

/** Undefined: a part is out, is branched in full, has been explored ahead of its turn, or is known already and was dear. */
export function levelsOf(place: Place, footprints: Footprints): Level[] | undefined {
  const levels: Level[] = [];
  // Bounded by the depth of the tree.
  for (let at = place; ; ) {
    if (at.full) return undefined;
    const over = at.branches.findIndex((twig) => !twig.over);
    const [first, ...others] = over < 0 ? [] : at.branches.slice(over);
    if (first === undefined || isOut(first) || others.some((twig) => isOut(twig) || isBegun(twig)))
      return undefined;
    const done = [...at.done, ...at.branches.slice(0, over).map(({ step }) => step)];
    if (!isBegun(first)) {
      levels.push({ done, step: undefined, todo: branchesOf([first, ...others], footprints) });
      return levels;
    }
    levels.push({ done, step: first.step, todo: branchesOf(others, footprints) });
    if (first.resume !== undefined) return [...levels, ...first.resume];
    at = first.place!;
  }
}

/** What was explored ahead of its turn and was cheap is forgotten. */
export function forgetSmall(place: Place): void {
  for (const twig of place.branches) {
    if (twig.held !== undefined && attemptsOf(twig.held.counts) < LARGE) {
      twig.held = undefined;
      twig.sent = undefined;
      twig.place = undefined;
    } else if (twig.place !== undefined) forgetSmall(twig.place);
  }
}

function isOut({ sent, place }: Twig): boolean {
  return sent !== undefined || place?.branches.some(isOut) === true;
}

function isBegun({ counted, over, resume, place }: Twig): boolean {
  return (
    counted ||
    over ||
    resume !== undefined ||
    (place !== undefined && (place.done.length > 0 || place.branches.some(isBegun)))
  );
}
