/** `umcg bench compare`: whether two runs really differ. */
import { readFileSync } from "node:fs";
import {
  type CompareOptions,
  type Comparison,
  compare,
  INTERVAL_LEVEL,
  repetitionsNeeded,
} from "../bench/compare/compare.ts";
import { parseMeasurements } from "../bench/compare/measurements.ts";
import { ClockMismatch, type Pairing, pairUp } from "../bench/compare/pairs.ts";
import { plural } from "../diagnostics/plural.ts";
import { compareTable } from "./compare-table.ts";
import { MeasurementFileError } from "./errors.ts";
import type { CliIo } from "./io.ts";
import { Options, type OptionTypes } from "./options.ts";

const COMMAND = "umcg bench compare";
/** Files or differences that are named; the others are counted. */
const MOST_NAMED = 5;
const MAX_EFFECT = 10_000;

const OPTIONS: OptionTypes = {
  "min-effect": { type: "string" },
  alpha: { type: "string" },
  "worse-only": { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
};

const HELP = `Usage: umcg bench compare A.json B.json [options]

Says of each metric that both files have whether B really differs from A. Files
are what umcg bench prints with --json, of runs repeated with --repeat; or the
lines of the scripts under bench/, of some runs appended to one file.

A difference is real if the rank-sum test, corrected for all metrics, calls it
so, and if it is not too small to matter. The interval is of the difference,
95 %. Runs without any noise (no --jitter) are compared as they are: what
differs at all, differs.

Options:
  --min-effect PCT  differences below do not matter (default 1)
  --alpha P         how often, with nothing changed, anything may be called
                    real: 0.0001 to 0.5 (default 0.01)
  --worse-only      exit code 1 only if something is worse
  --json            print JSON instead of a table
  -h, --help        show this help

Exit codes: 0 no real difference, 1 a real difference, 2 it cannot be told: bad
usage, a file that cannot be read, nothing in common, or too few repetitions.

Examples:
  umcg bench pipe --jitter --repeat 10 --json > before.json
  umcg bench pipe --jitter --repeat 10 --seed 100 --json > after.json
  umcg bench compare before.json after.json
  for run in 1 2 3 4 5 6; do npm run -s bench:sim >> now.jsonl; done
`;

const EXIT_DIFFERENT = 1;
const EXIT_UNDECIDED = 2;

/** Returns the exit code. Throws UsageError, MeasurementFileError, MeasurementError. */
export function compareCommand(args: readonly string[], io: CliIo): number {
  const options = new Options(COMMAND, OPTIONS, args);
  if (options.has("help")) {
    io.stdout.write(HELP);
    return 0;
  }
  const [fileA, fileB, extra] = options.positionals;
  if (fileA === undefined || fileB === undefined) throw options.usage("name two files to compare");
  if (extra !== undefined) throw options.usage(`two files at a time: "${extra}" is too many`);
  const how: CompareOptions = {
    alpha: options.decimal("alpha", 0.0001, 0.5, 0.01),
    leastEffect: options.decimal("min-effect", 0, MAX_EFFECT, 1) / 100,
  };
  const pairing = paired(options, fileA, fileB);
  if (pairing.pairs.length === 0) throw options.usage(`${fileA} and ${fileB} have no metric in common`);
  const comparisons = compare(pairing.pairs, how);
  const code = exitCode(comparisons, options.has("worse-only"));
  if (options.has("json")) io.stdout.write(jsonText(comparisons, pairing, how));
  else {
    const notes = notesOn(comparisons, pairing, how)
      .map((note) => `${note}\n`)
      .join("");
    const table = compareTable(comparisons, io.stdout.colour);
    io.stdout.write(`A: ${fileA}\nB: ${fileB}\n\n${table}\n${notes}Reading: ${reading(comparisons, how)}\n`);
  }
  return code;
}

/** Throws UsageError, and what readFile throws. */
function paired(options: Options, fileA: string, fileB: string): Pairing {
  const [a, b] = [readFile(fileA), readFile(fileB)];
  try {
    return pairUp(a, b);
  } catch (error) {
    throw error instanceof ClockMismatch ? options.usage(error.message) : error;
  }
}

function readFile(path: string): ReturnType<typeof parseMeasurements> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new MeasurementFileError(path, cause);
  }
  return parseMeasurements(text, path);
}

function exitCode(comparisons: readonly Comparison[], worseOnly: boolean): number {
  const verdicts = comparisons.map(({ verdict }) => verdict);
  if (verdicts.includes("worse")) return EXIT_DIFFERENT;
  if (verdicts.includes("better") && !worseOnly) return EXIT_DIFFERENT;
  return verdicts.includes("undecided") ? EXIT_UNDECIDED : 0;
}

/** What one has to know to believe the table. */
function notesOn(comparisons: readonly Comparison[], pairing: Pairing, { alpha }: CompareOptions): string[] {
  const { onlyA, onlyB, differences } = pairing;
  const noisy = comparisons.filter(({ exact }) => !exact).length;
  const undecided = comparisons.filter(({ verdict }) => verdict === "undecided").length;
  const named = (what: readonly string[]): string =>
    what.length <= MOST_NAMED
      ? what.join("; ")
      : `${what.slice(0, MOST_NAMED).join("; ")}; and ${what.length - MOST_NAMED} more`;
  return [
    ...(differences.length > 0 ? [`Configured differently: ${named(differences)}.`] : []),
    ...(onlyA.length > 0 ? [`Only in A: ${named(onlyA)}.`] : []),
    ...(onlyB.length > 0 ? [`Only in B: ${named(onlyB)}.`] : []),
    ...(undecided > 0
      ? [
          `Too few values to decide ${plural(undecided, "metric")}: for ${noisy} it takes ${repetitionsNeeded(noisy, alpha)} runs of each.`,
        ]
      : []),
  ];
}

/** One sentence that the table bears out. */
function reading(comparisons: readonly Comparison[], { alpha, leastEffect }: CompareOptions): string {
  const [worse, better, undecided] = (["worse", "better", "undecided"] as const).map(
    (wanted) => comparisons.filter(({ verdict }) => verdict === wanted).length,
  );
  const all = plural(comparisons.length, "metric");
  const least = `${Number((100 * leastEffect).toPrecision(3))} %`;
  if (worse === 0 && better === 0) {
    if (undecided === comparisons.length) return `of ${all} none can be decided.`;
    return `no difference: of ${all} none really differs by ${least} or more (alpha ${alpha}).`;
  }
  return `${worse} worse and ${better} better, really and by ${least} or more, of ${all} (alpha ${alpha}).`;
}

function jsonText(comparisons: readonly Comparison[], pairing: Pairing, how: CompareOptions): string {
  const { onlyA, onlyB, differences } = pairing;
  const metrics = comparisons.map(({ a, b, ...judged }) => ({
    ...judged,
    unit: a.unit,
    better: a.better,
    a: a.values,
    b: b.values,
  }));
  const { alpha, leastEffect } = how;
  const json = { alpha, leastEffect, level: INTERVAL_LEVEL, onlyA, onlyB, differences, metrics };
  return `${JSON.stringify(json, undefined, 2)}\n`;
}
