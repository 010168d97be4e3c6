/**
 * The report of benchmark runs: from what a run leaves (recorder.ts) and what was measured to a document.
 *
 * The room knows no machine and no workload: whoever runs them hands over numbers, words and histograms.
 */
import type { Histogram } from "../trace/histogram.ts";
import { htmlOf } from "./html.ts";
import type { BenchReportData, Distribution, RunData, RunGroup, TimelineData } from "./model/report-data.ts";
import type { Recorded } from "./recorder.ts";

/** A run that is over. */
export interface ReportedRun extends Omit<RunData, "distributions" | "timeline"> {
  readonly distributions: readonly NamedHistogram[];
  readonly timeline?: Pick<TimelineData, "measuredFromNs" | "measured" | "umcg"> & {
    readonly recorded: Recorded;
  };
}

/** A distribution, as it was measured. */
export interface NamedHistogram extends Omit<Distribution, "histogram"> {
  readonly histogram: Histogram;
}

export interface BenchReport {
  readonly title: string;
  /** Default "virtual". */
  readonly time?: BenchReportData["time"];
  readonly command: string;
  readonly version: string;
  readonly reading: string;
  readonly groups: readonly RunGroup[];
  readonly runs: readonly ReportedRun[];
}

/** The document, in pieces. */
export function benchReportHtml(report: BenchReport): Generator<string, void, undefined> {
  const bytes = new Map<string, Uint8Array>();
  const runs = report.runs.map((run, i): RunData => {
    const { timeline, distributions, cpus, ...rest } = run;
    const element = `events-${i}`;
    if (timeline !== undefined) bytes.set(element, timeline.recorded.packed);
    return {
      ...rest,
      distributions: distributions.map((one) => ({ ...one, histogram: one.histogram.toJSON() })),
      cpus: cpus.map(({ cpu, userNs, systemNs, interruptNs, idleExitNs, idleNs, wallNs }) => ({
        cpu,
        userNs,
        systemNs,
        interruptNs,
        idleExitNs,
        idleNs,
        wallNs,
      })),
      ...(timeline !== undefined && { timeline: timelineOf(timeline, element) }),
    };
  });
  const { title, time = "virtual", command, version, reading, groups } = report;
  const data: BenchReportData = { title, time, command, version, reading, groups, runs };
  return htmlOf({ page: "bench", title, data, bytes, charts: true });
}

function timelineOf(timeline: NonNullable<ReportedRun["timeline"]>, element: string): TimelineData {
  const { recorded, ...rest } = timeline;
  const { count, dropped, names } = recorded;
  return { ...rest, element, count, dropped, names };
}
