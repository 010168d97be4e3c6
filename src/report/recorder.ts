/** What a run leaves for its report: the beginning of its trace, and the words for the numbers in it. */
import type { TraceNames } from "../trace/names.ts";
import { EventLog } from "./model/event-log.ts";
import { collectNames, type NameTable } from "./model/name-table.ts";
import { packEvents } from "./model/packing.ts";

/** Events of a report of one run. */
export const MAX_EVENTS = 1_000_000;

export interface Recorded {
  readonly packed: Uint8Array;
  readonly count: number;
  /** Events behind those that were kept. */
  readonly dropped: number;
  readonly names: NameTable;
}

export class Recorder extends EventLog {
  readonly #names: TraceNames;

  /** `names` are asked when the run is over. */
  constructor(names: TraceNames, limit: number = MAX_EVENTS) {
    super(limit);
    this.#names = names;
  }

  /** The run is over. */
  finished(): Recorded {
    const { length: count, dropped } = this;
    return { packed: packEvents(this), count, dropped, names: collectNames(this, this.#names) };
  }
}
