/**
 * The slowest wake-ups of a group, or those of a bin of a histogram: a list that leads to the moment on the timeline, and where the time
 * of the one that is looked at went.
 */
import type { Focus } from "../model/focus.ts";
import { STATE_NAMES } from "../model/states.ts";
import { exactTime, grouped, shortTime } from "../model/time-axis.ts";
import type { Timeline } from "../model/timeline.ts";
import type { Viewport } from "../model/viewport.ts";
import { slowest, type Wake, type WakeSpan, type Wakes } from "../model/wakes.ts";
import { type Phase, type WhyNames, whySlow } from "../model/why.ts";
import { el, segmented } from "./dom.ts";

/** Lines of the list. */
const MOST = 8;
/** What is shown around a wake-up, of its length on both sides. */
const AROUND = 0.6;

const SPANS: readonly (readonly [span: WakeSpan, label: string])[] = [
  ["wakeToUser", "Wake to user"],
  ["wakeToQueued", "Wake to queued"],
  ["queuedToRunning", "Queued to running"],
];

export interface SlowRun {
  readonly label: string;
  readonly colour: string;
  readonly timeline: Timeline;
  readonly names: WhyNames;
  readonly wakes: Wakes;
}

interface Found {
  readonly run: number;
  readonly wake: Wake;
}

interface Bin {
  readonly low: number;
  readonly high: number;
}

export class SlowWakes {
  readonly element: HTMLElement;
  readonly #runs: readonly SlowRun[];
  readonly #view: Viewport;
  readonly #focus: Focus;
  readonly #told: HTMLElement = el("p", { class: "note" });
  readonly #body: HTMLElement = el("tbody", {});
  readonly #why: HTMLElement = el("div", { class: "why", role: "status" });
  readonly #switch: HTMLElement;
  #span: WakeSpan = "wakeToUser";
  #bin: Bin | undefined;

  constructor(runs: readonly SlowRun[], view: Viewport, focus: Focus) {
    this.#runs = runs;
    this.#view = view;
    this.#focus = focus;
    this.#switch = segmented("Span", "slow", SPANS, this.#span, (span) => this.list(span as WakeSpan));
    const columns = ["", ...(runs.length > 1 ? ["run"] : []), "took", "task", "woken by", "at", "on"];
    const head = el("tr", {}, ...columns.map((name) => el("th", { scope: "col" }, name)));
    const table = el("table", { class: "slow" }, el("thead", {}, head), this.#body);
    this.element = el(
      "section",
      { "aria-label": "Slow wake-ups" },
      el("div", { class: "section-head" }, el("h2", {}, "Slowest wake-ups"), this.#switch),
      this.#told,
      el("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Wake-ups" }, table),
      this.#why,
    );
    this.list(this.#span);
  }

  /** Those of a bin, from `low` to less than `high` ns, come into view. */
  showBin(span: WakeSpan, low: number, high: number): void {
    const input = this.#switch.querySelector<HTMLInputElement>(`input[value="${span}"]`);
    if (input !== null) input.checked = true;
    this.list(span, { low, high });
    this.element.scrollIntoView({ block: "nearest" });
  }

  list(span: WakeSpan, bin?: Bin): void {
    this.#span = span;
    this.#bin = bin;
    const found = this.#runs
      .flatMap(({ wakes }, run) =>
        slowest(wakes[span], MOST, bin?.low, bin?.high).map((wake): Found => ({ run, wake })),
      )
      .sort((a, b) => b.wake.toNs - b.wake.fromNs - (a.wake.toNs - a.wake.fromNs))
      .slice(0, MOST);
    this.#why.replaceChildren();
    this.#body.replaceChildren(...found.map((one) => this.#row(one)));
    this.#told.replaceChildren(...this.#heading(found.length));
  }

  #heading(listed: number): (string | HTMLElement)[] {
    const bin = this.#bin;
    const all = this.#runs.reduce((sum, { wakes }) => sum + wakes[this.#span].length, 0);
    if (all === 0) return ["There is no such wake-up in the events of this file."];
    if (bin === undefined)
      return [`The slowest of ${grouped(all)} in the events of this file. Choose one to be led to it.`];
    const button = el("button", { type: "button", onclick: () => this.list(this.#span) }, "All");
    const range = `${shortTime(bin.low)} to ${shortTime(bin.high)}`;
    const there = listed === 0 ? "None in the events of this file" : "The slowest";
    return [`${there} of those that took ${range}. `, button];
  }

  #row(found: Found): HTMLElement {
    const { run, wake } = found;
    const { label, colour, names } = this.#runs[run]!;
    const swatch = el("span", { class: "swatch", style: `--c: var(${colour})` });
    const by = wake.waker === 0 ? `vCPU ${wake.wakerCpu}, an interrupt` : names.taskName(wake.waker);
    const task = names.taskName(wake.tid);
    const name = `Show the wake-up of ${task} at ${exactTime(wake.fromNs)}`;
    const button = el("button", { type: "button", "aria-label": name }, "Show");
    const cells = [exactTime(wake.toNs - wake.fromNs), task, by, exactTime(wake.fromNs), `vCPU ${wake.cpu}`];
    const row = el(
      "tr",
      {},
      el("td", {}, button),
      ...(this.#runs.length > 1 ? [el("td", { class: "run" }, swatch, ` ${label}`)] : []),
      ...cells.map((text) => el("td", {}, text)),
    );
    row.addEventListener("click", () => this.#show(found, row));
    return row;
  }

  #show({ run, wake }: Found, row: HTMLElement): void {
    for (const other of this.#body.children) other.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
    const around = Math.max(AROUND * (wake.toNs - wake.fromNs), 50);
    this.#view.show(wake.fromNs - around, wake.toNs + around);
    this.#focus.choose(wake.tid, run, wake);
    const { timeline, names } = this.#runs[run]!;
    const phases = whySlow(timeline, wake, names);
    const whole = Math.max(1, wake.toNs - wake.fromNs);
    this.#why.replaceChildren(
      el("h3", {}, `Where the ${exactTime(wake.toNs - wake.fromNs)} went`),
      el("div", { class: "why-bar", "aria-hidden": "true" }, ...phases.map((phase) => part(phase, whole))),
      el("ol", {}, ...phases.map(line)),
    );
  }
}

function part({ ns, state }: Phase, whole: number): HTMLElement {
  const width = `${((100 * ns) / whole).toFixed(3)}%`;
  return el("span", { style: `--c: var(--state-${state}); width: ${width}`, title: STATE_NAMES[state]! });
}

function line({ ns, state, text, meanwhile }: Phase): HTMLElement {
  const swatch = el("span", { class: "swatch", style: `--c: var(--state-${state})` });
  const others = meanwhile.map((use) => `${use.text} for ${exactTime(use.ns)}`).join(", ");
  const rest = others === "" ? [] : [el("span", { class: "meanwhile" }, `meanwhile ${others}`)];
  return el("li", {}, swatch, el("b", {}, exactTime(ns)), ` ${text} `, ...rest);
}
