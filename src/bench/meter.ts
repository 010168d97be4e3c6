/**
 * The stretch of a run that is measured: from the first round behind the warm-up to the end of the last round.
 *
 * Everything in a result is about this stretch: virtual and wall time, switches, IPIs and spans. Set-up and tear-down of
 * a workload are in none of them. Readings are taken by the leading task in user mode, on its own CPU's clock, so virtual
 * time is exact; the spans' sink joins the trace at that moment, so tracing costs nothing before.
 */

import type { StepAccount } from "../hosts/virtual/step-ledger.ts";
import type { Tid } from "../kernel-sim/ids.ts";
import type { Machine, RunResult } from "../machine.ts";
import { WakeSpans } from "../trace/spans.ts";
import type { Rounds } from "./workload.ts";

/** Rounds before the measured ones, by default: enough for every task to have been on the CPU it stays on. */
export const WARM_UP_ROUNDS = 16;

export interface Measured {
  readonly virtualNs: number;
  readonly wallMs: number;
  readonly switches: number;
  readonly ipis: number;
  /** What the steps of the stretch cost, and who paid. */
  readonly steps: readonly StepAccount[];
}

/** What the ledger has in `after` and had not in `before`. */
function difference(after: readonly StepAccount[], before: readonly StepAccount[]): StepAccount[] {
  return after.flatMap((line) => {
    const old = before.find(({ step, paidBy }) => step === line.step && paidBy === line.paidBy);
    const count = line.count - (old?.count ?? 0);
    return count === 0 ? [] : [{ ...line, count, ns: line.ns - (old?.ns ?? 0) }];
  });
}

export class Meter implements Rounds {
  readonly total: number;
  readonly warmUp: number;
  readonly spans: WakeSpans;
  /** The tasks whose wake-ups count; the workload's, set before the machine runs. */
  tasks: ReadonlySet<Tid> = new Set();
  /** Rounds finished. */
  finished = 0;

  readonly #machine: Machine;
  readonly #clock: () => number;
  readonly #wantsSpans: boolean;
  #before: RunResult | undefined;
  #after: RunResult | undefined;
  #stepsBefore: readonly StepAccount[] = [];
  #stepsAfter: readonly StepAccount[] = [];
  #removeSpans: () => void = () => {};
  #tracedBefore = false;
  #wallMs = 0;
  #resumedAt = 0;

  /** `warmUp` rounds, then `loops` to measure. `clock`: wall time, ms. */
  constructor(machine: Machine, warmUp: number, loops: number, clock: () => number, wantsSpans: boolean) {
    this.warmUp = warmUp;
    this.total = warmUp + loops;
    this.#machine = machine;
    this.#clock = clock;
    this.#wantsSpans = wantsSpans;
    this.spans = new WakeSpans({ only: (tid) => this.tasks.has(tid as Tid) });
  }

  onRound(round: number): void {
    this.finished = round;
    if (round === this.warmUp) this.#begin();
    if (round === this.total) this.#end();
  }

  /** When the measured rounds began, ns; 0: they have not. */
  get beganNs(): number {
    return this.#before?.virtualNs ?? 0;
  }

  /** The machine runs (again). */
  resume(): void {
    this.#resumedAt = this.#clock();
  }

  /** The machine has stopped running. */
  pause(): void {
    if (this.#before !== undefined && this.#after === undefined) this.#countWall();
  }

  /** The workload is not going to be run on: what was measured so far is all there is. Returns the measured rounds. */
  cut(): number {
    if (this.#before !== undefined && this.#after === undefined) this.#end();
    return Math.max(0, this.finished - this.warmUp);
  }

  /** What was measured; throws when the workload did not go through its rounds. */
  measured(): Measured {
    const [before, after] = [this.#before, this.#after];
    if (before === undefined || after === undefined) {
      throw new Error(`the workload went through ${this.finished} of ${this.total} rounds`);
    }
    return {
      virtualNs: after.virtualNs - before.virtualNs,
      wallMs: this.#wallMs,
      switches: after.switches - before.switches,
      ipis: after.ipis - before.ipis,
      steps: difference(this.#stepsAfter, this.#stepsBefore),
    };
  }

  #begin(): void {
    const { trace } = this.#machine;
    this.#tracedBefore = trace.on;
    if (this.#wantsSpans) {
      this.#removeSpans = trace.addSink(this.spans);
      trace.on = true;
    }
    this.#before = this.#machine.result();
    this.#stepsBefore = this.#machine.host.ledger.lines();
    this.#resumedAt = this.#clock();
  }

  #end(): void {
    this.#countWall();
    this.#after = this.#machine.result();
    this.#stepsAfter = this.#machine.host.ledger.lines();
    this.#removeSpans();
    this.#machine.trace.on = this.#tracedBefore;
  }

  #countWall(): void {
    const now = this.#clock();
    this.#wallMs += now - this.#resumedAt;
    this.#resumedAt = now;
  }
}
