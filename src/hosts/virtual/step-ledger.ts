/**
 * What each step cost and who paid: every charge of a machine, by step and payer. One of the two books of cpu-time.ts.
 *
 * Kept only when it is asked for: the counting costs 3 % of a simulated switch.
 */
import { type CostStep, STEP_NAMES } from "../../kernel-sim/steps.ts";

/** Columns of the ledger: the named steps; waiting for another CPU (`chargeNs`); hardware latency of leaving idle. */
const NAMES: readonly string[] = [...STEP_NAMES, "spin", "idleExit"];
const COLUMNS = NAMES.length;
export const SPIN: CostStep = STEP_NAMES.length;
export const IDLE_EXIT: CostStep = SPIN + 1;

// First column of each payer's row.
export const PAID_BY_TASK = 0;
export const PAID_BY_INTERRUPT: number = COLUMNS;
export const PAID_BY_IDLE: number = 2 * COLUMNS;
/** On its way between CPUs: passes while the receiver does something else, or sleeps. On no CPU's account. */
export const IN_FLIGHT: number = 3 * COLUMNS;
/** Set-up code, which runs on no CPU and before time. */
export const PAID_BY_NOBODY: number = 4 * COLUMNS;
const ROWS = 5;

/**
 * Who paid for a step: the `task` that ran, which is the `waker` where the step is part of a wake-up; the `wakee`, whose
 * way onto the CPU it was; an `idle` CPU on its way out; whoever an `interrupt` came upon; nobody yet (`in-flight`).
 */
export type Payer = "task" | "waker" | "wakee" | "idle" | "interrupt" | "in-flight" | "set-up";

/** One line of the ledger: a named step, "spin" or "idleExit". */
export interface StepAccount {
  readonly step: string;
  readonly paidBy: Payer;
  readonly count: number;
  readonly ns: number;
}

const PAYERS: readonly Payer[] = ["task", "interrupt", "idle", "in-flight", "set-up"];
/** What a task pays for as a waker. */
const OF_WAKERS: ReadonlySet<string> = new Set([
  "wake",
  "idleScan",
  "cacheLine",
  "cacheLineSmt",
  "cacheLineLlc",
  "cacheLineSocket",
  "ipiSend",
  "spin",
]);

function payerOf(row: number, step: string): Payer {
  if (step === "switch" && row !== 1) return "wakee";
  return row === 0 && OF_WAKERS.has(step) ? "waker" : PAYERS[row]!;
}

export class StepLedger {
  /** Row of whoever executes now. */
  payer: number = PAID_BY_NOBODY;
  declare readonly on: boolean;
  /** By row and column. */
  declare private readonly counts: Float64Array;
  declare private readonly ns: Float64Array;

  constructor(on: boolean) {
    this.on = on;
    this.counts = new Float64Array(ROWS * COLUMNS);
    this.ns = new Float64Array(ROWS * COLUMNS);
  }

  /** `step`, SPIN or IDLE_EXIT has cost `payer` (a row) `ns`. */
  enter(payer: number, step: CostStep, ns: number): void {
    this.counts[payer + step]!++;
    this.ns[payer + step]! += ns;
  }

  /** All that was paid on CPUs. */
  totalNs(): number {
    return this.ns.subarray(0, IN_FLIGHT).reduce((sum, ns) => sum + ns, 0);
  }

  /** The lines of the ledger that are not empty. */
  lines(): StepAccount[] {
    const lines: StepAccount[] = [];
    for (let at = 0; at < this.counts.length; at++) {
      const count = this.counts[at]!;
      if (count === 0) continue;
      const step = NAMES[at % COLUMNS]!;
      const paidBy = payerOf(Math.floor(at / COLUMNS), step);
      const before = lines.findIndex((line) => line.step === step && line.paidBy === paidBy);
      // A switch to the wakee is paid from two rows.
      const { count: more, ns } = lines[before] ?? { count: 0, ns: 0 };
      const line = { step, paidBy, count: count + more, ns: this.ns[at]! + ns };
      if (before < 0) lines.push(line);
      else lines[before] = line;
    }
    return lines;
  }
}
