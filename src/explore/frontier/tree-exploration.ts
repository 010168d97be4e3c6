/**
 * One exploration by units of its search tree (search-tree.ts): what is counted, in the order of a serial search, and when it is at
 * its end. Units can be given out (`next`, `deliver`) or explored here (`advance`); what is left at any time can be saved,
 * and taken up again.
 *
 * Bounded searches have a tree for each bound, one after the other.
 */
import { EXPLORE_END } from "../../diagnostics/channels.ts";
import { Distinct } from "../distinct.ts";
import type { Explorable } from "../explorable.ts";
import type { ExploreResult, StopReason } from "../exploration.ts";
import { type Finding, Findings } from "../findings.ts";
import { type CheckedOptions, checkOptions, type ExploreOptions } from "../options.ts";
import { SUSPICIOUS } from "../strategies/suspicion.ts";
import { attemptsOf, type Counts, noCounts } from "./counts.ts";
import { type Assignment, runJob } from "./job.ts";
import type { Unit } from "./level.ts";
import { type Outlook, outlookOf } from "./outlook.ts";
import type { PartedExploration } from "./parted-exploration.ts";
import type { SavedTwig } from "./saved-tree.ts";
import { SearchTree } from "./search-tree.ts";
import type { Twig } from "./twig.ts";
import { type UnitResult, UnitRunner } from "./unit-runner.ts";

/** A search that was interrupted, as plain data. */
export interface SavedSearch {
  readonly counts: Counts;
  /** Undefined: too many. */
  readonly signatures: readonly number[] | undefined;
  /** With what they were told apart by. */
  readonly findings: readonly (readonly [key: string, finding: Finding])[];
  readonly tree: SavedTwig;
  readonly bound: number;
  readonly cutOff: boolean;
  /** Executions from which the system has learned of spins. */
  readonly lessons: readonly string[];
  readonly suspicious: number;
}

/** A search in parts: each unit is a subtree. */
export class TreeExploration implements PartedExploration<Twig> {
  readonly #explorable: Explorable;
  readonly #options: CheckedOptions;
  readonly #tree: SearchTree;
  readonly #findings: Findings;
  readonly #distinct: Distinct = new Distinct();
  readonly #counts: Counts;
  readonly #lessons: string[];
  #runner: UnitRunner | undefined;
  #bound: number;
  #cutOff: boolean;
  #suspicious: number;
  #lesson: string | undefined;
  /** Results come from elsewhere. */
  #forced = false;
  #stopped: StopReason | undefined;
  #exhausted = false;

  /** Throws ExploreError. `saved` must be of the same program and options. */
  constructor(explorable: Explorable, options: ExploreOptions = {}, saved?: SavedSearch) {
    this.#explorable = explorable;
    this.#options = checkOptions(options);
    this.#findings = new Findings(explorable, this.#options);
    const count = (result: UnitResult, unit: Unit): boolean => this.#count(result, unit);
    this.#tree = new SearchTree(this.#options.strategy, count, saved?.tree);
    this.#counts = { ...(saved?.counts ?? noCounts()) };
    this.#lessons = [...(saved?.lessons ?? [])];
    this.#bound = saved?.bound ?? 0;
    this.#cutOff = saved?.cutOff ?? false;
    this.#suspicious = saved?.suspicious ?? SUSPICIOUS;
    this.#findings.adopt(saved?.findings ?? []);
    if (saved !== undefined && saved.signatures === undefined) this.#distinct.forget();
    for (const signature of saved?.signatures ?? []) this.#distinct.add(signature);
    this.#settled();
  }

