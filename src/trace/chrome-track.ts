/**
 * One row of the timeline: a vCPU or a task, and the slice that is open on it.
 *
 * Events come in the order of effects, not of time (see ring.ts), so a slice may be asked to begin before
 * the one in front of it did. A row keeps the time it has reached and moves later slices up to that: they
 * can then never overlap, and the sequence of states stays what really happened. Rejected: sorting the
 * events by time first, which can put a wake before the sleep that it ended.
 */
import type { ChromeArrow, ChromeRecord, ChromeRecords } from "./chrome-records.ts";

/** A row of slices that follow each other without overlap. */
export class ChromeTrack<State extends string> {
  readonly pid: number;
  readonly tid: number;
  name: string;
  /** What the open slice stands for. Written by `enter` and `leave` alone. */
  state: State | "unknown" = "unknown";
  /** The open slice, unless there is none or it did not fit in the file. */
  slice: ChromeRecord | undefined;
  /** An arrow that has left the waker and not yet reached this row. */
  pending: ChromeArrow | undefined;

  readonly #records: ChromeRecords;
  #reachedNs = 0;

  constructor(records: ChromeRecords, pid: number, tid: number, name: string) {
    this.#records = records;
    this.pid = pid;
    this.tid = tid;
    this.name = name;
  }

  /** Ends the open slice and begins another. */
  enter(timeNs: number, state: State, label: string, args: string): void {
    this.leave(timeNs);
    this.state = state;
    this.slice = this.#records.open(this.pid, this.tid, this.#reachedNs, label, args);
  }

  /** Ends the open slice, if there is one. */
  leave(timeNs: number, state: State | "unknown" = "unknown"): void {
    this.#reachedNs = Math.max(this.#reachedNs, timeNs);
    if (this.slice !== undefined) this.#records.close(this.slice, this.#reachedNs);
    this.slice = undefined;
    this.state = state;
  }

  /** Starts an arrow in the open slice, which then cannot end before it. */
  depart(timeNs: number, name: string): ChromeArrow | undefined {
    if (this.slice === undefined) return undefined;
    this.#reachedNs = Math.max(this.#reachedNs, timeNs);
    return this.#records.depart(this.slice, timeNs, name);
  }

  /** The arrow on its way, if there is one, ends at the open slice, which has just begun. */
  arrive(): void {
    if (this.pending !== undefined && this.slice !== undefined) {
      this.#records.arrive(this.pending, this.slice);
    }
    this.pending = undefined;
  }
}
