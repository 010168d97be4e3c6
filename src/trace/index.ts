/** Events, the ring that holds them, and everything computed from them. */
export { ChromeTrace, type ChromeTraceOptions } from "./chrome.ts";
export { TraceError, type TraceErrorCode } from "./error.ts";
export { TRACE_EVENTS, type TraceEventInfo, type TraceField, traceEventInfo } from "./event-table.ts";
export * from "./events.ts";
export { formatEvent } from "./format.ts";
export { TraceHash } from "./hash.ts";
export { Histogram, type HistogramJson, type SpanSummary } from "./histogram.ts";
export { nameOf, type TraceNames } from "./names.ts";
export { TraceRing } from "./ring.ts";
export type { TraceSink } from "./sink.ts";
export { WakeSpans, type WakeSpansOptions, type WakeSummary } from "./spans.ts";
