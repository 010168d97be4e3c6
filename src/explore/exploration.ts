/**
 * One exploration: a strategy makes executions of a system, one after the other; this counts them, collects what goes wrong,
 * and knows when to stop. In stretches, so that whoever runs it can show that it is alive, and end it.
 *
 * The result is a *certificate* when `complete` is true and there are no violations: every class of executions has been seen.
 * Samplers never give one. When distinct classes are too many to be remembered, `distinct` is undefined.
 */
import { EXPLORE_END } from "../diagnostics/channels.ts";
import type { System, Violation } from "../interleaving/system.ts";
import { Distinct } from "./distinct.ts";
import { endlessMessage } from "./endless.ts";
import type { Explorable } from "./explorable.ts";
import { type Finding, Findings } from "./findings.ts";
import { uncount } from "./frontier/counts.ts";
import { forksOf, type Outlook, outlookOf } from "./frontier/outlook.ts";
import type { Saved } from "./frontier/parted-exploration.ts";
import { makeStrategy } from "./make-strategy.ts";
import { verify } from "./nondeterminism.ts";
import { type CheckedOptions, checkOptions, type ExploreOptions } from "./options.ts";
import { Watched } from "./runaway.ts";
import { Learning } from "./strategies/learning.ts";
import { Portfolio } from "./strategies/portfolio.ts";
import { LONG, NONE, PRUNED, RESTARTED, SLEEP_BLOCKED, type Strategy, TOO_LONG } from "./strategy.ts";

/** Why an exploration ended before its end. */
export type StopReason = "violation" | "max-executions" | "time" | "interrupted";

/** What an exploration came to. `complete` without violations is a proof for this program. */
export interface ExploreResult {
  readonly strategy: string;
  /** Of samplers: with it and the options, the same executions come again. */
  readonly seed: number;
  /** Those that reached their end. */
  readonly executions: number;
  /** Mazurkiewicz classes among them; undefined: not kept track of. */
  readonly distinct: number | undefined;
  /** Given up because another execution covers them. */
  readonly blocked: number;
  /** Given up at the bound on steps. */
  readonly tooLong: number;
  readonly complete: boolean;
  /** Undefined: it came to its end. */
  readonly stopped: StopReason | undefined;
  readonly violations: readonly Finding[];
}

/** An exploration under way: `advance` until it says true, or for as long as one likes; `result()` at any time. */
export class Exploration {
  #system: System;
  readonly #options: CheckedOptions;
  #strategy: Strategy;
  readonly #distinct: Distinct | undefined;
  readonly #findings: Findings;
  #executions = 0;
  #blocked = 0;
  #pruned = 0;
  #tooLong = 0;
  #begun = false;
  /** How the execution made last has ended, until it has been looked at for races. */
  #unread = NONE;
  #stopped: StopReason | undefined;
  #exhausted = false;
  readonly #watched: Watched;
  /** The strategy was ended in the middle of something. */
  #broken = false;

  /** Throws ExploreError, RunawayError, and what the program throws while it lays itself out. */
  constructor(explorable: Explorable, options: ExploreOptions = {}) {
    this.#options = checkOptions(options);
    this.#findings = new Findings(explorable, this.#options);
    this.#watched = new Watched(explorable, this.#options.stepTimeoutMs);
    this.#system = this.#watched.system;
    this.#strategy = makeStrategy(this.#system, this.#options);
    this.#distinct = this.#strategy.complete ? new Distinct() : undefined;
  }

  get attempts(): number {
    return this.#executions + this.#blocked + this.#pruned + this.#tooLong;
  }

  /** Share of the executions that were asked for; of a search whose size nobody knows, 0. */
  get progress(): number {
    if (this.ended) return 1;
    const { maxExecutions } = this.#options;
    return Number.isFinite(maxExecutions) ? this.attempts / maxExecutions : 0;
  }

