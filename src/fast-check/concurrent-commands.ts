/**
 * Model commands that run at the same time: the concurrent counterpart of `fc.commands`.
 *
 * | fast-check                              | here                                                          |
 * |-----------------------------------------|---------------------------------------------------------------|
 * | `fc.commands([...])`                    | `concurrentCommands([...])`: a sequence for each thread       |
 * | `fc.modelRun`, `fc.scheduledModelRun`   | `concurrentModelRun(setup, commands)`, every interleaving     |
 * | `command.run(model, real)`              | `command.run(real)`, steps; `command.apply(model)`, a value   |
 * | `command.check(model)`                  | none                                                          |
 *
 * A command does not look at the model while it runs, since nobody knows what the model is then: afterwards an order of the commands
 * is sought in which the model gives the same answers. For the same reason there is no precondition: the model answers in each state,
 * if only "empty".
 */
import { type Arbitrary, array, oneof, tuple } from "fast-check";
import type { Coroutine } from "../atomics/step.ts";

/** An operation of a model and of the real thing, for several threads. */
export interface ConcurrentCommand<Model, Real, Output = unknown> {
  /** What it makes of the model, which it leaves as it is, and what it is answered. */
  apply(model: Model): readonly [model: Model, output: Output];
  /** The same on the real thing, step by step. */
  run(real: Real): Coroutine<Output>;
  /** Name of the command, for reports. */
  toString(): string;
}

/** How many threads and commands are drawn. */
export interface ConcurrentCommandsConstraints {
  /** Default 2. */
  readonly threads?: number;
  /** Of each thread. Default 3. */
  readonly maxCommands?: number;
  /** Commands that one thread runs before the others begin. Default 0. */
  readonly maxBefore?: number;
}

/** Who runs what. */
export class ConcurrentCommands<Model, Real, Output = unknown> {
  /** One after the other, before all else. */
  readonly before: readonly ConcurrentCommand<Model, Real, Output>[];
  /** By thread, those with nothing to do left out. */
  readonly threads: readonly (readonly ConcurrentCommand<Model, Real, Output>[])[];

  constructor(
    before: readonly ConcurrentCommand<Model, Real, Output>[],
    threads: readonly (readonly ConcurrentCommand<Model, Real, Output>[])[],
  ) {
    this.before = before;
    this.threads = threads.filter((commands) => commands.length > 0);
  }

  toString(): string {
    const first = this.before.length === 0 ? [] : [`before { ${this.before.join("; ")} }`];
    return [...first, ...this.threads.map((commands, t) => `t${t} { ${commands.join("; ")} }`)].join(" | ");
  }
}

/** Of commands drawn from any of `commandArbs`. Shrinks to fewer threads and commands, and each command as its own arbitrary does. */
export function concurrentCommands<Model, Real, Output = unknown>(
  commandArbs: readonly Arbitrary<ConcurrentCommand<Model, Real, Output>>[],
  constraints: ConcurrentCommandsConstraints = {},
): Arbitrary<ConcurrentCommands<Model, Real, Output>> {
  const { threads = 2, maxCommands = 3, maxBefore = 0 } = constraints;
  const command = oneof(...commandArbs);
  const thread = array(command, { maxLength: maxCommands, size: "max" });
  const before = array(command, { maxLength: maxBefore, size: "max" });
  return tuple(before, tuple(...Array.from({ length: threads }, () => thread))).map(
    ([first, others]) => new ConcurrentCommands(first, others),
  );
}
