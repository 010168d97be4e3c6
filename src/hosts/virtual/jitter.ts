/**
 * Seeded noise on step costs: a log-normal whose median is the step's price and whose 99th percentile is 1.5 times it
 * for software steps and 2 times for steps that wait for another CPU or for hardware (scheduler.md D.2).
 *
 * sfc32 gives the bits. The same stream must come out on every engine, and the last bits of Math.log, Math.cos and
 * Math.exp are left open by the standard: so the normal is a sum of twelve uniforms (no Box-Muller) and the
 * exponential a fixed polynomial. Draws are independent of what other machines in the process do.
 */
import {
  type CostStep,
  STEP_IPI_DELIVER,
  STEP_IPI_SEND,
  STEP_TIMER_INTERRUPT,
} from "../../kernel-sim/steps.ts";

const Z99 = 2.3263478740408408;
const LN_SOFTWARE = 0.4054651081081644; // ln 1.5
const LN_HARDWARE = Math.LN2;

export class Jitter {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** Any integer seed. */
  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = 0x9e3779b9 | 0;
    for (let i = 0; i < 12; i++) this.#next();
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
    for (let i = 0; i < 12; i++) sum += this.#next();
    return sum - 6;
  }

  /** sfc32 (Doty-Humphrey, PractRand): uniform in [0, 1). */
  #next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return (t >>> 0) / 4294967296;
  }
}

/** e^x for |x| <= 2 by its series: only additions, multiplications and divisions, so equal on every engine. */
export function exp(x: number): number {
  let term = 1;
  let sum = 1;
  for (let n = 1; n <= 24; n++) {
    term = (term * x) / n;
    sum += term;
  }
  return sum;
}
