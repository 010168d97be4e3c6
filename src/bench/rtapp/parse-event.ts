/** One event of a phase. Its key begins with its kind; what follows, if anything, only tells it from others: run0, timer_b. */
import { type Field, fail, fieldsOf, integer, text, wrong } from "./fields.ts";
import type { RtappEvent } from "./program.ts";

const MAX_US = 1_000_000_000;

/** The longer of two that begin alike comes first. */
const KINDS = [
  "runtime",
  "run",
  "sleep",
  "timer",
  "lock",
  "unlock",
  "wait",
  "signal",
  "broad",
  "sync",
  "barrier",
  "suspend",
  "resume",
  "yield",
  "fork",
] as const;

/** Events that other versions know. */
const NOT_SIMULATED = ["mem", "iorun"];

export type EventKind = (typeof KINDS)[number];

/** undefined: the key is no event's. */
export function eventKindOf(key: string): EventKind | undefined {
  return KINDS.find((kind) => key.startsWith(kind));
}

export function isNotSimulated(key: string): boolean {
  return NOT_SIMULATED.some((kind) => key.startsWith(kind));
}

/** `task`: whose event it is. Throws RtappError. */
export function parseEvent(kind: EventKind, field: Field, task: string): RtappEvent {
  switch (kind) {
    case "run":
    case "runtime":
    case "sleep":
      return { kind, ns: 1000 * integer(field, 0, MAX_US) };
    case "timer":
      return parseTimer(field);
    case "wait":
    case "sync": {
      const { ref, mutex } = only(field, ["ref", "mutex"]);
      if (ref === undefined || mutex === undefined) throw wrong(field, "an object with ref and mutex");
      return { kind, ref: text(ref), mutex: text(mutex) };
    }
    case "yield":
      return { kind };
    case "suspend":
      return { kind, ref: text(field) || task };
    default:
      if (text(field) === "") throw wrong(field, "a name");
      return { kind, ref: text(field) };
  }
}

function parseTimer(field: Field): RtappEvent {
  const { ref, period, mode } = only(field, ["ref", "period", "mode"]);
  if (ref === undefined || period === undefined) throw wrong(field, "an object with ref and period");
  const how = mode === undefined ? "relative" : text(mode);
  if (mode !== undefined && how !== "relative" && how !== "absolute")
    throw wrong(mode, '"relative" or "absolute"');
  return {
    kind: "timer",
    ref: text(ref),
    periodNs: 1000 * integer(period, 1, MAX_US),
    absolute: how === "absolute",
  };
}

/** The entries of an object that may have these and no others. */
function only(field: Field, keys: readonly string[]): Readonly<Record<string, Field | undefined>> {
  const fields = fieldsOf(field);
  const unknown = fields.find(({ key }) => !keys.includes(key));
  if (unknown !== undefined) throw fail(unknown, `unknown key; known are ${keys.join(", ")}`);
  return Object.fromEntries(fields.map((one) => [one.key, one]));
}
