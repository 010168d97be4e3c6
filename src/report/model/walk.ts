/**
 * Walking through an interleaving: where one is, what comes next, and what everything is worth there.
 *
 * Position 0 is before the first step, position k after step k - 1. With only context switches, one stops where an actor's run of
 * steps ends. Values are those after the step; going anywhere is adding up changes from the last kept position before it.
 */
import type { InterleavingData } from "./interleaving-data.ts";

/** What a step has to do with: a word or a lock that its text names, and its value before and after. */
export interface Access {
  readonly thing: number;
  readonly before: string;
  readonly after: string;
}

/** Positions between two that are kept whole. */
const KEPT = 64;

export class Walk {
  readonly #data: InterleavingData;
  /** Values at every KEPT-th position. */
  readonly #kept: string[][];
  /** By name: words and locks, by index. */
  readonly #named: ReadonlyMap<string, number>;
  #position = 0;
  onlySwitches = false;

  constructor(data: InterleavingData) {
    this.#data = data;
    this.#kept = [data.things.map(({ initial }) => initial)];
    this.#named = new Map(
      data.things.flatMap(({ group, name }, i) =>
        group === "words" || group === "locks" ? [[name, i]] : [],
      ),
    );
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

  /** Of the first thing that the step's text names. */
  access(step: number): Access | undefined {
    const words = this.#data.steps[step]!.what.split(/[\s,]+/);
    const thing = words.map((word) => this.#named.get(word)).find((known) => known !== undefined);
    if (thing === undefined) return undefined;
    return { thing, before: this.valuesAt(step)[thing]!, after: this.valuesAt(step + 1)[thing]! };
  }

  /** The position behind the next step that changes a thing, or the one before; undefined: there is none. */
  changeOf(thing: number, by: 1 | -1): number | undefined {
    const { steps } = this.#data;
    for (let step = this.#position + (by > 0 ? 0 : -2); step >= 0 && step < steps.length; step += by)
      if (steps[step]!.changes.some(([changed]) => changed === thing)) return step + 1;
    return undefined;
  }

  #apply(values: string[], from: number, to: number): void {
    for (let step = from; step < to; step++)
      for (const [thing, value] of this.#data.steps[step]!.changes) values[thing] = value;
  }
}
