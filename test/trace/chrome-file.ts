/** A Chrome trace file as a test sees it: built from events, written, and read back. */
import { ChromeTrace, type ChromeTraceOptions } from "../../src/trace/chrome.ts";

/** One event of a Chrome trace file. */
export interface Row {
  readonly ph: string;
  readonly pid: number;
  readonly tid?: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly name: string;
  readonly cat?: string;
  readonly id?: number;
  readonly bp?: string;
  readonly s?: string;
  readonly args?: Record<string, unknown>;
}

/** A Chrome trace file, parsed. */
export interface File {
  readonly displayTimeUnit: string;
  readonly otherData: { readonly truncated: boolean; readonly maxEvents: number };
  readonly traceEvents: Row[];
}

/** The arguments of a sink. */
export type Event = readonly [
  timeNs: number,
  kind: number,
  cpu: number,
  tid: number,
  arg0: number,
  arg1: number,
];

/** The file that a trace of `events` makes. */
export function build(events: readonly Event[], endNs: number, options?: ChromeTraceOptions): File {
  const chrome = new ChromeTrace(options);
  for (const event of events) chrome.event(...event);
  chrome.finish(endNs);
  return JSON.parse([...chrome.chunks()].join("")) as File;
}
