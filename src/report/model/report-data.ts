/**
 * What a report file holds, as JSON: the one contract between Node, which writes it, and the page, which shows it.
 *
 * Events are not in it: each run names the element that has them, packed (packing.ts), deflated and in base64.
 */
import type { HistogramJson } from "../../trace/histogram.ts";
import type { UmcgNumbers } from "../../trace/umcg-roles.ts";
import type { NameTable } from "./name-table.ts";
import type { WakeSpan } from "./wakes.ts";

export interface CpuShare {
  readonly cpu: number;
  readonly userNs: number;
  readonly systemNs: number;
  readonly interruptNs: number;
  readonly idleExitNs: number;
  readonly idleNs: number;
  readonly wallNs: number;
}

/** A number in large type. `unit`: those of metrics; "" of a mere number. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
}

/** How long something took each time that it was done, ns. */
export interface Distribution {
  /** "Wake to user". */
  readonly name: string;
  /** From when to when, in words. */
  readonly note: string;
  readonly histogram: HistogramJson;
  /** Its samples are these of the wake-ups in the trace. */
  readonly wakes?: WakeSpan;
}

export interface TimelineData {
  /** When the measured rounds began; the warm-up is before. */
  readonly measuredFromNs: number;
  /** Whose wake-ups were measured, and until when. Undefined: everybody's, to the end. */
  readonly measured?: { readonly tids: readonly number[]; readonly toNs: number };
  /** Id of the element with the events. */
  readonly element: string;
  readonly count: number;
  /** Events behind those that are kept. */
  readonly dropped: number;
  readonly names: NameTable;
  readonly umcg: UmcgNumbers;
}

/** Runs side by side have the same settings, figures and distributions, in the same order. */
export interface RunData {
  /** What tells the run apart from those beside it: "current-cpu". */
  readonly label: string;
  readonly workload: string;
  /** What one loop is, in words, of a benchmark that goes through loops. */
  readonly loop?: string;
  /** Of the configuration, in the order in which they are shown. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** The first is what all machines are compared by. */
  readonly figures: readonly Figure[];
  readonly distributions: readonly Distribution[];
  /** Of the whole run. */
  readonly cpus: readonly CpuShare[];
  /** Undefined: there is none, or its rows are too many to be looked at. */
  readonly timeline?: TimelineData;
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
