/**
 * One row of the timeline: slices that follow each other without gap or overlap, and how to draw a million of them.
 *
 * Level of detail is not a pyramid of averages but a sum: for every CHUNK-th slice the track keeps how much time was spent in
 * each state before it, so that the shares of any stretch of time are the difference of two look-ups, each a binary search and
 * at most CHUNK slices long. A column of pixels is drawn from exact shares at every zoom, and drawing costs by the pixels,
 * not by the events. Rejected: bins of powers of two (twice the memory, and a column between two bins is wrong by up to a bin);
 * drawing every slice (a million rectangles are a second).
 */
import { STATE_NONE, STATES } from "./states.ts";

const CHUNK = 16;
const FIRST_CAPACITY = 64;

export class Track {
  /** CPU or tid. */
  readonly id: number;
  readonly name: string;
  readonly isCpu: boolean;
  length = 0;
  starts: Float64Array = new Float64Array(FIRST_CAPACITY);
  states: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  /** What the state is about: of a running slice the tid (vCPU) or the CPU (task); of a blocked one the reason. */
  whats: Int32Array = new Int32Array(FIRST_CAPACITY);
  /** Number of the system call, -1: none. */
  calls: Int32Array = new Int32Array(FIRST_CAPACITY);
  endNs = 0;
  /** ROLE_ that the task last had. */
  role = 0;
  #sums: Float64Array = new Float64Array(0);
  /** Time in each state, in all. */
  #whole: Float64Array = new Float64Array(STATES);

  constructor(id: number, name: string, isCpu: boolean) {
    this.id = id;
    this.name = name;
    this.isCpu = isCpu;
  }

  /** State of the slice that is open. */
  get state(): number {
    return this.length === 0 ? STATE_NONE : this.states[this.length - 1]!;
  }

  /** Ends the open slice and begins another; a time before the open one's start is moved up to it. */
  enter(timeNs: number, state: number, what: number, call: number): void {
    const last = this.length - 1;
    if (last >= 0) {
      if (this.states[last] === state && this.whats[last] === what && this.calls[last] === call) return;
      if (timeNs <= this.starts[last]!) {
        this.states[last] = state;
        this.whats[last] = what;
        this.calls[last] = call;
        return;
      }
    }
    if (this.length === this.states.length) this.#grow();
    const i = this.length++;
    this.starts[i] = timeNs;
    this.states[i] = state;
    this.whats[i] = what;
    this.calls[i] = call;
  }

  /** Nothing follows. */
  finish(endNs: number): void {
    this.endNs = Math.max(endNs, this.length === 0 ? 0 : this.starts[this.length - 1]!);
    const chunks = Math.ceil(this.length / CHUNK) + 1;
    const sums = new Float64Array(chunks * STATES);
    const running = new Float64Array(STATES);
    for (let i = 0; i < this.length; i++) {
      if (i % CHUNK === 0) sums.set(running, (i / CHUNK) * STATES);
      running[this.states[i]!]! += this.endOf(i) - this.starts[i]!;
    }
    this.#sums = sums;
    this.#whole = running;
  }

  endOf(slice: number): number {
    return slice + 1 < this.length ? this.starts[slice + 1]! : this.endNs;
  }

  /** The slice at `timeNs`; -1: none has begun by then. */
  at(timeNs: number): number {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.starts[middle]! <= timeNs) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Time in each state up to `timeNs`, into `into`. */
  before(timeNs: number, into: Float64Array): void {
    const slice = this.at(Math.min(timeNs, this.endNs));
    if (slice < 0) {
      into.fill(0);
      return;
    }
    const first = slice - (slice % CHUNK);
    const from = (first / CHUNK) * STATES;
    for (let state = 0; state < STATES; state++) into[state] = this.#sums[from + state]!;
    for (let i = first; i < slice; i++) into[this.states[i]!]! += this.starts[i + 1]! - this.starts[i]!;
    into[this.states[slice]!]! += Math.min(timeNs, this.endNs) - this.starts[slice]!;
  }

  /** Any time at all in a state of these. */
  spends(of: (state: number) => boolean): boolean {
    for (let state = 0; state < STATES; state++) if (this.#whole[state]! > 0 && of(state)) return true;
    return false;
  }

  #grow(): void {
    const room = 2 * this.states.length;
    const [starts, states] = [new Float64Array(room), new Uint8Array(room)];
    const [whats, calls] = [new Int32Array(room), new Int32Array(room)];
    starts.set(this.starts);
    states.set(this.states);
    whats.set(this.whats);
    calls.set(this.calls);
    this.starts = starts;
    this.states = states;
    this.whats = whats;
    this.calls = calls;
  }
}
