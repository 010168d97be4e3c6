/**
 * Draws a stretch of a timeline on a canvas.
 *
 * A row with few slices in view is drawn slice by slice: running at full height, runnable at half, idle UMCG tasks lower, blocked as
 * a line, so that states differ in shape and not by colour alone. A row with more slices than half its pixels is drawn column by
 * column from exact shares of time (model/track.ts). Arrows and marks are drawn when they are few enough to be seen apart.
 */
import type { Band } from "../model/focus.ts";
import type { Row } from "../model/rows.ts";
import { between } from "../model/sorted.ts";
import * as states from "../model/states.ts";
import { shortTime, timeTicks } from "../model/time-axis.ts";
import type { Arrow, Mark, Timeline } from "../model/timeline.ts";
import type { Track } from "../model/track.ts";
import type { Viewport } from "../model/viewport.ts";
import { colour } from "./theme.ts";

export const ROW = 22;
export const AXIS = 24;
const BAR = 15;
/** At most so many, a pixel of width: more are a black bar. */
const ARROWS = 0.35;
const MARKS = 1.3;
const LABEL_FROM = 34;
/** How much is seen of what is not about the chosen task. */
const BACK = 0.28;

export interface Colours {
  readonly states: readonly string[];
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly panel: string;
  readonly accent: string;
  readonly onBar: string;
}

export function readColours(): Colours {
  return {
    states: Array.from({ length: states.STATES }, (_, i) =>
      i === 0 ? "transparent" : colour(`--state-${i}`),
    ),
    ink: colour("--ink"),
    muted: colour("--muted"),
    line: colour("--line"),
    panel: colour("--panel"),
    accent: colour("--accent"),
    onBar: colour("--panel"),
  };
}

/** Height of a slice in its row, and whether its middle is that of the row or its foot. */
const HEIGHTS: Readonly<Record<number, number>> = {
  [states.STATE_CPU_IDLE]: 2,
  [states.STATE_CPU_LEAVING]: 7,
  [states.STATE_RUNNABLE]: 8,
  [states.STATE_BLOCKED]: 2,
  [states.STATE_WORKER_IDLE]: 5,
  [states.STATE_SERVER_IDLE]: 5,
};

export interface Picture {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  /** Pixels for names, to the left. */
  readonly gutter: number;
  /** Pixels that rows are scrolled up. */
  readonly scrolled: number;
  readonly colours: Colours;
  readonly view: Viewport;
  /** What is called 0. */
  readonly originNs: number;
  /** The task that all others step back for. */
  readonly tid: number | undefined;
  readonly band: Band | undefined;
  /** Names of slices that are wide enough. */
  readonly labelOf: (track: Track, slice: number) => string;
}

export interface Drawn {
  readonly arrows: number;
  readonly arrowsShown: boolean;
}

export function paint(picture: Picture, timeline: Timeline, rows: readonly Row[]): Drawn {
  const { context, width, height, colours, scrolled, gutter } = picture;
  const { start, end } = picture.view;
  context.fillStyle = colours.panel;
  context.fillRect(0, 0, width, height);
  paintAxis(picture);
  paintBand(picture);
  context.save();
  context.beginPath();
  context.rect(0, AXIS, width, height - AXIS);
  context.clip();
  const places = new Map<Track, number>();
  for (const [at, row] of rows.entries()) {
    const y = at * ROW - scrolled + AXIS;
    if (row.track !== undefined) places.set(row.track, y + ROW / 2);
    if (y + ROW < AXIS || y > height) continue;
    paintName(picture, row, y);
    if (row.track !== undefined) paintTrack(picture, row.track, y);
  }
  context.beginPath();
  context.rect(gutter, AXIS, width - gutter, height - AXIS);
  context.clip();
  const marks = between(timeline.marks, start, end, ({ timeNs }) => timeNs);
  if (marks.length <= MARKS * (width - gutter)) for (const mark of marks) paintMark(picture, mark, places);
  const arrows = between(timeline.arrows, start, end, ({ toNs }) => toNs);
  const arrowsShown = arrows.length <= ARROWS * (width - gutter);
  if (arrowsShown) for (const arrow of arrows) paintArrow(picture, arrow, places);
  context.restore();
  return { arrows: arrows.length, arrowsShown };
}

