/**
 * The three latencies that a wake consists of, measured from the trace.
 *
 *   wakeToQueued    SCHED_WAKING -> SCHED_WAKEUP    what the waker and the IPI cost
 *   queuedToRunning SCHED_WAKEUP -> SCHED_SWITCH    what the scheduler makes it wait (perf sched's "delay")
 *   wakeToUser      SCHED_WAKING -> SYS_EXIT        what schbench and cyclictest see
 *
 * They are reported apart because a sum of two that move in opposite directions shows nothing.
 * `wakeToUser` starts at the first wake since the task last was in user mode: a UMCG worker is woken, runs
 * the kernel's wake hook, sleeps again until a server picks it, and is woken a second time, and all of
 * that is latency to the one who woke it first.
 *
 * A span ends without a sample where the trace shows that it cannot complete: a task switched out was on
 * its CPU already when it was "queued" (a wake that found it on the run queue, or running), and a task
 * that enters a system call was in user mode without our having seen it arrive (it returned from a fault).
 * A WAKE_MISS starts nothing.
 *
 * Ring order is the order of effects, so across two CPUs an end may be stamped before its start (see
 * ring.ts). Such a span counts as 0 and in `inverted`; silently dropping it would make the others look
 * slower than they are.
 *
 * State is three float64 arrays indexed by tid, -1 for "no span open". Rejected: a Map
 * from tid (tens of ns an event against one, and it allocates); an object per task (one more pointer to
 * chase).
 */
import { TraceError } from "./error.ts";
import {
  TRACE_SCHED_SWITCH,
  TRACE_SCHED_WAKEUP,
  TRACE_SCHED_WAKING,
  TRACE_SYS_ENTER,
  TRACE_SYS_EXIT,
  TRACE_TASK_EXIT,
} from "./events.ts";
import { Histogram, type SpanSummary } from "./histogram.ts";
import type { TraceSink } from "./sink.ts";

const INITIAL_TIDS = 1024;
const MAX_TIDS: number = 1 << 22; // the kernel's own limit on pids
const NONE = -1;

/** Whose wake-ups, from when on. */
export interface WakeSpansOptions {
  /** Which tasks count. Default: all. */
  readonly only?: (tid: number) => boolean;
  /** Events stamped before this are ignored, to leave a warm-up out. Default: 0. */
  readonly fromNs?: number;
}

/** All three spans, in ns. */
export interface WakeSummary {
  readonly wakeToQueued: SpanSummary;
  readonly queuedToRunning: SpanSummary;
  readonly wakeToUser: SpanSummary;
}

/**
 * Measures every wake that passes by.
 *
 * ```ts
 * const spans = new WakeSpans({ only: (tid) => workers.has(tid) });
 * trace.addSink(spans);
 * // ... run, trace.flush() ...
 * spans.summary().wakeToUser.p99;
 * ```
 */
export class WakeSpans implements TraceSink {
  readonly wakeToQueued: Histogram = new Histogram();
  readonly queuedToRunning: Histogram = new Histogram();
  readonly wakeToUser: Histogram = new Histogram();

  readonly #only: ((tid: number) => boolean) | undefined;
  readonly #fromNs: number;
  #wokenAt: Float64Array = new Float64Array(INITIAL_TIDS).fill(NONE);
  #queuedAt: Float64Array = new Float64Array(INITIAL_TIDS).fill(NONE);
  #firstWokenAt: Float64Array = new Float64Array(INITIAL_TIDS).fill(NONE);
  #inverted = 0;

  constructor(options: WakeSpansOptions = {}) {
    this.#only = options.only;
    this.#fromNs = options.fromNs ?? 0;
  }

  /** Spans whose end was stamped before their start; they were counted as 0. */
  get inverted(): number {
    return this.#inverted;
  }

  event(timeNs: number, kind: number, _cpu: number, tid: number, arg0: number, _arg1: number): void {
    if (timeNs < this.#fromNs) return;
    switch (kind) {
      case TRACE_SCHED_WAKING:
        if (this.#counts(tid)) this.#woken(timeNs, tid);
        break;
      case TRACE_SCHED_WAKEUP:
        if (this.#counts(tid)) this.#queued(timeNs, tid);
        break;
      case TRACE_SCHED_SWITCH:
        // prev first: a task may switch to itself, and then the wait that ends here is the one that counts.
        if (arg0 !== tid && arg0 < this.#queuedAt.length) this.#queuedAt[arg0] = NONE;
        this.#end(this.#queuedAt, tid, timeNs, this.queuedToRunning);
        break;
      case TRACE_SYS_ENTER:
        if (tid < this.#firstWokenAt.length) this.#firstWokenAt[tid] = NONE;
        break;
      case TRACE_SYS_EXIT:
        this.#end(this.#firstWokenAt, tid, timeNs, this.wakeToUser);
        break;
      case TRACE_TASK_EXIT:
        this.#forget(tid);
        break;
      default:
        break;
    }
  }

  summary(): WakeSummary {
    return {
      wakeToQueued: this.wakeToQueued.summary(),
      queuedToRunning: this.queuedToRunning.summary(),
      wakeToUser: this.wakeToUser.summary(),
    };
  }

  #counts(tid: number): boolean {
    return this.#only === undefined || this.#only(tid);
  }

  #woken(timeNs: number, tid: number): void {
    if (tid >= this.#wokenAt.length) this.#grow(tid);
    if (this.#wokenAt[tid] === NONE) this.#wokenAt[tid] = timeNs;
    if (this.#firstWokenAt[tid] === NONE) this.#firstWokenAt[tid] = timeNs;
  }

  #queued(timeNs: number, tid: number): void {
    if (tid >= this.#queuedAt.length) this.#grow(tid);
    this.#end(this.#wokenAt, tid, timeNs, this.wakeToQueued);
    if (this.#queuedAt[tid] === NONE) this.#queuedAt[tid] = timeNs;
  }

  #end(starts: Float64Array, tid: number, timeNs: number, into: Histogram): void {
    // Beyond the arrays no span was ever opened, and a tid that is none reads undefined.
    const start = starts[tid];
    if (start === undefined || start === NONE) return;
    starts[tid] = NONE;
    if (timeNs < start) this.#inverted++;
    into.record(Math.max(0, Math.round(timeNs - start)));
  }

  #forget(tid: number): void {
    if (tid >= this.#wokenAt.length) return;
    this.#wokenAt[tid] = NONE;
    this.#queuedAt[tid] = NONE;
    this.#firstWokenAt[tid] = NONE;
  }

  #grow(tid: number): void {
    if (tid >= MAX_TIDS)
      throw new TraceError("ERR_TRACE_VALUE", `tid ${tid} is beyond the limit of ${MAX_TIDS}`);
    let length = this.#wokenAt.length;
    while (length <= tid) length *= 2;
    const wider = (old: Float64Array): Float64Array => {
      const grown = new Float64Array(length).fill(NONE);
      grown.set(old);
      return grown;
    };
    this.#wokenAt = wider(this.#wokenAt);
    this.#queuedAt = wider(this.#queuedAt);
    this.#firstWokenAt = wider(this.#firstWokenAt);
  }
}
