/** Scheduling policies as they are written on the command line, and the machine that follows them. */
import type { FairPolicy } from "../../kernel-sim/fair-class.ts";
import { parseDuration } from "../stats/quantities.ts";
import { SpecError } from "../stats/spec-error.ts";

export interface Policy {
  /** As written. */
  readonly text: string;
  readonly fair: FairPolicy;
  /** Quantum or slice, ns; undefined: the kernel's own. */
  readonly sliceNs: number | undefined;
  /** Ticks a second, where slices end by the tick; 0 where they do not. */
  readonly tickHz: number;
}

const TICK_HZ = 250;

const NAMES: Readonly<Record<string, { readonly fair: FairPolicy; readonly ticks: boolean }>> = {
  eevdf: { fair: "eevdf-7.2", ticks: true },
  "eevdf-6.12": { fair: "eevdf-6.12", ticks: true },
  "eevdf-7.2": { fair: "eevdf-7.2", ticks: true },
  "virtual-time": { fair: "virtual-time", ticks: true },
};

export const POLICIES: string = [...Object.keys(NAMES)].join(", ");

/** `fcfs`, `rr:30us`, `eevdf`, `eevdf:1ms`, ... Throws SpecError naming the bad part. */
export function parsePolicy(text: string): Policy {
  const colon = text.indexOf(":");
  const name = colon < 0 ? text : text.slice(0, colon);
  const known = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
  if (known === undefined) throw new SpecError(name, `a policy; known are ${POLICIES}`);
  const sliceNs = colon < 0 ? undefined : Math.round(parseDuration(text.slice(colon + 1)));
  return { text, fair: known.fair, sliceNs, tickHz: known.ticks ? TICK_HZ : 0 };
}
