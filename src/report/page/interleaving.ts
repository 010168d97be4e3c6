/**
 * The report of an interleaving: a counterexample, step by step.
 *
 * The position is in the address (#step=5), so that a link leads to a step. Keys: arrow left and right (or k and j) go back and on,
 * Home and End to the ends, v to where it breaks, s shows context switches only. A word or a task that is pressed is marked where it changes;
 * [ and ] go to the change before and to the next.
 */
import type { InterleavingData, ViolationData } from "../model/interleaving-data.ts";
import { Walk } from "../model/walk.ts";
import { el } from "./dom.ts";
import { commandLine, pageFoot, pageHead } from "./frame.ts";
import { readData } from "./load.ts";
import { StatePanel } from "./state-panel.ts";
import { StepTable } from "./step-table.ts";

const data = readData() as InterleavingData;
const walk = new Walk(data);
const table = new StepTable(data, walk, (position) => move(walk.go(position)));
const state = new StatePanel(data, walk, choose);
let chosen: number | undefined;
const told = el("output", { class: "told", "aria-live": "polite" });
const hint = el("span", { class: "note" }, "Press a word, a lock or a task to see where it changes.");
const changes = el("div", { class: "buttons" }, hint);
const range = el("input", { type: "range", min: "0", max: String(walk.length), "aria-label": "Position" });
const switches = el("input", { type: "checkbox", id: "switches" });

const buttons = {
  first: button("⇤", "To the beginning", () => walk.go(0)),
  previous: button("← Previous", "Previous step", () => walk.previous()),
  next: button("Next →", "Next step", () => walk.next()),
  breaks: button("✗", "To where it breaks", () => walk.go(data.violatedAfter)),
  last: button("⇥", "To the end", () => walk.go(walk.length)),
};

function button(text: string, label: string, action: () => boolean): HTMLButtonElement {
  return el(
    "button",
    { type: "button", "aria-label": label, title: label, onclick: () => move(action()) },
    text,
  );
}

function choose(thing: number | undefined): void {
  chosen = thing;
  table.mark(thing);
  state.mark(thing);
  show();
}

/** To the next change of what is chosen, or the one before. */
function toChange(by: 1 | -1): boolean {
  const to = chosen === undefined ? undefined : walk.changeOf(chosen, by);
  return to !== undefined && walk.go(to);
}

function move(changed: boolean): void {
  if (!changed) return;
  history.replaceState(undefined, "", `#step=${walk.position}`);
  show();
}

function show(): void {
  const { position, length } = walk;
  table.show();
  state.show();
  range.value = String(position);
  buttons.first.disabled = buttons.previous.disabled = position === 0;
  buttons.next.disabled = buttons.last.disabled = position === length;
  buttons.breaks.hidden = data.violation === undefined;
  buttons.breaks.disabled = position === data.violatedAfter;
  told.textContent = inWords(position);
  changes.replaceChildren(...(chosen === undefined ? [hint] : changesOf(chosen)));
}

/** What is chosen, and the way to its changes. */
function changesOf(thing: number): HTMLElement[] {
  const sides = ([-1, 1] as const).map((by) => {
    const at = walk.changeOf(thing, by);
    const text = at === undefined ? "none" : `step ${at - 1}`;
    const go = button(by < 0 ? `[ ${text}` : `${text} ]`, by < 0 ? "Change before" : "Next change", () =>
      toChange(by),
    );
    go.disabled = at === undefined;
    return go;
  });
  return [el("span", {}, `${data.things[thing]!.name} changes at`), ...sides];
}

function inWords(position: number): string {
  if (position === 0) return `Before the first of ${walk.length} steps`;
  const { actor, what, preempts } = data.steps[position - 1]!;
  const who = data.actors.find(({ id }) => id === actor)!.name;
  const how = preempts ? ", a preemption" : "";
  const end = position === data.violatedAfter && data.violation !== undefined ? " — and here it breaks" : "";
  return `After step ${position - 1} of 0 to ${walk.length - 1}${how}: ${who}: ${what}${end}`;
}

