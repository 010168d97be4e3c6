/** Machines for tests: booted with a trace that is kept whole, and run with one program. */
import type { Coroutine } from "../../src/atomics/step.ts";
import type { StepName } from "../../src/kernel-sim/steps.ts";
import { createMachine, type Machine, type MachineConfig, type RunResult } from "../../src/machine.ts";
import type { Env } from "../../src/umcg/env.ts";
import { TraceLog } from "./trace-log.ts";

export interface Booted {
  readonly machine: Machine;
  readonly log: TraceLog;
}

/** A small machine that traces into a log. */
export function boot(config: MachineConfig = {}): Booted {
  const machine = createMachine({
    trace: true,
    check: true,
    accounting: true,
    traceEvents: 256,
    userBytes: 64 * 1024,
    maxTasks: 64,
    timerSlackNs: 0,
    ...config,
  });
  const log = new TraceLog();
  machine.trace.addSink(log);
  return { machine, log };
}

export interface Ran<T> extends Booted {
  /** What `main` returned; undefined when it was killed. */
  readonly value: T | undefined;
  readonly result: RunResult;
}

/** Boots a machine, runs `main` as its first task until all have exited, and gives what it returned. */
export function runMain<T>(
  main: (env: Env, machine: Machine) => Coroutine<T>,
  config?: MachineConfig,
): Ran<T> {
  const { machine, log } = boot(config);
  let value: T | undefined;
  machine.spawn(function* (env) {
    value = yield* main(env, machine);
  });
  return { machine, log, result: machine.run(), value };
}

/** Runs `main` and gives what it returned. */
export function evaluate<T>(main: (env: Env, machine: Machine) => Coroutine<T>, config?: MachineConfig): T {
  const { value } = runMain(main, config);
  if (value === undefined) throw new Error("the program did not return a value");
  return value;
}

/** Runs a step and gives how long it took, in ns of virtual time. */
export function* timed<T>(
  env: Env,
  step: Coroutine<T>,
): Coroutine<{ readonly ns: number; readonly value: T }> {
  const began = env.now();
  const value = yield* step;
  return { ns: env.now() - began, value };
}

/** The price of some steps together. */
export function priceOf(machine: Machine, ...steps: readonly StepName[]): number {
  return steps.reduce((sum, step) => sum + machine.costs.steps[step], 0);
}

/** The error that `act` throws, with its code. */
export function errorOf(act: () => unknown): {
  readonly code: unknown;
  readonly message: string;
  readonly cause: unknown;
} {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { code: Reflect.get(error, "code"), message: error.message, cause: error.cause };
  }
  throw new Error("nothing was thrown");
}
