/** The axes of the charts: where their ticks are, and what stands at them. */
import { shortTime } from "../model/time-axis.ts";

type Plot = import("uplot");

/** uPlot leaves out what it thinks too close on a logarithmic axis. */
export function keepAll(_: Plot, splits: number[]): number[] {
  return splits;
}

export function powersOfTen(_: Plot, __: number, low: number, high: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.ceil(Math.log10(low)); power <= Math.log10(high); power++) ticks.push(10 ** power);
  return ticks;
}

/** 1 to 9 times the powers of ten in a range. */
export function logTicks([low, high]: readonly [number, number]): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high) + 1e-9; power++)
    for (let factor = 1; factor < 10; factor++) ticks.push(factor * 10 ** power);
  return ticks.filter((ns) => ns >= low * (1 - 1e-9) && ns <= high * (1 + 1e-9));
}

export function isDecade(value: number): boolean {
  const power = Math.log10(value);
  return Math.abs(power - Math.round(power)) < 1e-9;
}

/** Of 1 to 9 only 1, 2 and 5 have a label. */
export function tickLabel(value: number): string {
  const factor = Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9));
  return [1, 2, 5].includes(factor) ? shortTime(value) : "";
}

export function percent(share: number | null): string {
  if (share === null) return "";
  const value = share * 100;
  return `${Number(value.toPrecision(value > 99 ? 5 : 3))} %`;
}

export function superscript(value: number): string {
  return [...String(value)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
}

export function translucent(rgb: string): string {
  return rgb.replace(/^rgb\((.*)\)$/, "rgba($1, 0.22)");
}
