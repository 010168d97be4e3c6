/** The timelines of a group, on one scale of time: whoever zooms one zooms all. */
import { namesOf } from "../model/name-table.ts";
import { unpackEvents } from "../model/packing.ts";
import type { RunData } from "../model/report-data.ts";
import { grouped } from "../model/time-axis.ts";
import { buildTimeline, type Timeline } from "../model/timeline.ts";
import { Viewport } from "../model/viewport.ts";
import type { ChartRun } from "./charts.ts";
import { el } from "./dom.ts";
import { readBytes } from "./load.ts";
import { TimelineView } from "./timeline-view.ts";

/** Slices of its busiest row that a timeline begins with. */
const FIRST_SLICES = 28;

/** What a swatch stands for, its colour, its shape. */
const LEGEND: readonly (readonly [string, string, string])[] = [
  ["server", "--state-5", ""],
  ["worker", "--state-7", ""],
  ["task", "--state-3", ""],
  ["paler: in the kernel", "--state-4", ""],
  ["runnable", "--state-9", "half"],
  ["blocked", "--state-10", "thin"],
  ["woken worker without a server", "--state-11", "half"],
  ["idle server", "--state-12", "half"],
  ["leaving idle", "--state-2", "half"],
];

export class Timelines {
  readonly element: HTMLElement;
  readonly #runs: readonly ChartRun[];
  readonly #grid: HTMLElement;
  readonly #buttons: HTMLElement = el("div", { class: "buttons" });
  /** Resolved when they are drawn. */
  readonly ready: Promise<void>;

  constructor(runs: readonly ChartRun[]) {
    this.#runs = runs;
    this.#grid = el("div", { class: runs.length > 1 ? "timelines pair" : "timelines" });
    const legend = LEGEND.map(([name, colour, shape]) =>
      el("li", {}, el("span", { class: `swatch ${shape}`, style: `--c: var(${colour})` }), name),
    );
    legend.push(el("li", {}, el("span", { class: "swatch arrow", "aria-hidden": "true" }, "→"), "wake-up"));
    const head = el("div", { class: "section-head" }, el("h2", {}, "Timeline"), this.#buttons);
    const keys = el("p", { class: "note" });
    keys.append(
      "Drag to pan, ",
      el("kbd", {}, "Ctrl"),
      " and the wheel to zoom; or ",
      el("kbd", {}, "←"),
      " ",
      el("kbd", {}, "→"),
    );
    keys.append(
      " ",
      el("kbd", {}, "+"),
      " ",
      el("kbd", {}, "−"),
      " ",
      el("kbd", {}, "Home"),
      " when it has the focus.",
    );
    this.element = el(
      "section",
      { "aria-label": "Timeline" },
      head,
      el("ul", { class: "legend" }, ...legend),
      this.#grid,
      keys,
    );
    this.ready = this.#show();
  }

  async #show(): Promise<void> {
    try {
      const all = await Promise.all(this.#runs.map(({ run }) => timelineOf(run)));
      const view = commonView(this.#runs, all);
      this.#addButtons(view);
      for (const [i, { run, colour }] of this.#runs.entries()) this.#add(run, colour, all[i]!, view);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.#grid.replaceChildren(el("p", { class: "problem" }, `The events cannot be read: ${problem}`));
    }
  }

  #add(run: RunData, colour: string, timeline: Timeline, view: Viewport): void {
    const several = this.#runs.length > 1;
    const shown = new TimelineView({
      title: several ? run.label : [run.workload, run.label].filter(Boolean).join(", "),
      colour: several ? colour : undefined,
      timeline,
      names: namesOf(run.timeline!.names),
      view,
      originNs: 0,
    });
    this.#grid.append(shown.element);
    const { count, dropped } = run.timeline!;
    if (dropped > 0)
      shown.element.append(
        el(
          "p",
          { class: "timeline-status" },
          `The first ${grouped(count)} events; ${grouped(dropped)} more are not in this file.`,
        ),
      );
  }

  #addButtons(view: Viewport): void {
    const actions: readonly (readonly [string, string, () => void])[] = [
      ["←", "Earlier", () => view.pan(-0.5)],
      ["→", "Later", () => view.pan(0.5)],
      ["−", "Zoom out", () => view.zoom(2)],
      ["+", "Zoom in", () => view.zoom(0.5)],
      ["All", "Show everything", () => view.all()],
    ];
    for (const [text, label, action] of actions)
      this.#buttons.append(
        el(
          "button",
          { type: "button", class: "icon", "aria-label": label, title: label, onclick: action },
          text,
        ),
      );
  }
}

/** Unpacked, and moved so that the measured rounds begin at 0. */
async function timelineOf(run: RunData): Promise<Timeline> {
  const { element, measuredFromNs, names: table, umcg } = run.timeline!;
  const log = unpackEvents(await readBytes(element));
  for (let i = 0; i < log.length; i++) log.times[i]! -= measuredFromNs;
  const names = namesOf(table);
  const taskName = (tid: number): string => names.taskName?.(tid) ?? `task ${tid}`;
  return buildTimeline(log, { vcpus: run.cpus.length, taskName, umcg });
}

/** All of it; to begin with, so much behind the warm-up that single wake-ups can be seen. */
function commonView(runs: readonly ChartRun[], all: readonly Timeline[]): Viewport {
  const low = Math.min(...all.map(({ startNs }) => startNs));
  const high = Math.max(...all.map(({ endNs }) => endNs));
  const view = new Viewport(low, high);
  const lengths = all.map(({ tasks, endNs }) => {
    const ends = tasks.map((track) => {
      const last = track.at(0) + FIRST_SLICES;
      return last < track.length ? track.starts[last]! : endNs;
    });
    return Math.min(...ends, endNs);
  });
  const shown = Math.min(...lengths) * (runs.length > 1 ? 2 : 1);
  if (shown > 0) view.show(-0.02 * shown, shown);
  return view;
}
