/**
 * Explorations in shards: several machines that do not speak with each other, each of which explores its share of what there is to do.
 *
 * Every shard begins in the same way with the top of the search tree (the *trunk*) until there are enough units; every n-th of them
 * is its own. Who merges them has the same trunk, and counts. The units are leaves of one tree, so no class is counted twice. The top
 * is branched in full (full-top.ts), so the units are all that there is, of reduced searches too.
 *
 * What somebody else has begun with, and has wakeup trees at its top, is explored from there until there are enough units. What units
 * do to the tree above them is then kept with their results, and inserted by whoever merges them; branches that only the units have
 * brought to light are nobody's: they remain after the merge.
 *
 * A bounded search in shards has one tree, that of its greatest bound, in which the schedules of smaller bounds are.
 *
 * Rejected: shards by the first steps of an execution (all but sleep sets then lose or repeat classes, and sleep sets give up more
 * executions than they complete).
 */

import type { Explorable } from "../explorable.ts";
import { ExploreError } from "../explore-error.ts";
import type { StrategyName } from "../make-strategy.ts";
import { type CheckedOptions, checkOptions, type ExploreOptions } from "../options.ts";
import { SUSPICIOUS } from "../strategies/suspicion.ts";
import { attemptsOf, noCounts } from "./counts.ts";
import { FullTop } from "./full-top.ts";
import { type Assignment, runJob } from "./job.ts";
import { type PartedExploration, parted, type Saved } from "./parted-exploration.ts";
import { SampledExploration } from "./sampled-exploration.ts";
import type { SavedSearch } from "./tree-exploration.ts";
import { type UnitResult, UnitRunner } from "./unit-runner.ts";

/** Units for each shard: so many that shards differ little in what they have to do. */
const UNITS_PER_SHARD = 24;
/** Executions of the trunk for each unit that is wanted: a program may not have as many. */
const TRUNK_PER_UNIT = 16;
const PARTED_BY_TOP: readonly StrategyName[] = ["optimal", "source", "sleep-sets", "naive"];

/** What a shard came to, as JSON: for `mergeShards`. */
export interface ShardResult {
  /** The trunk, the same for all shards. */
  readonly trunk: Saved;
  /** Units of all shards. */
  readonly units: number;
  /** By number of the unit. */
  readonly results: readonly (readonly [unit: number, result: UnitResult])[];
  /** Every unit of this shard has been explored to its end. */
  readonly complete: boolean;
}

/** One of `count` processes or machines that explore the same program: the units that are its own. */
export class Shard {
  readonly #trunk: Saved;
  readonly #runner: UnitRunner;
  readonly #exploration: PartedExploration;
  readonly #units: readonly Assignment[];
  readonly #own: readonly number[];
  readonly #results: [unit: number, result: UnitResult][] = [];
  readonly #options: CheckedOptions;
  #found = false;

  /** `index` from 0. Throws ExploreError. */
  constructor(explorable: Explorable, options: ExploreOptions, index: number, of: number, saved?: Saved) {
    this.#options = checkOptions(options);
    this.#exploration = trunkOf(explorable, this.#options, of * UNITS_PER_SHARD, saved);
    this.#trunk = this.#exploration.save();
    this.#found = saved === undefined && this.#options.stopAtFirst && this.#trunk.findings.length > 0;
    this.#units = this.#exploration.ended || this.#found ? [] : this.#exploration.all();
    this.#own = this.#units.map((_, unit) => unit).filter((unit) => unit % of === index);
    this.#runner = new UnitRunner(explorable, this.#options);
  }

