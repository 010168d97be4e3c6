/**
 * What a report file holds, as JSON: the one contract between Node, which writes it, and the page, which shows it.
 *
 * Events are not in it: each run names the element that has them, packed (packing.ts), deflated and in base64.
 */
import type { HistogramJson } from "../../trace/histogram.ts";
import type { UmcgNumbers } from "../../trace/umcg-roles.ts";
import type { NameTable } from "./name-table.ts";

export interface CpuShare {
  readonly cpu: number;
  readonly userNs: number;
  readonly systemNs: number;
  readonly interruptNs: number;
  readonly idleExitNs: number;
  readonly idleNs: number;
  readonly wallNs: number;
}

export const SPAN_KEYS = ["wakeToUser", "wakeToQueued", "queuedToRunning"] as const;
export type SpanKey = (typeof SPAN_KEYS)[number];

export interface RunData {
  /** What tells the run apart from those beside it: "current-cpu". */
  readonly label: string;
  readonly workload: string;
  readonly profile: string;
  readonly wake: string;
  /** What one loop is, in words. */
  readonly loop: string;
  readonly loops: number;
  /** Of the configuration, in the order in which they are shown. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** Of the measured rounds. */
  readonly nsPerOp: number;
  readonly virtualNs: number;
  readonly switches: number;
  readonly ipis: number;
  readonly spans: Readonly<Record<SpanKey, HistogramJson>>;
  /** Of the whole run. */
  readonly cpus: readonly CpuShare[];
  /** When the measured rounds began; the warm-up is before. */
  readonly measuredFromNs: number;
  readonly events: {
    /** Id of the element with the bytes. */
    readonly element: string;
    readonly count: number;
    /** Events behind those that are kept. */
    readonly dropped: number;
  };
  readonly names: NameTable;
  readonly umcg: UmcgNumbers;
}

/** Runs to be seen side by side. */
export interface RunGroup {
  readonly name: string;
  /** Indices of runs. */
  readonly runs: readonly number[];
}

export interface BenchReportData {
  readonly title: string;
  /** Whose clock it was. */
  readonly time: "virtual" | "real";
  /** As it can be typed again. */
  readonly command: string;
  readonly version: string;
  /** One sentence that the numbers bear out. */
  readonly reading: string;
  readonly groups: readonly RunGroup[];
  readonly runs: readonly RunData[];
}
