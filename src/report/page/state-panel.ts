/** What everything is worth after the current step, with what the step has changed. */
import type { InterleavingData } from "../model/interleaving-data.ts";
import type { Walk } from "../model/walk.ts";
import { bringIntoView, el } from "./dom.ts";

const HEADINGS: Readonly<Record<string, string>> = {
  cpus: "CPUs",
  tasks: "Tasks",
  threads: "Threads",
  locks: "Locks",
  words: "Shared words",
};

export class StatePanel {
  readonly element: HTMLElement;
  readonly #walk: Walk;
  readonly #cells: readonly {
    readonly row: HTMLElement;
    readonly value: HTMLElement;
    readonly before: HTMLElement;
  }[];

  /** `choose` is called with the thing that is pressed, by index; undefined: it was chosen already. */
  constructor(data: InterleavingData, walk: Walk, choose: (thing: number | undefined) => void) {
    this.#walk = walk;
    this.#cells = data.things.map(({ name }, thing) => {
      const [value, before] = [el("span", { class: "now" }), el("span", { class: "before" })];
      const row = el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, before, value));
      row.addEventListener("click", () => choose(row.ariaSelected === "true" ? undefined : thing));
      return { row, value, before };
    });
    const groups = Object.keys(HEADINGS).filter((group) =>
      data.things.some((thing) => thing.group === group),
    );
    const tables = groups.map((group) => {
      const rows = this.#cells.filter((_, i) => data.things[i]!.group === group).map(({ row }) => row);
      const head = el(
        "tr",
        {},
        el("th", { scope: "col" }, HEADINGS[group]!),
        el("th", { scope: "col" }, "after the step"),
      );
      return el("table", { class: "state" }, el("thead", {}, head), el("tbody", {}, ...rows));
    });
    this.element = el(
      "div",
      { class: "state-box", tabindex: "0", role: "region", "aria-label": "State" },
      ...tables,
    );
  }

  mark(thing: number | undefined): void {
    for (const [i, { row }] of this.#cells.entries()) row.ariaSelected = String(i === thing);
  }

  /** With only context switches, what the whole run has changed. */
  show(): void {
    const { position, onlySwitches } = this.#walk;
    const from = position === 0 ? 0 : onlySwitches ? this.#walk.runOf(position - 1)[0] : position - 1;
    const [old, now] = [this.#walk.valuesAt(from), this.#walk.valuesAt(position)];
    const first = this.#cells.find((_, i) => old[i] !== now[i]);
    if (first !== undefined) bringIntoView(this.element, first.row);
    for (const [i, { row, value, before }] of this.#cells.entries()) {
      const changed = old[i] !== now[i];
      row.classList.toggle("changed", changed);
      before.textContent = changed ? `${old[i] || "—"} → ` : "";
      value.textContent = now[i] || "—";
    }
  }
}
