/**
 * Runs a benchmark that has been planned: once or several times, each time with the next seed, and prints what came of it in
 * the format that was asked for. So every benchmark has --repeat, --format, metrics to be compared, and partial results.
 */
import { type Metric, type Series, seriesOf } from "../bench/metrics.ts";
import { metricsTable } from "./metrics-table.ts";
import type { Options, OptionTypes } from "./options.ts";
import { type Part, Sequence } from "./sequence.ts";
import type { Session } from "./session.ts";

export const RUN_OPTIONS: OptionTypes = {
  repeat: { type: "string" },
  format: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
};

/** Its part of a command's help. */
export const RUN_HELP = `Output:
  --format F       table | json | compat (default table); compat: what the
                   original tool prints
  --json           as --format json, for umcg bench compare
  --repeat N       run N times, with N seeds; prints mean and 95 % interval
                   of each metric
  -h, --help       show this help`;

const MAX_REPEAT = 10_000;

/** `R`: what one run comes to. */
export interface Plan<R> {
  readonly name: string;
  /** Of the first run. */
  readonly seed: number;
  /** The seed makes no difference. */
  readonly exact: boolean;
  begin(seed: number): Part<R>;
  table(result: R): string;
  json(result: R): object;
  /** As the original tool prints it, if there is one. */
  compat?(result: R): string;
  /** To be compared with those of other runs: nothing that depends on the machine this runs on. */
  metrics(result: R): readonly Metric[];
}

/** Returns what is to be printed; when the session is interrupted, of what there is by then. Throws UsageError, MachineError, Interrupted. */
export async function runPlan<R>(plan: Plan<R>, options: Options, session: Session): Promise<string> {
  const repeat = options.integer("repeat", 1, MAX_REPEAT, 1);
  const formats = ["table", "json", ...(plan.compat === undefined ? [] : ["compat"])];
  const format = options.oneOf("format", formats) ?? (options.has("json") ? "json" : "table");
  const sequence = new Sequence<R>(
    Array.from({ length: repeat }, (_, at) => ({
      ...(repeat > 1 && { note: `run ${at + 1} of ${repeat}` }),
      begin: () => plan.begin(plan.seed + at),
    })),
  );
  try {
    await session.follow(sequence, plan.name);
  } finally {
    await sequence.close();
  }
  const results = sequence.results.length > 0 ? sequence.results : cutShort(sequence);
  const [first] = results;
  if (first === undefined) return "";
  if (format === "compat") return results.map((result) => plan.compat!(result)).join("\n");
  const series = seriesOf(results.map((result) => plan.metrics(result)));
  if (format === "json") return jsonText(plan, first, results.length, series);
  if (repeat === 1) return plan.table(first);
  const cut = results.length < repeat ? `, cut short: ${repeat} were asked for` : "";
  return `${plan.table(first)}\nThat was the first of ${results.length} runs${cut}; over all of them:\n\n${metricsTable(series)}`;
}

/** The first run, if it is worth something as far as it went. */
function cutShort<R>(sequence: Sequence<R>): readonly R[] {
  const partial = sequence.current?.partial?.();
  return partial === undefined ? [] : [partial];
}

function jsonText<R>(plan: Plan<R>, first: R, repeat: number, metrics: readonly Series[]): string {
  const { exact } = plan;
  return `${JSON.stringify({ ...plan.json(first), repeat, exact, metrics }, undefined, 2)}\n`;
}
