/** `umcg merge`: the results of all shards as one. */
import { mergeShards } from "../explore/frontier/shard.ts";
import { EXIT_FAILED, EXIT_LIMIT, ProgramFileError } from "./errors.ts";
import { MERGE_HELP, MERGE_OPTIONS } from "./explore-options.ts";
import { resultJson, resultText } from "./explore-report.ts";
import type { CliIo } from "./io.ts";
import { Options } from "./options.ts";
import { loadProgram } from "./program-source.ts";
import { checkProgram, readShard, type ShardFile, savedText } from "./saved-file.ts";
import { TraceFile } from "./trace-file.ts";

const COMMAND = "umcg merge";

/** Returns the exit code. Throws UsageError, ProgramFileError, TraceFileError. */
export async function mergeCommand(args: readonly string[], io: CliIo): Promise<number> {
  const options = new Options(COMMAND, MERGE_OPTIONS, args);
  if (options.has("help")) {
    io.stdout.write(MERGE_HELP);
    return 0;
  }
  const paths = options.positionals;
  if (paths.length === 0) throw options.usage("name the results of all shards");
  const files = checkSet(paths);
  const [first] = files;
  const { program, fingerprint } = first!;
  const explorable = await loadProgram(program, COMMAND);
  checkProgram(paths[0]!, first!, explorable);
  const path = options.text("save");
  const left = path === undefined ? undefined : new TraceFile(path);
  try {
    const merged = mergeShards(
      explorable,
      first!.options,
      files.map(({ result }) => result),
    );
    const result = merged.result();
    const figures = isReduced(result.strategy) ? { redundant: result.blocked } : {};
    io.stdout.write(
      options.has("json")
        ? resultJson(result, program, figures)
        : resultText(explorable, program, result, figures),
    );
    if (!result.complete && left !== undefined) {
      left.write(savedText({ program, fingerprint, options: first!.options, left: merged.save() }));
      left.commit();
      io.stderr.write(`what is left is in ${left.path}: umcg explore --resume ${left.path}\n`);
    }
    if (result.violations.length > 0) return EXIT_FAILED;
    return result.complete ? 0 : EXIT_LIMIT;
  } finally {
    left?.discard();
  }
}

/** All shards of one exploration, each once. Throws ProgramFileError naming what is wrong. */
function checkSet(paths: readonly string[]): ShardFile[] {
  const byShard = new Map<number, string>();
  const files = paths.map((path) => {
    const file = readShard(path);
    const earlier = byShard.get(file.shard);
    if (earlier !== undefined)
      throw new ProgramFileError(path, `shard ${file.shard} is in "${earlier}", too`);
    byShard.set(file.shard, path);
    return file;
  });
  const [first] = files;
  for (const [i, file] of files.entries()) {
    const other = differs(first!, file);
    if (other !== undefined)
      throw new ProgramFileError(
        paths[i]!,
        `its ${other} is not that of "${paths[0]}": they are not of one exploration`,
      );
  }
  const missing = Array.from({ length: first!.of }, (_, i) => i + 1).filter((shard) => !byShard.has(shard));
  if (missing.length > 0)
    throw new ProgramFileError(paths[0]!, `of ${first!.of} shards these are missing: ${missing.join(", ")}`);
  return files;
}

/** Whether the strategy gives up fewer executions, or none, when one explores it all. */
function isReduced(strategy: string): boolean {
  return strategy === "optimal" || strategy === "source";
}

function differs(a: ShardFile, b: ShardFile): string | undefined {
  if (a.fingerprint !== b.fingerprint) return "program";
  if (a.of !== b.of) return "number of shards";
  if (JSON.stringify(a.options) !== JSON.stringify(b.options)) return "set of options";
  return JSON.stringify(a.result.trunk) === JSON.stringify(b.result.trunk) ? undefined : "beginning";
}
