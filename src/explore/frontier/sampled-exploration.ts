/**
 * Sampling in parts: executions by their numbers, a block at a time (strategies/sampler.ts). Execution k is the same whoever makes it,
 * and results are counted in the order of the numbers, so what comes of it is what one sampler would have seen.
 */

import type { Explorable } from "../explorable.ts";
import type { ExploreResult, StopReason } from "../exploration.ts";
import { ExploreError } from "../explore-error.ts";
import { type Finding, Findings } from "../findings.ts";
import { type CheckedOptions, checkOptions, type ExploreOptions } from "../options.ts";
import { BLOCK } from "../strategies/sampler.ts";
import { attemptsOf, type Counts, noCounts } from "./counts.ts";
import { type Assignment, runJob } from "./job.ts";
import type { PartedExploration } from "./parted-exploration.ts";
import { type UnitResult, UnitRunner } from "./unit-runner.ts";

/** Sampling that was interrupted, as plain data. */
export interface SavedSamples {
  readonly counts: Counts;
  readonly findings: readonly (readonly [key: string, finding: Finding])[];
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  result: UnitResult | undefined;
}

/** Sampling in parts: each unit is a stretch of numbered executions. */
export class SampledExploration implements PartedExploration<Stretch> {
  readonly lessons: readonly string[] = [];
  readonly distinct = undefined;
  readonly outlook = (): undefined => undefined;
  readonly #explorable: Explorable;
  readonly #options: CheckedOptions;
  readonly #findings: Findings;
  readonly #counts: Counts;
  /** Given out or given back, by first number. */
  readonly #out: Map<number, Stretch> = new Map();
  readonly #back: Stretch[] = [];
  /** The first number that nobody was given. */
  #next: number;
  #stopped: StopReason | undefined;
  #runner: UnitRunner | undefined;

  /** Throws ExploreError. */
  constructor(explorable: Explorable, options: ExploreOptions, saved?: SavedSamples) {
    this.#explorable = explorable;
    this.#options = checkOptions(options);
    if (this.#options.strategy === "portfolio")
      throw new ExploreError("ERR_EXPLORE_OPTION", "portfolio takes turns on one system: it has no parts");
    this.#findings = new Findings(explorable, this.#options);
    this.#findings.adopt(saved?.findings ?? []);
    this.#counts = { ...(saved?.counts ?? noCounts()) };
    this.#next = this.attempts;
    this.#limit();
  }

  get attempts(): number {
    return attemptsOf(this.#counts);
  }
  get ended(): boolean {
    return this.#stopped !== undefined;
  }
  get progress(): number {
    if (this.ended) return 1;
    const { maxExecutions } = this.#options;
    return Number.isFinite(maxExecutions) ? this.attempts / maxExecutions : 0;
  }

  next(): Assignment<Stretch> | undefined {
    if (this.ended) return undefined;
    const waiting = this.#back.shift();
    if (waiting !== undefined) return this.#assign(waiting);
    const from = this.#next;
    const to = Math.min(from - (from % BLOCK) + BLOCK, this.#options.maxExecutions);
    if (from >= to) return undefined;
    this.#next = to;
    return this.#assign({ from, to, result: undefined });
  }

  /** Everything that there is to do. */
  all(): Assignment<Stretch>[] {
    const all: Assignment<Stretch>[] = [];
    for (let one = this.next(); one !== undefined; one = this.next()) all.push(one);
    return all;
  }

  deliverAll(results: readonly (readonly [assignment: Assignment<Stretch>, result: UnitResult])[]): void {
    for (const [assignment, result] of results) this.deliver(assignment, result);
  }

  gather(): void {}

  giveUp({ note }: Assignment<Stretch>): void {
    this.#out.delete(note.from);
    this.#back.push(note);
    this.#back.sort((a, b) => a.from - b.from);
  }

  deliver({ note }: Assignment<Stretch>, result: UnitResult): void {
    note.result = result;
    for (let due = this.#due(); due !== undefined && !this.ended; due = this.#due()) {
      this.#count(due, due.result!);
    }
  }

  advance(stop: () => boolean): boolean {
    this.#runner ??= new UnitRunner(this.#explorable, this.#options);
    let stopping = false;
    // Bounded by maxExecutions, or by `stop`.
    while (!this.ended && !stopping) {
      const assignment = this.next()!;
      const result = runJob(this.#runner, assignment.job, () => {
        stopping ||= stop();
        return stopping;
      });
      this.deliver(assignment, result);
    }
    return this.ended;
  }

  interrupt(reason: "time" | "interrupted" = "interrupted"): void {
    if (!this.ended) this.#stopped = reason;
  }

  result(): ExploreResult {
    const { executions, blocked, tooLong } = this.#counts;
    return {
      strategy: nameOf(this.#options),
      seed: this.#options.seed,
      executions,
      distinct: undefined,
      blocked,
      tooLong,
      complete: false,
      stopped: this.#stopped,
      violations: this.#findings.list,
    };
  }

  save(): SavedSamples {
    return { counts: { ...this.#counts }, findings: this.#findings.entries };
  }

  /** What comes next in the order of the numbers, if it is there. */
  #due(): Stretch | undefined {
    const due = this.#out.get(this.attempts);
    return due?.result === undefined ? undefined : due;
  }

  #assign(stretch: Stretch): Assignment<Stretch> {
    this.#out.set(stretch.from, stretch);
    return { job: { kind: "samples", from: stretch.from, to: stretch.to }, note: stretch };
  }

  #count({ from, to }: Stretch, { counts, found }: UnitResult): void {
    this.#out.delete(from);
    for (const kind of ["executions", "blocked", "pruned", "tooLong"] as const) {
      this.#counts[kind] += counts[kind];
    }
    if (this.attempts < to) this.#back.unshift({ from: this.attempts, to, result: undefined });
    for (const one of found) {
      if (!this.#findings.wants(one)) continue;
      this.#findings.take(one, from + one.execution);
      if (this.#options.stopAtFirst || one.kind === "runaway") this.#stopped = "violation";
    }
    this.#limit();
  }

  #limit(): void {
    if (this.attempts >= this.#options.maxExecutions) this.#stopped ??= "max-executions";
  }
}

/** As the strategy calls itself. */
function nameOf({ strategy, depth }: CheckedOptions): string {
  return strategy === "pct" ? `pct${depth}` : strategy;
}
