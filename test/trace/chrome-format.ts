/**
 * Whether a file keeps to the Trace Event Format as Perfetto reads it ("Trace Event Format", Duffy and others, 2016; Perfetto's
 * documentation of its legacy JSON importer). Returns what does not, in words.
 */
import type { File, Row } from "./chrome-file.ts";

/** What every event of a phase has. */
const REQUIRED: Readonly<Record<string, readonly (keyof Row)[]>> = {
  M: ["pid", "name", "args"],
  X: ["pid", "tid", "ts", "dur", "name", "cat"],
  i: ["pid", "tid", "ts", "name", "s"],
  s: ["pid", "tid", "ts", "name", "cat", "id"],
  f: ["pid", "tid", "ts", "name", "cat", "id", "bp"],
  C: ["pid", "ts", "name", "args"],
};

export function faultsOf(file: File): string[] {
  const faults: string[] = [];
  if (file.displayTimeUnit !== "ns") faults.push(`displayTimeUnit is ${file.displayTimeUnit}`);
  const named = new Set<string>();
  for (const row of file.traceEvents) {
    const required = REQUIRED[row.ph];
    if (required === undefined) faults.push(`phase ${row.ph}`);
    for (const field of required ?? [])
      if (row[field] === undefined) faults.push(`${row.ph} without ${field}: ${row.name}`);
    if (row.ts !== undefined && !(row.ts >= 0)) faults.push(`time ${row.ts} of ${row.name}`);
    if (row.ph === "M" && row.name === "thread_name") named.add(`${row.pid}/${row.tid}`);
    const args = Object.values(row.args ?? {});
    if (row.ph === "C" && (args.length === 0 || !args.every((value) => Number.isFinite(value))))
      faults.push(`counter ${row.name} is ${JSON.stringify(row.args)}`);
  }
  const timed = file.traceEvents.filter(({ ph }) => ph !== "M");
  for (const row of timed)
    if (row.ph !== "C" && !named.has(`${row.pid}/${row.tid}`))
      faults.push(`no name for the track of ${row.name}`);
  for (const [i, row] of timed.entries())
    if (i > 0 && row.ts! < timed[i - 1]!.ts!) faults.push(`not in the order of time: ${row.name}`);
  return [...faults, ...sliceFaults(timed), ...flowFaults(timed)];
}

/** Slices of a track follow each other. */
function sliceFaults(rows: readonly Row[]): string[] {
  const ends = new Map<string, number>();
  return rows.flatMap(({ ph, pid, tid, ts, dur, name }) => {
    if (ph !== "X") return [];
    const track = `${pid}/${tid}`;
    const overlaps = Math.round(ts! * 1000) < (ends.get(track) ?? 0);
    ends.set(track, Math.round((ts! + dur!) * 1000));
    return dur! >= 0 && !overlaps ? [] : [`${name} overlaps on track ${track}`];
  });
}

/** Each arrow begins once, in a slice of its track, and ends once, not before it, in a slice too. */
function flowFaults(rows: readonly Row[]): string[] {
  const faults: string[] = [];
  const begun = new Map<number, Row>();
  const within = (row: Row): boolean =>
    rows.some(
      ({ ph, pid, tid, ts, dur }) =>
        ph === "X" && pid === row.pid && tid === row.tid && ts! <= row.ts! && row.ts! <= ts! + dur! + 1e-9,
    );
  for (const row of rows) {
    if (row.ph !== "s" && row.ph !== "f") continue;
    if (!within(row)) faults.push(`arrow ${row.id} (${row.ph}) is in no slice`);
    const start = begun.get(row.id!);
    if (row.ph === "s" && start !== undefined) faults.push(`arrow ${row.id} begins twice`);
    if (row.ph === "f" && start === undefined) faults.push(`arrow ${row.id} ends and never began`);
    if (row.ph === "s") begun.set(row.id!, row);
    else begun.delete(row.id!);
  }
  for (const id of begun.keys()) faults.push(`arrow ${id} does not end`);
  return faults;
}
