/**
 * The timeline of one run: a map of the whole run, the rows, and what pointer and keys do.
 *
 * | input                          | does                                    |
 * |--------------------------------|-----------------------------------------|
 * | drag, arrow left and right     | pans                                    |
 * | Ctrl or Cmd with the wheel, +, - | zooms, at the pointer or in the middle |
 * | two fingers                    | zoom and pan                            |
 * | double click                   | zooms in                                |
 * | Home                           | shows everything                        |
 * | arrow up and down, the wheel   | scroll the rows                         |
 * | a press on a row or a slice    | chooses the task: the rest steps back   |
 * | n, p                           | its next wake-up, the one before        |
 * | Escape                         | chooses nobody                          |
 *
 * The wheel alone stays the page's: a picture that catches it makes a long page hard to read.
 */
import type { TraceNames } from "../../trace/names.ts";
import type { Focus } from "../model/focus.ts";
import { type Row, rowsOf } from "../model/rows.ts";
import { between } from "../model/sorted.ts";
import { isRunning, STATE_NONE } from "../model/states.ts";
import { grouped } from "../model/time-axis.ts";
import type { Timeline } from "../model/timeline.ts";
import type { Track } from "../model/track.ts";
import type { Viewport } from "../model/viewport.ts";
import { el, onceAFrame, sizeCanvas } from "./dom.ts";
import { OverviewMap } from "./overview-map.ts";
import { AXIS, type Drawn, type Picture, paint, ROW, readColours, viewInWords } from "./painter.ts";
import { PointerInput } from "./pointer-input.ts";
import { SliceText } from "./slice-text.ts";
import { onTheme } from "./theme.ts";
import { Tooltip } from "./tooltip.ts";

const MAX_HEIGHT = 460;
/** Marks that a tooltip lists. */
const MAX_MARKS = 6;
const PAN = 0.2;
const ZOOM = 0.6;

export interface TimelineParts {
  readonly title: string;
  /** Custom property of its colour, if it is one of several. */
  readonly colour?: string | undefined;
  readonly timeline: Timeline;
  readonly names: TraceNames;
  readonly view: Viewport;
  readonly focus: Focus;
  /** Which of the runs beside each other it is. */
  readonly run: number;
  readonly originNs: number;
}

export class TimelineView {
  readonly element: HTMLElement = el("div", { class: "timeline" });
  readonly #parts: TimelineParts;
  #rows: readonly Row[];
  readonly #text: SliceText;
  readonly #canvas: HTMLCanvasElement;
  readonly #scroller: HTMLElement;
  readonly #status: HTMLElement = el("div", { class: "timeline-status", role: "status" });
  readonly #map: OverviewMap;
  readonly #tooltip: Tooltip;
  #picture: Picture | undefined;
  #colours = readColours();

  constructor(parts: TimelineParts) {
    const { title, timeline, view, names, focus, originNs } = parts;
    this.#parts = parts;
    this.#rows = rowsOf(timeline);
    this.#text = new SliceText(timeline, names, originNs);
    const label = `Timeline of ${title}: ${timeline.cpus.length} vCPUs and ${timeline.tasks.length} tasks. Arrow keys pan, plus and minus zoom, Home shows everything; n and p go to the wake-ups of the chosen task.`;
    this.#canvas = el("canvas", { tabindex: "0", role: "application", "aria-label": label });
    this.#scroller = el("div", { class: "rows" }, this.#canvas);
    this.#map = new OverviewMap(timeline, view);
    this.#tooltip = new Tooltip(this.element);
    const swatch =
      parts.colour === undefined ? [] : [el("span", { class: "swatch", style: `--c: var(${parts.colour})` })];
    this.element.append(el("div", { class: "timeline-title" }, ...swatch, title));
    this.element.append(this.#map.element, this.#scroller, this.#status);
    const draw = onceAFrame(() => this.#draw());
    view.onChange(draw);
    focus.onChange(() => {
      this.#rows = rowsOf(timeline, focus.wanted);
      draw();
    });
    this.#scroller.addEventListener("scroll", draw, { passive: true });
    new ResizeObserver(draw).observe(this.element);
    onTheme(() => {
      this.#colours = readColours();
      draw();
    });
    this.#listen();
  }

  #listen(): void {
    const { view } = this.#parts;
    this.#canvas.addEventListener("keydown", (event) => this.#key(event));
    new PointerInput(this.#canvas, view, {
      timeAt: (x) => this.#timeAt(x),
      hover: (x, y) => this.#hover(x, y),
      leave: () => this.#tooltip.hide(),
      press: (x, y) => this.#press(x, y),
    });
  }

