/** The command line as a function: arguments in, exit code out. */
import { WORKLOADS } from "../bench/registry.ts";
import type { Workload } from "../bench/workload.ts";
import { benchCommand } from "./bench-command.ts";
import { calibrateCommand } from "./calibrate-command.ts";
import { suggestion } from "./did-you-mean.ts";
import { EXIT_USAGE, reportError, UsageError } from "./errors.ts";
import { exploreCommand } from "./explore-command.ts";
import { MAIN_HELP } from "./help.ts";
import type { CliIo } from "./io.ts";
import { mergeCommand } from "./merge-command.ts";
import { Options } from "./options.ts";
import { replayCommand } from "./replay-command.ts";
import { version } from "./version.ts";

const COMMANDS = ["bench", "explore", "merge", "replay", "calibrate"] as const;

/**
 * Runs `umcg` with `args` (without the interpreter and the script). Returns the exit code: 0 done, 1 the run failed, 2
 * bad usage, 3 stopped by a limit, 130 or 143 interrupted. Never throws.
 */
export async function runCli(
  args: readonly string[],
  io: CliIo,
  workloads: readonly Workload[] = WORKLOADS,
): Promise<number> {
  try {
    const [command, ...rest] = args[0] === "help" ? asOption(args.slice(1)) : args;
    if (command === "bench") return await benchCommand(rest, io, workloads);
    if (command === "explore") return await exploreCommand(rest, io);
    if (command === "merge") return await mergeCommand(rest, io);
    if (command === "replay") return await replayCommand(rest, io);
    if (command === "calibrate") await calibrateCommand(rest, io);
    else return mainCommand(command === undefined ? [] : [command, ...rest], io);
    return 0;
  } catch (error) {
    return reportError(error, io);
  }
}

/** `umcg help bench pipe`: what others understand. */
function asOption(words: readonly string[]): readonly string[] {
  return [...words.filter((word) => word !== "--help" && word !== "-h"), "--help"];
}

/** Without a command. */
function mainCommand(args: readonly string[], io: CliIo): number {
  const types = { help: { type: "boolean", short: "h" }, version: { type: "boolean" } } as const;
  const options = new Options("umcg", types, args);
  const [command] = options.positionals;
  if (COMMANDS.some((known) => known === command))
    throw new UsageError(`write the command first: umcg ${command} ...`, "umcg");
  if (command !== undefined)
    throw new UsageError(`unknown command "${command}"${suggestion(command, COMMANDS)}`, "umcg");
  if (options.has("help")) io.stdout.write(MAIN_HELP);
  else if (options.has("version")) io.stdout.write(`umcg ${version()}\n`);
  else {
    io.stderr.write(MAIN_HELP);
    return EXIT_USAGE;
  }
  return 0;
}
