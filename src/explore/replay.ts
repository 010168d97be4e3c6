/** A schedule told step by step: who did what, and what went wrong. */
import { actorOf, parseSchedule } from "../interleaving/schedule.ts";
import type { System, Violation } from "../interleaving/system.ts";
import type { Explorable } from "./explorable.ts";
import type { Finding } from "./findings.ts";
import { type GuidedRun, runGuided, runToEnd } from "./guided-run.ts";
import { STEP_TIMEOUT_MS } from "./options.ts";
import { runWatched } from "./runaway.ts";

/** A step, and who made it. */
export interface ReplayedStep {
  readonly actor: number;
  readonly name: string;
  /** "store x, 1" */
  readonly what: string;
}

/** An execution along a schedule, told step by step. */
export interface Replay {
  readonly steps: readonly ReplayedStep[];
  readonly preemptions: number;
  readonly violation: Violation | undefined;
}

/** What to do with a schedule that does not fit any more. */
export interface ReplayOptions {
  /** Leave out what cannot be chosen any more, instead of an error. Default false. */
  readonly bestEffort?: boolean;
  readonly maxSteps?: number;
  /** As of ExploreOptions. */
  readonly stepTimeoutMs?: number;
}

/**
 * `schedule` as text. Throws ScheduleSyntaxError, ERR_SCHEDULE_MISMATCH, RunawayError. Behind its end whoever ran goes on, then the first
 * who can.
 */
export function replay(explorable: Explorable, schedule: string, options: ReplayOptions = {}): Replay {
  const { bestEffort = false, maxSteps = 10_000, stepTimeoutMs = STEP_TIMEOUT_MS } = options;
  const wished = parseSchedule(schedule);
  let steps: ReplayedStep[] = [];
  const run = runWatched(explorable, stepTimeoutMs, (system): GuidedRun => {
    const onStep = (actor: number, step: number): void => {
      if (step === 0) steps = [];
      steps.push(toldStep(system, actor));
    };
    return runToEnd(system, wished, { strict: !bestEffort, maxSteps, onStep });
  });
  return { steps, preemptions: run.preemptions, violation: run.violation };
}

/** The steps of a finding. The last step of a runaway is told and not made. */
export function stepsOf(explorable: Explorable, { kind, schedule, steps: length }: Shown): ReplayedStep[] {
  // A spin, once found, is no step of the search: the program replayed would go on with it.
  if (kind !== "runaway") return replay(explorable, schedule, { bestEffort: true }).steps.slice(0, length);
  const last = parseSchedule(schedule).pop();
  if (last === undefined) return [];
  const system = explorable.makeSystem();
  const steps: ReplayedStep[] = [];
  const onStep = (actor: number): void => void steps.push(toldStep(system, actor));
  runGuided(system, parseSchedule(schedule), { maxSteps: length - 1, onStep });
  return [...steps, toldStep(system, actorOf(last))];
}

type Shown = Pick<Finding, "kind" | "schedule" | "steps">;

function toldStep(system: System, actor: number): ReplayedStep {
  return { actor, name: system.nameOf(actor), what: system.describe(actor) };
}
