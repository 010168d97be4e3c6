/** The stretch of time that is looked at: what zooming, panning and the map at the top move, and all timelines of a group share. */

/** Nobody can see less than this, ns. */
export const LEAST_SPAN_NS = 20;

export class Viewport {
  readonly #low: number;
  readonly #high: number;
  readonly #listeners: (() => void)[] = [];
  #start: number;
  #end: number;

  /** [low, high] is all there is. */
  constructor(low: number, high: number) {
    this.#low = low;
    this.#high = Math.max(high, low + LEAST_SPAN_NS);
    this.#start = this.#low;
    this.#end = this.#high;
  }

  get low(): number {
    return this.#low;
  }
  get high(): number {
    return this.#high;
  }
  get start(): number {
    return this.#start;
  }
  get end(): number {
    return this.#end;
  }
  get span(): number {
    return this.#end - this.#start;
  }
  get showsAll(): boolean {
    return this.#start === this.#low && this.#end === this.#high;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Shows [start, end], moved into what there is and not shorter than LEAST_SPAN_NS. */
  show(start: number, end: number): void {
    const span = Math.min(Math.max(end - start, LEAST_SPAN_NS), this.#high - this.#low);
    const from = Math.min(Math.max(start, this.#low), this.#high - span);
    if (from === this.#start && from + span === this.#end) return;
    this.#start = from;
    this.#end = Math.min(from + span, this.#high);
    for (const listener of this.#listeners) listener();
  }

  /** `factor` below 1 shows less. What is at `ns` stays where it is. */
  zoom(factor: number, ns: number = (this.#start + this.#end) / 2): void {
    const span = Math.min(Math.max(this.span * factor, LEAST_SPAN_NS), this.#high - this.#low);
    const start = ns - ((ns - this.#start) / this.span) * span;
    this.show(start, start + span);
  }

  /** By a share of what is shown; positive: later. */
  pan(share: number): void {
    const by = share * this.span;
    this.show(this.#start + by, this.#end + by);
  }

  all(): void {
    this.show(this.#low, this.#high);
  }
}
