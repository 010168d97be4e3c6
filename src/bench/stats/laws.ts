/**
 * Laws of random durations, and how they are written.
 *
 * | text                              | law                                                            |
 * | --------------------------------- | -------------------------------------------------------------- |
 * | `fixed:10us`                      | always that                                                    |
 * | `exp:10us`                        | exponential with that mean                                     |
 * | `bimodal:99.5,4us,0.5,10ms`       | percent, value, percent, value                                 |
 * | `lognormal:10us,2`                | mean, and coefficient of variation (standard deviation / mean) |
 *
 * A draw is a whole number of ns, at least 1: mean and second moment are those of the law before rounding, which moves
 * them by less than 1/meanNs of themselves. Every draw takes numbers from one stream with arithmetic that is the same on
 * every engine (random/pinned-math.ts).
 */
import { exp, ln, normal } from "../../random/pinned-math.ts";
import type { Sfc32 } from "../../random/sfc32.ts";
import { formatDuration, parseDuration } from "./quantities.ts";
import { SpecError } from "./spec-error.ts";

/** A law of times, ns. */
export interface Law {
  /** As written. */
  readonly text: string;
  readonly meanNs: number;
  /** E[S^2], ns^2. */
  readonly secondMoment: number;
  /** The values of a law that has few of them, for statistics by value; empty for others. */
  readonly valuesNs: readonly number[];
  draw(stream: Sfc32): number;
}

export function fixed(ns: number): Law {
  return law(`fixed:${formatDuration(ns)}`, ns, ns * ns, [], () => ns);
}

export function exponential(meanNs: number): Law {
  const draw = (stream: Sfc32): number => -ln(stream.nextOpen()) * meanNs;
  return law(`exp:${formatDuration(meanNs)}`, meanNs, 2 * meanNs * meanNs, [], draw);
}

/** `share` of the draws, 0 to 1, are `firstNs`. */
export function bimodal(share: number, firstNs: number, secondNs: number): Law {
  const percent = (of: number): number => Number((100 * of).toPrecision(12));
  const modes = [percent(share), formatDuration(firstNs), percent(1 - share), formatDuration(secondNs)];
  return law(
    `bimodal:${modes.join(",")}`,
    share * firstNs + (1 - share) * secondNs,
    share * firstNs ** 2 + (1 - share) * secondNs ** 2,
    [firstNs, secondNs],
    (stream) => (stream.next() < share ? firstNs : secondNs),
  );
}

/** `cv`: standard deviation over mean. */
export function lognormal(meanNs: number, cv: number): Law {
  const variance = ln(1 + cv * cv);
  const [mu, sigma] = [ln(meanNs) - variance / 2, Math.sqrt(variance)];
  const draw = (stream: Sfc32): number => exp(mu + sigma * normal(stream));
  return law(`lognormal:${formatDuration(meanNs)},${cv}`, meanNs, meanNs ** 2 * (1 + cv * cv), [], draw);
}

function law(
  text: string,
  meanNs: number,
  secondMoment: number,
  valuesNs: readonly number[],
  value: (stream: Sfc32) => number,
): Law {
  const draw = (stream: Sfc32): number => Math.max(1, Math.round(value(stream)));
  return { text, meanNs, secondMoment, valuesNs: valuesNs.map((ns) => Math.max(1, Math.round(ns))), draw };
}

/** Above it a lognormal's mean is in its far tail, where no run gets. */
const MAX_CV = 1000;

const LAWS = "one of exp:MEAN, fixed:TIME, bimodal:PERCENT,TIME,PERCENT,TIME, lognormal:MEAN,CV";

/** Throws SpecError naming the bad part. */
export function parseLaw(text: string): Law {
  const colon = text.indexOf(":");
  const name = colon < 0 ? text : text.slice(0, colon);
  const parts = colon < 0 ? [] : text.slice(colon + 1).split(",");
  const [first = "", second = "", third = "", fourth = ""] = parts;
  const count = (wanted: number): void => {
    if (parts.length !== wanted) throw new SpecError(text, LAWS);
  };
  switch (name) {
    case "exp":
      count(1);
      return exponential(parseDuration(first));
    case "fixed":
      count(1);
      return fixed(parseDuration(first));
    case "bimodal": {
      count(4);
      const [share, rest] = [parsePercent(first), parsePercent(third)];
      if (Math.abs(share + rest - 1) > 1e-9)
        throw new SpecError(text, "a law whose percentages add up to 100");
      return bimodal(share, parseDuration(second), parseDuration(fourth));
    }
    case "lognormal":
      count(2);
      return lognormal(parseDuration(first), parsePositive(second));
    default:
      throw new SpecError(name, LAWS);
  }
}

function parsePercent(text: string): number {
  const share = /^(\d+(\.\d+)?|\.\d+)$/.test(text) ? Number(text) / 100 : Number.NaN;
  if (share > 0 && share < 1) return share;
  throw new SpecError(text, "a percentage between 0 and 100");
}

function parsePositive(text: string): number {
  const value = /^(\d+(\.\d+)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= MAX_CV) return value;
  throw new SpecError(text, `a number above 0, at most ${MAX_CV}`);
}

/** Gaps between arrivals. */
export type ArrivalProcess = "poisson" | "deterministic";

export const ARRIVAL_PROCESSES: readonly ArrivalProcess[] = ["poisson", "deterministic"];

/** The next gap of a process with `meanNs` between arrivals: not rounded, so that sums of gaps do not drift. */
export function drawGap(process: ArrivalProcess, meanNs: number, stream: Sfc32): number {
  return process === "poisson" ? -ln(stream.nextOpen()) * meanNs : meanNs;
}
