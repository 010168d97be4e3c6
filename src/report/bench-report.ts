/**
 * The report of benchmark runs: from what a run leaves (recorder.ts) and what was measured to a document.
 *
 * The room knows no machine and no workload: whoever runs them hands over numbers, words and histograms.
 */
import type { Histogram } from "../trace/histogram.ts";
import { htmlOf } from "./html.ts";
import type { BenchReportData, CpuShare, RunData, RunGroup, SpanKey } from "./model/report-data.ts";
import type { Recorded } from "./recorder.ts";

/** A run that is over. */
export interface ReportedRun extends Omit<RunData, "spans" | "cpus" | "events" | "names"> {
  readonly spans: Readonly<Record<SpanKey, Histogram>>;
  readonly cpus: readonly CpuShare[];
  readonly recorded: Recorded;
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
    const { recorded, spans, cpus, ...rest } = run;
    const element = `events-${i}`;
    bytes.set(element, recorded.packed);
    return {
      ...rest,
      spans: {
        wakeToUser: spans.wakeToUser.toJSON(),
        wakeToQueued: spans.wakeToQueued.toJSON(),
        queuedToRunning: spans.queuedToRunning.toJSON(),
      },
      cpus: cpus.map(({ cpu, userNs, systemNs, interruptNs, idleExitNs, idleNs, wallNs }) => ({
        cpu,
        userNs,
        systemNs,
        interruptNs,
        idleExitNs,
        idleNs,
        wallNs,
      })),
      events: { element, count: recorded.count, dropped: recorded.dropped },
      names: recorded.names,
    };
  });
  const { title, time = "virtual", command, version, reading, groups } = report;
  const data: BenchReportData = { title, time, command, version, reading, groups, runs };
  return htmlOf({ page: "bench", title, data, bytes, charts: true });
}
