/** What an exploration may be told, its defaults, and what is wrong with it. */
import { type Known, unknownOption } from "../diagnostics/known-options.ts";
import { ExploreError } from "./explore-error.ts";
import { STRATEGIES, type StrategyName } from "./make-strategy.ts";

/** How a program is searched. Everything has a default. */
export interface ExploreOptions {
  /** Default "optimal": each class of executions once. */
  readonly strategy?: StrategyName;
  /** Of samplers, an integer. Default 1. */
  readonly seed?: number;
  /** Of PCT: d, an integer of at least 1. Default 3. */
  readonly depth?: number;
  /** Of bounded searches: preemptions or delays at most. Default: as many as there can be. */
  readonly maxBound?: number;
  /** Of samplers but "random": steps after which an execution goes on round robin. Default: half of `maxSteps`. */
  readonly fairAfter?: number;
  /** Executions, the given up ones included. Default: no limit for searches, 10 000 for samplers. */
  readonly maxExecutions?: number;
  /** Steps of one execution; one that needs more is a violation. Default 10 000. */
  readonly maxSteps?: number;
  /** End at the first violation. Default true. */
  readonly stopAtFirst?: boolean;
  /** Make counterexamples small. Default true. */
  readonly shrink?: boolean;
  /** Ms, of wall time, without a step after which the program is said to compute for ever; 0: it never is. Default 10 000. */
  readonly stepTimeoutMs?: number;
  /** Executions that may be spent on a proof that nothing with fewer preemptions fails. Default 20 000. */
  readonly proofExecutions?: number;
}

/** Options with their defaults, as `checkOptions` returns them. */
export type CheckedOptions = Required<ExploreOptions>;

const NAMES: Known<ExploreOptions> = {
  strategy: true,
  seed: true,
  depth: true,
  maxBound: true,
  fairAfter: true,
  maxExecutions: true,
  maxSteps: true,
  stopAtFirst: true,
  shrink: true,
  stepTimeoutMs: true,
  proofExecutions: true,
};

/** Throws ERR_EXPLORE_OPTION for an option that there is none of, naming the one that was meant. */
export function checkNames(options: object, known: Readonly<Record<string, true>>): void {
  const unknown = unknownOption(options, known);
  if (unknown !== undefined) throw new ExploreError("ERR_EXPLORE_OPTION", unknown);
}

const SAMPLED = 10_000;
const MAX_STEPS = 1 << 20;
/** Default of `stepTimeoutMs`. */
export const STEP_TIMEOUT_MS = 10_000;
/** What a timer of Node takes. */
export const MAX_STEP_TIMEOUT_MS: number = 2 ** 31 - 1;

/** Fills in the defaults. Throws ERR_EXPLORE_OPTION naming the first bad value. */
export function checkOptions(options: ExploreOptions): CheckedOptions {
  checkNames(options, NAMES);
  const strategy = options.strategy ?? "optimal";
  if (!Object.hasOwn(STRATEGIES, strategy))
    throw bad("strategy", `one of ${Object.keys(STRATEGIES).join(", ")}`, strategy);
  const { seed = 1, maxSteps = 10_000, proofExecutions = 20_000 } = options;
  const maxExecutions = options.maxExecutions ?? (STRATEGIES[strategy].samples ? SAMPLED : Infinity);
  if (!Number.isSafeInteger(seed)) throw bad("seed", "an integer", seed);
  if (!isCount(maxExecutions, 1, Infinity))
    throw bad("maxExecutions", "an integer of at least 1", maxExecutions);
  if (!isCount(maxSteps, 1, MAX_STEPS)) throw bad("maxSteps", `an integer from 1 to ${MAX_STEPS}`, maxSteps);
  if (!isCount(proofExecutions, 0, Infinity))
    throw bad("proofExecutions", "an integer of at least 0", proofExecutions);
  const { stopAtFirst = true, shrink = true, depth = 3, maxBound = Infinity } = options;
  if (!isCount(depth, 1, 1_000)) throw bad("depth", "an integer from 1 to 1000", depth);
  if (!isCount(maxBound, 0, Infinity)) throw bad("maxBound", "an integer of at least 0", maxBound);
  const fairAfter = options.fairAfter ?? maxSteps >> 1;
  if (!isCount(fairAfter, 0, MAX_STEPS))
    throw bad("fairAfter", `an integer from 0 to ${MAX_STEPS}`, fairAfter);
  const { stepTimeoutMs = STEP_TIMEOUT_MS } = options;
  if (!isCount(stepTimeoutMs, 0, MAX_STEP_TIMEOUT_MS))
    throw bad("stepTimeoutMs", `an integer from 0 to ${MAX_STEP_TIMEOUT_MS}`, stepTimeoutMs);
  return {
    strategy,
    seed,
    depth,
    maxBound,
    fairAfter,
    maxExecutions,
    maxSteps,
    stopAtFirst,
    shrink,
    proofExecutions,
    stepTimeoutMs,
  };
}

function isCount(value: number, low: number, high: number): boolean {
  return (Number.isInteger(value) || value === Infinity) && value >= low && value <= high;
}

function bad(name: string, wanted: string, got: unknown): ExploreError {
  return new ExploreError("ERR_EXPLORE_OPTION", `${name} must be ${wanted}, got ${String(got)}`);
}
