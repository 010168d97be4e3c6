/**
 * Walking through an interleaving: where one is, what comes next, and what everything is worth there.
 *
 * Position 0 is before the first step, position k after step k - 1. With only context switches, one stops where an actor's run of
 * steps ends. Values are those after the step; going anywhere is adding up changes from the last kept position before it.
 */
import type { InterleavingData } from "./interleaving-data.ts";

/** Positions between two that are kept whole. */
const KEPT = 64;

export class Walk {
  readonly #data: InterleavingData;
  /** Values at every KEPT-th position. */
  readonly #kept: string[][];
  #position = 0;
  onlySwitches = false;

  constructor(data: InterleavingData) {
    this.#data = data;
    this.#kept = [data.things.map(({ initial }) => initial)];
  }

  get length(): number {
    return this.#data.steps.length;
  }
  get position(): number {
    return this.#position;
  }

  /** Goes to a position, or to the next there is. Returns whether that is another. */
  go(position: number): boolean {
    const to = Math.min(Math.max(Math.trunc(position) || 0, 0), this.length);
    const changed = to !== this.#position;
    this.#position = to;
    return changed;
  }
  next(): boolean {
    return this.go(this.#stop(this.#position, 1));
  }
  previous(): boolean {
    return this.go(this.#stop(this.#position, -1));
  }

  /** Does the run of an actor's steps end at this position? */
  isSwitch(position: number): boolean {
    const { steps } = this.#data;
    if (position <= 0 || position >= steps.length) return true;
    return steps[position - 1]!.actor !== steps[position]!.actor;
  }

  #stop(from: number, by: 1 | -1): number {
    let to = from + by;
    while (this.onlySwitches && to > 0 && to < this.length && !this.isSwitch(to)) to += by;
    return to;
  }

  /** First and last step of the run that step `step` is in. */
  runOf(step: number): readonly [first: number, last: number] {
    let [first, last] = [step, step];
    while (!this.isSwitch(first)) first--;
    while (!this.isSwitch(last + 1)) last++;
    return [first, last];
  }

  /** Of all things, at a position. */
  valuesAt(position: number): string[] {
    const chunk = Math.floor(position / KEPT);
    while (this.#kept.length <= chunk) {
      const values = [...this.#kept.at(-1)!];
      this.#apply(values, (this.#kept.length - 1) * KEPT, this.#kept.length * KEPT);
      this.#kept.push(values);
    }
    const values = [...this.#kept[chunk]!];
    this.#apply(values, chunk * KEPT, position);
    return values;
  }

  #apply(values: string[], from: number, to: number): void {
    for (let step = from; step < to; step++)
      for (const [thing, value] of this.#data.steps[step]!.changes) values[thing] = value;
  }
}
