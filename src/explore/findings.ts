/** What an exploration has found wrong: each kind and message once, shrunk. */
import { VIOLATION } from "../diagnostics/channels.ts";
import { actorOf, formatSchedule, type Schedule } from "../interleaving/schedule.ts";
import type { System, Violation, ViolationKind } from "../interleaving/system.ts";
import type { Explorable } from "./explorable.ts";
import type { CheckedOptions } from "./options.ts";
import { type Shrunk, shrink } from "./shrink.ts";

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

export class Findings {
  readonly #explorable: Explorable;
  readonly #options: CheckedOptions;
  readonly #byKey: Map<string, Finding> = new Map();

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

  /** `found`: a schedule that shows it. */
  add(
    violation: Pick<Violation, "kind" | "message" | "invariant">,
    found: Schedule,
    execution: number,
  ): void {
    const { kind, message, invariant } = violation;
    const { maxSteps } = this.#options;
    const effort = this.#options.shrink && kind !== "step-bound" ? this.#options.proofExecutions : -1;
    // On a system of its own: the strategy may have left its own where it wants to find it.
    const system = this.#explorable.makeSystem();
    const shrunk = shrink(system, found, { kind, maxSteps, effort });
    const finding: Finding = {
      kind,
      ...(invariant === undefined ? {} : { invariant }),
      message: shrunk.message ?? message,
      execution,
      schedule: formatSchedule(shrunk.schedule),
      steps: shrunk.schedule.length,
      preemptions: shrunk.preemptions,
      minimal: shrunk.minimal,
      ...(shrunk.atFault.length > 0 ? { atFault: tellSteps(system, shrunk) } : {}),
    };
    this.#byKey.set(keyOf(violation), finding);
    if (VIOLATION.hasSubscribers) VIOLATION.publish(finding);
  }
}

function tellSteps(system: System, { schedule, atFault }: Shrunk): string[] {
  return atFault.map((step) => {
    const actor = actorOf(schedule[step]!);
    const place = system.placeOf?.(schedule.slice(0, step), actor);
    return `step ${step}, ${system.nameOf(actor)}${place === undefined ? "" : ` at ${place}`}`;
  });
}

function keyOf({ kind, message }: Pick<Violation, "kind" | "message">): string {
  return `${kind}: ${message}`;
}
