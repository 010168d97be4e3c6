/** Mouse, pen and fingers on a timeline: dragging pans, two fingers zoom, the wheel with Ctrl zooms, without one it is the page's. */
import type { Viewport } from "../model/viewport.ts";

/** Zoom by one unit of a wheel's delta, in halvings. */
const WHEEL = 1 / 200;

/** A press moves at most so far, pixels. */
const STILL = 3;

export interface PointerTarget {
  /** Time at x of the canvas. */
  readonly timeAt: (x: number) => number;
  readonly hover: (x: number, y: number) => void;
  readonly leave: () => void;
  /** Pressed and let go in one place. */
  readonly press: (x: number, y: number) => void;
}

export class PointerInput {
  readonly #canvas: HTMLCanvasElement;
  readonly #view: Viewport;
  readonly #target: PointerTarget;
  /** By pointer: the time it holds. */
  readonly #held: Map<number, { x: number; readonly fromX: number; readonly fromY: number }> = new Map();

  constructor(canvas: HTMLCanvasElement, view: Viewport, target: PointerTarget) {
    this.#canvas = canvas;
    this.#view = view;
    this.#target = target;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#held.delete(event.pointerId));
    canvas.addEventListener("pointerleave", () => target.leave());
    canvas.addEventListener("dblclick", (event) => view.zoom(0.4, target.timeAt(event.offsetX)));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #down(event: PointerEvent): void {
    const [x, y] = [event.offsetX, event.offsetY];
    this.#held.set(event.pointerId, { x, fromX: x, fromY: y });
    this.#canvas.setPointerCapture(event.pointerId);
    this.#target.leave();
  }

  #up({ pointerId, offsetX, offsetY }: PointerEvent): void {
    const held = this.#held.get(pointerId);
    this.#held.delete(pointerId);
    if (held === undefined || this.#held.size > 0) return;
    if (Math.hypot(offsetX - held.fromX, offsetY - held.fromY) <= STILL) this.#target.press(offsetX, offsetY);
  }

  #move(event: PointerEvent): void {
    const held = this.#held.get(event.pointerId);
    if (held === undefined) {
      this.#target.hover(event.offsetX, event.offsetY);
      return;
    }
    const { timeAt } = this.#target;
    const others = [...this.#held.values()].filter((other) => other !== held);
    const [other] = others;
    if (other !== undefined) this.#pinch(held.x, event.offsetX, other.x);
    else {
      const by = timeAt(held.x) - timeAt(event.offsetX);
      this.#view.show(this.#view.start + by, this.#view.end + by);
    }
    held.x = event.offsetX;
  }

  /** One finger moves from `from` to `to` while another rests. */
  #pinch(from: number, to: number, rest: number): void {
    const [before, after] = [Math.abs(from - rest), Math.abs(to - rest)];
    if (before > 8 && after > 8) this.#view.zoom(before / after, this.#target.timeAt(rest));
  }

  #wheel(event: WheelEvent): void {
    const zooms = event.ctrlKey || event.metaKey;
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!zooms && !sideways) return;
    event.preventDefault();
    const delta = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
    if (zooms) this.#view.zoom(2 ** (event.deltaY * delta * WHEEL), this.#target.timeAt(event.offsetX));
    else this.#view.pan(((event.deltaX || event.deltaY) * delta) / this.#canvas.clientWidth);
  }
}
