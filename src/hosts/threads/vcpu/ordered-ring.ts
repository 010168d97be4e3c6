/**
 * The trace of one CPU of real threads, each event with the section of the kernel it belongs to: how often the lock had been
 * taken. Within a section only its CPU emits, so the rings of all CPUs together have one order, that of effects. An event of
 * user mode's side of a border bears the number of the section before it or of a later one.
 *
 * Not by time: a wake-up is stamped with when its call began.
 */
import type { TraceEvent } from "../../../trace/events.ts";
import { TraceRing } from "../../../trace/ring.ts";

export interface OrderedEvent extends TraceEvent {
  readonly section: number;
}

export class OrderedRing extends TraceRing {
  readonly #sections: Float64Array;
  readonly #section: () => number;
  #emitted = 0;

  /** `section`: the number of the current one. */
  constructor(capacity: number, section: () => number) {
    super(capacity);
    this.#sections = new Float64Array(capacity);
    this.#section = section;
  }

  override emit(timeNs: number, kind: number, cpu: number, tid: number, arg0: number, arg1: number): void {
    this.#sections[this.#emitted % this.capacity] = this.#section();
    this.#emitted++;
    super.emit(timeNs, kind, cpu, tid, arg0, arg1);
  }

  /** What the ring holds, oldest first. */
  ordered(): OrderedEvent[] {
    const events = this.last(this.capacity);
    const first = this.#emitted - events.length;
    return events.map((event, index) => ({
      ...event,
      section: this.#sections[(first + index) % this.capacity]!,
    }));
  }
}

/** The rings of several CPUs as one, in the order of sections. */
export function inOrder(rings: readonly (readonly OrderedEvent[])[]): OrderedEvent[] {
  // Stable, and each ring is in order already.
  return rings.flat().sort((a, b) => a.section - b.section);
}