  /** Executions of the trunk and of this shard's units. */
  get attempts(): number {
    const own = this.#results.map(([, { counts }]) => counts.executions + counts.blocked + counts.tooLong);
    return own.reduce((sum, count) => sum + count, this.#exploration.attempts);
  }
  get distinct(): undefined {
    return undefined;
  }
  get progress(): number {
    return this.ended ? 1 : this.#results.length / this.#own.length;
  }
  get ended(): boolean {
    return this.#found || this.#results.length === this.#own.length;
  }
  outlook(): undefined {
    return undefined;
  }

  /** Goes on to the next unit, until `stop`, asked after each execution, says so; a unit is explored whole. */
  advance(stop: () => boolean): boolean {
    let stopping = false;
    while (!this.ended && !stopping) {
      const unit = this.#own[this.#results.length]!;
      this.#runner.learn(this.#exploration.lessons);
      const result = runJob(this.#runner, this.#units[unit]!.job, () => {
        stopping ||= stop();
        return false;
      });
      this.#results.push([unit, result]);
      const ends = (kind: string): boolean => this.#options.stopAtFirst || kind === "runaway";
      this.#found = result.found.some(({ kind }) => ends(kind));
    }
    return this.ended;
  }

  save(): ShardResult {
    return {
      trunk: this.#trunk,
      units: this.#units.length,
      results: this.#results,
      complete: this.#results.length === this.#own.length && !this.#found,
    };
  }
}

/** The top of the tree, explored until there are so many units. */
function trunkOf(
  explorable: Explorable,
  options: CheckedOptions,
  wanted: number,
  saved: Saved | undefined,
): PartedExploration {
  if (PARTED_BY_TOP.includes(options.strategy)) {
    const top = topOf(explorable, options, wanted, saved as SavedSearch | undefined);
    if (top !== undefined) return parted(explorable, options, top);
  }
  const exploration = parted(explorable, options, saved ?? begin(options));
  if (exploration instanceof SampledExploration) return exploration;
  const runner = new UnitRunner(explorable, options);
  for (let made = 0; made < wanted * TRUNK_PER_UNIT && !exploration.ended; made++) {
    const near = exploration.next(true)!;
    runner.learn(exploration.lessons);
    exploration.deliverAll([[near, runJob(runner, near.job, () => true)]]);
    if (made % wanted !== wanted - 1) continue;
    const all = exploration.all();
    for (const one of all) exploration.giveUp(one);
    if (all.length >= wanted) break;
  }
  return exploration;
}

/** The top of a search, unless others than shards have begun with it. */
function topOf(
  explorable: Explorable,
  options: CheckedOptions,
  wanted: number,
  saved: SavedSearch | undefined,
): SavedSearch | undefined {
  if (saved?.tree.place?.full === true) return saved;
  const begun = saved !== undefined && attemptsOf(saved.counts) > 0;
  return begun ? undefined : new FullTop(explorable, options, wanted, saved?.lessons).make();
}

/** Of a bounded search: at its greatest bound. */
function begin({ strategy, maxBound }: CheckedOptions): Saved | undefined {
  if (strategy !== "preemptions" && strategy !== "delays") return undefined;
  if (!Number.isFinite(maxBound))
    throw new ExploreError("ERR_EXPLORE_OPTION", `${strategy} in shards needs a maxBound`);
  return {
    counts: noCounts(),
    signatures: [],
    findings: [],
    tree: { step: 0, touches: [] },
    bound: maxBound,
    cutOff: false,
    lessons: [],
    suspicious: SUSPICIOUS,
  };
}

/** Puts the results of all shards together. `explorable` and `options` are theirs. */
export function mergeShards(
  explorable: Explorable,
  options: ExploreOptions,
  shards: readonly ShardResult[],
): PartedExploration {
  const exploration = parted(explorable, options, shards[0]!.trunk);
  if (exploration.ended) return exploration;
  const units = exploration.all();
  const results = shards.flatMap((shard) => shard.results);
  const known = new Set(results.map(([unit]) => unit));
  units.forEach((unit, i) => {
    if (!known.has(i)) exploration.giveUp(unit);
  });
  exploration.deliverAll(results.map(([unit, result]) => [units[unit]!, result]));
  return exploration;
}
