/**
 * A ring of typed trace events.
 *
 * Records are 32 bytes of one ArrayBuffer, seen as Float64 (word 0-1: time in ns) and as Int32 (words 2-6:
 * kind, cpu, tid, arg0, arg1; word 7 spare), so that `emit` is six stores, one index update and one
 * comparison. Nothing is allocated after construction. An argument wider than 32 bits keeps its low 32
 * bits.
 *
 * Two modes. With sinks, events are handed over when the ring is full and on `flush()`; none is ever lost.
 * Without, the ring is a flight recorder: the newest `capacity` events are kept and `dropped` counts the
 * others. In both, `last(n)` shows the newest, delivered or not, for an error report.
 *
 * Order. The order in the ring is the order of effects, and that is the order sinks see. The timestamp of
 * an event may be later than that of the event after it, by the time its CPU still owes for work whose
 * effect has been applied; so an exporter that wants time order sorts by time, stably, and a span between
 * two CPUs may come out negative. (It may also be earlier: a wake is stamped with when the call began.)
 *
 * `on` is a plain field for the caller to test (`if (trace.on) trace.emit(...)`): off costs one load and
 * no call. Rejected: testing it in `emit` (the arguments would be computed for nothing); objects in an
 * array (some 90 bytes of garbage an event); delivery at each emit (a call per sink per event, in the
 * middle of the kernel's hot path).
 */
import { TraceError } from "./error.ts";
import type { TraceEvent } from "./events.ts";
import type { TraceSink } from "./sink.ts";

const DEFAULT_CAPACITY = 65_536;
const MAX_CAPACITY = 1 << 24; // half a gigabyte
const RECORD_BYTES = 32;

/**
 * The newest events of a machine, and the way to everything that listens to them.
 *
 * ```ts
 * const trace = new TraceRing();
 * const remove = trace.addSink(new TraceHash());
 * if (trace.on) trace.emit(nowNs, TRACE_TICK, cpu, tid, 0, 0);
 * remove(); // delivers what is pending first
 * ```
 */
export class TraceRing {
  /** Callers emit only while this is true. Anyone may write it. */
  on: boolean = true;
  readonly capacity: number;

  readonly #times: Float64Array;
  readonly #words: Int32Array;
  readonly #mask: number;
  readonly #sinks: TraceSink[] = [];
  /** Slot of the next event. */
  #next = 0;
  /**
   * Slot of the oldest event not yet accounted for: delivered to the sinks, or counted as one lap without
   * any.
   */
  #start = 0;
  /** Every slot holds an event. */
  #full = false;
  /** The events before `#start` were kept for nobody, so that overwriting them is a loss. */
  #lapped = false;
  #lost = 0;
  #delivering = false;

  constructor(capacity: number = DEFAULT_CAPACITY) {
    if (
      !Number.isInteger(capacity) ||
      capacity < 1 ||
      capacity > MAX_CAPACITY ||
      (capacity & (capacity - 1)) !== 0
    ) {
      throw new TraceError(
        "ERR_TRACE_CAPACITY",
        `capacity must be a power of two up to 2^24, not ${capacity}`,
      );
    }
    const buffer = new ArrayBuffer(capacity * RECORD_BYTES);
    this.capacity = capacity;
    this.#mask = capacity - 1;
    this.#times = new Float64Array(buffer);
    this.#words = new Int32Array(buffer);
  }

