/**
 * A slice of wall time: how a run that is synchronous lets the event loop have its turn.
 *
 * The host asks after each event whether to stop, and an event is at most some hundred steps of one CPU, so a slice ends
 * within a fraction of a ms of its time. What a machine does depends on nothing here: the same events happen in the same
 * order, however they are cut into slices.
 */

/** Wall ms of a slice unless told otherwise: a turn that long is not felt. */
export const SLICE_MS = 8;

/** Questions for one look at the clock, which costs as much as a simulated step. */
const ASKED_PER_LOOK = 4;

export class Slice {
  readonly #clock: () => number;
  readonly #end: number;
  #asked = 0;
  /** It has said that its time is over. */
  ended = false;

  /** Begins now, on a clock in ms. */
  constructor(ms: number, clock: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#end = clock() + ms;
  }

  /** Is it over? To be asked often. */
  over(): boolean {
    this.ended = ++this.#asked % ASKED_PER_LOOK === 0 && this.#clock() >= this.#end;
    return this.ended;
  }
}

/** Resolves when whatever waits for the event loop has had its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
