/** The command line of `umcg bench`: what it may say, and what it means. */

import { WARM_UP_ROUNDS } from "../bench/meter.ts";
import type { Workload } from "../bench/workload.ts";
import type { CostModel } from "../hosts/virtual/cost-model.ts";
import { WAKE_MODES, type WakeMode } from "../kernel-sim/config.ts";
import { FAIR_POLICIES, type FairPolicy } from "../kernel-sim/fair-class.ts";
import type { TopologyConfig } from "../kernel-sim/topology.ts";
import { isFile } from "./contenders.ts";
import { suggestion } from "./did-you-mean.ts";
import { MAX_VCPUS, readIdle, readProfile, readSeed } from "./machine-options.ts";
import { checkOneRunFiles } from "./one-run-files.ts";
import { Options, type OptionTypes } from "./options.ts";
import { RUN_OPTIONS } from "./run-plan.ts";
import { STUDIES } from "./study.ts";
import { refuseVirtual, type ThreadsPlan, threadsPlan, wantsThreads } from "./threads-plan.ts";

export const DEFAULT_VCPUS = 8;
export const DEFAULT_LOOPS = 100_000;
/** Enough for the 99.9th percentile, and few enough for a file that opens at once. */
export const DEFAULT_REPORTED_LOOPS = 10_000;
/** A timeline is to be looked at: fewer loops, unless asked for. */
export const DEFAULT_TRACED_LOOPS = 1_000;
export const DEFAULT_MATRIX_LOOPS = 5_000;
const MAX_LOOPS = 1_000_000_000;
const MAX_WORKING_SET = 1_000_000_000;

const OPTIONS: OptionTypes = {
  matrix: { type: "boolean" },
  vcpus: { type: "string" },
  wake: { type: "string" },
  profile: { type: "string" },
  idle: { type: "string" },
  fair: { type: "string" },
  smt: { type: "string" },
  llc: { type: "string" },
  socket: { type: "string" },
  "working-set": { type: "string" },
  loops: { type: "string", short: "l" },
  "warm-up": { type: "string" },
  seed: { type: "string" },
  jitter: { type: "boolean" },
  "no-jitter": { type: "boolean" },
  check: { type: "boolean" },
  trace: { type: "string" },
  report: { type: "string" },
  against: { type: "string" },
  host: { type: "string" },
  place: { type: "string" },
  ...RUN_OPTIONS,
};

/** What every cell of a matrix and every single benchmark has. */
interface Common {
  readonly vcpus: number;
  readonly loops: number;
  readonly seed: number;
  readonly jitter: boolean;
  /** Hold the machines to the invariants of UMCG. */
  readonly check: boolean;
  /** File for the report. */
  readonly report: string | undefined;
}

export interface SinglePlan extends Common {
  readonly kind: "single";
  readonly workload: Workload;
  readonly wake?: WakeMode;
  readonly profile: CostModel;
  readonly idle?: string;
  readonly fair?: FairPolicy;
  readonly topology: TopologyConfig;
  readonly migrationBytes: number;
  /** Rounds before those that are measured. */
  readonly warmUp: number;
  /** In the report a second run stands beside the first, with this wake mode. */
  readonly against: WakeMode | undefined;
  /** File for the timeline. */
  readonly trace: string | undefined;
  readonly options: Options;
}

export interface MatrixPlan extends Common {
  readonly kind: "matrix";
  readonly json: boolean;
}

export interface HelpPlan {
  readonly kind: "help";
}

/** Throws UsageError. */
export function parseBenchArgs(
  args: readonly string[],
  workloads: readonly Workload[],
): SinglePlan | MatrixPlan | HelpPlan | ThreadsPlan {
  const options = new Options("umcg bench", OPTIONS, args);
  if (options.has("help")) return { kind: "help" };
  const threads = wantsThreads(options);
  if (options.has("matrix") && !threads) return matrixPlan(options);
  if (threads) refuseVirtual(options);
  const workload = findWorkload(options, workloads);
  return threads ? threadsPlan(options, workload) : singlePlan(options, workload);
}

