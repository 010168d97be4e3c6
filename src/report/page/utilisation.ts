/** Where the time of each vCPU went: the simulator's own accounts, which add up to the nanosecond. */
import type { CpuShare } from "../model/report-data.ts";
import { rangesOf } from "../model/rows.ts";
import { shortTime } from "../model/time-axis.ts";
import type { ChartRun } from "./charts.ts";
import { el } from "./dom.ts";

type Use = readonly [
  key: "userNs" | "systemNs" | "interruptNs" | "idleExitNs" | "idleNs",
  name: string,
  colour: string,
];

const USES: readonly Use[] = [
  ["userNs", "user mode", "--use-user"],
  ["systemNs", "kernel", "--use-system"],
  ["interruptNs", "interrupts", "--use-irq"],
  ["idleExitNs", "leaving idle", "--use-exit"],
  ["idleNs", "idle", "--use-idle"],
];

export function utilisationSection(runs: readonly ChartRun[]): HTMLElement {
  const legend = USES.map(([, name, colour]) =>
    el("li", {}, el("span", { class: "swatch", style: `--c: var(${colour})` }), name),
  );
  const head = el(
    "div",
    { class: "section-head" },
    el("h2", {}, "Utilisation of the vCPUs"),
    el("ul", { class: "legend" }, ...legend),
  );
  const blocks = runs.map(({ run, colour }) => {
    const rows = el(
      "div",
      { class: "use-rows" },
      ...run.cpus.filter(wasBusy).flatMap(rowOf),
      ...idleRow(run.cpus),
    );
    if (runs.length === 1) return el("div", {}, rows);
    const swatch = el("span", { class: "swatch", style: `--c: var(${colour})` });
    return el("div", {}, el("h3", {}, swatch, ` ${run.label}`), rows);
  });
  return el(
    "section",
    { "aria-label": "Utilisation" },
    head,
    el("div", { class: runs.length > 1 ? "uses pair" : "uses" }, ...blocks),
  );
}

function wasBusy({ idleNs, wallNs }: CpuShare): boolean {
  return idleNs < wallNs;
}

/** Those that had nothing to do, in one line. */
function idleRow(cpus: readonly CpuShare[]): HTMLElement[] {
  const idle = cpus.filter((share) => !wasBusy(share)).map(({ cpu }) => cpu);
  if (idle.length === 0) return [];
  return [el("span", { class: "idle-cpus" }, `idle all the time: vCPU ${rangesOf(idle)}`)];
}

function rowOf(share: CpuShare): HTMLElement[] {
  const whole = Math.max(1, share.wallNs);
  const words = USES.map(([key, name]) => `${name} ${percent(share[key] / whole)}`);
  const bars = USES.filter(([key]) => share[key] > 0 && key !== "idleNs").map(([key, name, colour]) =>
    el("span", {
      style: `--c: var(${colour}); width: ${((100 * share[key]) / whole).toFixed(3)}%`,
      title: `${name}: ${shortTime(share[key], 4)}, ${percent(share[key] / whole)}`,
    }),
  );
  const label = `vCPU ${share.cpu}: ${words.join(", ")}`;
  return [
    el("span", {}, `vCPU ${share.cpu}`),
    el("div", { class: "use-bar", role: "img", "aria-label": label, title: label }, ...bars),
    el("span", { class: "busy" }, percent(1 - share.idleNs / whole)),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
