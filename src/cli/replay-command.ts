/** `umcg replay`: one interleaving of a program, step by step. */

import { interleavingText } from "../explore/interleaving-text.ts";
import { replay } from "../explore/replay.ts";
import { ScheduleSyntaxError } from "../interleaving/schedule.ts";
import { readCounterexample } from "./counterexample-file.ts";
import { EXIT_FAILED, ProgramFileError } from "./errors.ts";
import { REPLAY_HELP, REPLAY_OPTIONS, readProgramName } from "./explore-options.ts";
import type { CliIo } from "./io.ts";
import type { Options } from "./options.ts";
import { loadProgram, type ProgramName } from "./program-source.ts";
import { plural } from "./table.ts";

const COMMAND = "umcg replay";

/** Returns the exit code. Throws UsageError, ProgramFileError, ExploreError. */
export async function replayCommand(args: readonly string[], io: CliIo): Promise<number> {
  const { name, options } = await readProgramName(COMMAND, REPLAY_OPTIONS, args);
  if (options.has("help")) {
    io.stdout.write(REPLAY_HELP);
    return 0;
  }
  if (name === undefined) throw options.usage("name a counterexample, or a program and a --schedule");
  const bestEffort = options.has("best-effort");
  const { program, schedule, fingerprint } = whatToReplay(name, options);
  const explorable = await loadProgram(program, COMMAND);
  if (fingerprint !== undefined && !bestEffort && explorable.makeSystem().fingerprint !== fingerprint) {
    throw new ProgramFileError(
      name.file!,
      "the program or its options are no longer those of the counterexample; --best-effort replays all the same",
    );
  }
  const { steps, preemptions, violation } = told(() => replay(explorable, schedule, { bestEffort }), options);
  if (options.has("json")) {
    const { kind, message } = violation ?? {};
    io.stdout.write(
      `${JSON.stringify({ program, steps, preemptions, violation: kind && { kind, message } })}\n`,
    );
  } else {
    io.stdout.write(interleavingText(steps));
    const outcome = violation === undefined ? "no violation" : `${violation.kind}: ${violation.message}`;
    io.stdout.write(`\n${outcome}\n${plural(steps.length, "step")}, ${plural(preemptions, "preemption")}\n`);
  }
  return violation === undefined ? 0 : EXIT_FAILED;
}

interface ToReplay {
  readonly program: ProgramName;
  readonly schedule: string;
  readonly fingerprint?: string;
}

function whatToReplay(name: ProgramName, options: Options): ToReplay {
  const schedule = options.text("schedule");
  if (schedule !== undefined) return { program: name, schedule };
  if (name.file?.endsWith(".json") !== true) throw options.usage("a program needs a --schedule");
  const { program, violation, fingerprint } = readCounterexample(name.file);
  return { program, schedule: violation.schedule, fingerprint };
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
