/**
 * Work that is done piece by piece, where a piece may never return.
 *
 * Pieces are done in stretches, each of which is guarded, so that what the guard costs is below a hundredth. A stretch ends by itself
 * after STRETCH_MS, far below the limit: one that is ended was at one and the same piece for nearly all of its time. The clock
 * is looked at between pieces, after as many as take about a millisecond.
 */
import { performance } from "node:perf_hooks";
import { guarded } from "./guarded.ts";

const STRETCH_MS = 50;
/** Stretches at least that the limit is made of. */
const PARTS = 4;
/** Pieces between two looks at the clock. */
const MAX_GAP = 64;
const LOOK_MS = 1;

// As it is now: a test may put another clock in its place later.
const now: () => number = performance.now.bind(performance);

/** Does `next` until it says that there is no more. False: it did not come back for `limitMs` (0: it may take all the time there is). */
export function inStretches(next: () => boolean, limitMs: number): boolean {
  let more = true;
  const stretch = limitMs === 0 ? Number.POSITIVE_INFINITY : Math.min(STRETCH_MS, limitMs / PARTS);
  const work = (): void => {
    more = goOn(next, stretch);
  };
  while (more) if (!guarded(work, limitMs)) return false;
  return true;
}

/** Whether there is more. */
function goOn(next: () => boolean, forMs: number): boolean {
  let looked = now();
  const end = looked + forMs;
  for (let [gap, done] = [1, 0]; next(); ) {
    if (++done < gap) continue;
    done = 0;
    const before = looked;
    looked = now();
    if (looked >= end) return true;
    gap = looked - before < LOOK_MS ? Math.min(2 * gap, MAX_GAP) : Math.max(1, gap >> 1);
  }
  return false;
}
