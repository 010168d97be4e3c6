/** `umcg replay`: one interleaving of a program, step by step. */

import { basename } from "node:path";
import { plural } from "../diagnostics/plural.ts";
import { interleavingText } from "../explore/interleaving-text.ts";
import { STEP_TIMEOUT_MS } from "../explore/options.ts";
import { type Replay, replay } from "../explore/replay.ts";
import { tell } from "../explore/told.ts";
import { ScheduleSyntaxError } from "../interleaving/schedule.ts";
import { commandText } from "./command-text.ts";
import { readCounterexample } from "./counterexample-file.ts";
import { EXIT_FAILED, ProgramFileError } from "./errors.ts";
import { readStepTimeout } from "./explore-command.ts";
import { MAX_STEPS, REPLAY_HELP, REPLAY_OPTIONS, readProgramName } from "./explore-options.ts";
import { saveInterleaving } from "./interleaving-file.ts";
import type { CliIo } from "./io.ts";
import type { Options } from "./options.ts";
import { layOut, loadProgram, type ProgramName } from "./program-source.ts";
import { TraceFile } from "./trace-file.ts";
import { violationText } from "./violation-text.ts";

const COMMAND = "umcg replay";

/** Returns the exit code. Throws UsageError, ProgramFileError, ExploreError, TraceFileError. */
export async function replayCommand(args: readonly string[], io: CliIo): Promise<number> {
  const { name, options } = await readProgramName(COMMAND, REPLAY_OPTIONS, args);
  if (options.has("help")) {
    io.stdout.write(REPLAY_HELP);
    return 0;
  }
  if (name === undefined) throw options.usage("name a counterexample, or a program and a --schedule");
  const bestEffort = options.has("best-effort");
  const { program, schedule, fingerprint, ...found } = whatToReplay(name, options);
  const explorable = await loadProgram(program, COMMAND);
  const maxSteps = options.integer("max-steps", 1, MAX_STEPS, found.maxSteps ?? 10_000);
  const asked = { bestEffort, maxSteps, ...readStepTimeout(options) };
  const timeout = asked.stepTimeoutMs ?? STEP_TIMEOUT_MS;
  if (
    fingerprint !== undefined &&
    !bestEffort &&
    layOut(program, explorable, timeout).fingerprint !== fingerprint
  ) {
    throw new ProgramFileError(
      name.file!,
      "the program or its options are no longer those of the counterexample; --best-effort replays all the same",
    );
  }
  const path = options.text("report");
  const file = path === undefined ? undefined : new TraceFile(path);
  try {
    const replayed = told(() => {
      if (file === undefined) return replay(explorable, schedule, asked);
      const all = tell(explorable, schedule, asked);
      const title = `Interleaving of ${program.builtin ?? basename(program.file!)}`;
      saveInterleaving(file, { title, command: commandText("replay", args), schedule }, all);
      io.stderr.write(`report in ${file.path}\n`);
      return all;
    }, options);
    print(replayed, program, options, io);
    return replayed.violation === undefined ? 0 : EXIT_FAILED;
  } finally {
    file?.discard();
  }
}

function print(
  { steps, preemptions, violation }: Replay,
  program: ProgramName,
  options: Options,
  io: CliIo,
): void {
  if (options.has("json")) {
    const { kind, message } = violation ?? {};
    const told = steps.map(({ actor, name, what }) => ({ actor, name, what }));
    io.stdout.write(
      `${JSON.stringify({ program, steps: told, preemptions, violation: kind && { kind, message } })}\n`,
    );
  } else {
    io.stdout.write(interleavingText(steps));
    const outcome = violation === undefined ? "no violation" : violationText(violation);
    io.stdout.write(`\n${outcome}\n${plural(steps.length, "step")}, ${plural(preemptions, "preemption")}\n`);
  }
}

interface ToReplay {
  readonly program: ProgramName;
  readonly schedule: string;
  readonly fingerprint?: string;
  /** Of a counterexample that is too long: for what. */
  readonly maxSteps?: number;
}

function whatToReplay(name: ProgramName, options: Options): ToReplay {
  const schedule = options.text("schedule");
  if (schedule !== undefined) return { program: name, schedule };
  if (name.file?.endsWith(".json") !== true) throw options.usage("a program needs a --schedule");
  const { program, violation, fingerprint } = readCounterexample(name.file);
  const { kind, schedule: found, steps } = violation;
  return { program, schedule: found, fingerprint, ...(kind === "step-bound" && { maxSteps: steps }) };
}

/** A schedule that cannot be read is a mistake on the command line. */
function told<T>(work: () => T, options: Options): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ScheduleSyntaxError) throw options.usage(error.message);
    throw error;
  }
}
