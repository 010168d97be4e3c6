/** The numbers: key figures in large type, and the table of spans. */
import { type RunData, SPAN_KEYS, type SpanKey } from "../model/report-data.ts";
import { grouped, shortTime } from "../model/time-axis.ts";
import type { ChartRun } from "./charts.ts";
import { el } from "./dom.ts";

const SPAN_NAMES: Readonly<Record<SpanKey, string>> = {
  wakeToUser: "wake to user",
  wakeToQueued: "wake to queued",
  queuedToRunning: "queued to running",
};

type Figure = readonly [name: string, of: (run: RunData) => string];

const FIGURES: readonly Figure[] = [
  ["A hand-off takes", (run) => shortTime(run.nsPerOp, 4)],
  ["Wake to user, median", (run) => shortTime(run.spans.wakeToUser.p50, 4)],
  ["Wake to user, p99", (run) => shortTime(run.spans.wakeToUser.p99, 4)],
  ["IPIs a loop", (run) => perLoop(run.ipis / run.loops)],
  ["Switches a loop", (run) => perLoop(run.switches / run.loops)],
];

function perLoop(count: number): string {
  return String(Number(count.toFixed(count < 10 ? 2 : 0)));
}

/** With several runs, each figure has a line for each of them. */
export function figuresOf(runs: readonly ChartRun[]): HTMLElement {
  const figures = FIGURES.map(([name, of]) => {
    const values = runs.map(({ run, colour }) => {
      if (runs.length === 1) return el("div", { class: "value" }, of(run));
      const swatch = el("span", { class: "swatch", style: `--c: var(${colour})` });
      return el(
        "div",
        { class: "each" },
        swatch,
        el("span", { class: "value" }, of(run)),
        el("span", { class: "who" }, run.label),
      );
    });
    return el("div", { class: "figure" }, el("div", { class: "name" }, name), ...values);
  });
  return el("div", { class: "figures" }, ...figures);
}

/** Percentiles of all spans, exact as far as a histogram of 8 significant bits is. */
export function spansTable(runs: readonly ChartRun[]): HTMLElement {
  const head = [
    "span",
    ...(runs.length > 1 ? ["run"] : []),
    "min",
    "p50",
    "p90",
    "p99",
    "p99.9",
    "max",
    "samples",
  ];
  const rows = SPAN_KEYS.flatMap((key) =>
    runs.map(({ run }) => {
      const { min, p50, p90, p99, p999, max, count } = run.spans[key];
      const cells = [min, p50, p90, p99, p999, max].map((ns) => shortTime(ns, 4));
      const who = runs.length > 1 ? [el("td", {}, run.label)] : [];
      return el(
        "tr",
        {},
        el("th", { scope: "row" }, SPAN_NAMES[key]),
        ...who,
        ...cells.map((cell) => el("td", {}, cell)),
        el("td", {}, grouped(count)),
      );
    }),
  );
  const headings = head.map((name) => el("th", { scope: "col" }, name));
  const table = el("table", {}, el("thead", {}, el("tr", {}, ...headings)), el("tbody", {}, ...rows));
  return el("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Percentiles" }, table);
}
