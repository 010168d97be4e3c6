/** What follows the first event of a race without happening after it: the part of a reversal that is made before the second event. */
import { IntList } from "../int-list.ts";
import type { Path } from "../path.ts";
import type { Trace } from "../trace.ts";
import { Sequence } from "./sequence.ts";

/** All that was collected, whatever the second event follows from. */
const ALL: number = Number.MAX_SAFE_INTEGER;

/** Whether what begins, at `at`, with this step of `actor` has been explored or will be. */
export type Begun = (at: number, actor: number, alternative: number) => boolean;

export class Collected {
  readonly steps: Sequence;
  /** How much of it, from the first step on, the second event follows from, as far as that is known. */
  past: number = ALL;
  readonly #trace: Trace;
  /** Where in the trace each step was. */
  readonly #origins: number[] = [];
  /** Which of the steps are chosen after the race, in one way of several. */
  readonly choices: IntList = new IntList();

  constructor({ system, trace }: Path) {
    this.#trace = trace;
    this.steps = new Sequence(system.footprints);
  }

  /** Events behind `earlier` and before `end`, without `later`. Returns how many were looked at. */
  collect(earlier: number, later: number, end: number): number {
    const trace = this.#trace;
    const { steps } = this;
    steps.clear();
    this.past = ALL;
    this.choices.clear();
    const { clocks, stride } = trace;
    const actor = trace.actor[earlier]!;
    for (let k = earlier + 1; k < end; k++) {
      if (k === later || clocks[k * stride + actor]! > earlier) continue;
      if (k > later && trace.ways[k]! > 1) this.choices.push(steps.length);
      this.#origins[steps.length] = k;
      steps.push(trace.actor[k]!, trace.alternative[k]!, trace.footprint[k]!);
    }
    return end - earlier;
  }

  /** Nothing is to be made before the second event. */
  clear(): void {
    this.steps.clear();
    this.choices.clear();
  }

  /** Where in the trace step `i` was. */
  originOf(i: number): number {
    return this.#origins[i]!;
  }

  /** Puts what happens before an event before the rest, and says how much that is. */
  putBefore(event: number): void {
    const { steps } = this;
    let before = 0;
    for (let i = 0; i < steps.length; i++) {
      if (!this.#trace.ordered(this.#origins[i]!, event)) continue;
      steps.bringForward(i, before);
      this.#origins.splice(before++, 0, ...this.#origins.splice(i, 1));
    }
    this.past = before;
  }

  /** Leaves what happens before an event; -1: nothing. */
  keepBefore(event: number): void {
    const { steps } = this;
    for (let i = steps.length - 1; i >= 0; i--) {
      if (event >= 0 && this.#trace.ordered(this.#origins[i]!, event)) continue;
      steps.remove(i);
      this.#origins.splice(i, 1);
    }
  }

  /** Is there, at `at`, somebody who begins what `later` follows from, and that? */
  isBegun(at: number, later: number, begun: Begun): boolean {
    const trace = this.#trace;
    const { steps } = this;
    let first = true;
    for (let i = 0; i < steps.length; i++) {
      if (!trace.ordered(this.#origins[i]!, later)) continue;
      first = false;
      const actor = steps.actor[i]!;
      const begins = steps.firstOf(actor) === i && steps.isInitial(i);
      if (begins && begun(at, actor, steps.alternative[i]!)) return true;
    }
    return first && begun(at, trace.actor[later]!, trace.alternative[later]!);
  }

  /** The steps into `into`, with step `chosen` made in another way, and nothing that later choices or that one have led to. */
  copyUpTo(chosen: number, way: number, into: Sequence): void {
    const { steps } = this;
    into.clear();
    for (let i = 0; i < steps.length; i++) {
      const other = i === chosen;
      if (!other && this.#followsChoice(i, chosen)) continue;
      into.push(steps.actor[i]!, other ? way : steps.alternative[i]!, steps.footprint[i]!);
    }
  }

  /** Whether step `i` follows from the choice `chosen` or a later one. */
  #followsChoice(i: number, chosen: number): boolean {
    for (let c = 0; c < this.choices.length; c++) {
      const at = this.choices.at(c);
      if (at >= chosen && this.#trace.ordered(this.#origins[at]!, this.#origins[i]!)) return true;
    }
    return false;
  }
}
