/**
 * An arbitrary of executions: fast-check draws the choices of a random walk, and shrinks a failing execution to fewer
 * preemptions, then fewer steps.
 *
 * ```ts
 * fc.assert(fc.property(executions(program), (execution) => execution.check()));
 * ```
 *
 * What the program is may be drawn, too: `executions(program())`, `executions(fc.nat(3).map(makeProgram))`. An execution prints as
 * its schedule, for `replay()` and `umcg replay`; seed and path of fast-check find it again.
 *
 * Program and schedule shrink together: a smaller program is tried along what is left of the schedule; then the schedule by itself; then
 * some schedules with fewer preemptions; then each smaller program under some with no more. fast-check begins again with whatever
 * fails, so at the end none of these does.
 */
import { Arbitrary, constant, type Random, Stream, Value } from "fast-check";
import { plural } from "../diagnostics/plural.ts";
import type { Program } from "../explore/bare/bare.ts";
import { bareProgram, type Explorable } from "../explore/explorable.ts";
import { type GuidedRun, runGuided } from "../explore/guided-run.ts";
import { interleavingText } from "../explore/interleaving-text.ts";
import { STEP_TIMEOUT_MS } from "../explore/options.ts";
import { replay, stepsOf } from "../explore/replay.ts";
import { runWatched } from "../explore/runaway.ts";
import { smallerRuns } from "../explore/shrink.ts";
import { Bounded } from "../explore/strategies/bounded.ts";
import { type Choice, choice, formatSchedule, type Schedule } from "../interleaving/schedule.ts";
import type { System, Violation } from "../interleaving/system.ts";
import { guarded } from "../watchdog/index.ts";
import { DrawnProgram } from "./drawn-program.ts";

/** Bounds of the executions that are drawn. */
export interface ExecutionOptions {
  /** Steps at most. Default 10 000. */
  readonly maxSteps?: number;
  /** Schedules under which a smaller program is tried where what is left of the one at hand does not fail. Default 50. */
  readonly effort?: number;
  /** As of `explore`: ms without a step after which the program computes for ever. Default 10 000. */
  readonly stepTimeoutMs?: number;
}

/** One execution of a program, as it went. */
export class Execution {
  readonly #explorable: Explorable;
  /** As text: see `formatSchedule`. */
  readonly schedule: string;
  readonly steps: number;
  /** Switches away from an actor that could have gone on. */
  readonly preemptions: number;
  /** The first thing that went wrong. */
  readonly violation: Violation | undefined;
  /** It came to its end, and was not cut off at the bound on steps. */
  readonly ended: boolean;

  constructor(explorable: Explorable, { schedule, preemptions, violation, ended }: GuidedRun) {
    this.#explorable = explorable;
    this.schedule = formatSchedule(schedule);
    this.steps = schedule.length;
    this.preemptions = preemptions;
    this.violation = violation;
    this.ended = ended;
  }

  /** Throws what went wrong, with the interleaving, if anything has or it did not come to its end. */
  check(): void {
    if (this.violation === undefined && this.ended) return;
    const { kind, message, cause } = this.violation ?? {
      kind: "step-bound",
      message: `the execution did not end within ${plural(this.steps, "step")}`,
    };
    throw new Error(`${kind}: ${message}\n\n${this.table()}`, { cause });
  }

