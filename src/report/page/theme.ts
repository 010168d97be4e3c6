/**
 * Light and dark: the system's wish, unless the switch says otherwise. What is painted on canvases asks for its colours again when
 * that changes.
 */
import { segmented } from "./dom.ts";

const KEY = "umcg-report-theme";
const listeners = new Set<() => void>();
const probe = document.createElement("span");

/** Calls `repaint` whenever the colours have changed. */
export function onTheme(repaint: () => void): void {
  listeners.add(repaint);
}

/** The colour that a custom property stands for now. */
export function colour(property: string): string {
  if (!probe.isConnected) {
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(${property})`;
  return getComputedStyle(probe).color;
}

function changed(): void {
  for (const repaint of listeners) repaint();
}

/** A file of its own may have no storage: then the choice lasts as long as the page. */
function remembered(): string {
  try {
    return localStorage.getItem(KEY) ?? "auto";
  } catch {
    return "auto";
  }
}

function remember(theme: string): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch (error) {
    console.debug("the choice of colours cannot be stored", error);
  }
}

function apply(theme: string): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export function themeSwitch(): HTMLElement {
  const theme = remembered();
  apply(theme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  const options = [
    ["auto", "Auto"],
    ["light", "Light"],
    ["dark", "Dark"],
  ] as const;
  return segmented("Colours", "theme", options, theme, (chosen) => {
    apply(chosen);
    remember(chosen);
    changed();
  });
}
