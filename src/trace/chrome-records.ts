/**
 * The records of a Chrome trace file (Trace Event Format): a bounded list, and its JSON.
 *
 * Records are listed in the order in which what they show began, and sorted by time, stably, only when
 * written. That order is what binds an arrow where two slices meet: a viewer gives a flow event to the
 * latest slice of its track that stands before it in the file, so at equal times an arrow's start must
 * come before the slice that follows its own.
 *
 * Slices are complete events (X) rather than pairs (B, E): one record instead of two, and no unbalanced
 * pair in a file that was cut short. A slice is listed when it opens and gets its length when it closes;
 * one that never closes, or has no length and no arrow at it, is left out of the file. The same goes for
 * an arrow whose other end never comes.
 *
 * Rejected: JSON text as the store (a slice could not be closed later, and text does not sort); one big
 * string as the output (V8 ends at half a gigabyte).
 */
import { micros } from "./micros.ts";

const LINES_A_CHUNK = 512;
const UNFINISHED = -1;

/** X slice, i instant, s start of an arrow, f its finish, C counter. */
export type ChromePhase = "X" | "i" | "s" | "f" | "C";

/** One event of the file. `durationNs` is negative while it is not to be written. */
export interface ChromeRecord {
  readonly phase: ChromePhase;
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
  /** JSON text of the arguments, or empty. */
  readonly args: string;
  /** Both ends of an arrow have the same; otherwise 0. */
  readonly id: number;
  startNs: number;
  durationNs: number;
  /** An arrow starts or ends here, so that it is kept even without a length. */
  pinned: boolean;
}

/** What only one phase has. */
function detailOf({ phase, durationNs, id }: ChromeRecord): string {
  switch (phase) {
    case "X":
      return `"cat":"sched","dur":${micros(durationNs)}`;
    case "i":
      return `"cat":"event","s":"t"`;
    case "s":
      return `"cat":"wake","id":${id}`;
    case "f":
      return `"cat":"wake","id":${id},"bp":"e"`;
    case "C":
      return `"cat":"counter"`;
  }
}

function lineOf(record: ChromeRecord): string {
  const { phase, pid, tid, startNs, name, args } = record;
  const common = `"ph":"${phase}","pid":${pid},"tid":${tid},"ts":${micros(startNs)}`;
  const tail = args === "" ? "" : `,"args":${args}`;
  return `{${common},"name":${JSON.stringify(name)},${detailOf(record)}${tail}}`;
}

/** An arrow that has left the slice `from`, at an instant of its own there. */
export interface ChromeArrow {
  readonly from: ChromeRecord;
  readonly mark: ChromeRecord;
  readonly start: ChromeRecord;
}

/** A list of at most `limit` records. */
export class ChromeRecords {
  readonly #limit: number;
  readonly #list: ChromeRecord[] = [];
  #truncated = false;
  #arrows = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The limit was reached and something was left out. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /** Opens a slice; undefined when the list is full. */
  open(pid: number, tid: number, startNs: number, name: string, args: string): ChromeRecord | undefined {
    return this.#add("X", pid, tid, startNs, name, args, 0, UNFINISHED);
  }

  /** Gives an open slice its end. */
  close(slice: ChromeRecord, endNs: number): void {
    if (endNs > slice.startNs || slice.pinned) slice.durationNs = endNs - slice.startNs;
  }

  /** From here on the counter `name` of a process is `value`. */
  counter(pid: number, timeNs: number, name: string, unit: string, value: number): void {
    this.#add("C", pid, 0, timeNs, name, `{${JSON.stringify(unit)}:${value}}`, 0, 0);
  }

  instant(pid: number, tid: number, timeNs: number, name: string, args: string): void {
    this.#add("i", pid, tid, timeNs, name, args, 0, 0);
  }

  /**
   * Starts an arrow in the open slice `from`, with an instant to show where. Perfetto draws arrows between
   * records, not between times: without the instant it would leave from the end of the slice, or from
   * whatever instant stood there last. The arrow is written only if `arrive` follows.
   */
  depart(from: ChromeRecord, timeNs: number, name: string): ChromeArrow | undefined {
    const { pid, tid } = from;
    const at = Math.max(timeNs, from.startNs);
    const mark = this.#add("i", pid, tid, at, name, "", 0, 0);
    const start = this.#add("s", pid, tid, at, "wake", "", ++this.#arrows, UNFINISHED);
    if (mark === undefined || start === undefined) return undefined;
    from.pinned = true;
    return { from, mark, start };
  }

  /**
   * Ends an arrow at the start of the open slice `to`. An arrow cannot point back in time: its start is
   * moved to where its end is, as far as the slice it starts in reaches back, and beyond that there is no
   * arrow.
   */
  arrive({ from, mark, start }: ChromeArrow, to: ChromeRecord): void {
    if (to.startNs < from.startNs) return;
    const end = this.#add("f", to.pid, to.tid, to.startNs, start.name, "", start.id, 0);
    if (end === undefined) return;
    to.pinned = true;
    start.startNs = Math.min(start.startNs, to.startNs);
    start.durationNs = 0;
    mark.startNs = start.startNs;
  }

  /** The finished records as JSON, sorted by time, each with a comma in front; a few hundred to a chunk. */
  *chunks(): Generator<string, void, undefined> {
    const finished = this.#list.filter((record) => record.durationNs >= 0);
    finished.sort((a, b) => a.startNs - b.startNs);
    for (let i = 0; i < finished.length; i += LINES_A_CHUNK) {
      const lines = finished.slice(i, i + LINES_A_CHUNK).map(lineOf);
      yield `,\n${lines.join(",\n")}`;
    }
  }

  #add(
    phase: ChromePhase,
    pid: number,
    tid: number,
    startNs: number,
    name: string,
    args: string,
    id: number,
    durationNs: number,
  ): ChromeRecord | undefined {
    if (this.#list.length >= this.#limit) {
      this.#truncated = true;
      return undefined;
    }
    const record: ChromeRecord = { phase, pid, tid, name, args, id, startNs, durationNs, pinned: false };
    this.#list.push(record);
    return record;
  }
}