  /** Records one event. See events.ts for the meaning of the fields. */
  emit(timeNs: number, kind: number, cpu: number, tid: number, arg0: number, arg1: number): void {
    const slot = this.#next;
    const words = this.#words;
    const word = slot << 3;
    this.#times[slot << 2] = timeNs;
    words[word + 2] = kind;
    words[word + 3] = cpu;
    words[word + 4] = tid;
    words[word + 5] = arg0;
    words[word + 6] = arg1;
    const next = (slot + 1) & this.#mask;
    this.#next = next;
    if (next === this.#start) this.#lap();
  }

  /**
   * Adds a listener for the events emitted from now on; earlier ones are not repeated to it. Returns a
   * function that delivers what is pending and removes it; calling that again does nothing.
   */
  addSink(sink: TraceSink): () => void {
    this.#assertNotDelivering("addSink");
    if (this.#sinks.includes(sink))
      throw new TraceError("ERR_TRACE_SINK", "this sink is on the ring already");
    this.flush();
    if (this.#sinks.length === 0) this.#endRecording();
    this.#sinks.push(sink);
    let added = true;
    return () => {
      if (!added) return;
      this.#assertNotDelivering("remove");
      added = false;
      try {
        this.flush();
      } finally {
        this.#sinks.splice(this.#sinks.indexOf(sink), 1);
      }
    };
  }

  /** Delivers all pending events. Without sinks it does nothing: they stay what they are, a record. */
  flush(): void {
    this.#assertNotDelivering("flush");
    if (this.#sinks.length > 0 && this.#next !== this.#start)
      this.#deliver((this.#next - this.#start) & this.#mask);
  }

  /** Events overwritten while there was no sink, so that nobody ever saw them. */
  get dropped(): number {
    return this.#lost + (this.#lapped ? (this.#next - this.#start) & this.#mask : 0);
  }

  /** The newest `n` events (fewer if there are fewer), oldest of them first. */
  last(n: number): TraceEvent[] {
    if (!Number.isInteger(n) || n < 0)
      throw new TraceError("ERR_TRACE_VALUE", `cannot show the last ${n} events`);
    const count = Math.min(n, this.#stored());
    const events: TraceEvent[] = [];
    for (let i = count; i > 0; i--) events.push(this.#read((this.#next - i) & this.#mask));
    return events;
  }

  /** Delivers what is pending, then forgets every event and what was dropped. */
  clear(): void {
    this.flush();
    this.forget();
  }

  /** Forgets every event, also what is pending: nobody is to hear of it any more. */
  forget(): void {
    this.#assertNotDelivering("forget");
    this.#next = 0;
    this.#start = 0;
    this.#full = false;
    this.#lapped = false;
    this.#lost = 0;
  }

  /**
   * `#next` has come round to `#start`: `capacity` events are unaccounted for and the next one would hit the
   * first.
   */
  #lap(): void {
    this.#full = true;
    if (this.#sinks.length > 0) {
      this.#assertNotDelivering("emit");
      this.#deliver(this.capacity);
      return;
    }
    if (this.#lapped) this.#lost += this.capacity;
    this.#lapped = true;
  }

  /**
   * The first sink has come: from here on nothing is lost, and what lies in the ring is nobody's any more.
   */
  #endRecording(): void {
    this.#lost = this.dropped;
    this.#full ||= this.#next < this.#start;
    this.#lapped = false;
    this.#start = this.#next;
  }

  /**
   * Hands the `count` oldest undelivered events to every sink. A sink that throws misses the rest of the
   * batch, the others do not, and its error is thrown when they have been served: a checker that objects to
   * a trace must not make the digest of that trace wrong.
   */
  #deliver(count: number): void {
    const first = this.#start;
    const end = this.#next;
    let failed = false;
    let failure: unknown;
    this.#full ||= end < first;
    this.#start = end;
    this.#delivering = true;
    for (const sink of this.#sinks) {
      try {
        this.#serve(sink, first, count);
      } catch (error) {
        if (!failed) failure = error;
        failed = true;
      }
    }
    this.#delivering = false;
    if (failed) throw failure;
    if (this.#next !== end) throw new TraceError("ERR_TRACE_REENTRANT", "a sink emitted an event");
  }

  #serve(sink: TraceSink, first: number, count: number): void {
    const words = this.#words;
    for (let i = 0; i < count; i++) {
      const slot = (first + i) & this.#mask;
      const word = slot << 3;
      sink.event(
        this.#times[slot << 2]!,
        words[word + 2]!,
        words[word + 3]!,
        words[word + 4]!,
        words[word + 5]!,
        words[word + 6]!,
      );
    }
  }

  #read(slot: number): TraceEvent {
    const words = this.#words;
    const word = slot << 3;
    return {
      timeNs: this.#times[slot << 2]!,
      kind: words[word + 2]!,
      cpu: words[word + 3]!,
      tid: words[word + 4]!,
      arg0: words[word + 5]!,
      arg1: words[word + 6]!,
    };
  }

  #stored(): number {
    return this.#full || this.#next < this.#start ? this.capacity : this.#next;
  }

  #assertNotDelivering(what: string): void {
    if (this.#delivering) throw new TraceError("ERR_TRACE_REENTRANT", `${what} from within a sink's event()`);
  }
}
