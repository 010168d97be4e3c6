/** `umcg explore`: every interleaving of a program, and the shortest one that breaks it. */
import { availableParallelism } from "node:os";
import type { Explorable } from "../explore/explorable.ts";
import { Exploration } from "../explore/exploration.ts";
import { parted } from "../explore/frontier/parted-exploration.ts";
import { STRATEGIES, type StrategyName } from "../explore/make-strategy.ts";
import { type ExploreOptions, MAX_STEP_TIMEOUT_MS, STEP_TIMEOUT_MS } from "../explore/options.ts";
import { ParallelExploration, ThreadError } from "../parallel/parallel-exploration.ts";
import { counterexampleText } from "./counterexample-file.ts";
import { EXIT_FAILED, EXIT_LIMIT } from "./errors.ts";
import { ExplorationRun, estimateOf } from "./exploration-run.ts";
import { EXPLORE_HELP, EXPLORE_OPTIONS, MAX_STEPS, readProgramName, SETTLED } from "./explore-options.ts";
import { type RunFigures, resultJson, resultText } from "./explore-report.ts";
import type { CliIo } from "./io.ts";
import type { Options } from "./options.ts";
import { layOut, loadBuiltins, loadProgram, moduleOf, type ProgramName } from "./program-source.ts";
import { checkProgram, readSaved, type SavedFile, savedText } from "./saved-file.ts";
import { Session } from "./session.ts";
import { exploreShard } from "./shard-command.ts";
import { TraceFile } from "./trace-file.ts";

const COMMAND = "umcg explore";
const MAX_EXECUTIONS = Number.MAX_SAFE_INTEGER;
const MAX_DEPTH = 1_000;
const MAX_WORKERS = 256;
const MAX_SECONDS = 1_000_000;

/** What is to be explored, and how. */
export interface ExplorePlan {
  readonly name: ProgramName;
  readonly explorable: Explorable;
  readonly fingerprint: string;
  readonly options: ExploreOptions;
  readonly saved: SavedFile | undefined;
  readonly seconds: number;
}

/** Returns the exit code. Throws UsageError, ProgramFileError, ExploreError, TraceFileError, ThreadError, Interrupted. */
export async function exploreCommand(args: readonly string[], io: CliIo): Promise<number> {
  const { name, options } = await readProgramName(COMMAND, EXPLORE_OPTIONS, args);
  if (options.has("help")) io.stdout.write(EXPLORE_HELP);
  else if (options.has("list")) await listBuiltins(io);
  else {
    const plan = await readPlan(name, options);
    if (options.has("shard")) return await exploreShard(plan, options, io);
    return await exploreProgram(plan, options, io);
  }
  return 0;
}

async function readPlan(named: ProgramName | undefined, options: Options): Promise<ExplorePlan> {
  const path = options.text("resume");
  if (path !== undefined && named !== undefined)
    throw options.usage("--resume FILE names the program: name no other");
  const settled = path === undefined ? undefined : SETTLED.find((name) => options.has(name));
  if (settled !== undefined)
    throw options.usage(`--${settled} is that of the exploration that --resume goes on with`);
  const saved = path === undefined ? undefined : readSaved(path);
  const name = saved?.program ?? named;
  if (name === undefined) throw options.usage("name a file with a program, or --builtin NAME");
  const explorable = await loadProgram(name, COMMAND);
  if (saved !== undefined) checkProgram(path!, saved, explorable);
  const seconds = options.integer("time", 1, MAX_SECONDS, MAX_SECONDS);
  const told = readOptions(options, saved);
  const { fingerprint } = layOut(name, explorable, told.stepTimeoutMs ?? STEP_TIMEOUT_MS);
  return { name, explorable, fingerprint, options: told, saved, seconds };
}

