/** `umcg explore --shard I/N`: one of N parts of an exploration, explored by itself, for `umcg merge`. */

import { plural } from "../diagnostics/plural.ts";
import { Shard } from "../explore/frontier/shard.ts";
import { EXIT_FAILED, EXIT_LIMIT } from "./errors.ts";
import { ExplorationRun } from "./exploration-run.ts";
import type { ExplorePlan } from "./explore-command.ts";
import type { CliIo } from "./io.ts";
import type { Options } from "./options.ts";
import { shardText } from "./saved-file.ts";
import { Session } from "./session.ts";
import { TraceFile } from "./trace-file.ts";

const MAX_SHARDS = 10_000;

/** Returns the exit code. Throws UsageError, ExploreError, TraceFileError, Interrupted. */
export async function exploreShard(plan: ExplorePlan, options: Options, io: CliIo): Promise<number> {
  const { shard, of } = readShardOption(options);
  const path = options.text("save");
  if (path === undefined) throw options.usage("--shard needs --save FILE for its result");
  for (const name of ["workers", "out", "max-executions"]) {
    const reason = name === "max-executions" ? "but --time" : "it is for umcg merge, or for more shards";
    const isSampling = plan.options.strategy !== undefined && name === "max-executions";
    if (options.has(name) && !isSampling) throw options.usage(`--shard takes no --${name}: ${reason}`);
  }
  const { name, explorable, fingerprint, seconds, saved } = plan;
  const session = new Session(io);
  const file = new TraceFile(path);
  try {
    const part = new Shard(explorable, plan.options, shard - 1, of, saved?.left);
    const run = new ExplorationRun(part, undefined, io, seconds);
    await session.follow(run, `shard ${shard} of ${of}`);
    session.close();
    const result = part.save();
    file.write(shardText({ program: name, fingerprint, options: plan.options, shard, of, result }));
    file.commit();
    const messages = result.results.flatMap(([, { found }]) =>
      found.map(({ kind, message }) => `${kind}: ${message}`),
    );
    const told = [...result.trunk.findings.map(([key]) => key), ...messages];
    const { complete, units, results } = result;
    if (options.has("json")) {
      const figures = { shard, of, units, explored: results.length, executions: part.attempts, complete };
      io.stdout.write(`${JSON.stringify({ program: name, ...figures, violations: [...new Set(told)] })}\n`);
    } else {
      const extent = complete ? "complete" : "not complete";
      const made = `${results.length} of ${plural(units, "unit")}, ${plural(part.attempts, "execution")}`;
      io.stdout.write(`shard ${shard} of ${of}: ${made}; ${extent}; result in ${path}\n`);
      for (const one of new Set(told)) io.stdout.write(`${one}\n`);
    }
    session.throwIfInterrupted();
    if (told.length > 0) return EXIT_FAILED;
    return complete ? 0 : EXIT_LIMIT;
  } finally {
    session.close();
    file.discard();
  }
}

function readShardOption(options: Options): { readonly shard: number; readonly of: number } {
  const text = options.text("shard")!;
  const match = /^(\d{1,5})\/(\d{1,5})$/.exec(text);
  const [shard, of] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || of < 1 || of > MAX_SHARDS || shard < 1 || shard > of)
    throw options.usage(`--shard must be I/N with I from 1 to N and N at most ${MAX_SHARDS}, got "${text}"`);
  return { shard, of };
}
