/**
 * Runs commands of several threads on the real thing under every interleaving, and holds what they are answered to the model.
 *
 * ```ts
 * class Push implements ConcurrentCommand<readonly number[], Stack, number> {
 *   constructor(readonly value: number) {}
 *   apply(model: readonly number[]) { return [[this.value, ...model], 0] as const; }
 *   run(stack: Stack) { return stack.push(this.value); }
 *   toString() { return `push(${this.value})`; }
 * }
 *
 * fc.assert(
 *   fc.property(concurrentCommands([fc.nat().map((value) => new Push(value)), fc.constant(new Pop())]), (commands) =>
 *     concurrentModelRun((bare) => ({ model: [], real: new Stack(bare) }), commands),
 *   ),
 * );
 * ```
 *
 * fast-check finds the commands and makes them fewer; for each set of them the explorer finds the interleaving and makes it
 * smallest. So seed and path are those of the commands, and a counterexample has both: no luck with the order is needed.
 * `executions(commands.map((drawn) => modelProgram(setup, drawn)))` draws one interleaving of each set instead, for sets
 * that are too large.
 */
import type { Coroutine } from "../atomics/step.ts";
import type { Bare, Program } from "../explore/bare/bare.ts";
import type { BareOptions } from "../explore/bare/bare-options.ts";
import { History } from "../explore/bare/history.ts";
import { bareProgram } from "../explore/explorable.ts";
import { explore } from "../explore/explore.ts";
import { interleavingText } from "../explore/interleaving-text.ts";
import type { Model } from "../explore/linearizability.ts";
import type { ExploreOptions } from "../explore/options.ts";
import { replay, stepsOf } from "../explore/replay.ts";
import type { ConcurrentCommand, ConcurrentCommands } from "./concurrent-commands.ts";

/** What commands are held to, and what they run on. */
export interface ConcurrentModelSetup<M, Real, Output> {
  /** The first state. */
  readonly model: M;
  /** Its state is in words of `bare`, or reset by `bare.onReset`. */
  readonly real: Real;
  /** Default: equal as JSON. */
  readonly sameOutput?: (a: Output, b: Output) => boolean;
  /** Equal states of the model have equal keys. Default JSON. */
  readonly key?: (model: M) => string;
}

/** How each set of commands is searched: as of `explore()`. */
export interface ConcurrentModelOptions extends ExploreOptions {
  /** Of the memory that the real thing has. */
  readonly system?: BareOptions;
}

/** Executions of one set of commands, unless the options say otherwise: behind it the search ends without a verdict. */
const MAX_EXECUTIONS = 2_000;

/** The commands as a program, which checks itself at its end. `setup` is called once. */
export function modelProgram<M, Real, Output>(
  setup: (bare: Bare) => ConcurrentModelSetup<M, Real, Output>,
  { before, threads }: ConcurrentCommands<M, Real, Output>,
): Program {
  return (bare) => {
    const { model, real, sameOutput = sameText, key } = setup(bare);
    const main = threads.length;
    const history = new History<ConcurrentCommand<M, Real, Output>, Output>(bare, main + 1);
    const sequential: Model<M, ConcurrentCommand<M, Real, Output>, Output> = {
      initial: model,
      apply: (state, command) => command.apply(state),
      sameOutput,
      ...(key === undefined ? {} : { key }),
    };
    const run = function* (thread: number, commands: typeof before): Coroutine<void> {
      for (const command of commands) yield* history.call(thread, command, command.run(real));
    };
    if (before.length === 0)
      for (const [t, commands] of threads.entries()) bare.thread(() => run(t, commands));
    else
      bare.thread(function* () {
        yield* run(main, before);
        for (const [t, commands] of threads.entries()) yield* bare.spawn(() => run(t, commands));
      }, "before");
    if (before.length + threads.length === 0) bare.thread(function* () {}, "nobody");
    bare.atEnd(() => history.check(sequential));
  };
}

/**
 * Throws the first violation of any interleaving, as small as it can be made: answers that no order explains, what commands throw,
 * deadlocks, data races. Returns whether every interleaving was looked at; else the bound on executions was met first.
 */
export function concurrentModelRun<M, Real, Output>(
  setup: (bare: Bare) => ConcurrentModelSetup<M, Real, Output>,
  commands: ConcurrentCommands<M, Real, Output>,
  options: ConcurrentModelOptions = {},
): boolean {
  const { system = {}, ...search } = options;
  const explorable = bareProgram(modelProgram(setup, commands), system);
  const { violations, complete } = explore(explorable, { maxExecutions: MAX_EXECUTIONS, ...search });
  if (violations.length === 0) return complete;
  const { kind, message, schedule, preemptions, minimal } = violations[0]!;
  const steps = stepsOf(explorable, violations[0]!);
  const cause =
    kind === "runaway" ? undefined : replay(explorable, schedule, { bestEffort: true }).violation?.cause;
  const least = minimal ? ", the fewest that break it" : "";
  throw new Error(
    `${kind}: ${message}\n\n${interleavingText(steps)}\n${preemptions} ${preemptions === 1 ? "preemption" : "preemptions"}${least}; schedule "${schedule}"`,
    { cause },
  );
}

function sameText(a: unknown, b: unknown): boolean {
  return Object.is(a, b) || JSON.stringify(a) === JSON.stringify(b);
}
