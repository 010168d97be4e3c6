/** Plain-text tables, and times as people read them. */

/** Columns as wide as their widest cell; the columns of `left` flush left, the others right. A row of one cell is a heading. */
export function formatTable(rows: readonly (readonly string[])[], left: readonly number[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    if (row.length === 1) continue;
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  const lines = rows.map((row) =>
    row.map((cell, column) => pad(cell, widths[column] ?? 0, left.includes(column))),
  );
  return lines.map((cells) => `${cells.join("  ").trimEnd()}\n`).join("");
}

function pad(cell: string, width: number, left: boolean): string {
  return left ? cell.padEnd(width) : cell.padStart(width);
}

/** "1250 ns", "12.88 us", "3.1 ms": whole ns below 10 us, four digits or so above. */
export function formatNs(ns: number): string {
  if (ns < 10_000) return `${Math.round(ns)} ns`;
  if (ns < 10_000_000) return `${(ns / 1000).toFixed(2)} us`;
  return `${(ns / 1e6).toFixed(2)} ms`;
}
