/** `umcg explore`: every interleaving of a program, and the shortest one that breaks it. */
import { Exploration, type ExploreResult } from "../explore/exploration.ts";
import type { Finding } from "../explore/findings.ts";
import { interleavingText } from "../explore/interleaving-text.ts";
import { STRATEGIES, type StrategyName } from "../explore/make-strategy.ts";
import type { ExploreOptions } from "../explore/options.ts";
import { replay } from "../explore/replay.ts";
import { counterexampleText } from "./counterexample-file.ts";
import { EXIT_FAILED, EXIT_LIMIT } from "./errors.ts";
import { EXPLORE_HELP, EXPLORE_OPTIONS, readProgramName } from "./explore-options.ts";
import type { CliIo } from "./io.ts";
import type { Options } from "./options.ts";
import { loadBuiltins, loadProgram, type ProgramName } from "./program-source.ts";
import { Session, type Stretched } from "./session.ts";
import { plural } from "./table.ts";
import { TraceFile } from "./trace-file.ts";

const COMMAND = "umcg explore";
const MAX_EXECUTIONS = Number.MAX_SAFE_INTEGER;
const MAX_STEPS = 1 << 20;
const MAX_DEPTH = 1_000;
const MAX_SECONDS = 1_000_000;

/** Returns the exit code. Throws UsageError, ProgramFileError, ExploreError, TraceFileError, Interrupted. */
export async function exploreCommand(args: readonly string[], io: CliIo): Promise<number> {
  const { name, options } = await readProgramName(COMMAND, EXPLORE_OPTIONS, args);
  if (options.has("help")) io.stdout.write(EXPLORE_HELP);
  else if (options.has("list")) await listBuiltins(io);
  else if (name === undefined) throw options.usage("name a file with a program, or --builtin NAME");
  else return await exploreProgram(name, options, io);
  return 0;
}

async function exploreProgram(name: ProgramName, options: Options, io: CliIo): Promise<number> {
  const explorable = await loadProgram(name, COMMAND);
  const out = options.text("out");
  const seconds = options.integer("time", 1, MAX_SECONDS, MAX_SECONDS);
  const exploration = new Exploration(explorable, readOptions(options));
  const session = new Session(io);
  const file = out === undefined ? undefined : new TraceFile(out);
  try {
    const timed = new TimedExploration(exploration, io, seconds);
    await session.follow(timed, "exploring");
    session.close();
    exploration.interrupt(session.interrupted ? "interrupted" : "time");
    const result = exploration.result();
    const rate = Math.round(exploration.attempts / timed.seconds);
    const [finding] = result.violations;
    if (options.has("json")) io.stdout.write(resultJson(result, name, rate));
    else {
      io.stdout.write(summary(result, rate));
      for (const violation of result.violations) {
        io.stdout.write(`\n${headline(violation)}\n\n`);
        // A spin, once found, is no step of the search: the program replayed would go on with it.
        const told = replay(explorable, violation.schedule, { bestEffort: true }).steps;
        io.stdout.write(interleavingText(told.slice(0, violation.steps)));
        io.stdout.write(`\nreplay: ${replayLine(name, violation)}\n`);
      }
    }
    if (finding !== undefined && file !== undefined) {
      const { fingerprint } = explorable.makeSystem();
      const { strategy, seed } = result;
      file.write(counterexampleText({ program: name, fingerprint, strategy, seed, violation: finding }));
      file.commit();
      io.stderr.write(`counterexample in ${file.path}\n`);
    }
    session.throwIfInterrupted();
    if (finding !== undefined) return EXIT_FAILED;
    return result.complete ? 0 : EXIT_LIMIT;
  } finally {
    session.close();
    file?.discard();
  }
}

/** An exploration that ends when its time is over, and can say how far it is. */
class TimedExploration implements Stretched {
  readonly #exploration: Exploration;
  readonly #io: CliIo;
  readonly #startedAt: number;
  readonly #endsAt: number;

