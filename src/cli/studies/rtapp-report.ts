/** What `umcg bench rtapp` prints: a table by task, or rt-app's logs. */
import type { RtappProgram } from "../../bench/rtapp/program.ts";
import type { RtappLog } from "../../bench/rtapp/rtapp.ts";
import type { LogLine, RtappThread } from "../../bench/rtapp/thread.ts";
import type { ScenarioResult } from "../../bench/scenario.ts";
import { sortedQuantile } from "../../bench/stats/intervals.ts";
import { plural } from "../../diagnostics/plural.ts";
import { machineLine } from "../machine-options.ts";
import { formatNs, formatTable } from "../table.ts";

/** ns. */
export interface Summary {
  readonly mean: number;
  readonly min: number;
  readonly p50: number;
  readonly max: number;
}

/** Of all threads of a task together. */
export interface TaskSummary {
  readonly task: string;
  readonly threads: number;
  /** Times a phase was done. */
  readonly phases: number;
  readonly run: Summary;
  readonly period: Summary;
  /** Of phases with a timer; undefined: there are none. */
  readonly wakeLatency: Summary | undefined;
  readonly slack: Summary | undefined;
  /** Phases that were done when their timer was due already. */
  readonly missed: number;
}

/** Of the tasks that have done anything. */
export function summarise({ tasks }: RtappProgram, { threads }: RtappLog): TaskSummary[] {
  return tasks.flatMap(({ name }) => {
    const own = threads.filter(({ task }) => task.name === name);
    const lines = own.flatMap(({ log }) => log);
    if (lines.length === 0) return [];
    const timed = lines.filter(({ periodNs }) => periodNs > 0);
    const of = (some: readonly LogLine[], what: (line: LogLine) => number): Summary =>
      summaryOf(some.map(what));
    const summary: TaskSummary = {
      task: name,
      threads: own.length,
      phases: lines.length,
      run: of(lines, ({ runNs }) => runNs),
      period: of(lines, ({ startNs, endNs }) => endNs - startNs),
      wakeLatency: timed.length === 0 ? undefined : of(timed, ({ wakeLatencyNs }) => wakeLatencyNs),
      slack: timed.length === 0 ? undefined : of(timed, ({ slackNs }) => slackNs),
      missed: timed.filter(({ slackNs }) => slackNs <= 0).length,
    };
    return [summary];
  });
}

function summaryOf(values: readonly number[]): Summary {
  const sorted = Float64Array.from(values).sort();
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, min: sorted[0]!, p50: sortedQuantile(sorted, 0.5), max: sorted.at(-1)! };
}

/** Of a name, what fits. */
const LONGEST_NAME = 12;

/** The result for people. */
export function tableText(
  file: string,
  program: RtappProgram,
  { facts, measured }: ScenarioResult<RtappLog>,
): string {
  const summaries = summarise(program, measured);
  const rows = summaries.map(({ task, threads, phases, run, period, wakeLatency, slack, missed }) => [
    threads > 1 ? `${task.slice(0, LONGEST_NAME)} x${threads}` : task.slice(0, LONGEST_NAME),
    String(phases),
    formatNs(run.mean),
    formatNs(period.mean),
    ...(wakeLatency === undefined ? ["", ""] : [wakeLatency.p50, wakeLatency.max].map(formatNs)),
    slack === undefined ? "" : signed(slack.min),
    slack === undefined ? "" : String(missed),
  ]);
  const head = [
    ["", "", "run", "period", "wake-up", "", "slack", ""],
    ["task", "phases", "mean", "mean", "p50", "max", "least", "missed"],
  ];
  const missed = summaries.reduce((sum, one) => sum + one.missed, 0);
  const timed = summaries.some(({ slack }) => slack !== undefined);
  const reading = timed
    ? `${plural(missed, "time")} a task was not done when its timer was due.`
    : "no task has a timer.";
  return `rtapp: ${file}, ${plural(measured.threads.length, "thread")}
${machineLine(facts)}

${formatTable([...head, ...rows], [0])}
${formatNs(facts.virtualNs)} of virtual time in ${(facts.wallMs / 1000).toFixed(2)} s of wall time
Reading: ${reading}
`;
}

function signed(ns: number): string {
  return ns < 0 ? `-${formatNs(-ns)}` : formatNs(ns);
}

const COLUMNS: readonly (readonly [name: string, width: number])[] = [
  ["#idx", 4],
  ["perf", 8],
  ["run", 8],
  ["period", 8],
  ["start", 15],
  ["end", 15],
  ["rel_st", 15],
  ["slack", 10],
  ["c_duration", 10],
  ["c_period", 10],
  ["wu_lat", 10],
];

/** Each thread's log, as the original writes it to a file of its own, under the name of that file; us. */
export function compatText(program: RtappProgram, { threads }: RtappLog): string {
  return threads.map((thread, at) => logText(program, thread, at)).join("\n");
}

function logText({ calibrationNs }: RtappProgram, { task, log }: RtappThread, at: number): string {
  const us = (ns: number): number => Math.trunc(ns / 1000);
  const scheduling = task.scheduling!;
  const policy = {
    normal: "SCHED_OTHER",
    batch: "SCHED_BATCH",
    idle: "SCHED_IDLE",
    rr: "SCHED_RR",
    fifo: "SCHED_FIFO",
  }[scheduling.policy];
  const priority = scheduling.rtPriority > 0 ? scheduling.rtPriority : scheduling.nice;
  const row = (cells: readonly (string | number)[]): string =>
    cells.map((cell, column) => String(cell).padStart(COLUMNS[column]![1])).join(" ");
  const lines = log.map(({ phase, startNs, endNs, runNs, slackNs, busyNs, periodNs, wakeLatencyNs }) =>
    row([
      phase,
      Math.floor(busyNs / calibrationNs),
      us(runNs),
      us(endNs - startNs),
      us(startNs),
      us(endNs),
      us(startNs),
      us(slackNs),
      us(busyNs),
      us(periodNs),
      us(wakeLatencyNs),
    ]),
  );
  return `# rt-app-${task.name}-${at}.log
# Policy : ${policy} priority : ${priority}
${[row(COLUMNS.map(([name]) => name)), ...lines].join("\n")}
`;
}
