/** The part of the style sheet that only an interleaving needs. */

export const INTERLEAVING_STYLE = `
:root {
  --actor-0: light-dark(#1f6fb8, #64aef0);
  --actor-1: light-dark(#d0560a, #ff9b54);
  --actor-2: light-dark(#0b8a63, #4cc79c);
  --actor-3: light-dark(#8a4f9e, #c58fd8);
  --actor-4: light-dark(#a07400, #e6bd4a);
  --actor-5: light-dark(#b03a6b, #f08ab4);
}
.verdict { margin-top: 18px; border: 1px solid var(--line); border-left: 4px solid var(--c); border-radius: 6px;
  background: var(--panel); padding: 12px 16px; overflow-wrap: anywhere; }
.verdict.bad { --c: var(--bad); }
.verdict.good { --c: var(--good); }
.verdict strong { color: var(--c); margin-right: 4px; }
.verdict .note { margin-top: 4px; }
.walk-bar { position: sticky; top: 0; z-index: 5; background: var(--page); padding: 10px 0 8px; border-bottom: 1px solid var(--line); }
.walk-bar input[type="range"] { width: 100%; margin: 10px 0 2px; accent-color: var(--accent); display: block; }
.walk-bar .told { display: block; min-height: 1.5em; font-size: 14px; overflow-wrap: anywhere; }
.check { display: inline-flex; gap: 6px; align-items: center; font-size: 14px; margin-left: 8px; cursor: pointer; }
.check input { width: 16px; height: 16px; accent-color: var(--accent); margin: 0; }
.walk-bar .changes { min-height: 34px; margin-top: 4px; font-size: 13px; }
.walk-legend { margin-top: 10px; }
.walk-legend .rule { width: 18px; border-top: 1px solid var(--line-strong); }
.walk-legend .rule.preempts { border-top: 2px solid var(--bad); }
.walk-legend .cross { color: var(--bad); font-weight: 700; }
.walk-legend .value { font-family: var(--mono); }
[aria-label="Interleaving"] { margin-top: 18px; }
.command + details { margin-top: 14px; }
.walk { display: grid; grid-template-columns: minmax(0, 1.7fr) minmax(0, 1fr); gap: 28px; margin-top: 14px; align-items: start; }
.steps-box, .state-box { position: relative; overflow: auto; max-height: max(340px, calc(100vh - 350px)); }
.steps { table-layout: fixed; font-size: 13px; border-collapse: separate; border-spacing: 0; }
.steps th, .steps td { text-align: left; vertical-align: top; padding: 4px 10px; }
.steps thead th:first-child { width: 5.2em; }
.steps thead th { white-space: normal; overflow-wrap: anywhere; }
.steps thead th { position: sticky; top: 0; background: var(--page); z-index: 1; border-bottom: 1px solid var(--line-strong); }
.steps tbody th { color: var(--muted); font-size: 12px; text-align: right; padding-left: 6px; border-left: 3px solid transparent; }
.steps tbody tr { cursor: pointer; }
.steps tbody tr:hover { background: var(--sunken); }
.steps tbody td { border-left: 1px solid var(--line); white-space: normal; overflow-wrap: anywhere; font-family: var(--mono); }
.steps .does { color: var(--c); }
.steps .does .who { display: none; }
.steps .value { color: var(--muted); font-size: 0.93em; }
.steps tr.marked th::before { content: "●"; color: var(--accent); margin-right: 5px; }
.state tbody tr { cursor: pointer; }
.state tbody tr:hover { background: var(--sunken); }
.state tr[aria-selected="true"] th { font-weight: 700; color: var(--accent); }
.actor-0 { --c: var(--actor-0); } .actor-1 { --c: var(--actor-1); } .actor-2 { --c: var(--actor-2); }
.actor-3 { --c: var(--actor-3); } .actor-4 { --c: var(--actor-4); } .actor-5 { --c: var(--actor-5); }
.steps tr.switch > * { border-top: 1px solid var(--line-strong); }
.steps tr.preempts > * { border-top: 2px solid var(--bad); }
.steps tr.ahead > * { opacity: 0.5; }
.steps tr[aria-current] { background: var(--changed); }
.steps tr[aria-current] th { color: var(--ink); font-weight: 700; border-left-color: var(--accent); }
.steps tr.violates .does::after { content: " ✗"; color: var(--bad); font-weight: 700; }
.steps tr.left-out td { color: var(--muted); cursor: default; font-family: var(--sans); }
.state { font-size: 13px; }
.state + .state { margin-top: 18px; }
.state th, .state td { padding: 4px 8px; vertical-align: top; }
.state th[scope="row"] { font-size: 13px; font-family: var(--mono); padding-left: 6px; white-space: normal; overflow-wrap: anywhere; }
.state td { font-family: var(--mono); white-space: normal; overflow-wrap: anywhere; }
.state th[scope="row"] { min-width: 9.5em; }
.state .before { color: var(--muted); }
.state tbody tr.changed { background: var(--changed); }
.schedule { display: block; overflow-wrap: anywhere; padding: 10px 14px; background: var(--sunken); border: 1px solid var(--line); border-radius: 8px; }
@media (max-width: 860px) {
  .walk { grid-template-columns: minmax(0, 1fr); gap: 18px; }
  .steps-box { max-height: 46vh; }
  .state-box { max-height: none; }
  .steps { table-layout: auto; }
  .steps thead { display: none; }
  .steps tbody th { width: 3.4em; }
  .steps .empty { display: none; }
  .steps tbody td { border-left: 0; width: 100%; }
  .steps .does .who { display: inline-block; font-weight: 700; margin-right: 8px; }
  .check { margin-left: 0; }
}
`;