  constructor(exploration: Exploration, io: CliIo, seconds: number) {
    this.#exploration = exploration;
    this.#io = io;
    this.#startedAt = io.clock();
    this.#endsAt = this.#startedAt + 1000 * seconds;
  }

  get progress(): number {
    return this.#exploration.progress;
  }
  /** Since the beginning; at least a microsecond, since it is divided by. */
  get seconds(): number {
    return Math.max(1e-6, (this.#io.clock() - this.#startedAt) / 1000);
  }
  get done(): { readonly count: number; readonly thing: string } {
    return { count: this.#exploration.attempts, thing: "execution" };
  }

  advance(stop: () => boolean): boolean {
    return this.#exploration.advance(stop) || this.#io.clock() >= this.#endsAt;
  }
}

function readOptions(options: Options): ExploreOptions {
  const strategy = options.oneOf("strategy", Object.keys(STRATEGIES) as StrategyName[]);
  return {
    ...(strategy === undefined ? {} : { strategy }),
    seed: options.integer("seed", -MAX_EXECUTIONS, MAX_EXECUTIONS, 1),
    ...(options.has("max-executions")
      ? { maxExecutions: options.integer("max-executions", 1, MAX_EXECUTIONS, 1) }
      : {}),
    maxSteps: options.integer("max-steps", 1, MAX_STEPS, 10_000),
    depth: options.integer("depth", 1, MAX_DEPTH, 3),
    ...(options.has("max-bound") ? { maxBound: options.integer("max-bound", 0, MAX_EXECUTIONS, 0) } : {}),
    ...(options.has("fair-after") ? { fairAfter: options.integer("fair-after", 0, MAX_STEPS, 0) } : {}),
    stopAtFirst: !options.has("all"),
    shrink: !options.has("no-shrink"),
  };
}

async function listBuiltins(io: CliIo): Promise<void> {
  for (const { name, parameters } of (await loadBuiltins(COMMAND)).values()) {
    const given = Object.entries(parameters).map(([key, value]) => ` --${key} ${value}`);
    io.stdout.write(`${name}${given.join("")}\n`);
  }
}

function summary(result: ExploreResult, rate: number): string {
  const { strategy, executions, distinct, blocked, tooLong, complete, stopped, violations } = result;
  const counts = [
    plural(executions, "execution"),
    ...(distinct === undefined ? [] : [`${distinct} distinct`]),
    ...(blocked > 0 ? [`${blocked} blocked`] : []),
    ...(tooLong > 0 ? [`${tooLong} too long`] : []),
  ];
  const verdict = violations.length > 0 ? plural(violations.length, "violation") : "no violation";
  const extent = complete ? "complete" : `not complete${stopped === undefined ? "" : ` (${stopped})`}`;
  return `${strategy}: ${counts.join(", ")}; ${extent}, ${verdict}; ${rate} executions/s\n`;
}

function headline({ kind, invariant, message, steps, preemptions, minimal, atFault = [] }: Finding): string {
  const what = invariant === undefined ? kind : `${kind} ${invariant}`;
  const least = minimal ? ", minimal" : "";
  const told = atFault.map((step) => `  ${step}\n`).join("");
  return `${what}: ${message}\n${told}${plural(steps, "step")}, ${plural(preemptions, "preemption")}${least}`;
}

function replayLine({ file, builtin, parameters = {} }: ProgramName, { schedule }: Finding): string {
  const program = builtin === undefined ? file : `--builtin ${builtin}`;
  const given = Object.entries(parameters).map(([key, value]) => ` --${key} ${value}`);
  return `umcg replay ${program}${given.join("")} --schedule "${schedule}"`;
}

function resultJson(result: ExploreResult, name: ProgramName, executionsPerSecond: number): string {
  const violations = result.violations.map((violation) => ({
    ...violation,
    replay: replayLine(name, violation),
  }));
  return `${JSON.stringify({ program: name, ...result, violations, executionsPerSecond })}\n`;
}
