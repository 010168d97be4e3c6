/** The whole run at a glance: how many vCPUs are busy at each time, and which part is in view. Click or drag to go there. */
import { isRunning, STATES } from "../model/states.ts";
import type { Timeline } from "../model/timeline.ts";
import type { Viewport } from "../model/viewport.ts";
import { el, sizeCanvas } from "./dom.ts";
import type { Colours } from "./painter.ts";

const HEIGHT = 40;
const FOOT = 3;

export class OverviewMap {
  readonly element: HTMLCanvasElement = el("canvas", { class: "map", "aria-hidden": "true" });
  readonly #timeline: Timeline;
  readonly #view: Viewport;
  /** Of the last width: share of all CPUs that is busy, by pixel. */
  #busy: Float64Array = new Float64Array(0);
  #held = false;

  constructor(timeline: Timeline, view: Viewport) {
    this.#timeline = timeline;
    this.#view = view;
    this.element.addEventListener("pointerdown", (event) => {
      this.#held = true;
      this.element.setPointerCapture(event.pointerId);
      this.#go(event.offsetX);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (this.#held) this.#go(event.offsetX);
    });
    for (const end of ["pointerup", "pointercancel"])
      this.element.addEventListener(end, () => {
        this.#held = false;
      });
  }

  draw(width: number, colours: Colours): void {
    const context = sizeCanvas(this.element, width, HEIGHT);
    if (this.#busy.length !== width) this.#busy = this.#measure(width);
    const { low, high, start, end } = this.#view;
    const xOf = (ns: number): number => ((ns - low) / (high - low)) * width;
    const most = Math.max(...this.#busy, 1e-9);
    context.fillStyle = colours.states[1]!;
    context.fillRect(0, 0, width, HEIGHT);
    context.fillStyle = colours.muted;
    context.globalAlpha = 0.55;
    for (let x = 0; x < width; x++) {
      const height = (this.#busy[x]! / most) * (HEIGHT - 2 * FOOT);
      context.fillRect(x, HEIGHT - height, 1, height);
    }
    context.globalAlpha = 0.18;
    context.fillStyle = colours.accent;
    const [from, to] = [xOf(start), Math.max(xOf(end), xOf(start) + 2)];
    context.fillRect(from, 0, to - from, HEIGHT);
    context.globalAlpha = 1;
    context.fillRect(from - 1, 0, 2, HEIGHT);
    context.fillRect(to - 1, 0, 2, HEIGHT);
  }

  #measure(width: number): Float64Array {
    const busy = new Float64Array(width);
    const { low, high } = this.#view;
    const sums = new Float64Array(STATES);
    const per = (high - low) / width;
    for (const track of this.#timeline.cpus) {
      let last = 0;
      for (let x = -1; x < width; x++) {
        track.before(low + (x + 1) * per, sums);
        let running = 0;
        for (let state = 0; state < STATES; state++) if (isRunning(state)) running += sums[state]!;
        if (x >= 0) busy[x]! += (running - last) / per / this.#timeline.cpus.length;
        last = running;
      }
    }
    return busy;
  }

  #go(x: number): void {
    const { low, high, span } = this.#view;
    const at = low + (x / this.element.clientWidth) * (high - low);
    this.#view.show(at - span / 2, at + span / 2);
  }
}
