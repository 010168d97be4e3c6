/** An interleaving as people read it: a row a step, a column an actor. */
import type { ReplayedStep } from "./replay.ts";

const WIDTH = 80;
const MIN_COLUMN = 14;
/** Of more steps only the first and the last half of these are shown. */
const MAX_ROWS = 200;

/** With more actors than there is room for columns, each line names its actor. */
export function interleavingText(steps: readonly ReplayedStep[]): string {
  const digits = Math.max(4, String(steps.length - 1).length);
  const actors = [...new Set(steps.map(({ actor }) => actor))].sort((a, b) => a - b);
  const column = Math.floor((WIDTH - digits) / actors.length) - 2;
  const numbered = (step: string, cells: readonly string[]): string =>
    `${`${step.padStart(digits)}  ${cells.join("  ")}`.trimEnd()}\n`;
  if (column < MIN_COLUMN)
    return shortened(steps.map(({ name, what }, i) => numbered(String(i), [`${name}: ${what}`])));
  const names = actors.map((actor) => steps.find((step) => step.actor === actor)!.name);
  const cell = (text: string): string =>
    (text.length > column ? `${text.slice(0, column - 1)}…` : text).padEnd(column);
  const rows = steps.map(({ actor, what }, i) =>
    numbered(
      String(i),
      actors.map((other) => cell(other === actor ? what : "")),
    ),
  );
  return numbered("step", names.map(cell)) + shortened(rows);
}

function shortened(rows: readonly string[]): string {
  const out = rows.length - MAX_ROWS;
  if (out <= 0) return rows.join("");
  return `${rows.slice(0, MAX_ROWS / 2).join("")}   …  ${out} steps are not shown\n${rows.slice(-MAX_ROWS / 2).join("")}`;
}
