/**
 * Latency on logarithmic axes: of each duration how its samples are distributed, all runs in one picture.
 *
 * All charts of a group have the same axis of time, so that one can look from one to the next. Drawn by uPlot, which is in the
 * file as a global; the page's own code says what, in which colours, and what a pointer reads.
 */
import type { HistogramJson } from "../../trace/histogram.ts";
import { commonRange, cumulative, logBins, type Points, tail } from "../model/distribution.ts";
import type { RunData } from "../model/report-data.ts";
import { exactTime, grouped, shortTime } from "../model/time-axis.ts";
import type { WakeSpan } from "../model/wakes.ts";
import {
  isDecade,
  keepAll,
  logTicks,
  percent,
  powersOfTen,
  superscript,
  tickLabel,
  translucent,
} from "./chart-axes.ts";
import { el, segmented } from "./dom.ts";
import { colour, onTheme } from "./theme.ts";

declare const uPlot: typeof import("uplot");
type Plot = import("uplot");
type Options = import("uplot").Options;
type Series = import("uplot").Series;

const HEIGHT = 210;
const BINS_PER_DECADE = 16;
/** What the label of a power of ten takes, and the other axis with its margin, pixels. */
const LABEL_WIDTH = 46;
const AXIS_WIDTH = 74;
/** Where an empty bin is drawn: below one sample, which a logarithmic axis cannot show as nothing. */
const NOTHING = 0.5;

export interface ChartRun {
  readonly run: RunData;
  /** Custom property of its colour. */
  readonly colour: string;
}

type Shape = "cdf" | "tail";
const SHAPES: Readonly<Record<Shape, string>> = {
  cdf: "Share of samples up to a time",
  tail: "Share of samples slower than a time",
};

/** Called with the bin of a histogram that was pressed: its bounds in ns. */
export type ChooseBin = (span: WakeSpan, low: number, high: number) => void;

/** The charts of a group of runs, with their switch. */
export class LatencyCharts {
  readonly element: HTMLElement;
  readonly #runs: readonly ChartRun[];
  readonly #grid: HTMLElement;
  readonly #choose: ChooseBin | undefined;
  #plots: Plot[] = [];
  #shape: Shape = "cdf";
  #width = 0;

