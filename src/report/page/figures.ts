/** The numbers: key figures in large type, and the table of percentiles. */
import type { Figure } from "../model/report-data.ts";
import { grouped, shortTime } from "../model/time-axis.ts";
import type { ChartRun } from "./charts.ts";
import { el } from "./dom.ts";

/** From here on digits are in groups of three. */
const LARGE = 10_000;

function figureText({ unit, value }: Figure): string {
  if (unit === "ns") return shortTime(value, 4);
  const number =
    value < LARGE ? String(Number(value.toFixed(value < 10 ? 2 : 0))) : grouped(Math.round(value));
  return unit === "1/s" ? `${number}/s` : `${number} ${unit}`.trimEnd();
}

/** With several runs, each figure has a line for each of them. */
export function figuresOf(runs: readonly ChartRun[]): HTMLElement {
  const figures = runs[0]!.run.figures.map(({ name }, at) => {
    const values = runs.map(({ run, colour }) => {
      const text = figureText(run.figures[at]!);
      if (runs.length === 1) return el("div", { class: "value" }, text);
      const swatch = el("span", { class: "swatch", style: `--c: var(${colour})` });
      return el(
        "div",
        { class: "each" },
        swatch,
        el("span", { class: "value" }, text),
        el("span", { class: "who" }, run.label),
      );
    });
    return el("div", { class: "figure" }, el("div", { class: "name" }, name), ...values);
  });
  return el("div", { class: "figures" }, ...figures);
}

/** Percentiles of all that was measured, exact as far as a histogram of 8 significant bits is. */
export function percentiles(runs: readonly ChartRun[]): HTMLElement[] {
  const head = [
    "",
    ...(runs.length > 1 ? ["run"] : []),
    "min",
    "p50",
    "p90",
    "p99",
    "p99.9",
    "max",
    "samples",
  ];
  const rows = runs[0]!.run.distributions.flatMap(({ name }, at) =>
    runs.map(({ run }) => {
      const { min, p50, p90, p99, p999, max, count } = run.distributions[at]!.histogram;
      const cells = [min, p50, p90, p99, p999, max].map((ns) => shortTime(ns, 4));
      const who = runs.length > 1 ? [el("td", {}, run.label)] : [];
      return el(
        "tr",
        {},
        el("th", { scope: "row" }, name),
        ...who,
        ...cells.map((cell) => el("td", {}, cell)),
        el("td", {}, grouped(count)),
      );
    }),
  );
  const headings = head.map((name) => el("th", { scope: "col" }, name));
  const table = el("table", {}, el("thead", {}, el("tr", {}, ...headings)), el("tbody", {}, ...rows));
  const note =
    "Percentiles are those of the histograms, less than 0.4 % above the samples; least, greatest and count are exact.";
  return [
    el("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Percentiles" }, table),
    el("p", { class: "note" }, note),
  ];
}