  get ended(): boolean {
    return (this.#exhausted || this.#stopped !== undefined) && !this.#findings.pending;
  }

  /** Goes on to the end, or until `stop`, asked after each execution, says so. Returns whether it is at the end. */
  advance(stop: () => boolean): boolean {
    let stopping = false;
    const next = (): boolean => {
      if (this.ended) return false;
      if (this.#findings.pending) this.#findings.advance();
      else this.#next();
      stopping = stop();
      return !stopping;
    };
    // Bounded by maxExecutions, by the size of the space, or by `stop`.
    while (!this.ended && !stopping) {
      if (!this.#watched.goOn(next)) this.#overdue();
      this.#findings.tell();
    }
    if (this.ended) this.#tellEnd();
    return this.ended;
  }

  /** Something has not come back. */
  #overdue(): void {
    // Of what was being made small it is known how small it is by now.
    const shrinking = this.#findings.pending;
    this.#findings.settle();
    if (this.#options.stopAtFirst && this.#findings.list.length > 0) this.#stopped = "violation";
    if (shrinking || this.#stopped !== undefined) return;
    const runaway = this.#watched.overdue(this.#strategy.schedule());
    if (runaway === undefined) {
      this.#system = this.#watched.system;
      this.#strategy = makeStrategy(this.#system, this.#options);
      this.#begun = false;
      this.#unread = NONE;
      this.#restart();
      return;
    }
    this.#findings.addRunaway(runaway, this.attempts);
    this.#broken = true;
    this.#stopped = "violation";
  }

  /** Gives the rest up. */
  interrupt(reason: "time" | "interrupted" = "interrupted"): void {
    if (this.ended) return;
    this.#findings.settle();
    if (!this.ended) this.#stopped = reason;
    this.#tellEnd();
  }

  #tellEnd(): void {
    if (EXPLORE_END.hasSubscribers) EXPLORE_END.publish(this.result());
  }

  get distinct(): number | undefined {
    return this.#distinct?.count;
  }

  /** How far a search is. */
  outlook(): Outlook | undefined {
    const search = this.#strategy;
    if (!(search instanceof Learning) || this.#broken) return undefined;
    if (this.#unread === NONE) this.#pause(search);
    return this.#exhausted ? undefined : outlookOf(forksOf(search.levels()));
  }

  /** Goes on to the next execution without making it, so that what is left can be told. */
  #pause(search: Learning): void {
    if (this.#begun && !this.#exhausted) this.#exhausted = !search.advance();
    this.#begun = false;
  }

  /** What is left, to be taken up by `parted`; undefined: this strategy cannot say, or not any more. */
  save(): Saved | undefined {
    const search = this.#strategy;
    if (search instanceof Portfolio || this.#broken) return undefined;
    const counts = {
      executions: this.#executions,
      blocked: this.#blocked,
      pruned: this.#pruned,
      tooLong: this.#tooLong,
    };
    const findings = this.#findings.entries;
    if (!(search instanceof Learning)) return { counts, findings };
    let signatures = this.#distinct?.signatures;
    // At a limit of executions it counts, and what follows from it is found now.
    if (this.#unread === NONE || this.#stopped === "max-executions") this.#pause(search);
    else {
      uncount(counts, this.#unread);
      signatures = signatures?.filter((signature) => signature !== search.signature);
    }
    return {
      counts,
      signatures,
      findings,
      ...search.save(this.#exhausted),
    };
  }

  result(): ExploreResult {
    const strategy = this.#strategy;
    return {
      strategy: strategy.name,
      seed: this.#options.seed,
      executions: this.#executions,
      distinct: this.#distinct?.count,
      blocked: this.#blocked,
      tooLong: this.#tooLong,
      complete: this.#exhausted && strategy.complete && this.#tooLong === 0,
      stopped: this.#stopped,
      violations: this.#findings.list,
    };
  }

  #next(): void {
    const strategy = this.#strategy;
    if (this.#unread !== NONE && strategy.reverse?.() === false) return;
    this.#unread = NONE;
    if (this.#begun && !strategy.advance()) {
      this.#exhausted = true;
      return;
    }
    this.#begun = true;
    const ended = strategy.execute();
    if (strategy.length > LONG && ended !== RESTARTED && strategy.reverse !== undefined) this.#unread = ended;
    if (ended === SLEEP_BLOCKED) this.#blocked++;
    else if (ended === TOO_LONG) this.#endless();
    else if (ended === RESTARTED) this.#restart();
    else this.#completed(ended === PRUNED);
    if (this.#stopped === undefined && this.attempts >= this.#options.maxExecutions) {
      this.#stopped = "max-executions";
    }
  }

  #completed(pruned: boolean): void {
    // One that gave up an iteration is covered by others: only what went wrong in it counts.
    if (pruned) this.#pruned++;
    else {
      this.#executions++;
      this.#system.finish();
      this.#distinct?.add(this.#strategy.signature);
    }
    if (isPowerOfTwo(this.attempts)) verify(this.#system, this.#strategy.schedule());
    const { violations } = this.#system;
    if (violations.length > 0) this.#report(violations[0]!);
  }

  /** What was counted was of a system that did not know its spin loops, or is not there any more. */
  #restart(): void {
    this.#executions = 0;
    this.#blocked = 0;
    this.#pruned = 0;
    this.#tooLong = 0;
    this.#distinct?.clear();
  }

  #endless(): void {
    this.#tooLong++;
    const message = endlessMessage(this.#system, this.#options.maxSteps);
    this.#report({ kind: "step-bound", message, actor: -1 });
  }

  /** The first violation of an execution: what comes after it may be its consequence. */
  #report(violation: Violation): void {
    if (!this.#findings.wants(violation)) return;
    const found = this.#strategy.schedule();
    if (violation.kind !== "step-bound") verify(this.#system, found);
    this.#findings.add(violation, found, this.attempts - 1);
    if (this.#options.stopAtFirst) this.#stopped = "violation";
  }
}

/** The first of something, the second, the fourth ... */
function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}
