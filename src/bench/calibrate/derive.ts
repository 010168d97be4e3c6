/**
 * From readings to the price of steps.
 *
 * | step                       | formula (p50 of each series; names of steps stand for their price)                    |
 * | -------------------------- | -------------------------------------------------------------------------------------- |
 * | syscallEntry + syscallExit | systemCall - nativeCall, in halves                                                     |
 * | cacheLine                  | lineHop - lineAlone                                                                    |
 * | ipiSend                    | notify - clock - notifyNobody - (syscall + wake + cacheLine)                            |
 * | ipiDeliver                 | roundTrip/2 - (notify - clock/2) - (idle exit + idleLoopExit + switch + syscallExit)   |
 * | timerInterrupt             | oversleep - slack - (idleLoopExit + switch + syscallExit)                              |
 * | minorFault                 | pageFault                                                                              |
 *
 * They are the sums of docs/costs.md solved for one unknown each. Two threads cannot be pinned from Node, so a hand-off
 * is between two CPUs when the machine has an idle one, and on one CPU when it has not: then nothing is left over for the
 * IPI and its price is the base's. What Node cannot reach at all (wake, block, switch, ...) is the base's, too. The 90th
 * percentile of a step is that of its series less the medians of what is subtracted.
 */
import { type CostModel, exitLatency } from "../../hosts/virtual/cost-model.ts";
import { baseSource, type StepSource } from "../../hosts/virtual/cost-sources.ts";
import { STEP_NAMES, type StepName } from "../../kernel-sim/steps.ts";
import type { Readings, SeriesName, SeriesSummary } from "./readings.ts";

/** Less than this is noise, not an IPI: the shortest published one takes 50 ns to send. */
const LEAST_IPI_NS = 50;

export interface Derived {
  readonly steps: Record<StepName, number>;
  readonly sources: Record<StepName, StepSource>;
}

export function deriveSteps(readings: Readings, base: CostModel, timerSlackNs: number): Derived {
  const derivation = new Derivation(readings, base);
  derivation.syscall();
  derivation.cacheLine();
  derivation.ipi();
  derivation.timer(timerSlackNs);
  derivation.fault();
  return { steps: derivation.steps, sources: derivation.sources };
}

class Derivation {
  readonly steps: Record<StepName, number>;
  readonly sources: Record<StepName, StepSource>;
  readonly #readings: Readings;
  readonly #base: CostModel;

  constructor(readings: Readings, base: CostModel) {
    this.#readings = readings;
    this.#base = base;
    this.steps = { ...base.steps };
    const unreachable = STEP_NAMES.map((step) => [step, baseSource(base.name, "Node cannot time it")]);
    this.sources = Object.fromEntries(unreachable) as Record<StepName, StepSource>;
  }

  syscall(): void {
    const series = this.#taken("systemCall", "syscallEntry", "syscallExit");
    const baseline = this.#taken("nativeCall", "syscallEntry", "syscallExit");
    if (series === undefined || baseline === undefined) return;
    const subtract = baseline.p50;
    const whole = Math.max(0, Math.round(series.p50 - subtract));
    const entry = Math.floor(whole / 2);
    this.#measured("syscallEntry", "systemCall", entry, (series.p90 - subtract) / 2, series);
    this.#measured("syscallExit", "systemCall", whole - entry, (series.p90 - subtract) / 2, series);
  }

  cacheLine(): void {
    const series = this.#taken("lineHop", "cacheLine");
    const alone = this.#taken("lineAlone", "cacheLine");
    if (series === undefined || alone === undefined) return;
    this.#measured("cacheLine", "lineHop", series.p50 - alone.p50, series.p90 - alone.p50, series);
  }

  ipi(): void {
    const notify = this.#taken("notify", "ipiSend", "ipiDeliver");
    const trip = this.#taken("roundTrip", "ipiSend", "ipiDeliver");
    const clock = this.#taken("clock", "ipiSend", "ipiDeliver")?.p50;
    const engine = this.#taken("notifyNobody", "ipiSend", "ipiDeliver")?.p50;
    if (notify === undefined || trip === undefined || clock === undefined || engine === undefined) return;
    const { syscallEntry, syscallExit, wake, cacheLine, idleLoopExit, switch: switching } = this.steps;
    const waker = clock + engine + syscallEntry + syscallExit + wake + cacheLine;
    const exit = exitLatency(this.#base.idleStates[this.#base.defaultIdleState]!, 0);
    // The round trip holds the two clock readings of `notify` and one at its end.
    const wakee = notify.p50 - clock / 2 + exit + idleLoopExit + switching + syscallExit;
    const [send, deliver] = [notify.p50 - waker, trip.p50 / 2 - wakee];
    if (send < LEAST_IPI_NS || deliver < 0) {
      const why = "the hand-off leaves no time for it: both threads on one CPU, or a CPU that polled";
      for (const step of ["ipiSend", "ipiDeliver"] as const)
        this.sources[step] = baseSource(this.#base.name, why);
      return;
    }
    this.#measured("ipiSend", "notify", send, notify.p90 - waker, notify);
    this.#measured("ipiDeliver", "roundTrip", deliver, trip.p90 / 2 - wakee, trip);
  }

  timer(slackNs: number): void {
    const series = this.#taken("oversleep", "timerInterrupt");
    if (series === undefined) return;
    const { idleLoopExit, switch: switching, syscallExit } = this.steps;
    const subtract = slackNs + idleLoopExit + switching + syscallExit;
    if (series.p50 < subtract) {
      const why = "a timed sleep overshoots by less than the slack and the way out of idle";
      this.sources.timerInterrupt = baseSource(this.#base.name, why);
      return;
    }
    this.#measured("timerInterrupt", "oversleep", series.p50 - subtract, series.p90 - subtract, series);
  }

  fault(): void {
    const series = this.#taken("pageFault", "minorFault");
    if (series === undefined) return;
    this.#measured("minorFault", "pageFault", series.p50, series.p90, series);
  }

  /** A series, or nothing: then the steps that hang on it are the base's. */
  #taken(series: SeriesName, ...steps: readonly StepName[]): SeriesSummary | undefined {
    const summary = this.#readings.summary(series);
    if (summary !== undefined) return summary;
    for (const step of steps) this.sources[step] = baseSource(this.#base.name, "no sample was taken");
    return undefined;
  }

  #measured(step: StepName, probe: string, p50: number, p90: number, { samples }: SeriesSummary): void {
    const price = Math.max(0, Math.round(p50));
    this.steps[step] = price;
    const tail = Math.max(price, Math.round(p90));
    this.sources[step] = { from: "measured", probe, p50: price, p90: tail, samples };
  }
}
