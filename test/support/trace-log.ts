/** Sinks for tests: every event of a trace kept, found by kind and fields, or boiled down to a digest. */

import { NR_FUTEX, NR_MADVISE } from "../../src/kernel-sim/constants.ts";
import { TRACE_PAGE_FAULT, TRACE_SYS_ENTER, type TraceEvent } from "../../src/trace/events.ts";
import { TraceHash } from "../../src/trace/hash.ts";
import type { TraceSink } from "../../src/trace/sink.ts";

/** Some fields of an event. */
export type Pattern = Partial<TraceEvent>;

export function matches(event: TraceEvent, pattern: Pattern): boolean {
  return Object.entries(pattern).every(([field, value]) => event[field as keyof TraceEvent] === value);
}

export class TraceLog implements TraceSink {
  readonly events: TraceEvent[] = [];

  event(timeNs: number, kind: number, cpu: number, tid: number, arg0: number, arg1: number): void {
    this.events.push({ timeNs, kind, cpu, tid, arg0, arg1 });
  }

  /** The events that have these fields, in the order of their effects. */
  all(pattern: Pattern): TraceEvent[] {
    return this.events.filter((event) => matches(event, pattern));
  }

  count(pattern: Pattern): number {
    return this.all(pattern).length;
  }

  /** The one event that has these fields. */
  single(pattern: Pattern): TraceEvent {
    const found = this.all(pattern);
    if (found.length !== 1) throw new Error(`${found.length} events have ${JSON.stringify(pattern)}`);
    return found[0]!;
  }

  /** The events strictly between two of them, in the order of their effects. */
  between(first: TraceEvent, last: TraceEvent): TraceEvent[] {
    return this.events.slice(this.events.indexOf(first) + 1, this.events.indexOf(last));
  }
}

/** A sink that is told of each event as it happens, when the ring holds one event (`traceEvents: 1`). */
export function watcher(see: (event: TraceEvent) => void): TraceSink {
  return {
    event: (timeNs, kind, cpu, tid, arg0, arg1) => see({ timeNs, kind, cpu, tid, arg0, arg1 }),
  };
}

/** A digest in which user addresses count from `base`, so that it does not depend on the size of the kernel region. */
export class RelativeHash implements TraceSink {
  readonly #hash: TraceHash = new TraceHash();
  readonly #base: number;

  constructor(base: number) {
    this.#base = base;
  }

  event(timeNs: number, kind: number, cpu: number, tid: number, arg0: number, arg1: number): void {
    const a = kind === TRACE_PAGE_FAULT ? arg0 - this.#base : arg0;
    const b =
      kind === TRACE_SYS_ENTER && (arg0 === NR_FUTEX || arg0 === NR_MADVISE) ? arg1 - this.#base : arg1;
    this.#hash.event(timeNs, kind, cpu, tid, a, b);
  }

  digest(): string {
    return this.#hash.digest();
  }
}
