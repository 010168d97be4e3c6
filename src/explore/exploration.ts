/**
 * One exploration: a strategy makes executions of a system, one after the other; this counts them, collects what goes wrong,
 * and knows when to stop. In stretches, so that whoever runs it can show that it is alive, and end it.
 *
 * The result is a *certificate* when `complete` is true and there are no violations: every class of executions has been seen.
 * Samplers never give one. When distinct classes are too many to be remembered, `distinct` is undefined.
 */
import { EXPLORE_END, VIOLATION } from "../diagnostics/channels.ts";
import { actorOf, formatSchedule } from "../interleaving/schedule.ts";
import type { System, Violation, ViolationKind } from "../interleaving/system.ts";
import type { Explorable } from "./explorable.ts";
import { makeStrategy } from "./make-strategy.ts";
import { verify } from "./nondeterminism.ts";
import { checkOptions, type ExploreOptions } from "./options.ts";
import { type Shrunk, shrink } from "./shrink.ts";
import { PRUNED, RESTARTED, SLEEP_BLOCKED, type Strategy, TOO_LONG } from "./strategy.ts";

/** Signatures that are remembered, some 40 MB. */
const MAX_SIGNATURES = 1 << 20;
/** Violations that differ in kind or message and are kept. */
const MAX_FINDINGS = 100;

export interface Finding {
  readonly kind: ViolationKind;
  /** Number of a broken invariant of UMCG. */
  readonly invariant?: string;
  readonly message: string;
  /** Index of the execution that first showed it, from 0. */
  readonly execution: number;
  /** What was chosen, shrunk unless that was declined; see `formatSchedule`. */
  readonly schedule: string;
  readonly steps: number;
  /** Switches away from an actor that could have gone on. */
  readonly preemptions: number;
  /** It is known that nothing with fewer preemptions shows a violation of this kind. */
  readonly minimal: boolean;
  /** Its steps at fault, where they are known: "step 3, a at file:line:column". */
  readonly atFault?: readonly string[];
}

/** Why an exploration ended before its end. */
export type StopReason = "violation" | "max-executions" | "time" | "interrupted";

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

export class Exploration {
  readonly #explorable: Explorable;
  readonly #system: System;
  readonly #options: Required<ExploreOptions>;
  readonly #strategy: Strategy;
  readonly #signatures: Set<number> | undefined;
  readonly #findings: Map<string, Finding> = new Map();
  #remembers = true;
  #executions = 0;
  #blocked = 0;
  #pruned = 0;
  #tooLong = 0;
  #begun = false;
  #stopped: StopReason | undefined;
  #exhausted = false;

  /** Throws ExploreError, and what the program throws while it lays itself out. */
  constructor(explorable: Explorable, options: ExploreOptions = {}) {
    this.#explorable = explorable;
    this.#options = checkOptions(options);
    this.#system = explorable.makeSystem();
    this.#strategy = makeStrategy(this.#system, this.#options);
    this.#signatures = this.#strategy.complete ? new Set() : undefined;
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
    return this.#exhausted || this.#stopped !== undefined;
  }

  /** Goes on to the end, or until `stop`, asked after each execution, says so. Returns whether it is at the end. */
  advance(stop: () => boolean): boolean {
    // Bounded by maxExecutions, by the size of the space, or by `stop`.
    while (!this.ended) {
      this.#next();
      if (stop()) break;
    }
    if (this.ended) this.#tellEnd();
    return this.ended;
  }

  /** Gives the rest up. */
  interrupt(reason: "time" | "interrupted" = "interrupted"): void {
    if (this.ended) return;
    this.#stopped = reason;
    this.#tellEnd();
  }

  #tellEnd(): void {
    if (EXPLORE_END.hasSubscribers) EXPLORE_END.publish(this.result());
  }

  result(): ExploreResult {
    const strategy = this.#strategy;
    return {
      strategy: strategy.name,
      seed: this.#options.seed,
      executions: this.#executions,
      distinct: this.#remembers ? this.#signatures?.size : undefined,
      blocked: this.#blocked,
      tooLong: this.#tooLong,
      complete: this.#exhausted && strategy.complete && this.#tooLong === 0,
      stopped: this.#stopped,
      violations: [...this.#findings.values()],
    };
  }

  #next(): void {
    const strategy = this.#strategy;
    if (this.#begun && !strategy.advance()) {
      this.#exhausted = true;
      return;
    }
    this.#begun = true;
    const ended = strategy.execute();
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
      this.#remember();
    }
    if (isPowerOfTwo(this.attempts)) verify(this.#system, this.#strategy.schedule());
    const { violations } = this.#system;
    if (violations.length > 0) this.#report(violations[0]!);
  }

  /** What was counted was of a system that did not know its spin loops. */
  #restart(): void {
    this.#executions = 0;
    this.#blocked = 0;
    this.#pruned = 0;
    this.#tooLong = 0;
    this.#signatures?.clear();
  }

  #tellSteps({ schedule, atFault }: Shrunk): string[] {
    return atFault.map((step) => {
      const actor = actorOf(schedule[step]!);
      const place = this.#system.placeOf?.(schedule.slice(0, step), actor);
      return `step ${step}, ${this.#system.nameOf(actor)}${place === undefined ? "" : ` at ${place}`}`;
    });
  }

  #endless(): void {
    this.#tooLong++;
    const message = `an execution did not end within ${this.#options.maxSteps} steps`;
    this.#report({ kind: "step-bound", message, actor: -1 });
  }

  #remember(): void {
    const signatures = this.#signatures;
    if (signatures === undefined || !this.#remembers) return;
    signatures.add(this.#strategy.signature);
    if (signatures.size < MAX_SIGNATURES) return;
    this.#remembers = false;
    signatures.clear();
  }

  /** The first violation of an execution: what comes after it may be its consequence. */
  #report({ kind, message, invariant }: Violation): void {
    const { stopAtFirst, maxSteps } = this.#options;
    const key = `${kind}: ${message}`;
    if (this.#findings.has(key) || this.#findings.size >= MAX_FINDINGS) return;
    const found = this.#strategy.schedule();
    if (kind !== "step-bound") verify(this.#system, found);
    const effort = this.#options.shrink && kind !== "step-bound" ? this.#options.proofExecutions : -1;
    // On a system of its own: the strategy may have left this one where it wants to find it.
    const shrunk = shrink(this.#explorable.makeSystem(), found, { kind, maxSteps, effort });
    const finding: Finding = {
      kind,
      ...(invariant === undefined ? {} : { invariant }),
      message: shrunk.message ?? message,
      execution: this.attempts - 1,
      schedule: formatSchedule(shrunk.schedule),
      steps: shrunk.schedule.length,
      preemptions: shrunk.preemptions,
      minimal: shrunk.minimal,
      ...(shrunk.atFault.length > 0 ? { atFault: this.#tellSteps(shrunk) } : {}),
    };
    this.#findings.set(key, finding);
    if (VIOLATION.hasSubscribers) VIOLATION.publish(finding);
    if (stopAtFirst) this.#stopped = "violation";
  }
}

/** The first of something, the second, the fourth ... */
function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}
