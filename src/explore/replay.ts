/** A schedule told step by step: who did what, and what went wrong. */
import { parseSchedule } from "../interleaving/schedule.ts";
import type { Violation } from "../interleaving/system.ts";
import type { Explorable } from "./explorable.ts";
import { runGuided } from "./guided-run.ts";

export interface ReplayedStep {
  readonly actor: number;
  readonly name: string;
  /** "store x, 1" */
  readonly what: string;
}

export interface Replay {
  readonly steps: readonly ReplayedStep[];
  readonly preemptions: number;
  readonly violation: Violation | undefined;
}

export interface ReplayOptions {
  /** Leave out what cannot be chosen any more, instead of an error. Default false. */
  readonly bestEffort?: boolean;
  readonly maxSteps?: number;
}

/** `schedule` as text. Throws ScheduleSyntaxError, ERR_SCHEDULE_MISMATCH. Behind its end whoever ran goes on, then the first who can. */
export function replay(explorable: Explorable, schedule: string, options: ReplayOptions = {}): Replay {
  const system = explorable.makeSystem();
  const steps: ReplayedStep[] = [];
  const { bestEffort = false, maxSteps = 10_000 } = options;
  const run = runGuided(system, parseSchedule(schedule), {
    strict: !bestEffort,
    maxSteps,
    onStep: (actor) => steps.push({ actor, name: system.nameOf(actor), what: system.describe(actor) }),
  });
  return { steps, preemptions: run.preemptions, violation: run.violation };
}
