/**
 * How a command fails, and with which exit code.
 *
 * | error            | code                          | exit | when                                                         |
 * |------------------|-------------------------------|------|--------------------------------------------------------------|
 * | UsageError       | ERR_USAGE                     | 2    | the command line is wrong: nothing was run                    |
 * | TraceFileError   | ERR_TRACE_FILE                | 1    | the trace file cannot be written                              |
 * | MeasurementFileError | ERR_MEASUREMENT_FILE      | 2    | a file to be compared cannot be read                          |
 * | RtappError       | ERR_RTAPP                     | 2    | a description of tasks cannot be read or done                 |
 * | MeasurementError | ERR_MEASUREMENT               | 2    | what is in it is no measurement                               |
 * | ProgramFileError | ERR_PROGRAM_FILE              | 2    | a program or counterexample cannot be read, or has changed    |
 * | ExploreError, BareError, NondeterminismError, RunawayError | their own | 2    | the program or the schedule cannot be explored or replayed    |
 * | ThreadError, ProgramModuleError | their own | 2 | the same, told by a thread of --workers                       |
 * | MachineError     | its own, e.g. ERR_DEADLOCK    | 1    | the simulated run failed; ERR_INVARIANT: --check found why    |
 * | Interrupted      | -                             | 130, 143 | SIGINT, SIGTERM                                           |
 * | anything else    | ERR_INTERNAL                  | 1    | a bug of this project; the stack is shown                     |
 */
import { MeasurementError } from "../bench/compare/measurements.ts";
import { RtappError } from "../bench/rtapp/rtapp-error.ts";
import { SpecError } from "../bench/stats/spec-error.ts";
import { messageOf } from "../diagnostics/text-of.ts";
import { BareError } from "../explore/bare/bare-error.ts";
import { ExploreError } from "../explore/explore-error.ts";
import { NondeterminismError } from "../explore/nondeterminism.ts";
import { RunawayError } from "../explore/runaway.ts";
import { MachineError } from "../kernel-sim/errors.ts";
import { ThreadError } from "../parallel/parallel-exploration.ts";
import { ProgramModuleError } from "../parallel/program-module.ts";
import { RuntimeError } from "../server/runtime-error.ts";
import { placeOfError } from "../watchdog/index.ts";
import { type CliIo, SIGNAL_EXIT, type StopSignal } from "./io.ts";
import { paint } from "./style.ts";

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
/** An exploration was stopped by a limit before it was complete. */
export const EXIT_LIMIT = 3;

export class UsageError extends Error {
  readonly code = "ERR_USAGE";
  /** Command whose help tells more, e.g. "umcg bench". */
  readonly command: string;
  constructor(message: string, command: string) {
    super(message);
    this.name = "UsageError";
    this.command = command;
  }
}

export class TraceFileError extends Error {
  readonly code = "ERR_TRACE_FILE";
  constructor(path: string, cause: unknown) {
    super(`cannot write "${path}": ${reasonOf(cause)}`, { cause });
    this.name = "TraceFileError";
  }
}

export class MeasurementFileError extends Error {
  readonly code = "ERR_MEASUREMENT_FILE";
  constructor(path: string, cause: unknown) {
    super(`cannot read "${path}": ${reasonOf(cause)}`, { cause });
    this.name = "MeasurementFileError";
  }
}

export class ProgramFileError extends Error {
  readonly code = "ERR_PROGRAM_FILE";
  constructor(path: string, problem: string, cause?: unknown) {
    super(`"${path}": ${problem}`, { cause });
    this.name = "ProgramFileError";
  }
}

export class Interrupted extends Error {
  readonly signal: StopSignal;
  constructor(signal: StopSignal) {
    super(`interrupted by ${signal}`);
    this.name = "Interrupted";
    this.signal = signal;
  }
}

/** Tells the user what went wrong; returns the exit code. */
export function reportError(error: unknown, io: CliIo): number {
  const { stderr } = io;
  const name = paint("umcg:", "red", stderr.colour);
  if (error instanceof Interrupted) {
    stderr.write(`${name} ${error.message}\n`);
    return SIGNAL_EXIT[error.signal];
  }
  const code = exitCodeOf(error);
  if (code === undefined) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    stderr.write(`${name} ERR_INTERNAL: ${text}\n`);
    return EXIT_FAILED;
  }
  const { code: called, message, cause } = error as Error & { readonly code: string };
  stderr.write(`${name} ${called}: ${message}\n`);
  // What code of the user's has thrown says where; what knows of a place has told it.
  const place =
    error instanceof MachineError || error instanceof RuntimeError ? placeOfError(cause) : undefined;
  if (place !== undefined) stderr.write(`  at ${place}\n`);
  if (error instanceof UsageError) stderr.write(`Try '${error.command} --help' for more information.\n`);
  return code;
}

/** What is wrong with a file of the user's, and where in it or in what it loads, if the cause says so. */
export function withPlace(what: string, cause: unknown): string {
  const place = placeOfError(cause);
  return place === undefined ? what : `${what} at ${place}`;
}

/** Undefined: nobody expected it. */
function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof TraceFileError || error instanceof MachineError) return EXIT_FAILED;
  const toldBefore = [
    UsageError,
    ProgramFileError,
    MeasurementFileError,
    MeasurementError,
    RtappError,
    SpecError,
    ExploreError,
    RunawayError,
    BareError,
    NondeterminismError,
    ThreadError,
    ProgramModuleError,
    RuntimeError,
  ];
  return toldBefore.some((kind) => error instanceof kind) ? EXIT_USAGE : undefined;
}

/** "EACCES: permission denied" of Node's "EACCES: permission denied, open '/some/temporary/name'". */
function reasonOf(cause: unknown): string {
  const message = messageOf(cause);
  return message.replace(/, \w+( '.*)?$/s, "");
}
