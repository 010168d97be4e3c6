/** Judged metrics as a table that fits a terminal: a heading for each benchmark, its metrics below. */
import type { Comparison, Verdict } from "../bench/compare/compare.ts";
import { formatValue } from "./metrics-table.ts";
import { type Paint, paint } from "./style.ts";
import { formatTable } from "./table.ts";

const WORDS: Readonly<Record<Verdict, string>> = {
  none: "same",
  better: "BETTER",
  worse: "WORSE",
  undecided: "?",
};
const PAINT: Readonly<Partial<Record<Verdict, Paint>>> = { better: "green", worse: "red" };

/** A longer name has a line of its own. */
const LONGEST_NAME = 24;

export function compareTable(comparisons: readonly Comparison[], colour: boolean | undefined): string {
  const rows: string[][] = [["", "A", "B", "B - A", "95 % interval", ""]];
  const paints: (Paint | undefined)[] = [undefined];
  const add = (row: string[], how?: Paint): void => {
    rows.push(row);
    paints.push(how);
  };
  let heading: string | undefined;
  for (const one of comparisons) {
    // The name of a line of the scripts under bench/ is all there is.
    const own = one.a.name === "" ? one.name : `  ${one.a.name}`;
    const of = one.a.name === "" ? heading : one.name.slice(0, -one.a.name.length - 1);
    if (of !== undefined && of !== heading) add([of]);
    heading = of;
    if (own.length > LONGEST_NAME) add([own]);
    add([own.length > LONGEST_NAME ? "" : own, ...cells(one)], PAINT[one.verdict]);
  }
  const lines = formatTable(rows, [0, 5]).split("\n");
  return lines
    .map((line, at) => (paints[at] === undefined ? line : paint(line, paints[at], colour)))
    .join("\n");
}

function cells({ a, medianA, medianB, effect, low, high, exact, verdict }: Comparison): string[] {
  const interval =
    low === undefined || high === undefined ? "unknown" : `${percent(low)} to ${percent(high)}`;
  const shown = exact ? "exact" : interval;
  return [
    formatValue(medianA, a.unit),
    formatValue(medianB, a.unit),
    `${percent(effect)} %`,
    shown,
    WORDS[verdict],
  ];
}

/** "+5.01", "-0.3", "0"; of nothing, everything is infinitely more. */
function percent(share: number): string {
  if (!Number.isFinite(share)) return share > 0 ? "+inf" : "-inf";
  const rounded = Number((100 * share).toFixed(2));
  return rounded > 0 ? `+${rounded}` : String(rounded);
}
