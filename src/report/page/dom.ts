/** Elements in one expression. */

type Child = Node | string;
type Listener = (event: Event) => void;

/** Strings are attributes, functions are listeners ("onclick"), true is an attribute without a value; undefined and false are none. */
export type Attributes = Readonly<Record<string, string | boolean | Listener | undefined>>;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.replace(/^on/, ""), value);
    else if (value === true) made.setAttribute(name, "");
    else if (typeof value === "string") made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** A group of buttons of which one is pressed. `choose` is called with the value, not for the first. */
export function segmented(
  legend: string,
  name: string,
  options: readonly (readonly [value: string, label: string])[],
  first: string,
  choose: (value: string) => void,
): HTMLElement {
  const inputs = options.flatMap(([value, label]) => {
    const id = `${name}-${value}`;
    const input = el("input", { type: "radio", name, id, value, checked: value === first });
    input.addEventListener("change", () => choose(value));
    return [input, el("label", { for: id }, label)];
  });
  return el(
    "fieldset",
    { class: "segmented" },
    el("legend", { class: "visually-hidden" }, legend),
    ...inputs,
  );
}

/** A canvas that is as sharp as the screen, `width` by `height` in CSS pixels. */
export function sizeCanvas(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D {
  const ratio = Math.min(3, globalThis.devicePixelRatio || 1);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d")!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** Scrolls `box`, and not the page, until there is some room around `row`. */
export function bringIntoView(box: HTMLElement, row: HTMLElement): void {
  // Measured on the screen: the offset of a row is relative to its table.
  const at = row.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
  const room = 2 * row.offsetHeight;
  const [top, bottom] = [at - room, at + row.offsetHeight + room];
  if (top < box.scrollTop) box.scrollTop = top;
  else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
}

/** Calls `draw` once in the next frame, however often it is asked to. */
export function onceAFrame(draw: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
}
