/** What every report has: a head with the switch of colours, the command that made it, a foot. */
import { el } from "./dom.ts";
import { themeSwitch } from "./theme.ts";

export function pageHead(title: string, lede: string): HTMLElement {
  const heading = el("div", {}, el("h1", {}, title), el("p", { class: "lede" }, lede));
  return el("header", { class: "page-head" }, heading, themeSwitch());
}

/** The exact command, to be copied. */
export function commandLine(command: string): HTMLElement {
  const button = el("button", { type: "button" }, "Copy");
  button.addEventListener("click", () => {
    const done = (text: string) => (): void => {
      button.textContent = text;
    };
    navigator.clipboard.writeText(command).then(done("Copied"), done("Select it"));
  });
  return el("div", { class: "command" }, el("code", { "aria-label": "Command" }, command), button);
}

export function pageFoot(version: string): HTMLElement {
  return el("footer", {}, `umcg ${version}. This file is complete: it asks nobody for anything.`);
}
