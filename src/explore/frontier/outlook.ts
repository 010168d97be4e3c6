/**
 * How far a search is, from what is known of its tree: Knuth's estimate (Math. Comp. 29, 1975), by which all branches of a place are
 * taken for alike. What is found later makes the tree larger, so a search with reduction is further from its end than it says.
 */
import type { Level } from "./level.ts";

export interface Outlook {
  /** Share of the tree that is behind, 0 to 1. */
  readonly share: number;
  /** Steps to the branch that is explored next. */
  readonly depth: number;
}

/** Branches from one place: how many are behind, and how many there are. */
export type Fork = readonly [done: number, all: number];

export function outlookOf(forks: readonly Fork[]): Outlook {
  let [share, weight] = [0, 1];
  for (const [done, all] of forks) {
    if (all === 0) continue;
    share += (weight * done) / all;
    weight /= all;
  }
  return { share, depth: forks.length };
}

export function forksOf(levels: readonly Level[]): Fork[] {
  return levels.map(({ done, step, todo }) => [
    done.length,
    done.length + (step === undefined ? 0 : 1) + todo.length,
  ]);
}