export function xOf({ view, gutter, width }: Picture, ns: number): number {
  return gutter + ((ns - view.start) / view.span) * (width - gutter);
}

/** The stretch of time that was asked for. */
function paintBand(picture: Picture): void {
  const { context, colours, height, gutter, width, band } = picture;
  if (band === undefined) return;
  const from = Math.max(gutter, xOf(picture, band.fromNs));
  const to = Math.min(width, Math.max(xOf(picture, band.toNs), from + 1));
  if (to <= from) return;
  context.globalAlpha = 0.14;
  context.fillStyle = colours.accent;
  context.fillRect(from, AXIS, to - from, height - AXIS);
  context.globalAlpha = 0.8;
  for (const x of [from, to]) context.fillRect(x - 0.5, AXIS - 5, 1, height - AXIS + 5);
  context.globalAlpha = 1;
}

function paintAxis(picture: Picture): void {
  const { context, width, height, gutter, colours, view, originNs } = picture;
  const ticks = timeTicks(view.start, view.end, (width - gutter) / 110, originNs);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "center";
  for (const { ns, label } of ticks) {
    const x = Math.round(xOf(picture, ns)) + 0.5;
    context.strokeStyle = colours.line;
    context.beginPath();
    context.moveTo(x, AXIS - 5);
    context.lineTo(x, height);
    context.stroke();
    context.fillStyle = colours.muted;
    const half = context.measureText(label).width / 2;
    context.fillText(label, Math.min(Math.max(x, gutter + half), width - half - 2), AXIS / 2 - 1);
  }
}

function paintName(picture: Picture, { track, title }: Row, y: number): void {
  const { context, gutter, width, colours, tid } = picture;
  const heading = track === undefined;
  const chosen = track !== undefined && !track.isCpu && track.id === tid;
  const weight = chosen ? "700 12px" : "12px";
  context.font = heading ? "600 11px system-ui, sans-serif" : `${weight} system-ui, sans-serif`;
  context.fillStyle = heading ? colours.muted : colours.ink;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(cut(context, title, (heading ? width : gutter) - 16), 10, y + ROW / 2 + (heading ? 2 : 0));
  if (heading) return;
  context.fillStyle = colours.line;
  context.fillRect(0, y + ROW - 1, width, 1);
}

/** As much of `text` as there is room for. */
export function cut(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  for (let length = text.length - 1; length > 0; length--) {
    const shorter = `${text.slice(0, length)}…`;
    if (context.measureText(shorter).width <= room) return shorter;
  }
  return "";
}

function paintTrack(picture: Picture, track: Track, y: number): void {
  const { view, width, gutter, context } = picture;
  context.save();
  context.beginPath();
  context.rect(gutter, y, width - gutter, ROW);
  context.clip();
  const first = Math.max(0, track.at(view.start));
  const last = track.at(view.end);
  if (picture.tid !== undefined && !track.isCpu && track.id !== picture.tid) context.globalAlpha = BACK;
  if (last - first > (width - gutter) / 2) paintColumns(picture, track, y);
  else for (let slice = first; slice <= last; slice++) paintSlice(picture, track, slice, y);
  context.restore();
}

function paintSlice(picture: Picture, track: Track, slice: number, y: number): void {
  const { context, colours, gutter, width } = picture;
  const state = track.states[slice]!;
  if (state === states.STATE_NONE) return;
  const running = states.isRunning(state);
  if (picture.tid !== undefined && track.isCpu)
    context.globalAlpha = running && track.whats[slice] !== picture.tid ? BACK : 1;
  const from = Math.max(gutter, xOf(picture, track.starts[slice]!));
  const to = Math.min(width, xOf(picture, track.endOf(slice)));
  const height = HEIGHTS[state] ?? BAR;
  const top = y + 3 + (BAR - height) / 2;
  context.fillStyle = colours.states[state]!;
  context.fillRect(from, top, Math.max(to - from, 0.75), height);
  if (to - from < LABEL_FROM) return;
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "left";
  const text = cut(context, picture.labelOf(track, slice), to - from - 8);
  if (text.length < 3) return;
  if (!running) {
    // On a ground of its own: the bar is lower than the text.
    context.fillStyle = colours.panel;
    context.fillRect(from + 3, y + 3, context.measureText(text).width + 6, BAR);
  }
  context.fillStyle = running ? textOn(colours.states[state]!) : colours.muted;
  context.fillText(text, from + (running ? 4 : 6), y + 3 + BAR / 2 + 0.5);
}

