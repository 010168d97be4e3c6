/**
 * A calibration: each probe gets an equal share of the time, and what they bring home becomes a cost profile.
 *
 *     const calibration = new Calibration({ machine: probes, base: PROFILES.guest, seconds: 3, clock });
 *     while (!calibration.advance());
 *     const { profile } = calibration.result();
 *
 * It goes in short stretches, so that a command can show progress and be interrupted; a result can be had at any time, and
 * what has not been measured by then is the base's.
 */
import type { CostModel } from "../../hosts/virtual/cost-model.ts";
import type { StepSource } from "../../hosts/virtual/cost-sources.ts";
import type { StepName } from "../../kernel-sim/steps.ts";
import { deriveSteps } from "./derive.ts";
import type { Probes } from "./probes.ts";
import { Readings, SERIES, type SeriesName, type SeriesSummary } from "./readings.ts";

export interface CalibrationOptions {
  readonly machine: Probes;
  readonly base: CostModel;
  /** Name of the profile. */
  readonly name: string;
  /** Time for all probes together. */
  readonly seconds: number;
  /** Wall clock, ms. */
  readonly clock: () => number;
}

/** A profile as `parseCostProfile` takes it: every step with its price, and where that comes from. */
export interface CalibratedProfile {
  readonly name: string;
  readonly base: string;
  readonly steps: Readonly<Record<StepName, number>>;
  readonly sources: Readonly<Record<StepName, StepSource>>;
}

export interface CalibrationResult {
  readonly profile: CalibratedProfile;
  /** Every series that has samples. */
  readonly series: Readonly<Partial<Record<SeriesName, SeriesSummary>>>;
}

/** Stretches of one probe, should the clock stand still. */
const MAX_STRETCHES = 100_000;

export class Calibration {
  readonly #options: CalibrationOptions;
  readonly #readings: Readings = new Readings();
  #probe = 0;
  #stretches = 0;
  #until: number;

  constructor(options: CalibrationOptions) {
    this.#options = options;
    this.#until = options.clock() + this.#share;
  }

  /** Share of the probes that is behind, 0 to 1. */
  get progress(): number {
    return this.#probe / this.#options.machine.probes.length;
  }

  /** Runs to the end, or until `stop` (asked after each stretch) says so. Returns whether it is at the end. */
  advance(stop?: () => boolean): boolean {
    const { machine, clock } = this.#options;
    while (this.#probe < machine.probes.length) {
      machine.probes[this.#probe]!.take(this.#readings);
      if (clock() >= this.#until || ++this.#stretches >= MAX_STRETCHES) this.#next();
      if (stop?.() === true) break;
    }
    return this.#probe === machine.probes.length;
  }

  result(): CalibrationResult {
    const { machine, base, name } = this.#options;
    const { steps, sources } = deriveSteps(this.#readings, base, machine.timerSlackNs);
    const series = SERIES.map((one) => [one, this.#readings.summary(one)] as const);
    return {
      profile: { name, base: base.name, steps, sources },
      series: Object.fromEntries(series.filter(([, summary]) => summary !== undefined)),
    };
  }

  get #share(): number {
    return (this.#options.seconds * 1000) / this.#options.machine.probes.length;
  }

  #next(): void {
    this.#probe++;
    this.#stretches = 0;
    this.#until = this.#options.clock() + this.#share;
  }
}
