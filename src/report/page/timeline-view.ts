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
 *
 * The wheel alone stays the page's: a picture that catches it makes a long page hard to read.
 */
import type { TraceNames } from "../../trace/names.ts";
import { between } from "../model/sorted.ts";
import { STATE_NONE } from "../model/states.ts";
import { grouped } from "../model/time-axis.ts";
import type { Timeline } from "../model/timeline.ts";
import type { Track } from "../model/track.ts";
import type { Viewport } from "../model/viewport.ts";
import { el, onceAFrame, sizeCanvas } from "./dom.ts";
import { OverviewMap } from "./overview-map.ts";
import {
  AXIS,
  type Drawn,
  type Picture,
  paint,
  ROW,
  type Row,
  readColours,
  rowsOf,
  viewInWords,
} from "./painter.ts";
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
  readonly originNs: number;
}

export class TimelineView {
  readonly element: HTMLElement = el("div", { class: "timeline" });
  readonly #parts: TimelineParts;
  readonly #rows: readonly Row[];
  readonly #text: SliceText;
  readonly #canvas: HTMLCanvasElement;
  readonly #scroller: HTMLElement;
  readonly #status: HTMLElement = el("div", { class: "timeline-status", role: "status" });
  readonly #map: OverviewMap;
  readonly #tooltip: Tooltip;
  #picture: Picture | undefined;
  #colours = readColours();

  constructor(parts: TimelineParts) {
    const { title, timeline, view, names, originNs } = parts;
    this.#parts = parts;
    this.#rows = rowsOf(timeline);
    this.#text = new SliceText(timeline, names, originNs);
    const label = `Timeline of ${title}: ${timeline.cpus.length} vCPUs and ${timeline.tasks.length} tasks. Arrow keys pan, plus and minus zoom, Home shows everything.`;
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
    });
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
    };
    const action = actions[event.key];
    if (action === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  }

  #draw(): void {
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

  #tell({ arrows, arrowsShown }: Drawn): void {
    const { view, originNs, timeline } = this.#parts;
    const wakes = `${grouped(arrows)} wake-up${arrows === 1 ? "" : "s"} in view`;
    const hint = arrowsShown ? wakes : `${wakes}: zoom in to see their arrows`;
    const share = view.showsAll ? "everything" : viewInWords(view, originNs);
    this.element.dataset["start"] = String(view.start);
    this.element.dataset["end"] = String(view.end);
    this.#status.replaceChildren(
      el("span", {}, `Shown: ${share}`),
      el("span", {}, hint),
      el("span", {}, `${grouped(timeline.log.length)} events`),
    );
  }

  #timeAt(x: number): number {
    const { view } = this.#parts;
    const { gutter, width } = this.#picture!;
    return view.start + ((x - gutter) / (width - gutter)) * view.span;
  }

  #hover(x: number, y: number): void {
    const picture = this.#picture;
    const row = picture && this.#rows[Math.floor((y - AXIS + picture.scrolled) / ROW)];
    const track = row?.track;
    if (picture === undefined || y < AXIS || x < picture.gutter || track === undefined) {
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
