/**
 * The interleaving as a table: a row for each step, a column for each actor, as `umcg replay` prints it.
 *
 * Of long ones only the rows around the current one are there: a table of ten thousand rows takes seconds to lay out.
 */
import type { InterleavingData } from "../model/interleaving-data.ts";
import type { Walk } from "../model/walk.ts";
import { bringIntoView, el } from "./dom.ts";

/** Rows at most, half of them before the current one. */
const WINDOW = 500;

export class StepTable {
  readonly element: HTMLElement;
  readonly #data: InterleavingData;
  readonly #walk: Walk;
  readonly #go: (position: number) => void;
  readonly #body: HTMLElement = el("tbody", {});
  /** Rows that are there, by step. */
  readonly #rows: Map<number, HTMLElement> = new Map();
  #shownFrom = -1;
  #shownSwitches = false;
  #marked: number | undefined;

  constructor(data: InterleavingData, walk: Walk, go: (position: number) => void) {
    this.#data = data;
    this.#walk = walk;
    this.#go = go;
    const heads = data.actors.map(({ name }) => el("th", { scope: "col" }, name));
    const head = el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "step"), ...heads));
    const table = el("table", { class: "steps" }, head, this.#body);
    this.element = el(
      "div",
      { class: "steps-box", tabindex: "0", role: "region", "aria-label": "Steps" },
      table,
    );
  }

  show(): void {
    const { position, onlySwitches, length } = this.#walk;
    const from = Math.max(0, Math.min(position - WINDOW / 2, length - WINDOW));
    const far = this.#shownFrom < 0 || (length > WINDOW && Math.abs(from - this.#shownFrom) > WINDOW / 4);
    if (far || onlySwitches !== this.#shownSwitches) this.#fill(from);
    for (const [step, row] of this.#rows) {
      const [first, last] = onlySwitches ? this.#walk.runOf(step) : [step, step];
      row.classList.toggle("done", last < position - 1);
      row.classList.toggle("ahead", first >= position);
      const current = first < position && position - 1 <= last;
      if (current) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
      if (current || (position === 0 && first === 0)) bringIntoView(this.element, row);
    }
  }

  #fill(from: number): void {
    const { onlySwitches, length } = this.#walk;
    this.#shownFrom = from;
    this.#shownSwitches = onlySwitches;
    this.#rows.clear();
    const end = Math.min(length, from + WINDOW);
    const rows: HTMLElement[] = [];
    if (from > 0) rows.push(this.#note(`${from} steps before`));
    for (let step = from; step < end; step++) {
      const [first, last] = onlySwitches ? this.#walk.runOf(step) : [step, step];
      const row = this.#row(first, last);
      this.#rows.set(step, row);
      rows.push(row);
      step = last;
    }
    if (end < length) rows.push(this.#note(`${length - end} steps behind`));
    this.#body.replaceChildren(...rows);
    this.mark(this.#marked);
  }

  /** What the step found, and what it left. */
  #values(step: number): HTMLElement[] {
    const access = this.#walk.access(step);
    if (access === undefined) return [];
    const { before, after } = access;
    const text = before === after ? `= ${after || "—"}` : `${before || "—"} → ${after || "—"}`;
    return [el("span", { class: "value" }, ` ${text}`)];
  }

  /** Marks the steps that change a thing; undefined: none. */
  mark(thing: number | undefined): void {
    this.#marked = thing;
    for (const [step, row] of this.#rows) row.classList.toggle("marked", this.#changes(step, thing));
  }

  #changes(step: number, thing: number | undefined): boolean {
    const [first, last] = this.#walk.onlySwitches ? this.#walk.runOf(step) : [step, step];
    const own = this.#data.steps.slice(first, last + 1);
    return thing !== undefined && own.some(({ changes }) => changes.some(([changed]) => changed === thing));
  }

  #note(text: string): HTMLElement {
    return el("tr", { class: "left-out" }, el("td", { colspan: String(this.#data.actors.length + 1) }, text));
  }

  #row(first: number, last: number): HTMLElement {
    const { steps, actors, violation, violatedAfter } = this.#data;
    const { actor, what, preempts } = steps[first]!;
    const run = last - first + 1;
    const text = run === 1 ? what : `${what} … ${steps[last]!.what} (${run} steps)`;
    const values = run === 1 ? this.#values(first) : [];
    const cells = actors.map(({ id, name }) => {
      if (id !== actor) return el("td", { class: "empty" });
      const who = el("span", { class: "who" }, name);
      return el(
        "td",
        { class: `does actor-${actors.findIndex((other) => other.id === id) % 6}` },
        who,
        text,
        ...values,
      );
    });
    const classes = [
      ...(first > 0 && this.#walk.isSwitch(first) ? ["switch"] : []),
      ...(preempts ? ["preempts"] : []),
      ...(violation !== undefined && first < violatedAfter && violatedAfter <= last + 1 ? ["violates"] : []),
    ];
    const number = run === 1 ? String(first) : `${first}–${last}`;
    const title = preempts ? "a preemption: the actor before it could have gone on" : undefined;
    const row = el("tr", { class: classes.join(" "), title }, el("th", { scope: "row" }, number), ...cells);
    row.addEventListener("click", () => this.#go(last + 1));
    return row;
  }
}
