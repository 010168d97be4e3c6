/**
 * One event as one line, for error dumps and logs.
 *
 *     [   1.250us] cpu0 sched_waking tid=3 flags=0x40 by=2
 *
 * The shape is ftrace's. Labels and words come from event-table.ts, names of tasks, flags and the like
 * from the caller. It never throws on an odd event: it is called when something has already gone wrong.
 */
import { type TraceField, traceEventInfo } from "./event-table.ts";
import type { TraceEvent } from "./events.ts";
import { micros } from "./micros.ts";
import { hex32, nameOf, type TraceNames } from "./names.ts";

const TIME_WIDTH = 8;

function formatValue(field: TraceField, value: number, names: TraceNames): string {
  const word = field.words?.[value];
  if (word !== undefined) return word;
  switch (field.as) {
    case "number":
      return String(value);
    case "hex":
      return hex32(value);
    case "ns":
      return `${value}ns`;
    case "taskName":
      return names.taskName === undefined ? String(value) : `${value}(${names.taskName(value)})`;
    default:
      return nameOf(names, field.as, value);
  }
}

/**
 * A line for `event`. Without a function in `names` for it, a number is printed as it is (flag words in
 * hexadecimal).
 *
 * ```ts
 * for (const event of trace.last(20)) console.error(formatEvent(event));
 * ```
 */
export function formatEvent(event: TraceEvent, names: TraceNames = {}): string {
  const { kind, cpu, tid, arg0, arg1 } = event;
  const head = `[${micros(event.timeNs).padStart(TIME_WIDTH)}us] cpu${cpu}`;
  const info = traceEventInfo(kind);
  if (info === undefined) return `${head} event${kind} tid=${tid} arg0=${arg0} arg1=${arg1}`;
  const words = [head, info.name];
  const add = (field: TraceField, value: number): void => {
    if (field.label !== "") words.push(`${field.label}=${formatValue(field, value, names)}`);
  };
  add(info.tid, tid);
  add(info.arg0, arg0);
  add(info.arg1, arg1);
  return words.join(" ");
}
