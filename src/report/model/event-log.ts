/**
 * The events of a run as columns: what a report keeps of a trace, in Node and in the page.
 *
 * Rejected: objects (a million of them are 90 MB); the ring's own records (32 bytes each, of which a report needs 25, and a
 * sink does not see them).
 */
import type { TraceSink } from "../../trace/sink.ts";

const FIRST_CAPACITY = 4096;

export class EventLog implements TraceSink {
  readonly limit: number;
  length = 0;
  /** Events that found no room: the log has the beginning of the run only. */
  dropped = 0;
  times: Float64Array = new Float64Array(FIRST_CAPACITY);
  kinds: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  cpus: Int32Array = new Int32Array(FIRST_CAPACITY);
  tids: Int32Array = new Int32Array(FIRST_CAPACITY);
  args0: Int32Array = new Int32Array(FIRST_CAPACITY);
  args1: Int32Array = new Int32Array(FIRST_CAPACITY);

  /** `limit`: events at most. */
  constructor(limit: number) {
    this.limit = limit;
  }

  event(timeNs: number, kind: number, cpu: number, tid: number, arg0: number, arg1: number): void {
    if (this.length >= this.limit) {
      this.dropped++;
      return;
    }
    if (this.length === this.kinds.length) this.#grow();
    const i = this.length++;
    this.times[i] = Math.round(timeNs);
    this.kinds[i] = kind;
    this.cpus[i] = cpu;
    this.tids[i] = tid;
    this.args0[i] = arg0;
    this.args1[i] = arg1;
  }

  #grow(): void {
    const room = 2 * this.kinds.length;
    const longer = <A extends Float64Array | Uint8Array | Int32Array>(made: A, old: A): A => {
      made.set(old);
      return made;
    };
    this.times = longer(new Float64Array(room), this.times);
    this.kinds = longer(new Uint8Array(room), this.kinds);
    this.cpus = longer(new Int32Array(room), this.cpus);
    this.tids = longer(new Int32Array(room), this.tids);
    this.args0 = longer(new Int32Array(room), this.args0);
    this.args1 = longer(new Int32Array(room), this.args1);
  }
}