async function exploreProgram(plan: ExplorePlan, options: Options, io: CliIo): Promise<number> {
  const { name, explorable, fingerprint, seconds } = plan;
  const workers = readWorkers(options);
  const exploration =
    plan.saved === undefined && workers === 1
      ? new Exploration(explorable, plan.options)
      : parted(explorable, plan.options, plan.saved?.left);
  const [out, left] = [options.text("out"), options.text("save")];
  const session = new Session(io);
  const file = out === undefined ? undefined : new TraceFile(out);
  const leftFile = left === undefined ? undefined : new TraceFile(left);
  const threads =
    exploration instanceof Exploration || workers === 1
      ? undefined
      : new ParallelExploration(exploration, moduleOf(name), plan.options, workers, io.clock);
  try {
    const run = new ExplorationRun(exploration, threads, io, seconds);
    await session.follow(run, "exploring");
    await threads?.recall();
    session.close();
    exploration.interrupt(session.interrupted ? "interrupted" : "time");
    const result = exploration.result();
    const estimate = result.complete ? undefined : estimateOf(exploration, exploration.outlook());
    const figures: RunFigures = {
      executionsPerSecond: run.rate,
      ...(estimate === undefined ? {} : { estimate }),
      ...(threads === undefined ? {} : { made: threads.made }),
    };
    io.stdout.write(
      options.has("json") ? resultJson(result, name, figures) : resultText(explorable, name, result, figures),
    );
    const [finding] = result.violations;
    if (finding !== undefined && file !== undefined) {
      const { strategy, seed } = result;
      file.write(counterexampleText({ program: name, fingerprint, strategy, seed, violation: finding }));
      file.commit();
      io.stderr.write(`counterexample in ${file.path}\n`);
    }
    if (!result.complete && (session.interrupted || leftFile !== undefined)) {
      writeLeft(plan, exploration, leftFile ?? new TraceFile(leftPath(plan, options)), io);
    }
    session.throwIfInterrupted();
    if (finding !== undefined) return EXIT_FAILED;
    return result.complete ? 0 : EXIT_LIMIT;
  } catch (error) {
    // A thread has died; what was counted stands.
    const died = error instanceof ThreadError && error.code.startsWith("ERR_WORKER");
    if (died && leftFile !== undefined) writeLeft(plan, exploration, leftFile, io);
    throw error;
  } finally {
    session.close();
    file?.discard();
    leftFile?.discard();
    await threads?.close();
  }
}

/** Where what is left goes on Ctrl-C if nobody said: where it came from, or a file of the program's own in this folder. */
function leftPath({ fingerprint }: ExplorePlan, options: Options): string {
  return options.text("resume") ?? `umcg-left-${fingerprint.slice(0, 8)}.json`;
}

function writeLeft(
  { name, fingerprint, options }: ExplorePlan,
  exploration: { save(): SavedFile["left"] | undefined },
  file: TraceFile,
  io: CliIo,
): void {
  const left = exploration.save();
  if (left === undefined) {
    file.discard();
    io.stderr.write("this exploration cannot be gone on with: nothing is saved\n");
    return;
  }
  file.write(savedText({ program: name, fingerprint, options, left }));
  file.commit();
  io.stderr.write(`what is left is in ${file.path}: umcg explore --resume ${file.path}\n`);
}

function readWorkers(options: Options): number {
  if (options.text("workers") === "all") return availableParallelism();
  return options.integer("workers", 1, MAX_WORKERS, 1);
}

function readOptions(options: Options, saved: SavedFile | undefined): ExploreOptions {
  const own = {
    ...(options.has("max-executions")
      ? { maxExecutions: options.integer("max-executions", 1, MAX_EXECUTIONS, 1) }
      : {}),
    ...(options.has("all") ? { stopAtFirst: false } : {}),
    ...(options.has("no-shrink") ? { shrink: false } : {}),
    ...readStepTimeout(options),
  };
  if (saved !== undefined) {
    const { maxExecutions, ...told } = saved.options;
    const { executions, blocked, pruned, tooLong } = saved.left.counts;
    const reached = executions + blocked + pruned + tooLong >= (maxExecutions ?? 0);
    return { ...told, ...(reached ? {} : { maxExecutions: maxExecutions! }), ...own };
  }
  const strategy = options.oneOf("strategy", Object.keys(STRATEGIES) as StrategyName[]);
  return {
    ...(strategy === undefined ? {} : { strategy }),
    seed: options.integer("seed", -MAX_EXECUTIONS, MAX_EXECUTIONS, 1),
    maxSteps: options.integer("max-steps", 1, MAX_STEPS, 10_000),
    depth: options.integer("depth", 1, MAX_DEPTH, 3),
    ...(options.has("max-bound") ? { maxBound: options.integer("max-bound", 0, MAX_EXECUTIONS, 0) } : {}),
    ...(options.has("fair-after") ? { fairAfter: options.integer("fair-after", 0, MAX_STEPS, 0) } : {}),
    ...own,
  };
}

/** Of an exploration that is taken up: what it was told, unless it is told again. */
export function readStepTimeout(options: Options): { readonly stepTimeoutMs?: number } {
  if (!options.has("step-timeout")) return {};
  return { stepTimeoutMs: options.integer("step-timeout", 0, MAX_STEP_TIMEOUT_MS, 0) };
}

async function listBuiltins(io: CliIo): Promise<void> {
  for (const { name, parameters } of (await loadBuiltins(COMMAND)).values()) {
    const given = Object.entries(parameters).map(([key, value]) => ` --${key} ${value}`);
    io.stdout.write(`${name}${given.join("")}\n`);
  }
}
