/** Durations and rates as people write them: `4us`, `1.5ms`, `300krps`, `2500`. */
import { SpecError } from "./spec-error.ts";

const NS_PER: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };
const RPS_PER: Readonly<Record<string, number>> = { "": 1, rps: 1, krps: 1e3, mrps: 1e6 };

/** ns of a duration above 0. Throws SpecError. */
export function parseDuration(text: string): number {
  const { value, unit } = split(text);
  const ns = value * (NS_PER[unit] ?? Number.NaN);
  if (ns > 0 && ns < Number.POSITIVE_INFINITY) return ns;
  throw new SpecError(text, "a duration such as 500ns, 4us, 10ms or 1s");
}

/** Requests a second, above 0. Throws SpecError. */
export function parseRate(text: string): number {
  const { value, unit } = split(text);
  const rate = value * (RPS_PER[unit.toLowerCase()] ?? Number.NaN);
  if (rate > 0 && rate < Number.POSITIVE_INFINITY) return rate;
  throw new SpecError(text, "a rate such as 2500, 300krps or 1.2Mrps");
}

/** Plain decimals only: no exponent, no sign. */
function split(text: string): { readonly value: number; readonly unit: string } {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?|\.\d+)([A-Za-z]*)$/.exec(text) ?? [];
  return { value: number === "" ? Number.NaN : Number(number), unit };
}

/** The shortest way to write a duration that is exact. */
export function formatDuration(ns: number): string {
  for (const [unit, per] of Object.entries(NS_PER).toReversed()) {
    const value = ns / per;
    if (value >= 1 && Number((value * per).toFixed(3)) === ns && String(value).length <= 7)
      return `${value}${unit}`;
  }
  return `${ns}ns`;
}