  /** Without `choose` bins are to be looked at. */
  constructor(runs: readonly ChartRun[], choose?: ChooseBin) {
    this.#runs = runs;
    this.#choose = choose;
    this.#grid = el("div", {
      class: "charts",
      style: `--columns: ${columnsFor(runs[0]!.run.distributions.length)}`,
    });
    const shapes = [
      ["cdf", "Cumulative"],
      ["tail", "Tail"],
    ] as const;
    const choice = segmented("Shape of the upper charts", "shape", shapes, "cdf", (shape) => {
      this.#shape = shape as Shape;
      this.#draw();
    });
    const head = el("div", { class: "section-head" }, el("h2", {}, "Latency"), choice);
    this.element = el("section", { "aria-label": "Latency" }, head, this.#grid);
    new ResizeObserver(() => {
      if (this.#grid.clientWidth !== this.#width) this.#draw();
    }).observe(this.#grid);
    onTheme(() => this.#draw());
  }

  #draw(): void {
    if (!this.element.isConnected) return;
    this.#width = this.#grid.clientWidth;
    for (const plot of this.#plots) plot.destroy();
    this.#plots = [];
    this.#grid.replaceChildren();
    const all = this.#runs.flatMap(({ run }) => run.distributions.map(({ histogram }) => histogram));
    const range = commonRange(all);
    for (const at of this.#runs[0]!.run.distributions.keys()) this.#distribution(at, range);
  }

  #distribution(at: number, range: readonly [number, number]): void {
    const { name, note, wakes } = this.#runs[0]!.run.distributions[at]!;
    const choose = wakes === undefined ? undefined : this.#choose;
    const hint = choose === undefined ? "Point to read." : "Point to read; press a bar for its wake-ups.";
    const readout = el("div", { class: "readout", "aria-hidden": "true", "data-hint": hint });
    const [upper, lower] = [el("div", { class: "plot" }), el("div", { class: "plot" })];
    const spans = this.#runs.map(({ run }) => run.distributions[at]!.histogram);
    upper.setAttribute("role", "img");
    upper.setAttribute("aria-label", `${name}: ${this.#shape}, ${this.#inWords(spans)}`);
    lower.setAttribute("role", "img");
    lower.setAttribute("aria-label", `${name}: histogram, ${this.#inWords(spans)}`);
    const figure = el("div", { class: "chart" }, el("h3", {}, name), el("p", { class: "note" }, note));
    const caption = (text: string): HTMLElement => el("p", { class: "caption" }, text);
    figure.append(caption(SHAPES[this.#shape]), upper, caption("Samples"), lower, readout);
    this.#grid.append(figure);
    const width = Math.max(200, figure.clientWidth);
    if (spans.every(({ count }) => count === 0)) {
      upper.replaceChildren(el("p", { class: "note" }, "No samples."));
      return;
    }
    readout.textContent = hint;
    const context = { width, range, readout, runs: this.#runs };
    const bins = binsPlot(lower, spans, context);
    this.#plots.push(sharesPlot(upper, spans, this.#shape, context), bins);
    if (choose === undefined) return;
    lower.classList.add("can-press");
    lower.addEventListener("click", () => {
      const i = bins.cursor.idx;
      const [low, high] = [bins.data[0][i ?? -1], bins.data[0][(i ?? -1) + 1]];
      if (i !== null && low !== undefined && high !== undefined) choose(wakes!, low, high);
    });
  }

  #inWords(spans: readonly HistogramJson[]): string {
    return this.#runs
      .map(
        ({ run }, i) => `${run.label}: median ${shortTime(spans[i]!.p50)}, p99 ${shortTime(spans[i]!.p99)}`,
      )
      .join("; ");
  }
}

interface Context {
  readonly width: number;
  readonly range: readonly [number, number];
  readonly readout: HTMLElement;
  readonly runs: readonly ChartRun[];
}

function sharesPlot(
  host: HTMLElement,
  spans: readonly HistogramJson[],
  shape: Shape,
  context: Context,
): Plot {
  const points = spans.map((span) =>
    extended(shape === "cdf" ? cumulative(span) : tail(span), shape, context),
  );
  const least = Math.min(...spans.map(({ count }) => 1 / (2 * Math.max(1, count))));
  const scale =
    shape === "cdf"
      ? { range: (): [number, number] => [0, 1] }
      : { distr: 3 as const, range: (): [number, number] => [least, 1] };
  const label = shape === "cdf" ? "share up to" : "share slower than";
  const options = optionsOf(context, scale, (_, values) => values.map(percent));
  options.series.push(...context.runs.map((run, i) => stepped(run, i)));
  const told = (plot: Plot, i: number): string => {
    const shares = context.runs.map(({ run }, r) => `${run.label} ${percent(before(plot, r + 1, i))}`);
    return `${label} ${exactTime(plot.data[0][i]!)}: ${shares.join(", ")}`;
  };
  options.hooks = { setCursor: [(plot: Plot) => tell(plot, context.readout, told)] };
  return new uPlot(options, joined(points), host);
}

/** The first and the last share go on to the edges of the chart. */
function extended({ x, y }: Points, shape: Shape, { range }: Context): Points {
  const [first, last] = shape === "cdf" ? [0, 1] : [1, y[y.length - 1] ?? 1];
  return { x: [range[0], ...x, range[1]], y: [first, ...y, last] };
}

function binsPlot(host: HTMLElement, spans: readonly HistogramJson[], context: Context): Plot {
  const bins = spans.map((span) => logBins(span, context.range[0], context.range[1], BINS_PER_DECADE));
  const most = Math.max(...bins.flatMap(({ counts }) => counts), 1);
  const scale = { distr: 3 as const, range: (): [number, number] => [NOTHING, most * 2] };
  const options = optionsOf(context, scale, (_, values) =>
    values.map((v) => (v < 1 ? "" : v >= 10_000 ? `10${superscript(Math.round(Math.log10(v)))}` : String(v))),
  );
  for (const [i, run] of context.runs.entries()) {
    const series = stepped(run, i);
    // More than two grounds one over the other have colours that nobody has.
    if (context.runs.length <= 2) {
      series.fill = translucent(colour(run.colour));
      series.fillTo = () => NOTHING;
    }
    series.width = 1.25;
    options.series.push(series);
  }
  const told = (plot: Plot, i: number): string => {
    const x = plot.data[0];
    const counts = context.runs.map(({ run }, r) => {
      const count = plot.data[r + 1]![i] ?? NOTHING;
      return `${run.label} ${count < 1 ? 0 : grouped(count)}`;
    });
    return `${shortTime(x[i]!)} to ${shortTime(x[i + 1] ?? x[i]!)}: ${counts.join(", ")}`;
  };
  options.hooks = { setCursor: [(plot: Plot) => tell(plot, context.readout, told)] };
  const [first] = bins;
  const columns = bins.map(({ counts }) => [...counts.map((count) => count || NOTHING), NOTHING]);
  return new uPlot(options, [first!.edges as number[], ...columns], host);
}

function tell(plot: Plot, readout: HTMLElement, told: (plot: Plot, i: number) => string): void {
  const i = plot.cursor.idx;
  readout.textContent = i === null || i === undefined ? readout.dataset["hint"]! : told(plot, i);
  readout.title = readout.textContent;
}

/** The value at index i or the last before it: steps hold until the next. */
function before(plot: Plot, series: number, i: number): number {
  for (let k = i; k >= 0; k--) {
    const value = plot.data[series]![k];
    if (value !== null && value !== undefined) return value;
  }
  return 0;
}

function optionsOf(
  { width, range }: Context,
  y: NonNullable<Options["scales"]>[string],
  labels: (plot: Plot, values: number[]) => string[],
): Options {
  const ink = colour("--muted");
  const grid = { stroke: colour("--line"), width: 1 };
  const wide = range[1] / range[0] > 150;
  const every = Math.ceil((LABEL_WIDTH * Math.log10(range[1] / range[0])) / (width - AXIS_WIDTH));
  const label = (value: number): string => {
    if (!isDecade(value)) return wide ? "" : tickLabel(value);
    return Math.round(Math.log10(value)) % every === 0 ? tickLabel(value) : "";
  };
  const axis = { stroke: ink, grid, ticks: { ...grid, size: 4 }, font: "11px system-ui, sans-serif" };
  return {
    width,
    height: HEIGHT,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { x: { time: false, distr: 3, range: () => [range[0], range[1]] }, y },
    axes: [
      {
        ...axis,
        size: 28,
        splits: () => logTicks(range),
        filter: keepAll,
        values: (_: Plot, values: number[]) => values.map(label),
      },
      { ...axis, size: 54, values: labels, ...(y.distr === 3 && { splits: powersOfTen, filter: keepAll }) },
    ],
    series: [{}],
  };
}

/** Four are a square. */
function columnsFor(charts: number): number {
  return charts === 4 ? 2 : Math.min(charts, 3);
}

/** From the third run on dashed: two wake modes often do the same, and one line must not hide the other. */
function stepped({ run, colour: name }: ChartRun, i: number): Series {
  return {
    label: run.label,
    stroke: colour(name),
    width: i < 2 ? 1.75 : 2.25,
    ...(i < 2 ? {} : { dash: [3, 4] }),
    points: { show: false },
    spanGaps: true,
    paths: uPlot.paths.stepped!({ align: 1 }),
  };
}

function joined(points: readonly Points[]): import("uplot").AlignedData {
  return uPlot.join(points.map(({ x, y }) => [x as number[], y as number[]]));
}
