/** What an exploration has found wrong: each kind and message once, shrunk. */
import { VIOLATION } from "../diagnostics/channels.ts";
import { actorOf, formatSchedule, parseSchedule, type Schedule } from "../interleaving/schedule.ts";
import type { System, Violation, ViolationKind } from "../interleaving/system.ts";
import { inStretches, placeOfError, whereSuspended } from "../watchdog/index.ts";
import type { Explorable } from "./explorable.ts";
import type { Found } from "./frontier/unit-runner.ts";
import type { CheckedOptions } from "./options.ts";
import type { Runaway } from "./runaway.ts";
import { Shrinking } from "./shrink.ts";

/** Violations that differ in kind or message and are kept. */
const MAX_FINDINGS = 100;

/** What an actor does wrong by itself. */
const OF_A_STEP: ReadonlySet<ViolationKind> = new Set(["threw", "assertion", "foreign-yield"]);

/** A violation and the schedule that shows it. */
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
  /** Steps or places at fault, where they are known: "step 3, a at file:line:column", "at file:line:column". */
  readonly atFault?: readonly string[];
}

export class Findings {
  readonly #explorable: Explorable;
  readonly #options: CheckedOptions;
  readonly #byKey: Map<string, Finding> = new Map();
  /** In the order in which they were found. */
  readonly #pending: Pending[] = [];
  /** Those that will not become smaller, and nobody has been told of yet. */
  readonly #small: Pending[] = [];

  constructor(explorable: Explorable, options: CheckedOptions) {
    this.#explorable = explorable;
    this.#options = options;
  }

  get list(): Finding[] {
    return [...this.#byKey.values()];
  }

  /** With the kind and message that they were found with: shrinking may change the message. */
  get entries(): (readonly [key: string, finding: Finding])[] {
    return [...this.#byKey];
  }

  /** Those of the same exploration before it was interrupted, or of another part of it. The first of each counts. */
  adopt(entries: readonly (readonly [key: string, finding: Finding])[]): void {
    for (const [key, finding] of entries) if (!this.#byKey.has(key)) this.#byKey.set(key, finding);
  }

  wants(violation: Pick<Violation, "kind" | "message">): boolean {
    return this.#byKey.size < MAX_FINDINGS && !this.#byKey.has(keyOf(violation));
  }

  /** `found`: a schedule that shows it. It is made small by `advance`. */
  add(
    violation: Pick<Violation, "kind" | "message" | "invariant">,
    found: Schedule,
    execution: number,
  ): void {
    const { kind } = violation;
    const { maxSteps, shrink, proofExecutions, stepTimeoutMs } = this.#options;
    const effort = shrink && kind !== "step-bound" ? proofExecutions : -1;
    // On a system of its own: the strategy may have left its own where it wants to find it.
    const system = this.#explorable.makeSystem();
    const shrinking = new Shrinking(system, found, { kind, maxSteps, effort, stepTimeoutMs });
    const pending = { violation, execution, system, shrinking };
    this.#byKey.set(keyOf(violation), findingOf(pending));
    this.#pending.push(pending);
    const ended = shrinking.advance();
    this.#byKey.set(keyOf(violation), findingOf(pending));
    if (!ended) return;
    this.#pending.pop();
    this.#small.push(pending);
  }

  /** What somebody has found elsewhere, made small at once. */
  take(found: Found, execution: number): void {
    const schedule = parseSchedule(found.schedule);
    if (found.kind !== "runaway") {
      this.add(found, schedule, execution);
      this.finish();
      return;
    }
    const { preemptions = 0, atFault = [] } = found;
    this.addRunaway({ violation: found, schedule, preemptions, atFault }, execution);
  }

  /** Each execution that shows it takes all the time that a step may take: it stays as it was found. */
  addRunaway(runaway: RunawayFound, execution: number): void {
    const { violation, schedule, preemptions, atFault } = runaway;
    const { kind, message } = violation;
    this.#told(violation, {
      kind,
      message,
      execution,
      schedule: formatSchedule(schedule),
      steps: schedule.length,
      preemptions,
      minimal: false,
      ...(atFault.length > 0 ? { atFault } : {}),
    });
  }

  /** Is something found that could be smaller? */
  get pending(): boolean {
    return this.#pending.length > 0;
  }

  /** One more execution for what is pending. */
  advance(): void {
    const [first] = this.#pending;
    if (first?.shrinking.advance() !== true) return;
    this.#pending.shift();
    this.#small.push(first);
  }

  /** All of that at once. */
  finish(): void {
    const next = (): boolean => {
      this.advance();
      return this.pending;
    };
    if (this.pending && !inStretches(next, this.#options.stepTimeoutMs)) this.settle();
    this.tell();
  }

  /** Leaves what is pending as small as it is by now. */
  settle(): void {
    this.#small.push(...this.#pending.splice(0));
    this.tell();
  }

  /** Tells what is as small as it will be. Not to be done under a guard: finding places takes its time. */
  tell(): void {
    for (const pending of this.#small.splice(0))
      this.#told(pending.violation, located(findingOf(pending), pending));
  }

  #told(violation: Pick<Violation, "kind" | "message">, finding: Finding): void {
    this.#byKey.set(keyOf(violation), finding);
    if (VIOLATION.hasSubscribers) VIOLATION.publish(finding);
  }
}

interface RunawayFound extends Omit<Runaway, "violation"> {
  readonly violation: Pick<Violation, "kind" | "message">;
}

/** A finding that is being made small. */
interface Pending {
  readonly violation: Pick<Violation, "kind" | "message" | "invariant">;
  readonly execution: number;
  readonly system: System;
  readonly shrinking: Shrinking;
}

function findingOf({ violation, execution, shrinking }: Pending): Finding {
  const { kind, message, invariant } = violation;
  const { result } = shrinking;
  return {
    kind,
    ...(invariant === undefined ? {} : { invariant }),
    message: result.violation?.message ?? message,
    execution,
    schedule: formatSchedule(result.schedule),
    steps: result.schedule.length,
    preemptions: result.preemptions,
    minimal: result.minimal,
  };
}

/** With the places at fault, which take some time to be found out. */
function located(finding: Finding, { system, shrinking, violation }: Pending): Finding {
  const { schedule, violation: shown } = shrinking.result;
  const place = placeOfError(shown?.cause) ?? (shown?.coroutine && whereSuspended(shown.coroutine));
  const steps = shown?.steps ?? lastSteps(violation.kind, schedule, shown);
  const atFault = place ? [`at ${place}`] : steps.map((step) => tellStep(system, schedule, step));
  return atFault.length > 0 ? { ...finding, atFault } : finding;
}

/** The step that went wrong, or at which patience ended; none: the whole did. */
function lastSteps(kind: ViolationKind, schedule: Schedule, shown: Violation | undefined): number[] {
  if (kind === "step-bound") return [schedule.length - 1];
  if (shown === undefined || !OF_A_STEP.has(kind)) return [];
  const last = schedule.findLastIndex((made) => actorOf(made) === shown.actor);
  return last < 0 ? [] : [last];
}

function tellStep(system: System, schedule: Schedule, step: number): string {
  const actor = actorOf(schedule[step]!);
  const place = system.placeOf?.(schedule.slice(0, step), actor);
  return `step ${step}, ${system.nameOf(actor)}${place === undefined ? "" : ` at ${place}`}`;
}

function keyOf({ kind, message }: Pick<Violation, "kind" | "message">): string {
  return `${kind}: ${message}`;
}