function fromAddress(): void {
  const match = /^#step=(\d+)$/.exec(location.hash);
  if (match !== null) walk.go(Number(match[1]));
}

function violationBox(violation: ViolationData | undefined): HTMLElement {
  if (violation === undefined)
    return el("p", { class: "verdict good" }, "Nothing goes wrong in this interleaving.");
  const { kind, message, invariant, rule } = violation;
  const what = invariant === undefined || message.startsWith(invariant) ? kind : `${kind} ${invariant}`;
  const lines = [el("p", {}, el("strong", {}, what), ` ${message}`)];
  if (rule !== undefined) lines.push(el("p", { class: "note" }, `${invariant}: ${rule}`));
  return el("div", { class: "verdict bad", role: "note", "aria-label": "Violation" }, ...lines);
}

function counts(): string {
  const { steps, preemptions } = data;
  const switched = steps.filter((_, i) => i > 0 && walk.isSwitch(i)).length;
  const plural = (count: number, thing: string): string =>
    `${count} ${thing}${count === 1 ? "" : thing.endsWith("ch") ? "es" : "s"}`;
  return `${plural(steps.length, "step")}, ${plural(switched, "context switch")}, ${plural(preemptions, "preemption")}`;
}

function key(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const actions: Readonly<Record<string, () => boolean>> = {
    ArrowRight: () => walk.next(),
    ArrowLeft: () => walk.previous(),
    j: () => walk.next(),
    k: () => walk.previous(),
    Home: () => walk.go(0),
    End: () => walk.go(walk.length),
    v: () => data.violation !== undefined && walk.go(data.violatedAfter),
    "[": () => toChange(-1),
    "]": () => toChange(1),
  };
  if (event.key === "s") {
    switches.click();
    return;
  }
  const action = actions[event.key];
  // The range and the switch of colours have arrow keys of their own.
  if (action === undefined || (event.target instanceof HTMLInputElement && event.target.type === "radio"))
    return;
  event.preventDefault();
  move(action());
}

range.addEventListener("input", () => move(walk.go(Number(range.value))));
switches.addEventListener("change", () => {
  walk.onlySwitches = switches.checked;
  show();
});
addEventListener("keydown", key);
addEventListener("hashchange", () => {
  fromAddress();
  show();
});

const only = el(
  "label",
  { class: "check", for: "switches" },
  switches,
  " Context switches only ",
  el("kbd", {}, "s"),
);
const bar = el(
  "div",
  { class: "walk-bar" },
  el("div", { class: "buttons" }, ...Object.values(buttons), only),
  range,
  told,
  el("div", { class: "changes" }, changes),
);
const legend = el(
  "ul",
  { class: "legend walk-legend" },
  ...(["switch", "preempts"] as const).map((kind) =>
    el(
      "li",
      {},
      el("span", { class: `rule ${kind}` }),
      kind === "switch" ? "context switch" : "preemption: who ran could have gone on",
    ),
  ),
  el("li", {}, el("span", { class: "cross" }, "✗"), "here it breaks"),
  el("li", {}, el("span", { class: "value" }, "= 1"), "what it found;"),
  el("li", {}, el("span", { class: "value" }, "0 → 1"), "what it changed"),
);
document
  .getElementById("app")!
  .append(
    pageHead(data.title, counts()),
    violationBox(data.violation),
    el(
      "section",
      { "aria-label": "Interleaving" },
      bar,
      el("div", { class: "walk" }, table.element, state.element),
      legend,
    ),
    el(
      "section",
      { "aria-label": "How it was made" },
      commandLine(data.command),
      el("details", {}, el("summary", {}, "Schedule"), el("code", { class: "schedule" }, data.schedule)),
    ),
    pageFoot(data.version),
  );
fromAddress();
show();
document.documentElement.dataset["ready"] = "0";
