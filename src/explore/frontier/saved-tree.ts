/** The tree of a search as plain data, for files: what is explored is left out, and what was explored ahead of its turn too. */
import { Footprints } from "../../interleaving/footprints.ts";
import type { Choice } from "../../interleaving/schedule.ts";
import type { Level } from "./level.ts";
import { makePlace, makeTwig, type Place, type Twig } from "./twig.ts";

export interface SavedPlace {
  readonly done: readonly Choice[];
  readonly branches: readonly SavedTwig[];
  /** All that can be done here are its branches. */
  readonly full?: true;
}

export interface SavedTwig {
  readonly step: Choice;
  readonly touches: readonly number[];
  /** Explored: it is there for what it covers. */
  readonly over?: true;
  /** A leaf's: its first unit has been explored, and this remains. */
  readonly begun?: true;
  readonly place?: SavedPlace;
  readonly resume?: readonly Level[];
}

function savePlace({ done, branches, full }: Place, footprints: Footprints): SavedPlace {
  const saved = branches.map((twig) => saveTwig(twig, footprints));
  return { done, branches: saved, ...(full ? { full } : {}) };
}

export function saveTwig(twig: Twig, of: Footprints): SavedTwig {
  const { step, footprint, leaf, counted, over, place, resume } = twig;
  const touches = of.accesses(footprint);
  if (over && (leaf || place === undefined)) return { step, touches, over: true };
  if (leaf && !counted) return { step, touches };
  const begun = leaf ? { begun: true as const } : {};
  if (resume !== undefined) return { step, touches, ...begun, resume };
  return { step, touches, ...begun, place: savePlace(place!, of) };
}

function loadPlace({ done, branches, full }: SavedPlace, footprints: Footprints): Place {
  const place = makePlace([...done], full === true);
  for (const saved of branches) place.branches.push(loadTwig(saved, place, footprints));
  return place;
}

export function loadTwig(saved: SavedTwig, parent: Place, footprints: Footprints): Twig {
  const { step, touches, over, begun, place, resume } = saved;
  const behind = place === undefined ? undefined : loadPlace(place, footprints);
  const taken = resume === undefined || begun ? undefined : makePlace();
  const twig = makeTwig(parent, step, footprints.of(touches), 0, begun ? undefined : (taken ?? behind));
  twig.over = over === true;
  twig.counted = begun === true || over === true;
  twig.place = behind;
  if (behind !== undefined) behind.owner = twig;
  twig.resume = resume;
  return twig;
}

/** The tree of a search that was made by one, from the levels that remain of it. */
export function treeOf(levels: readonly Level[]): SavedTwig {
  const footprints = new Footprints(Number.MAX_SAFE_INTEGER);
  const root = makeTwig(makePlace(), 0, -1, 0);
  root.resume = levels;
  root.counted = true;
  return saveTwig(root, footprints);
}