/** Black or white, whichever can be read on a colour. */
function textOn(rgb: string): string {
  const [r = 0, g = 0, b = 0] = (rgb.match(/[\d.]+/g) ?? []).map(Number);
  return 0.299 * r + 0.587 * g + 0.114 * b > 150 ? "#111" : "#fff";
}

/** From the foot of the row up: running by role and mode, leaving idle, runnable. */
const STACK: readonly number[] = [5, 6, 7, 8, 3, 4, 2, 9, 11, 12];

function paintColumns(picture: Picture, track: Track, y: number): void {
  const { view, width, gutter, context, colours } = picture;
  const foot = y + 3 + BAR;
  const perPixel = view.span / (width - gutter);
  context.fillStyle = colours.states[states.STATE_CPU_IDLE]!;
  context.fillRect(gutter, foot - 1, width - gutter, 1);
  const columns = Math.ceil(width - gutter);
  // Column by column the time before it, so that each is asked for once.
  const sums = Array.from({ length: columns + 1 }, (_, x) => {
    const sum = new Float64Array(states.STATES);
    track.before(view.start + x * perPixel, sum);
    return sum;
  });
  const tops = new Float64Array(columns).fill(foot);
  // State by state: setting a colour costs more than drawing with it.
  for (const state of STACK) {
    if (sums[columns]![state] === sums[0]![state]) continue;
    context.fillStyle = colours.states[state]!;
    for (let x = 0; x < columns; x++) {
      const height = (BAR * (sums[x + 1]![state]! - sums[x]![state]!)) / perPixel;
      if (height < 0.05) continue;
      tops[x]! -= height;
      context.fillRect(gutter + x, tops[x]!, 1.5, height + 0.3);
    }
  }
}

function paintMark(picture: Picture, { track, timeNs }: Mark, places: ReadonlyMap<Track, number>): void {
  const y = places.get(track);
  if (y === undefined) return;
  const { context, colours } = picture;
  const x = xOf(picture, timeNs);
  context.fillStyle = colours.ink;
  context.beginPath();
  context.moveTo(x, y + 5);
  context.lineTo(x - 3, y + 10);
  context.lineTo(x + 3, y + 10);
  context.fill();
}

function paintArrow(picture: Picture, arrow: Arrow, places: ReadonlyMap<Track, number>): void {
  const [y0, y1] = [places.get(arrow.from), places.get(arrow.to)];
  if (y0 === undefined || y1 === undefined || y0 === y1) return;
  const { context, colours } = picture;
  const [x0, x1] = [xOf(picture, arrow.fromNs), xOf(picture, arrow.toNs)];
  const bend = Math.min(40, Math.max(6, (x1 - x0) / 2));
  context.strokeStyle = colours.ink;
  const { tid } = picture;
  const own = tid === undefined || arrow.to.id === tid || (!arrow.from.isCpu && arrow.from.id === tid);
  context.globalAlpha = own ? 0.65 : 0.12;
  context.lineWidth = 1.1;
  context.beginPath();
  context.moveTo(x0, y0);
  context.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1 - 3, y1);
  context.stroke();
  context.fillStyle = colours.ink;
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x1 - 5, y1 - 3);
  context.lineTo(x1 - 5, y1 + 3);
  context.fill();
  context.globalAlpha = 1;
}

/** "12.4 µs of 3.2 ms" */
export function viewInWords({ start, end, span }: Viewport, originNs: number): string {
  return `${shortTime(start - originNs, 5)} to ${shortTime(end - originNs, 5)} (${shortTime(span)})`;
}
