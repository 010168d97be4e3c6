/** A box of lines beside the pointer. What it says is also in the tables or in the status line: it is not read aloud. */
import { el } from "./dom.ts";

const AWAY = 14;

export class Tooltip {
  readonly #host: HTMLElement;
  readonly #box: HTMLElement = el("div", { class: "tooltip", "aria-hidden": "true", hidden: true });

  /** `host` is positioned. */
  constructor(host: HTMLElement) {
    this.#host = host;
    host.append(this.#box);
  }

  /** At (x, y) of the host. The first line is the heading. */
  show(lines: readonly string[], x: number, y: number): void {
    const [heading = "", ...rest] = lines;
    this.#box.replaceChildren(
      el("b", {}, heading),
      ...rest.map((line) => el("div", { class: "quiet" }, line)),
    );
    this.#box.hidden = false;
    const { offsetWidth, offsetHeight } = this.#box;
    const right = x + AWAY + offsetWidth <= this.#host.clientWidth;
    const below = y + AWAY + offsetHeight <= this.#host.clientHeight;
    this.#box.style.left = `${Math.max(2, right ? x + AWAY : x - AWAY - offsetWidth)}px`;
    this.#box.style.top = `${Math.max(2, below ? y + AWAY : y - AWAY - offsetHeight)}px`;
  }

  hide(): void {
    this.#box.hidden = true;
  }
}
