/** What stands around the timelines: what their colours are, which keys there are, and a field to find a task in. */
import type { Focus } from "../model/focus.ts";
import type { Timeline } from "../model/timeline.ts";
import { el } from "./dom.ts";

/** What a swatch stands for, the states that it is shown for, the colour, the shape. */
const LEGEND: readonly (readonly [name: string, states: readonly number[], colour: string, shape: string])[] =
  [
    ["server", [5, 6], "--state-5", ""],
    ["worker", [7, 8], "--state-7", ""],
    ["task", [3, 4], "--state-3", ""],
    ["paler: in the kernel", [4, 6, 8], "--state-4", ""],
    ["runnable", [9], "--state-9", "half"],
    ["blocked, or idle", [1, 10], "--state-10", "thin"],
    ["woken worker without a server", [11], "--state-11", "half"],
    ["idle server", [12], "--state-12", "half"],
    ["leaving idle", [2], "--state-2", "half"],
  ];

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [["←", "→", "+", "−", "Home"], "pan, zoom, show everything"],
  [["n", "p"], "next and previous wake-up of the chosen task"],
  [["Esc"], "choose nobody"],
];

/** Of what there is in these timelines. */
export function legendOf(all: readonly Timeline[]): HTMLElement[] {
  const tracks = all.flatMap(({ cpus, tasks }) => [...cpus, ...tasks]);
  const shown = LEGEND.filter(([, states]) =>
    tracks.some((track) => track.spends((state) => states.includes(state))),
  );
  const items = shown.map(([name, , colour, shape]) =>
    el("li", {}, el("span", { class: `swatch ${shape}`, style: `--c: var(${colour})` }), name),
  );
  const signs = [
    ["→", "wake-up", all.some(({ arrows }) => arrows.length > 0)],
    ["▲", "interrupt, timer, signal, migration, state word", all.some(({ marks }) => marks.length > 0)],
  ] as const;
  for (const [sign, name, there] of signs)
    if (there)
      items.push(el("li", {}, el("span", { class: "swatch arrow", "aria-hidden": "true" }, sign), name));
  return items;
}

export function keysNote(): HTMLElement {
  const note = el("p", { class: "note" });
  note.append(
    "Drag to pan, ",
    el("kbd", {}, "Ctrl"),
    " and the wheel to zoom, press a row or a slice to choose its task.",
  );
  note.append(" With the focus on the timeline: ");
  for (const [at, [keys, what]] of KEYS.entries()) {
    for (const key of keys) note.append(el("kbd", {}, key), " ");
    note.append(what, at < KEYS.length - 1 ? "; " : ".");
  }
  return note;
}

/** A field that leaves the tasks whose names have what is typed; Enter chooses the first of them. */
export function finder(all: readonly Timeline[], focus: Focus): HTMLElement {
  const field = el("input", {
    type: "search",
    placeholder: "Find a task",
    "aria-label": "Find a task",
    class: "finder",
  });
  field.addEventListener("input", () => focus.find(field.value));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const [first] = all.flatMap(({ tasks }) =>
      tasks.filter(({ name }) => name.toLowerCase().includes(focus.wanted)),
    );
    if (first !== undefined) focus.choose(first.id);
  });
  return field;
}