  /** The task of a row, or the one that a vCPU ran there; elsewhere nobody. */
  #press(x: number, y: number): void {
    const { focus } = this.#parts;
    const track = this.#rowAt(y)?.track;
    const slice = track === undefined || x < this.#picture!.gutter ? -1 : track.at(this.#timeAt(x));
    if (track?.isCpu === false) focus.choose(track.id);
    else if (track !== undefined && slice >= 0 && isRunning(track.states[slice]!))
      focus.choose(track.whats[slice]);
    else focus.choose(undefined);
  }

  /** The chosen task's next wake-up behind the middle of what is shown, or behind the one that is shown; the one before it. */
  #toWake(by: 1 | -1): void {
    const { focus, view, timeline, run } = this.#parts;
    const band = focus.bandOf(run);
    const own = timeline.arrows.filter(({ to }) => to.id === focus.tid);
    const at = band?.toNs ?? (view.start + view.end) / 2;
    const arrow = by > 0 ? own.find(({ toNs }) => toNs > at) : own.findLast(({ toNs }) => toNs < at);
    if (arrow === undefined || focus.tid === undefined) return;
    const half = Math.max(view.span / 2, arrow.toNs - arrow.fromNs);
    const middle = (arrow.fromNs + arrow.toNs) / 2;
    view.show(middle - half, middle + half);
    focus.choose(focus.tid, run, arrow);
  }

  #key(event: KeyboardEvent): void {
    const { view } = this.#parts;
    const actions: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => view.pan(-PAN),
      ArrowRight: () => view.pan(PAN),
      ArrowUp: () => this.#scroller.scrollBy(0, -ROW),
      ArrowDown: () => this.#scroller.scrollBy(0, ROW),
      "+": () => view.zoom(ZOOM),
      "=": () => view.zoom(ZOOM),
      "-": () => view.zoom(1 / ZOOM),
      Home: () => view.all(),
      n: () => this.#toWake(1),
      p: () => this.#toWake(-1),
      Escape: () => this.#parts.focus.choose(undefined),
    };
    const action = actions[event.key];
    if (action === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  }

  #draw(): void {
    const { focus, run } = this.#parts;
    const width = this.element.clientWidth;
    if (width === 0) return;
    const content = this.#rows.length * ROW + AXIS + 10;
    const height = Math.min(content, MAX_HEIGHT);
    this.#map.draw(width, this.#colours);
    this.#picture = {
      context: sizeCanvas(this.#canvas, this.#scroller.clientWidth, height),
      width: this.#scroller.clientWidth,
      height,
      gutter: width < 480 ? 74 : 104,
      scrolled: this.#scroller.scrollTop,
      colours: this.#colours,
      tid: focus.tid,
      band: focus.bandOf(run),
      view: this.#parts.view,
      originNs: this.#parts.originNs,
      labelOf: (track, slice) => this.#text.label(track, slice),
    };
    // Room for the rows that are not in view: the canvas sticks to the top.
    this.#canvas.style.marginBottom = `${content - height}px`;
    const started = performance.now();
    const drawn = paint(this.#picture, this.#parts.timeline, this.#rows);
    this.element.dataset["drawnMs"] = (performance.now() - started).toFixed(1);
    this.#tell(drawn);
  }

  /** The row of a task comes into view. */
  showRow(tid: number): void {
    const at = this.#rows.findIndex(({ track }) => track?.isCpu === false && track.id === tid);
    const { scrollTop, clientHeight } = this.#scroller;
    const top = at * ROW;
    if (at < 0 || (top >= scrollTop && top + 2 * ROW + AXIS <= scrollTop + clientHeight)) return;
    this.#scroller.scrollTop = top - clientHeight / 2;
  }

  #tell({ arrows, arrowsShown }: Drawn): void {
    const { view, originNs, timeline, focus } = this.#parts;
    const wakes = `${grouped(arrows)} wake-up${arrows === 1 ? "" : "s"} in view`;
    const hint = arrowsShown ? wakes : `${wakes}: zoom in to see their arrows`;
    const share = view.showsAll ? "everything" : viewInWords(view, originNs);
    this.element.dataset["start"] = String(view.start);
    this.element.dataset["end"] = String(view.end);
    const chosen = timeline.tasks.find(({ id }) => id === focus.tid);
    this.#status.replaceChildren(
      el("span", {}, `Shown: ${share}`),
      ...(chosen === undefined ? [] : [el("span", {}, `chosen: ${chosen.name}`)]),
      el("span", {}, hint),
      el("span", {}, `${grouped(timeline.log.length)} events`),
    );
  }

  #rowAt(y: number): Row | undefined {
    if (this.#picture === undefined || y < AXIS) return undefined;
    return this.#rows[Math.floor((y - AXIS + this.#picture.scrolled) / ROW)];
  }

  #timeAt(x: number): number {
    const { view } = this.#parts;
    const { gutter, width } = this.#picture!;
    return view.start + ((x - gutter) / (width - gutter)) * view.span;
  }

  #hover(x: number, y: number): void {
    const picture = this.#picture;
    const track = this.#rowAt(y)?.track;
    if (picture === undefined || x < picture.gutter || track === undefined) {
      this.#tooltip.hide();
      return;
    }
    const lines = this.#linesAt(track, x, picture);
    const top = this.#scroller.offsetTop + y;
    if (lines.length === 0) this.#tooltip.hide();
    else this.#tooltip.show(lines, x, top);
  }

  #linesAt(track: Track, x: number, picture: Picture): string[] {
    const ns = this.#timeAt(x);
    const near = (4 / (picture.width - picture.gutter)) * picture.view.span;
    const { marks } = this.#parts.timeline;
    const around = between(marks, ns - near, ns + near, ({ timeNs }) => timeNs);
    const marked = around.filter((mark) => mark.track === track).slice(0, MAX_MARKS);
    const slice = track.at(ns);
    const there = slice >= 0 && track.states[slice] !== STATE_NONE;
    const lines = there ? this.#text.lines(track, slice) : marked.length > 0 ? [track.name] : [];
    return [...lines, ...marked.map(({ event }) => this.#text.event(event))];
  }
}
