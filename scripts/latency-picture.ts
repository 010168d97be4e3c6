/**
 * The picture of wake latency in the README, docs/wake-latency.svg: the same ping-pong over UMCG, woken as Linux wakes by
 * default and with WF_CURRENT_CPU, on a bare machine and in a virtual one.
 *
 *     npm run picture
 *
 * Virtual time, so the file is the same wherever it is made; test/latency-picture.test.ts holds the stored one to that. Curves are
 * named where they are: a legend would have to be matched by colour. Light or dark is the reader's choice.
 */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { BenchRun } from "../src/bench/run-bench.ts";
import { umcgSwap } from "../src/bench/workloads/umcg-swap.ts";
import { commonRange, cumulative } from "../src/report/model/distribution.ts";
import { shortTime } from "../src/report/model/time-axis.ts";
import type { HistogramJson } from "../src/trace/index.ts";

export const PICTURE: string = resolve(import.meta.dirname, "../docs/wake-latency.svg");

const WAKES = [
  { wake: "current-cpu", hue: "a", name: "WF_CURRENT_CPU" },
  { wake: "any", hue: "b", name: "plain wake-up" },
] as const;
const PANELS = [
  { profile: "native", name: "bare metal", top: 44 },
  { profile: "guest", name: "virtual machine", top: 190 },
] as const;
const CURVES = PANELS.flatMap((panel) => WAKES.map((wake) => ({ panel, ...wake })));

const [WIDTH, HEIGHT] = [760, 370];
const PANEL_HEIGHT = 120;
const [LEFT, RIGHT] = [52, 740];

function measure({ panel: { profile }, wake }: (typeof CURVES)[number]): HistogramJson {
  const run = new BenchRun({
    workload: umcgSwap,
    loops: 5000,
    vcpus: 8,
    profile,
    wake,
    jitter: true,
    seed: 1,
    clock: () => 0,
  });
  while (!run.advance());
  return run.spans.wakeToUser.toJSON();
}

/** The picture, as the text of an SVG file. */
export function latencyPicture(): string {
  const histograms = CURVES.map(measure);
  const [low, high] = commonRange(histograms);
  const x = (ns: number): number => LEFT + (Math.log10(ns / low) / Math.log10(high / low)) * (RIGHT - LEFT);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${described(histograms)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="page" width="${WIDTH}" height="${HEIGHT}" rx="6"/>`,
    text(LEFT, 20, "title", "From the wake-up of a worker to its first instruction in user mode"),
    ...PANELS.flatMap(({ name, top }) => panel(name, x, heights(top), low, high)),
    ...timeAxis(x, low, high),
    ...CURVES.flatMap((curve, at) => drawn(curve, histograms[at]!, x)),
    text(
      LEFT,
      HEIGHT - 10,
      "",
      "share of 10 000 wake-ups that took at most so long; umcg-swap on 8 vCPUs, with jitter",
    ),
    "</svg>",
  ].join("\n")}\n`;
}

const STYLE = `
.page { fill: #fcfcfb; }
text { font: 12px system-ui, sans-serif; fill: #5f646b; }
.title { font-size: 14px; font-weight: 600; fill: #1b1d20; }
.name { fill: #1b1d20; }
.grid { stroke: #e2e2dd; }
.a, .b { fill: none; stroke-width: 2; }
.a { stroke: #1f5fa8; }
.b { stroke: #b4560f; }
@media (prefers-color-scheme: dark) {
  .page { fill: #15171a; }
  text { fill: #a2a8b0; }
  .title, .name { fill: #e9eaeb; }
  .grid { stroke: #2d3137; }
  .a { stroke: #7db4f0; }
  .b { stroke: #f0a868; }
}
`;

type Scale = (value: number) => number;

function heights(top: number): Scale {
  return (share) => top + (1 - share) * PANEL_HEIGHT;
}

function panel(name: string, x: Scale, y: Scale, low: number, high: number): string[] {
  const rules = [0, 0.5, 1].flatMap((share) => [
    `<path class="grid" d="M${LEFT} ${round(y(share))}H${RIGHT}"/>`,
    text(LEFT - 8, y(share) + 4, "", `${100 * share} %`, "end"),
  ]);
  const times = ticks(low, high).map((ns) => `<path class="grid" d="M${round(x(ns))} ${y(1)}V${y(0)}"/>`);
  return [...rules, ...times, text(LEFT + 8, y(1) + 16, "name", name)];
}

function timeAxis(x: Scale, low: number, high: number): string[] {
  const under = PANELS[PANELS.length - 1]!.top + PANEL_HEIGHT + 18;
  return ticks(low, high).map((ns) => text(x(ns), under, "", shortTime(ns), "middle"));
}

function ticks(low: number, high: number): number[] {
  const decades: number[] = [];
  for (let decade = 10 ** Math.floor(Math.log10(low)); decade <= high; decade *= 10) decades.push(decade);
  return decades
    .flatMap((decade) => [decade, 2 * decade, 5 * decade])
    .filter((ns) => low <= ns && ns <= high);
}

/** A staircase, with its name and median beside it: right of it, if there is room. */
function drawn(
  { panel: { top }, hue, name }: (typeof CURVES)[number],
  histogram: HistogramJson,
  x: Scale,
): string[] {
  const y = heights(top);
  const points = cumulative(histogram);
  const steps = points.x.map((ns, i) => `H${round(x(ns))}V${round(y(points.y[i]!))}`);
  const path = `M${round(x(points.x[0]!))} ${y(0)}${steps.join("")}`;
  const lower = points.x[points.y.findIndex((share) => share > 0.3)]!;
  const [from, to] = [x(lower) - 12, x(histogram.p99) + 4];
  const left = to + ROOM > RIGHT;
  const label = (share: number, content: string): string =>
    text(left ? from : to, y(share), "name", content, left ? "end" : "start");
  return [
    `<path class="${hue}" d="${path}"/>`,
    label(0.55, name),
    label(0.55 - 16 / PANEL_HEIGHT, `half within ${shortTime(histogram.p50)}`),
  ];
}

/** For the longest name, px. */
const ROOM = 125;

function described(histograms: readonly HistogramJson[]): string {
  const medians = CURVES.map(
    (curve, at) => `${curve.panel.name}, ${curve.name} ${shortTime(histograms[at]!.p50)}`,
  );
  return `Distribution of wake latencies. Medians: ${medians.join("; ")}.`;
}

function text(x: number, y: number, style: string, content: string, anchor = "start"): string {
  return `<text x="${round(x)}" y="${round(y)}" class="${style}" text-anchor="${anchor}">${content}</text>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

if (process.argv[1] === import.meta.filename) writeFileSync(PICTURE, latencyPicture());
