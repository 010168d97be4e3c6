/**
 * What remains of a search, as data: levels, one for each step of the path, from the root on.
 *
 * A level says what has been explored from there, which step the path takes, and what is to be explored after that one, in order.
 * Sleep sets are not part of it: whoever goes down the path again asks the system for the footprints of what was explored.
 * So a level means the same in every process that runs the same program.
 */
import type { Choice } from "../../interleaving/schedule.ts";

/** A branch of a wakeup tree; of strategies without such trees, a single step. */
export interface Branch {
  readonly step: Choice;
  /** Accesses of the step where it was asked for. Empty without wakeup trees. */
  readonly touches: readonly number[];
  /** None: from here on as the search likes. */
  readonly below: readonly Branch[];
}

/** A depth of a path: what was explored there, what is, and what is left. */
export interface Level {
  /** Explored, in order. */
  readonly done: readonly Choice[];
  /** The step of the path; undefined at the end of it. */
  readonly step: Choice | undefined;
  readonly todo: readonly Branch[];
}

/** A subtree of the search, or what is left of one: executions that begin with the steps of the levels, each of which has one. */
export interface Unit {
  readonly levels: readonly Level[];
  /** It is gone on with: levels of its own, the last of which has no step. */
  readonly rest: readonly Level[];
  /** Steps before this one have been made in this order by another unit: races among them are known. */
  readonly fresh: number;
  /** So many levels from the root on are branched in full (full-top.ts): what is reversed there is explored anyway. */
  readonly closed: number;
  /** Of bounded searches. */
  readonly bound: number;
  /** Executions at most. */
  readonly limit: number;
  /** Steps from which on an execution is looked at for spins. */
  readonly suspicious: number;
}

/** Something to be explored at a level that is not the unit's own: a race was reversed there. */
export interface Escape {
  readonly at: number;
  /** The sequence, with the accesses of its steps; of source sets, who could begin it. */
  readonly steps: readonly (readonly [step: Choice, touches: readonly number[]])[];
  /** Its first step alone becomes a branch, unless one of the sequence, or if "lax" one that commutes with it, is there (dpor/outside.ts). */
  readonly single?: "strict" | "lax";
  /** Actors and accesses of further sequences that the new branch covers. */
  readonly actors: readonly number[];
  readonly touches: readonly number[];
}

/** What a level goes on with: its step, or the first that is to be explored. */
export function nextOf({ step, todo }: Level): Choice {
  return step ?? todo[0]!.step;
}

export function single(step: Choice): Branch {
  return { step, touches: [], below: [] };
}
