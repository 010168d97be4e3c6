/** The timelines of a group, on one scale of time: whoever zooms one zooms all. */
import { Focus } from "../model/focus.ts";
import { namesOf } from "../model/name-table.ts";
import { unpackEvents } from "../model/packing.ts";
import type { RunData } from "../model/report-data.ts";
import { grouped } from "../model/time-axis.ts";
import { buildTimeline, type Timeline } from "../model/timeline.ts";
import { Viewport } from "../model/viewport.ts";
import { wakesOf } from "../model/wakes.ts";
import type { ChartRun } from "./charts.ts";
import { el } from "./dom.ts";
import { readBytes } from "./load.ts";
import { type SlowRun, SlowWakes } from "./slow-wakes.ts";
import { finder, keysNote, legendOf } from "./timeline-help.ts";
import { TimelineView } from "./timeline-view.ts";

/** Slices of its busiest row that a timeline begins with. */
const FIRST_SLICES = 28;

interface Shown {
  readonly run: RunData;
  readonly colour: string;
  readonly i: number;
  readonly view: Viewport;
  readonly focus: Focus;
}

export class Timelines {
  readonly element: HTMLElement;
  readonly #runs: readonly ChartRun[];
  readonly #grid: HTMLElement;
  readonly #buttons: HTMLElement = el("div", { class: "buttons" });
  readonly #legend: HTMLElement = el("ul", { class: "legend" });
  #slow: SlowWakes | undefined;
  /** Resolved when they are drawn. */
  readonly ready: Promise<void>;

  constructor(runs: readonly ChartRun[]) {
    this.#runs = runs;
    this.#grid = el("div", { class: runs.length > 1 ? "timelines pair" : "timelines" });
    const head = el("div", { class: "section-head" }, el("h2", {}, "Timeline"), this.#buttons);
    const parts = [head, this.#legend, this.#grid, keysNote()];
    this.element = el("div", {}, el("section", { "aria-label": "Timeline" }, ...parts));
    this.ready = this.#show();
  }

  /** The wake-ups of a bin of a histogram are listed, as soon as the events are read. */
  showBin(...bin: Parameters<SlowWakes["showBin"]>): void {
    this.#slow?.showBin(...bin);
  }

  async #show(): Promise<void> {
    try {
      const all = await Promise.all(this.#runs.map(({ run }) => timelineOf(run)));
      const view = commonView(this.#runs, all);
      const focus = new Focus();
      this.#addButtons(view, all, focus);
      this.#legend.replaceChildren(...legendOf(all));
      const views = this.#runs.map(({ run, colour }, i) =>
        this.#add({ run, colour, i, view, focus }, all[i]!),
      );
      focus.onChange(() => {
        for (const shown of views) if (focus.tid !== undefined) shown.showRow(focus.tid);
      });
      this.#slow = new SlowWakes(
        this.#runs.map((one, i) => slowRun(one, all[i]!)),
        view,
        focus,
      );
      this.element.append(this.#slow.element);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.#grid.replaceChildren(el("p", { class: "problem" }, `The events cannot be read: ${problem}`));
    }
  }

  #add({ run, colour, i, view, focus }: Shown, timeline: Timeline): TimelineView {
    const several = this.#runs.length > 1;
    const shown = new TimelineView({
      title: several ? run.label : [run.workload, run.label].filter(Boolean).join(", "),
      colour: several ? colour : undefined,
      timeline,
      names: namesOf(run.timeline!.names),
      view,
      focus,
      run: i,
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
    return shown;
  }

  #addButtons(view: Viewport, all: readonly Timeline[], focus: Focus): void {
    this.#buttons.append(finder(all, focus));
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

function slowRun({ run, colour }: ChartRun, timeline: Timeline): SlowRun {
  const { names: table, measured, measuredFromNs } = run.timeline!;
  const names = namesOf(table);
  const toNs = measured === undefined ? undefined : measured.toNs - measuredFromNs;
  return {
    label: run.label,
    colour,
    timeline,
    names: {
      taskName: (tid) => names.taskName?.(tid) ?? `task ${tid}`,
      syscallName: (number) => names.syscallName?.(number) ?? `system call ${number}`,
    },
    wakes: wakesOf(timeline.log, { tids: measured?.tids, fromNs: 0, toNs }),
  };
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
