/** The report of a benchmark: put together from its parts, one group of runs at a time. */
import type { BenchReportData } from "../model/report-data.ts";
import { type ChartRun, LatencyCharts } from "./charts.ts";
import { el } from "./dom.ts";
import { figuresOf, percentiles } from "./figures.ts";
import { commandLine, pageFoot, pageHead } from "./frame.ts";
import { readData } from "./load.ts";
import { MatrixChart, runColour } from "./matrix-chart.ts";
import { Timelines } from "./timelines.ts";
import { utilisationSection } from "./utilisation.ts";

const report = readData() as BenchReportData;
const LEDE = {
  virtual: "Measured in virtual time on a simulated machine.",
  real: "Measured in real time, on vCPUs that are threads.",
};
const body = el("div", {});

/** One table for all runs: where they differ, their values in the order of the runs. */
function configuration(runs: readonly ChartRun[]): HTMLElement {
  const rows = runs[0]!.run.settings.map(([name]) => {
    const values = new Set(
      runs.flatMap(({ run }) => run.settings.filter(([own]) => own === name).map(([, value]) => value)),
    );
    return el("div", {}, el("dt", {}, name), el("dd", {}, [...values].join(", ")));
  });
  const head = el("div", { class: "section-head" }, el("h2", {}, "Configuration"));
  return el("section", { "aria-label": "Configuration" }, head, el("dl", { class: "settings" }, ...rows));
}

/** A number and its unit stay on one line. */
function unbroken(text: string): string {
  return text.replace(/(\d) (?=%|[nuµm]?s\b)/g, "$1\u00a0");
}

function showGroup(index: number): void {
  const group = report.groups[index]!;
  const runs = group.runs.map((run, i): ChartRun => ({ run: report.runs[run]!, colour: runColour(i) }));
  matrix?.press(index);
  const [first] = runs;
  const title = report.groups.length > 1 ? [el("h2", {}, group.name)] : [];
  const loop =
    first!.run.loop === undefined ? [] : [el("p", { class: "note" }, `A loop is ${first!.run.loop}.`)];
  const timelines = runs.every(({ run }) => run.timeline !== undefined) ? new Timelines(runs) : undefined;
  const measured = first!.run.distributions.length > 0;
  body.replaceChildren(
    el("section", { "aria-label": "Key figures" }, ...title, ...loop, figuresOf(runs)),
    ...(measured
      ? [new LatencyCharts(runs, timelines && ((...bin) => timelines.showBin(...bin))).element]
      : []),
    ...(measured ? [el("section", { "aria-label": "Percentiles" }, ...percentiles(runs))] : []),
    ...(timelines === undefined ? [] : [timelines.element]),
    ...(first!.run.cpus.length === 0 ? [] : [utilisationSection(runs)]),
    configuration(runs),
  );
  void (timelines?.ready ?? Promise.resolve()).then(() => {
    document.documentElement.dataset["ready"] = String(index);
  });
}

const matrix = report.groups.length > 1 ? new MatrixChart(report, showGroup) : undefined;
const app = document.getElementById("app")!;
app.append(
  pageHead(report.title, `${LEDE[report.time]} Charts by uPlot.`),
  ...(report.reading === "" ? [] : [el("p", { class: "reading" }, unbroken(report.reading))]),
  commandLine(report.command),
  ...(matrix === undefined ? [] : [matrix.element]),
  body,
  pageFoot(report.version),
);
showGroup(0);
