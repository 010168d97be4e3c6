/** All groups of a report in one picture: a dot for each run, at its first figure (a time), on one logarithmic axis. */
import type { BenchReportData, RunData, RunGroup } from "../model/report-data.ts";
import { shortTime } from "../model/time-axis.ts";
import { el } from "./dom.ts";

const COLOURS = ["--run-0", "--run-1", "--run-2", "--run-3", "--run-4", "--run-5"] as const;

/** Room for the labels of the outermost ticks, as a ratio. */
const EDGE = 1.25;

/** Custom property of the colour of the i-th run of a group. */
export function runColour(i: number): string {
  return COLOURS[i % COLOURS.length]!;
}

export class MatrixChart {
  readonly element: HTMLElement;
  readonly #buttons: readonly HTMLButtonElement[];

  constructor(report: BenchReportData, choose: (group: number) => void) {
    const { groups, runs } = report;
    const times = runs.map(timeOf);
    const what = runs[0]!.figures[0]!.name;
    const [low, high] = rangeOf(times);
    const place = (ns: number): number => (100 * Math.log(ns / low)) / Math.log(high / low);
    const ticks = ticksIn(low, high);
    this.#buttons = groups.map((group, i) =>
      el("button", { type: "button", onclick: () => choose(i) }, group.name),
    );
    const rows = groups.flatMap((group, i) => {
      const own = group.runs.map((run) => runs[run]!);
      return [this.#buttons[i]!, trackOf(own, place, ticks)];
    });
    const axis = el("div", { class: "track", "aria-hidden": "true" });
    for (const ns of ticks)
      axis.append(el("span", { class: "tick", style: `left: ${place(ns)}%` }, shortTime(ns)));
    const chart = el(
      "div",
      { class: "matrix-rows" },
      ...rows,
      el("span", { class: "axis-name note" }, what),
      axis,
    );
    const head = el("div", { class: "section-head" }, el("h2", {}, "Every machine"), legendOf(groups, runs));
    const hint = el(
      "p",
      { class: "note" },
      `${what}, on a logarithmic axis. Choose a row to see its runs below.`,
    );
    this.element = el("section", { "aria-label": "Every machine" }, head, hint, chart);
  }

  /** The group that is shown below. */
  press(group: number): void {
    for (const [i, button] of this.#buttons.entries())
      button.setAttribute("aria-pressed", String(i === group));
  }
}

function timeOf({ figures }: RunData): number {
  return Math.max(1, figures[0]!.value);
}

/** None, if the groups have one run each: they are called by their rows. */
function legendOf(groups: readonly RunGroup[], runs: readonly RunData[]): HTMLElement {
  const several = groups.some((group) => group.runs.length > 1);
  const items = (several ? (groups[0]?.runs ?? []) : []).map((run, i) =>
    el("li", {}, el("span", { class: "swatch", style: `--c: var(${runColour(i)})` }), runs[run]!.label),
  );
  return el("ul", { class: "legend" }, ...items);
}

function trackOf(
  own: readonly RunData[],
  place: (ns: number) => number,
  ticks: readonly number[],
): HTMLElement {
  const words = own.map((run) => `${run.label} ${shortTime(timeOf(run), 4)}`).join(", ");
  const track = el("div", { class: "track", role: "img", "aria-label": words, title: words });
  for (const ns of ticks) track.append(el("span", { class: "grid", style: `left: ${place(ns)}%` }));
  const places = own.map((run) => place(timeOf(run)));
  const [from, to] = [Math.min(...places), Math.max(...places)];
  track.append(el("span", { class: "reach", style: `left: ${from}%; width: ${to - from}%` }));
  for (const [i, at] of [...places.entries()].reverse())
    track.append(
      el("span", { class: i < 2 ? "dot" : "dot ring", style: `left: ${at}%; --c: var(${runColour(i)})` }),
    );
  return track;
}

/** From a tick to another, so that there are at least two. */
function rangeOf(times: readonly number[]): readonly [low: number, high: number] {
  const [least, most] = [Math.min(...times) / 1.05, Math.max(...times) * 1.05];
  const ticks = ticksIn(least / 10, most * 10);
  return [ticks.findLast((ns) => ns <= least)! / EDGE, ticks.find((ns) => ns >= most)! * EDGE];
}

/** 1, 2 and 5 times powers of ten. */
function ticksIn(low: number, high: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high) + 1e-9; power++)
    for (const factor of [1, 2, 5]) {
      const ns = factor * 10 ** power;
      if (ns >= low * (1 - 1e-9) && ns <= high * (1 + 1e-9)) ticks.push(ns);
    }
  return ticks;
}