function findWorkload(options: Options, workloads: readonly Workload[]): Workload {
  const [name, extra] = options.positionals;
  const known = workloads.map((workload) => workload.name);
  const studies = STUDIES.map((study) => study.name);
  if (name === undefined)
    throw options.usage(
      `name a workload (${known.join(", ")}) or a study (${studies.join(", ")}), or use --matrix`,
    );
  if (extra !== undefined) throw options.usage(`one workload at a time: "${extra}" is too many`);
  const workload = workloads.find((candidate) => candidate.name === name);
  if (workload === undefined && isFile(name))
    throw options.usage(`a workload of your own is run by umcg bench policies --workload ${name}`);
  if (workload === undefined)
    throw options.usage(`unknown workload "${name}"${suggestion(name, [...known, ...studies])}`);
  return workload;
}

function singlePlan(options: Options, workload: Workload): SinglePlan {
  const profile = readProfile(options);
  const wake = options.oneOf("wake", WAKE_MODES);
  const idle = readIdle(options, profile);
  const fair = options.oneOf("fair", FAIR_POLICIES);
  const trace = options.text("trace");
  checkOneRunFiles(options);
  const against = options.oneOf("against", WAKE_MODES);
  if (against !== undefined && (trace !== undefined || !options.has("report")))
    throw options.usage("--against puts a second run into a report: give --report, and no --trace");
  return {
    kind: "single",
    workload,
    profile,
    ...(wake !== undefined && { wake }),
    ...(idle !== undefined && { idle }),
    ...(fair !== undefined && { fair }),
    topology: readTopology(options),
    migrationBytes: options.integer("working-set", 0, MAX_WORKING_SET, 0),
    warmUp: options.integer("warm-up", 0, MAX_LOOPS, WARM_UP_ROUNDS),
    against,
    trace,
    options,
    ...common(options, defaultLoops(options), false),
  };
}

function defaultLoops(options: Options): number {
  if (options.has("trace")) return DEFAULT_TRACED_LOOPS;
  return options.has("report") ? DEFAULT_REPORTED_LOOPS : DEFAULT_LOOPS;
}

function readTopology(options: Options): TopologyConfig {
  return {
    smt: options.integer("smt", 1, 8, 1),
    ...(options.has("llc") && { coresPerLlc: options.integer("llc", 1, MAX_VCPUS, 1) }),
    ...(options.has("socket") && { llcsPerSocket: options.integer("socket", 1, MAX_VCPUS, 1) }),
  };
}

function matrixPlan(options: Options): MatrixPlan {
  const [name] = options.positionals;
  if (name !== undefined) throw options.usage(`--matrix runs every workload: leave out "${name}"`);
  for (const fixed of ["wake", "profile", "idle", "fair", "smt", "llc", "socket", "working-set"]) {
    if (options.has(fixed)) throw options.usage(`--${fixed} does not go with --matrix, which compares them`);
  }
  if (options.has("trace")) throw options.usage("--trace does not go with --matrix: trace one workload");
  if (options.has("against"))
    throw options.usage("--against does not go with --matrix, which has every wake mode");
  if (options.has("repeat")) throw options.usage("--repeat does not go with --matrix: repeat one workload");
  const json = options.format(["table", "json"]) === "json";
  return { kind: "matrix", json, ...common(options, DEFAULT_MATRIX_LOOPS, true) };
}

function common(options: Options, defaultLoops: number, defaultJitter: boolean): Common {
  if (options.has("jitter") && options.has("no-jitter"))
    throw options.usage("--jitter and --no-jitter contradict each other");
  return {
    vcpus: options.integer("vcpus", 1, MAX_VCPUS, DEFAULT_VCPUS),
    loops: options.integer("loops", 1, MAX_LOOPS, defaultLoops),
    seed: readSeed(options),
    jitter: options.has("jitter") || (defaultJitter && !options.has("no-jitter")),
    check: options.has("check"),
    report: options.text("report"),
  };
}
