/**
 * One execution along a schedule: strictly, for a replay, or as far as it goes, for shrinking.
 *
 * Loosely, a choice that cannot be made is left out; behind the last the actor that ran goes on for as long as it can, then
 * the first that can: no more preemptions than the schedule has. So a part of a schedule is a schedule.
 */
import { actorOf, alternativeOf, type Choice, choice, type Schedule } from "../interleaving/schedule.ts";
import { STEP_YIELDS, type System, type Violation } from "../interleaving/system.ts";
import { endlessMessage } from "./endless.ts";
import { ExploreError } from "./explore-error.ts";

export interface GuidedRun {
  /** What was chosen. */
  readonly schedule: readonly Choice[];
  readonly preemptions: number;
  /** The first thing that went wrong; undefined: nothing has. */
  readonly violation: Violation | undefined;
  /** The end was reached. */
  readonly ended: boolean;
}

export interface GuidedOptions {
  /** A choice that cannot be made is an error. */
  readonly strict?: boolean;
  readonly maxSteps: number;
  /** Before each step. */
  readonly onStep?: (actor: number, step: number) => void;
}

/** Throws ERR_SCHEDULE_MISMATCH, if strict, naming the choice. */
export function runGuided(system: System, wished: Schedule, options: GuidedOptions): GuidedRun {
  const { strict = false, maxSteps, onStep } = options;
  const schedule: Choice[] = [];
  let [preemptions, last, at, yielded] = [0, -1, 0, false];
  // What is told of it is to be what the program does, and not what was learned of it.
  system.checkNext?.();
  system.reset();
  while (schedule.length < maxSteps && system.enabledCount() > 0) {
    let next = -1;
    while (next < 0 && at < wished.length) {
      const wish = wished[at++]!;
      if (possible(system, wish)) next = wish;
      else if (strict) throw mismatch(system, wish, schedule.length);
    }
    if (next < 0) next = choice(last >= 0 && system.isEnabled(last) ? last : system.enabled[0]!);
    const actor = actorOf(next);
    if (last >= 0 && actor !== last && !yielded && system.isEnabled(last)) preemptions++;
    yielded = (system.traits(actor) & STEP_YIELDS) !== 0;
    onStep?.(actor, schedule.length);
    system.step(actor, alternativeOf(next));
    schedule.push(next);
    last = actor;
  }
  const ended = system.enabledCount() === 0;
  if (ended && !system.pruned) system.finish();
  return { schedule, preemptions, violation: system.violations[0], ended };
}

/**
 * The same to its end, which every execution has or is to have: one that spins ends where the search would end it, with a livelock; one
 * that makes steps for ever is cut off, which is a violation as it is there.
 */
export function runToEnd(system: System, wished: Schedule, options: GuidedOptions): GuidedRun {
  const run = runGuided(system, wished, options);
  if (run.ended || run.violation !== undefined) return run;
  const message = endlessMessage(system, options.maxSteps);
  // What spins is disabled from then on, one thread after the other; a schedule that goes through a loop on purpose cannot be followed
  // strictly any more. Bounded by what there is to learn.
  let known = run;
  while (!known.ended && known.violation === undefined && system.learn?.(known.schedule) === true)
    known = runGuided(system, wished, { maxSteps: options.maxSteps });
  if (known.violation !== undefined) return runGuided(system, known.schedule, options);
  return { ...run, violation: { kind: "step-bound", message, actor: -1 } };
}

function possible(system: System, wish: Choice): boolean {
  const actor = actorOf(wish);
  return actor < system.actors && system.isEnabled(actor) && alternativeOf(wish) < system.alternatives(actor);
}

function mismatch(system: System, wish: Choice, step: number): ExploreError {
  const actor = actorOf(wish);
  const name = actor < system.actors ? `${system.nameOf(actor)} (${actor})` : `actor ${actor}`;
  return new ExploreError(
    "ERR_SCHEDULE_MISMATCH",
    `step ${step} of the schedule cannot be made: ${name} cannot step there, or not in this way`,
  );
}
