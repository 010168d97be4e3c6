/** An exploration of which parts can be given to others: what the two of them have in common. */
import type { Explorable } from "../explorable.ts";
import type { ExploreResult } from "../exploration.ts";
import { STRATEGIES } from "../make-strategy.ts";
import { checkOptions, type ExploreOptions } from "../options.ts";
import type { Assignment } from "./job.ts";
import type { Outlook } from "./outlook.ts";
import { SampledExploration, type SavedSamples } from "./sampled-exploration.ts";
import { type SavedSearch, TreeExploration } from "./tree-exploration.ts";
import type { UnitResult } from "./unit-runner.ts";

/** What is left of an exploration, as plain data. */
export type Saved = SavedSearch | SavedSamples;

export interface PartedExploration<Note = unknown> {
  /** Executions that are counted. */
  readonly attempts: number;
  readonly distinct: number | undefined;
  /** Share of the executions that were asked for; of a search whose size nobody knows, 0. */
  readonly progress: number;
  /** How far a search is. */
  outlook(): Outlook | undefined;
  readonly ended: boolean;
  /** Executions that every system must have learned from before it is given a job. */
  readonly lessons: readonly string[];
  /** Something to do, `far` from what is done next or not; undefined: nothing is known now. */
  next(far?: boolean): Assignment<Note> | undefined;
  /** Makes one of all that is left, if nothing of it is out: its parts are too small to be given away. */
  gather(): void;
  /** Takes back what nothing has come of. */
  giveUp(assignment: Assignment<Note>): void;
  deliver(assignment: Assignment<Note>, result: UnitResult): void;
  /** Everything that is known to be left, for `deliverAll`. */
  all(): Assignment<Note>[];
  /** Takes results that come from elsewhere, and counts them whatever is missing. */
  deliverAll(results: readonly (readonly [assignment: Assignment<Note>, result: UnitResult])[]): void;
  /** Does it all here, until `stop` says so. Returns whether it is at the end. */
  advance(stop: () => boolean): boolean;
  interrupt(reason?: "time" | "interrupted"): void;
  result(): ExploreResult;
  save(): Saved;
}

/** Begins an exploration, or takes one up: `saved` is of the same program and options. Throws ExploreError. */
export function parted(
  explorable: Explorable,
  options: ExploreOptions = {},
  saved?: Saved,
): PartedExploration {
  if (STRATEGIES[checkOptions(options).strategy].samples)
    return new SampledExploration(explorable, options, saved);
  return new TreeExploration(explorable, options, saved as SavedSearch | undefined);
}
