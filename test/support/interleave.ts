/**
 * A deterministic runner for coroutines that share memory: a schedule says whose step comes next.
 *
 * Every coroutine is started before the first choice, so that each choice is exactly one step: what the
 * coroutine announced happens, and it runs on to its next announcement. Code before the first announcement
 * touches nothing shared, so no interleaving is lost by starting early.
 *
 * `allInterleavings` visits every schedule, depth first, by running the program again from fresh state each
 * time. There is no reduction: the number of executions is that of the interleavings, which a test can state
 * as a number.
 */
import { type Access, type Coroutine, RESUME, type Step, type Yielded } from "../../src/atomics/step.ts";

/**
 * One step as it was made: `actor` is an index into the coroutines, `access` what it had announced (or 0, a
 * pause).
 */
export interface Taken {
  readonly actor: number;
  readonly access: Yielded;
}

export interface Interleaving<T> {
  /** The coroutines' results, in their order. */
  readonly results: readonly T[];
  /** Every step in the order made. */
  readonly taken: readonly Taken[];
  /** The choices made, each reduced modulo the coroutines then live: as a schedule it repeats this run. */
  readonly schedule: readonly number[];
  /** How many coroutines were live at each choice. */
  readonly widths: readonly number[];
}

export interface InterleaveOptions {
  /** Steps until the run is called a livelock. */
  readonly maxSteps?: number;
  /**
   * Called after each step, when the coroutine has reached its next announcement: the place for invariants.
   */
  readonly afterStep?: (taken: Taken) => void;
}

/** Schedules until `allInterleavings` calls its program too large. */
const MAX_EXECUTIONS = 100_000;

/**
 * Runs the coroutines to their ends. Each entry of `schedule` picks, modulo the number of live coroutines,
 * the one that makes the next step; when the schedule is used up the first live one always does, so a short
 * schedule is a run with few context switches.
 */
export function interleave<T>(
  coroutines: readonly Coroutine<T>[],
  schedule: readonly number[],
  { maxSteps = 10_000, afterStep }: InterleaveOptions = {},
): Interleaving<T> {
  const results = new Array<T>(coroutines.length);
  const pending = new Array<Yielded>(coroutines.length);
  const live: number[] = [];
  const taken: Taken[] = [];
  const choices: number[] = [];
  const widths: number[] = [];

  const settle = (actor: number, step: IteratorResult<Yielded, T>): boolean => {
    if (step.done) results[actor] = step.value;
    else pending[actor] = step.value;
    return step.done !== true;
  };
  coroutines.forEach((coroutine, actor) => {
    if (settle(actor, coroutine.next())) live.push(actor);
  });

  while (live.length > 0) {
    if (taken.length === maxSteps)
      throw new Error(`still running after ${maxSteps} steps: ${live.join(", ")}`);
    const choice = (schedule[taken.length] ?? 0) % live.length;
    const actor = live[choice]!;
    const step: Taken = { actor, access: pending[actor]! };
    widths.push(live.length);
    choices.push(choice);
    taken.push(step);
    if (!settle(actor, coroutines[actor]!.next(RESUME))) live.splice(choice, 1);
    afterStep?.(step);
  }
  return { results, taken, schedule: choices, widths };
}

/**
 * Runs every interleaving of the program that `makeCoroutines` builds from fresh state, and hands each to
 * `check`. Returns how many there were; an error names the schedule that led to it.
 */
export function allInterleavings<T>(
  makeCoroutines: () => readonly Coroutine<T>[],
  check: (run: Interleaving<T>) => void,
  { maxExecutions = MAX_EXECUTIONS, ...options }: InterleaveOptions & { maxExecutions?: number } = {},
): number {
  const path: number[] = [];
  for (let executions = 1; ; executions++) {
    if (executions > maxExecutions) throw new Error(`more than ${maxExecutions} interleavings`);
    let run: Interleaving<T>;
    try {
      run = interleave(makeCoroutines(), path, options);
      check(run);
    } catch (cause) {
      // What lies beyond the path was chosen by default, so the path alone repeats the run.
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`under the schedule [${path.join(", ")}]: ${message}`, { cause });
    }
    // The next schedule: the deepest choice that has an alternative takes it, all after it begin again at 0.
    let depth = run.schedule.length - 1;
    while (depth >= 0 && run.schedule[depth]! + 1 === run.widths[depth]!) depth--;
    if (depth < 0) return executions;
    path.splice(0, path.length, ...run.schedule.slice(0, depth), run.schedule[depth]! + 1);
  }
}

/**
 * Runs one step or coroutine alone to its end, resuming it whenever it yields; what it yielded goes to
 * `yielded`.
 */
export function runAlone<T>(step: Step<T>, yielded: Yielded[] = [], maxSteps = 10_000): T {
  const iterator = step[Symbol.iterator]();
  let result = iterator.next();
  for (let steps = 0; !result.done; steps++) {
    if (steps === maxSteps) throw new Error(`still running after ${maxSteps} steps`);
    yielded.push(result.value);
    result = iterator.next(RESUME);
  }
  return result.value;
}

/**
 * `inner`, with the number of steps it made reported at its end. `eachStep` is called right after every step,
 * before anybody else's, with its number from 1.
 */
export function* counted<T>(
  inner: Coroutine<T>,
  report: (steps: number) => void,
  eachStep?: (step: number) => void,
): Coroutine<T> {
  let steps = 0;
  let result = inner.next();
  while (!result.done) {
    yield result.value;
    result = inner.next(RESUME);
    steps++;
    eachStep?.(steps);
  }
  report(steps);
  return result.value;
}

/**
 * A schedule written as runs of one actor: `[0, 2], [1, 5]` is actor 0 twice and then actor 1 five times.
 * True to its word while all are live; an actor that ends early moves those behind it up by one.
 */
export function inOrder(...runs: readonly (readonly [actor: number, steps: number])[]): number[] {
  return runs.flatMap(([actor, steps]) => new Array<number>(steps).fill(actor));
}

export function isAccess(yielded: Yielded): yielded is Access {
  return typeof yielded === "object";
}
