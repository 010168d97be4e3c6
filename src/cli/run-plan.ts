/**
 * Runs a benchmark that has been planned: once or several times, each time with the next seed, and prints what came of it in
 * the format that was asked for. So every benchmark has --repeat, --format, metrics to be compared, and partial results.
 */
import { type Metric, type Series, seriesOf } from "../bench/metrics.ts";
import { plural } from "../diagnostics/plural.ts";
import type { Machine } from "../machine.ts";
import type { NamedHistogram } from "../report/bench-report.ts";
import { metricsTable } from "./metrics-table.ts";
import type { Options, OptionTypes } from "./options.ts";
import { type Part, Sequence } from "./sequence.ts";
import type { Session } from "./session.ts";
import type { Side } from "./study-pair.ts";
import { StudyReport } from "./study-report.ts";

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

/** The same of studies whose runs stand side by side already. */
export const REPORT_HELP: string = RUN_HELP.replace(
  "  -h, --help",
  `  --report FILE    write a report, one HTML file: distributions, utilisation,
                   timeline
  -h, --help`,
);

/** The same of all other studies. */
export const STUDY_HELP: string = REPORT_HELP.replace(
  "  -h, --help",
  `  --against N=V    in the report, beside the run one with option N at value V
  -h, --help`,
);

const MAX_REPEAT = 10_000;

/** A run that tells what it runs on, if that is one simulated machine. */
export interface SimulatedPart<R> extends Part<R> {
  readonly machine?: Machine;
}

/** `R`: what one run, a `P`, comes to. */
export interface Plan<R, P extends SimulatedPart<R> = SimulatedPart<R>> {
  readonly name: string;
  /** Of the first run. */
  readonly seed: number;
  /** The seed makes no difference. */
  readonly exact: boolean;
  begin(seed: number): P;
  table(result: R): string;
  json(result: R): object;
  /** As the original tool prints it, if there is one. */
  compat?(result: R): string;
  /** To be compared with those of other runs: nothing that depends on the machine this runs on. */
  metrics(result: R): readonly Metric[];
  /** What the run was asked to do, of a study with --report: what can be said in a word is among its settings. */
  readonly load?: object;
  /** For --report: what took how long. Default: nothing of which more than the metrics is known. */
  distributions?(result: R, run: P): readonly NamedHistogram[];
  /** Of a study with a report of its own: writes it, of the one run. Not called when the session was interrupted. */
  save?(result: R): Promise<void>;
}

/** `side`: of a report of two runs. Returns what is to be printed; when the session is interrupted, of what there is by then. Throws UsageError, MachineError, Interrupted. */
export async function runPlan<R, P extends SimulatedPart<R>>(
  plan: Plan<R, P>,
  options: Options,
  session: Session,
  side?: Side,
): Promise<string> {
  const repeat = options.integer("repeat", 1, MAX_REPEAT, 1);
  const formats = ["table", "json", ...(plan.compat === undefined ? [] : ["compat"])];
  const format = options.format(formats) ?? "table";
  const report = StudyReport.wanted(plan, options, side);
  const results = await runAll(plan, repeat, report, session).finally(() => report?.discard());
  const [first] = results;
  if (first === undefined) return "";
  if (format === "compat") return results.map((result) => plan.compat!(result)).join("\n");
  const series = seriesOf(results.map((result) => plan.metrics(result)));
  if (format === "json") return jsonText(plan, first, results.length, series);
  if (repeat === 1) return plan.table(first);
  const cut = results.length < repeat ? `, cut short: ${repeat} were asked for` : "";
  return `${plan.table(first)}\nThat was the first of ${plural(results.length, "run")}${cut}; over all of them:\n\n${metricsTable(series)}`;
}

/** Returns the results there are by the end, or by an interruption; the report is written at the end only. */
async function runAll<R, P extends SimulatedPart<R>>(
  plan: Plan<R, P>,
  repeat: number,
  report: StudyReport<R, P> | undefined,
  session: Session,
): Promise<readonly R[]> {
  const sequence = new Sequence<R>(
    Array.from({ length: repeat }, (_, at) => ({
      ...(repeat > 1 && { note: `run ${at + 1} of ${repeat}` }),
      begin: () => (report ?? plan).begin(plan.seed + at),
    })),
  );
  try {
    await session.follow(sequence, plan.name);
  } finally {
    await sequence.close();
  }
  const [first] = sequence.results;
  if (first === undefined) return cutShort(sequence);
  if (!session.interrupted) {
    await report?.save(first, session);
    await plan.save?.(first);
  }
  return sequence.results;
}

/** The first run, if it is worth something as far as it went. */
function cutShort<R>(sequence: Sequence<R>): readonly R[] {
  const partial = sequence.current?.partial?.();
  return partial === undefined ? [] : [partial];
}

function jsonText<R, P extends SimulatedPart<R>>(
  plan: Plan<R, P>,
  first: R,
  repeat: number,
  metrics: readonly Series[],
): string {
  const { exact } = plan;
  return `${JSON.stringify({ ...plan.json(first), repeat, exact, metrics }, undefined, 2)}\n`;
}