  /** A row a step, a column an actor. */
  table(): string {
    const { schedule, steps, violation } = this;
    if (violation?.kind === "runaway")
      return interleavingText(stepsOf(this.#explorable, { kind: violation.kind, schedule, steps }));
    return interleavingText(replay(this.#explorable, schedule, { maxSteps: steps }).steps);
  }

  /** With its program, where that can tell what it is. */
  toString(): string {
    const own = Object.getPrototypeOf(this.#explorable) !== Object.prototype;
    return `${own ? `${String(this.#explorable)} under ` : ""}schedule "${this.schedule}"`;
  }
}

type AnyProgram = Program | Explorable;

/**
 * Of a program of bare mode, one made by `bareProgram` or `kernelProgram`, or an arbitrary of either: then programs shrink
 * first, each tried along what is left of the schedule.
 */
export function executions(
  program: AnyProgram | Arbitrary<AnyProgram>,
  options: ExecutionOptions = {},
): Arbitrary<Execution> {
  const programs = program instanceof Arbitrary ? program : constant(program);
  return new ExecutionArbitrary(programs, options);
}

/**
 * The schedules of such executions, as texts: to run something else along them, `replay()` with `bestEffort`, say an older text of
 * the program. Shrink as executions do.
 */
export function schedule(program: AnyProgram, options: ExecutionOptions = {}): Arbitrary<string> {
  return executions(program, options).map((execution) => execution.schedule);
}

/** What a value was made of: the program as its arbitrary had it, and the run. */
interface Made {
  readonly program: Value<AnyProgram>;
  readonly explorable: Explorable;
  readonly run: GuidedRun;
}

class ExecutionArbitrary extends Arbitrary<Execution> {
  readonly #programs: Arbitrary<AnyProgram>;
  readonly #maxSteps: number;
  readonly #effort: number;
  readonly #stepTimeoutMs: number;

  constructor(programs: Arbitrary<AnyProgram>, options: ExecutionOptions) {
    super();
    const { maxSteps = 10_000, effort = 50, stepTimeoutMs = STEP_TIMEOUT_MS } = options;
    this.#programs = programs;
    this.#stepTimeoutMs = stepTimeoutMs;
    this.#maxSteps = maxSteps;
    this.#effort = effort;
  }

  override generate(random: Random, biasFactor: number | undefined): Value<Execution> {
    const program = this.#programs.generate(random, biasFactor);
    const explorable = explorableOf(program);
    const run = runWatched(explorable, this.#stepTimeoutMs, (system) =>
      randomRun(system, random, this.#maxSteps),
    );
    return drawn({ program, explorable, run });
  }

  override canShrinkWithoutContext(_value: unknown): _value is Execution {
    return false;
  }

  override shrink(_value: Execution, context: unknown): Stream<Value<Execution>> {
    const { program, explorable, run } = context as Made;
    const programs = (): Stream<Value<AnyProgram>> => this.#programs.shrink(program.value, program.context);
    const simpler = programs().map((other) => this.#along(other, run));
    const calmer = this.#elsewhere(program, run.preemptions - 1);
    const elsewhere = programs().flatMap((other) => this.#elsewhere(other, run.preemptions));
    // On a system of its own: fast-check may ask for values of several streams in turn.
    const smaller = new Stream(
      this.#whileItComesBack(smallerRuns(explorable.makeSystem(), run, this.#maxSteps)),
    );
    return simpler.join(
      smaller.map((other) => drawn({ program, explorable, run: other })),
      new Stream(calmer),
      elsewhere,
    );
  }

  #along(program: Value<AnyProgram>, { schedule }: GuidedRun): Value<Execution> {
    const explorable = explorableOf(program);
    const wished = explorable instanceof DrawnProgram ? explorable.adapt(schedule) : schedule;
    const run = this.#follow(explorable, wished);
    return drawn({ program, explorable, run });
  }

  /** The first so many schedules with no more than so many preemptions. */
  *#elsewhere(program: Value<AnyProgram>, maxBound: number): Generator<Value<Execution>, undefined> {
    if (maxBound < 0) return;
    const explorable = explorableOf(program);
    const maxSteps = this.#maxSteps;
    const search = new Bounded(explorable.makeSystem(), { by: "preemptions", maxSteps, maxBound });
    for (let made = 0; made < this.#effort; made++) {
      if (!guarded(() => search.execute(), this.#stepTimeoutMs)) return;
      yield drawn({ program, explorable, run: this.#follow(explorable, search.schedule()) });
      if (!search.advance()) return;
    }
  }

  #follow(explorable: Explorable, wished: Schedule): GuidedRun {
    return runWatched(explorable, this.#stepTimeoutMs, (system) =>
      runGuided(system, wished, { maxSteps: this.#maxSteps }),
    );
  }

  /** What a generator has to offer until it computes for ever. */
  *#whileItComesBack<T>(values: Generator<T, undefined>): Generator<T, undefined> {
    for (;;) {
      let next: IteratorResult<T, undefined> | undefined;
      const ask = (): void => {
        next = values.next();
      };
      if (!guarded(ask, this.#stepTimeoutMs) || next?.done !== false) return;
      yield next.value;
    }
  }
}

function explorableOf({ value }: Value<AnyProgram>): Explorable {
  return typeof value === "function" ? bareProgram(value) : value;
}

function drawn(made: Made): Value<Execution> {
  return new Value(new Execution(made.explorable, made.run), made);
}

/** A random walk; run along once more, because what it costs and how it ends is `runGuided`'s to say. */
function randomRun(system: System, random: Random, maxSteps: number): GuidedRun {
  const made: Choice[] = [];
  system.reset();
  for (let count = system.enabledCount(); count > 0; count = system.enabledCount()) {
    if (made.length === maxSteps) break;
    const actor = system.enabled[random.nextInt(0, count - 1)]!;
    const alternative = random.nextInt(0, system.alternatives(actor) - 1);
    made.push(choice(actor, alternative));
    system.step(actor, alternative);
  }
  return runGuided(system, made, { maxSteps });
}
