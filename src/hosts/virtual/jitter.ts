/**
 * Seeded noise on step costs: a log-normal whose median is the step's price and whose 99th percentile is 1.5 times it
 * for software steps and 2 times for steps that wait for another CPU or for hardware (docs/costs.md).
 *
 * The normal is a sum of twelve uniforms and the exponential a fixed polynomial: the same on every engine
 * (random/pinned-math.ts). Draws are independent of what other machines in the process do.
 */
import {
  type CostStep,
  STEP_IPI_DELIVER,
  STEP_IPI_SEND,
  STEP_TIMER_INTERRUPT,
} from "../../kernel-sim/steps.ts";
import { exp } from "../../random/pinned-math.ts";
import { Sfc32 } from "../../random/sfc32.ts";

const Z99 = 2.3263478740408408;
const LN_SOFTWARE = 0.4054651081081644; // ln 1.5
const LN_HARDWARE = Math.LN2;

/** A stream of noise on prices, the same for a seed on every engine. */
export class Jitter {
  readonly #stream: Sfc32;

  /** Any integer seed. */
  constructor(seed: number) {
    this.#stream = new Sfc32(seed);
  }

  /** A whole number of ns, at least 0, for a step whose price is `ns`. */
  sample(step: CostStep, ns: number): number {
    const hardware = step === STEP_IPI_SEND || step === STEP_IPI_DELIVER || step === STEP_TIMER_INTERRUPT;
    const sigma = (hardware ? LN_HARDWARE : LN_SOFTWARE) / Z99;
    return Math.round(ns * exp(sigma * this.#normal()));
  }

  /** Irwin-Hall: the sum of twelve uniforms, minus its mean, has variance 1. */
  #normal(): number {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += this.#stream.next();
    return sum - 6;
  }
}
