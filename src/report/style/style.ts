/**
 * The style sheet of all reports. A string and not a file: the package is what the compiler makes of the sources.
 *
 * Colours are pairs for light and dark, `light-dark(a, b)`: the system's wish decides, or the switch (page/theme.ts). States and runs
 * have colours that can be told apart without red and green (after Okabe and Ito), and states differ in shape, too.
 */
import { BENCH_STYLE } from "./bench-style.ts";
import { INTERLEAVING_STYLE } from "./interleaving-style.ts";

const BASE_STYLE = `
:root {
  color-scheme: light dark;
  --page: light-dark(#fcfcfb, #15171a);
  --panel: light-dark(#ffffff, #1b1e22);
  --sunken: light-dark(#f3f3f0, #101214);
  --line: light-dark(#e2e2dd, #2d3137);
  --line-strong: light-dark(#c6c6c0, #444a52);
  --ink: light-dark(#1b1d20, #e9eaeb);
  --muted: light-dark(#5f646b, #a2a8b0);
  --accent: light-dark(#1f5fa8, #7db4f0);
  --bad: light-dark(#b3261e, #ff8a80);
  --good: light-dark(#1b7a4b, #6fd39d);
  --changed: light-dark(#fff0c2, #4a3c10);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
}
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0;
  background: var(--page);
  color: var(--ink);
  font: 15px/1.5 var(--sans);
  font-variant-numeric: tabular-nums;
}
#app { max-width: 1240px; margin: 0 auto; padding: 28px 32px 64px; }
h1 { font-size: 24px; line-height: 1.25; font-weight: 650; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 17px; font-weight: 650; margin: 0; letter-spacing: -0.005em; }
h3 { font-size: 14px; font-weight: 600; margin: 0; }
p { margin: 0; }
a { color: var(--accent); }
code, kbd, .mono { font-family: var(--mono); font-size: 0.9em; }
kbd {
  border: 1px solid var(--line-strong);
  border-bottom-width: 2px;
  border-radius: 4px;
  padding: 0 5px;
  background: var(--panel);
}
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.page-head { display: flex; gap: 16px; align-items: flex-start; justify-content: space-between; }
.lede { color: var(--muted); margin-top: 6px; max-width: 78ch; }
.reading { margin-top: 14px; max-width: 82ch; font-size: 16px; }
section { margin-top: 40px; }
.section-head {
  display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: baseline; justify-content: space-between;
  margin-bottom: 12px;
}
.note { color: var(--muted); font-size: 13px; max-width: 90ch; }
.notice { padding: 16px; }
.problem { color: var(--bad); padding: 12px 0; }
button, .segmented label, select {
  font: inherit; font-size: 13px; color: var(--ink); background: var(--panel);
  border: 1px solid var(--line-strong); border-radius: 6px; padding: 4px 10px; cursor: pointer; min-height: 30px;
}
button:hover:not(:disabled), .segmented label:hover { border-color: var(--accent); }
button:disabled { opacity: 0.45; cursor: default; }
.buttons { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
.buttons button.icon { min-width: 34px; padding: 4px 8px; }
.segmented { display: inline-flex; border: 0; padding: 0; margin: 0; }
.segmented input { position: absolute; opacity: 0; pointer-events: none; }
.segmented label { border-radius: 0; margin-left: -1px; display: inline-flex; align-items: center; }
.segmented label:first-of-type { border-radius: 6px 0 0 6px; margin-left: 0; }
.segmented label:last-of-type { border-radius: 0 6px 6px 0; }
.segmented input:checked + label { background: var(--ink); color: var(--page); border-color: var(--ink); }
.segmented input:focus-visible + label { outline: 2px solid var(--accent); outline-offset: 1px; z-index: 1; }
.command {
  display: flex; align-items: flex-start; gap: 10px; margin-top: 16px;
  background: var(--sunken); border: 1px solid var(--line); border-radius: 8px; padding: 8px 8px 8px 14px;
}
.command code { flex: 1; overflow-wrap: anywhere; padding-top: 4px; font-size: 13px; line-height: 1.55; }
.command code::before { content: "$ "; color: var(--muted); }
.scroll-x { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 500; color: var(--muted); font-size: 13px; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th[scope="row"] { text-align: left; color: var(--ink); font-size: 14px; }
th:last-child, td:last-child { padding-right: 0; }
details > summary { cursor: pointer; color: var(--muted); font-size: 14px; }
details[open] > summary { margin-bottom: 8px; }
.visually-hidden {
  position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
.tooltip {
  position: absolute; z-index: 10; pointer-events: none; max-width: 340px; padding: 8px 10px; border-radius: 6px;
  background: var(--ink); color: var(--page); font-size: 12.5px; line-height: 1.45; box-shadow: 0 4px 16px #0003;
}
.tooltip b { font-weight: 600; }
.tooltip .quiet { opacity: 0.75; }
footer { margin-top: 48px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--muted); font-size: 13px; }
@media (max-width: 640px) {
  #app { padding: 18px 16px 48px; }
  .page-head { flex-direction: column-reverse; gap: 12px; }
  h1 { font-size: 20px; }
  .reading { font-size: 15px; }
  section { margin-top: 32px; }
}
@media (prefers-reduced-motion: no-preference) { button, .segmented label { transition: border-color 0.12s; } }
@media print { .buttons, .segmented { display: none; } #app { max-width: none; } }
`;

export const STYLE: string = BASE_STYLE + BENCH_STYLE + INTERLEAVING_STYLE;
