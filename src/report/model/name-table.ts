/**
 * The words of a trace as data: the page has no kernel to ask. Only those for numbers that occur in its events.
 */
import { traceEventInfo } from "../../trace/event-table.ts";
import { nameOf, type TraceNames } from "../../trace/names.ts";
import type { EventLog } from "./event-log.ts";

/** By function of TraceNames and number. */
export type NameTable = Readonly<Record<string, Readonly<Record<string, string>>>>;

const KEYS: readonly (keyof TraceNames)[] = [
  "taskName",
  "waitReason",
  "idleState",
  "syscallName",
  "signalName",
  "ipiKind",
  "cpuState",
  "dieReason",
  "wakeFlags",
  "umcgWord",
];

/** What `names` says for all numbers in `log`. */
export function collectNames(log: EventLog, names: TraceNames): NameTable {
  const table: Record<string, Record<string, string>> = {};
  const add = (as: string, value: number): void => {
    const key = KEYS.find((known) => known === as);
    if (key === undefined || names[key] === undefined) return;
    table[key] ??= {};
    table[key][value] ??= nameOf(names, key, value);
  };
  for (let i = 0; i < log.length; i++) {
    const info = traceEventInfo(log.kinds[i]!);
    if (info === undefined) continue;
    add(info.tid.as, log.tids[i]!);
    add(info.arg0.as, log.args0[i]!);
    add(info.arg1.as, log.args1[i]!);
  }
  return table;
}

/** The table as functions again. A number that is not in it stays a number. */
export function namesOf(table: NameTable): TraceNames {
  const names: Record<string, (value: number) => string> = {};
  for (const key of KEYS) {
    const words = table[key];
    if (words !== undefined) names[key] = (value) => words[value] ?? String(value);
  }
  return names;
}
