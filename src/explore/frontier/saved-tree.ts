/** The tree of a search as plain data, for files: what is explored is left out, and what was explored ahead of its turn too. */
import type { Footprints } from "../../interleaving/footprints.ts";
import type { Choice } from "../../interleaving/schedule.ts";
import { makePlace, makeTwig, type Place, type Twig } from "./twig.ts";

export interface SavedPlace {
  readonly done: readonly Choice[];
  readonly branches: readonly SavedTwig[];
}

export interface SavedTwig {
  readonly step: Choice;
  readonly touches: readonly number[];
  /** Explored: it is there for what it covers. */
  readonly over?: true;
  /** A leaf's: its first unit has been explored, and this remains. */
  readonly begun?: true;
  readonly place?: SavedPlace;
}

export function savePlace({ done, branches }: Place, footprints: Footprints): SavedPlace {
  return { done, branches: branches.map((twig) => saveTwig(twig, footprints)) };
}

export function saveTwig({ step, footprint, leaf, counted, over, place }: Twig, of: Footprints): SavedTwig {
  const touches = of.accesses(footprint);
  if (leaf && over) return { step, touches, over: true };
  if (leaf && !counted) return { step, touches };
  return { step, touches, ...(leaf ? { begun: true } : {}), place: savePlace(place!, of) };
}

export function loadPlace({ done, branches }: SavedPlace, footprints: Footprints): Place {
  const place = makePlace([...done]);
  for (const saved of branches) place.branches.push(loadTwig(saved, place, footprints));
  return place;
}

export function loadTwig(saved: SavedTwig, parent: Place, footprints: Footprints): Twig {
  const { step, touches, over, begun, place } = saved;
  const behind = place === undefined ? undefined : loadPlace(place, footprints);
  const twig = makeTwig(parent, step, footprints.of(touches), 0, begun ? undefined : behind);
  twig.over = over === true;
  twig.counted = begun === true || over === true;
  if (begun) {
    twig.place = behind;
    behind!.owner = twig;
  }
  return twig;
}