  get attempts(): number {
    return attemptsOf(this.#counts);
  }
  get distinct(): number | undefined {
    return this.#distinct.count;
  }
  get ended(): boolean {
    return this.#exhausted || this.#stopped !== undefined;
  }
  /** Share of the executions that were asked for; of a search whose size nobody knows, 0. */
  get progress(): number {
    if (this.ended) return 1;
    const { maxExecutions } = this.#options;
    return Number.isFinite(maxExecutions) ? this.attempts / maxExecutions : 0;
  }
  outlook(): Outlook | undefined {
    return outlookOf(this.#tree.forks);
  }

  /** Executions that the system has learned from: whoever explores a unit must know them. */
  get lessons(): readonly string[] {
    return this.#lessons;
  }

  /** Another unit: the leftmost, or `far` from it, the one with the shortest path. */
  next(far = false): Assignment<Twig> | undefined {
    if (this.ended) return undefined;
    const { value } = (far ? this.#tree.nearest() : this.#tree.leaves()).next();
    return value && this.#assign(value, this.#options.maxExecutions - this.attempts);
  }

  gather(): void {
    this.#tree.gather();
  }

  giveUp({ note }: Assignment<Twig>): void {
    this.#tree.giveUp(note);
  }

  deliver({ note }: Assignment<Twig>, result: UnitResult): void {
    this.#tree.deliver(note, result);
    this.#tree.settle();
    this.#settled();
  }

  /** Every unit that there is, without a limit to its executions. */
  all(): Assignment<Twig>[] {
    return [...this.#tree.leaves()].map((twig) => this.#assign(twig, Number.POSITIVE_INFINITY));
  }

  /** Delivers results that come from elsewhere, and counts them whatever is missing. */
  deliverAll(results: readonly (readonly [assignment: Assignment<Twig>, result: UnitResult])[]): void {
    for (const [{ note }, result] of results) this.#tree.deliver(note, result);
    this.#forced = true;
    this.#tree.settle(true);
    this.#forced = false;
    this.#settled();
  }

  #assign(twig: Twig, limit: number): Assignment<Twig> {
    const terms = { bound: this.#bound, limit, suspicious: this.#suspicious };
    return { job: { kind: "unit", unit: this.#tree.take(twig, terms) }, note: twig };
  }

  /** Explores units here, to the end, or until `stop`, asked after each execution, says so. */
  advance(stop: () => boolean): boolean {
    this.#runner ??= new UnitRunner(this.#explorable, this.#options);
    let stopping = false;
    // Bounded by maxExecutions, by the size of the space, or by `stop`.
    while (!this.ended && !stopping) {
      const assignment = this.next()!;
      this.#runner.learn(this.#lessons);
      const result = runJob(this.#runner, assignment.job, () => {
        stopping ||= stop();
        return stopping;
      });
      this.deliver(assignment, result);
    }
    if (this.ended) this.#tellEnd();
    return this.ended;
  }

  interrupt(reason: "time" | "interrupted" = "interrupted"): void {
    if (this.ended) return;
    this.#stopped = reason;
    this.#tellEnd();
  }

  #tellEnd(): void {
    if (EXPLORE_END.hasSubscribers) EXPLORE_END.publish(this.result());
  }

  result(): ExploreResult {
    const { executions, blocked, tooLong } = this.#counts;
    return {
      strategy: this.#options.strategy,
      seed: this.#options.seed,
      executions,
      distinct: this.#distinct.count,
      blocked,
      tooLong,
      complete: this.#exhausted && !this.#cutOff && tooLong === 0,
      stopped: this.#stopped,
      violations: this.#findings.list,
    };
  }

  save(): SavedSearch {
    return {
      counts: { ...this.#counts },
      signatures: this.#distinct.signatures,
      findings: this.#findings.entries,
      tree: this.#tree.save(),
      bound: this.#bound,
      cutOff: this.#cutOff,
      lessons: [...this.#lessons],
      suspicious: this.#suspicious,
    };
  }

  /** Counts what comes next in the order of the serial search. False: it must be explored again. */
  #count(result: UnitResult, unit: Unit): boolean {
    const { counts, suspicious } = result;
    if (this.#stopped !== undefined || this.#lesson !== undefined) return false;
    const looked = suspicious !== unit.suspicious || result.lesson !== undefined;
    if (!this.#forced && looked && unit.suspicious !== this.#suspicious) return false;
    if (this.attempts + attemptsOf(counts) > this.#options.maxExecutions) return false;
    const before = this.attempts;
    for (const kind of ["executions", "blocked", "pruned", "tooLong"] as const) {
      this.#counts[kind] += counts[kind];
    }
    for (const signature of result.signatures) this.#distinct.add(signature);
    for (const found of result.found) {
      if (!this.#findings.wants(found)) continue;
      this.#findings.take(found, before + found.execution);
      if (this.#options.stopAtFirst || found.kind === "runaway") this.#stopped = "violation";
    }
    this.#suspicious = suspicious;
    this.#lesson = result.lesson;
    this.#cutOff ||= result.cutOff;
    if (this.attempts >= this.#options.maxExecutions) this.#stopped ??= "max-executions";
    return true;
  }

  /** Goes on to what comes after the tree, if it is at its end. */
  #settled(): void {
    if (this.#lesson !== undefined) {
      // What was counted was of a system that did not know its spin loops.
      this.#lessons.push(this.#lesson);
      this.#lesson = undefined;
      Object.assign(this.#counts, noCounts());
      this.#distinct.clear();
      this.#cutOff = false;
      this.#bound = 0;
      this.#tree.restart();
    } else if (this.#tree.over && this.#stopped === undefined) {
      if (this.#cutOff && this.#bound < this.#options.maxBound) {
        this.#bound++;
        this.#cutOff = false;
        this.#tree.restart();
      } else this.#exhausted = true;
    }
  }
}
