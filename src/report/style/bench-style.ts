/** The part of the style sheet that only the report of a benchmark needs. */

export const BENCH_STYLE = `
:root {
  --run-0: light-dark(#1f6fb8, #64aef0);
  --run-1: light-dark(#d0560a, #ff9b54);
  --run-2: light-dark(#6b7280, #a8b0bb);
  --run-3: light-dark(#0b8a63, #4cc79c);
  --run-4: light-dark(#9333b8, #cf8ff0);
  --run-5: light-dark(#a16207, #e0b040);
  --state-1: light-dark(#e4e5e2, #2b2f34);
  --state-2: light-dark(#a9cfe8, #36617d);
  --state-3: light-dark(#2f72b5, #5ea6e6);
  --state-4: light-dark(#8db6dd, #376a98);
  --state-5: light-dark(#8a4f9e, #c58fd8);
  --state-6: light-dark(#c5a3d0, #7a4f89);
  --state-7: light-dark(#0d8a66, #41c598);
  --state-8: light-dark(#84c7b1, #27735a);
  --state-9: light-dark(#e69f00, #f0b429);
  --state-10: light-dark(#b4b8bd, #565c64);
  --state-11: light-dark(#c9740b, #d99a3c);
  --state-12: light-dark(#b48fc2, #9a6cab);
  --use-user: var(--state-7);
  --use-system: var(--state-3);
  --use-irq: light-dark(#c2436b, #e87ba0);
  --use-exit: var(--state-2);
  --use-idle: light-dark(#ebebe8, #25292e);
}
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 1px; margin-top: 20px;
  background: var(--line); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.figure { background: var(--panel); padding: 12px 16px; }
.figure .name { color: var(--muted); font-size: 13px; }
.figure .name::first-letter { text-transform: uppercase; }
.figure .value { font-size: 22px; font-weight: 600; letter-spacing: -0.01em; line-height: 1.35; white-space: nowrap; }
.figure .each { display: flex; gap: 7px; align-items: baseline; }
.figure .each .value { font-size: 19px; }
.figure .who { color: var(--muted); font-size: 12px; }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 2px; flex: none; background: var(--c); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; color: var(--muted); margin: 0; padding: 0; list-style: none; }
.legend + div { margin-top: 10px; }
.timelines + .note { margin-top: 10px; }
.note + .matrix-rows { margin-top: 8px; }
.legend li { display: inline-flex; gap: 6px; align-items: center; }
.legend .thin { height: 3px; border-radius: 0; }
.legend .half { height: 6px; border-radius: 0; }
.legend .arrow { width: auto; height: auto; background: none; line-height: 1; font-size: 15px; }
.charts { display: grid; grid-template-columns: repeat(var(--columns, 3), minmax(0, 1fr)); gap: 28px 24px; }
.chart h3 { margin-bottom: 2px; }
.chart .note { min-height: 2.8em; line-height: 1.35; }
.chart .plot { margin-top: 6px; min-height: 210px; }

.chart .caption { color: var(--muted); font-size: 11.5px; margin: 8px 0 -4px; }
.chart .can-press { cursor: pointer; }
.scroll-x + .note { margin-top: 8px; }
.finder { font: inherit; font-size: 13px; color: var(--ink); background: var(--panel); border: 1px solid var(--line-strong);
  border-radius: 6px; padding: 4px 10px; min-height: 30px; width: 11em; }
.slow td, .slow th { text-align: left; }
.slow td { font-family: var(--mono); font-size: 12.5px; }
.slow td.run { font-family: var(--sans); }
.slow tbody tr { cursor: pointer; }
.slow tbody tr:hover { background: var(--sunken); }
.slow tbody tr[aria-current] { background: var(--changed); }
.slow button { padding: 1px 8px; min-height: 24px; }
.note button { padding: 1px 8px; min-height: 24px; }
.why h3 { margin: 16px 0 8px; }
.why ol { margin: 8px 0 0; padding: 0; list-style: none; font-size: 13.5px; }
.why li { padding: 3px 0; display: flex; flex-wrap: wrap; gap: 2px 8px; align-items: baseline; }
.why .meanwhile { color: var(--muted); }
.why-bar { display: flex; height: 14px; border-radius: 2px; overflow: hidden; background: var(--sunken); }
.why-bar span { background: var(--c); min-width: 1px; }
.chart .readout { font-size: 12px; color: var(--muted); min-height: 1.5em; font-family: var(--mono); overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
.uplot { font-family: var(--sans); }
.u-cursor-x, .u-cursor-y { border-color: var(--line-strong) !important; }
.matrix-rows { display: grid; grid-template-columns: max-content 1fr; gap: 6px 16px; align-items: center; font-size: 14px; }
.matrix-rows button { text-align: left; border-color: transparent; background: none; padding: 2px 8px; width: 100%; }
.matrix-rows button[aria-pressed="true"] { border-color: var(--accent); background: var(--panel); }
.matrix-rows .track { position: relative; height: 28px; border-bottom: 1px solid var(--line); }
.matrix-rows .dot { position: absolute; top: 9px; width: 11px; height: 11px; margin-left: -5.5px; border-radius: 50%; background: var(--c); }
.matrix-rows .ring { top: 6px; width: 17px; height: 17px; margin-left: -8.5px; background: none; border: 2px solid var(--c); }
.matrix-rows .reach { position: absolute; top: 14px; height: 1px; background: var(--line-strong); }
.matrix-rows .tick { position: absolute; top: 0; transform: translateX(-50%); color: var(--muted); font-size: 12px; white-space: nowrap; }
.matrix-rows .grid { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--line); }
.uses { display: grid; gap: 24px; }
.uses.pair { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.use-rows { display: grid; grid-template-columns: max-content 1fr 4.2em; gap: 4px 12px; align-items: center; font-size: 13px;
  max-height: 380px; overflow-y: auto; }
.use-bar { display: flex; height: 14px; background: var(--use-idle); border-radius: 2px; overflow: hidden; }
.use-bar span { background: var(--c); min-width: 0; }
.use-rows .busy { text-align: right; color: var(--muted); }
.use-rows .idle-cpus { grid-column: 1 / -1; color: var(--muted); }
.timelines { display: grid; gap: 20px 24px; }
.timelines.pair { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.timeline { position: relative; border: 1px solid var(--line); border-radius: 8px; background: var(--panel); overflow: hidden; }
.timeline-title { display: flex; gap: 8px; align-items: center; padding: 8px 12px 0; font-size: 13px; font-weight: 600; }
.timeline canvas { display: block; }
.timeline .map { width: 100%; height: 40px; cursor: grab; touch-action: none; border-bottom: 1px solid var(--line); }
.timeline .rows { position: relative; overflow-y: auto; max-height: 460px; overscroll-behavior: auto; }
.timeline .rows canvas { position: sticky; top: 0; cursor: crosshair; touch-action: pan-y; outline-offset: -2px; }
.timeline .rows canvas:active { cursor: grabbing; }
.timeline-status { display: flex; flex-wrap: wrap; gap: 2px 16px; justify-content: space-between; padding: 6px 12px;
  border-top: 1px solid var(--line); font-size: 12.5px; color: var(--muted); min-height: 32px; }
.settings { columns: 2; column-gap: 40px; font-size: 14px; margin: 0; }
.settings div { display: flex; justify-content: space-between; gap: 16px; break-inside: avoid; padding: 4px 0; border-bottom: 1px solid var(--line); }
.settings dt { color: var(--muted); }
.settings dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
@media (max-width: 980px) {
  .charts { grid-template-columns: minmax(0, 1fr); }
  .chart .note { min-height: 0; }
  .timelines.pair, .uses.pair { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 640px) {
  .settings { columns: 1; }
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .figure { padding: 10px 12px; }
  .figure:last-child:nth-child(odd) { grid-column: span 2; }
  .figure .value { font-size: 18px; }
  .matrix-rows { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .matrix-rows .axis-name { display: none; }
}
`;
