/**
 * Scheduling policies as they are written on the command line, and the machine that follows them.
 *
 * `ps` is round robin with a quantum that has to be small beside every request: with the kernel's 1 us, requests of .5 us among
 * some of 500 us took 1.7 times as long as they should, x / (1 - r), since each waited for a whole turn of the others. So the quantum is
 * a tenth of the shortest request where a law says what that is: its error is then half a quantum for each other in the queue.
 */
import type { FairPolicy } from "../../kernel-sim/fair-class.ts";
import type { Law } from "../stats/laws.ts";
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

/** The disciplines of queueing theory end their slices by a timer of their own, the kernel's by the tick. */
const NAMES: Readonly<Record<string, { readonly fair: FairPolicy; readonly ticks: boolean }>> = {
  fcfs: { fair: "fcfs", ticks: false },
  rr: { fair: "rr", ticks: false },
  ps: { fair: "ps", ticks: false },
  srpt: { fair: "srpt", ticks: false },
  eevdf: { fair: "eevdf-7.2", ticks: true },
  "eevdf-6.12": { fair: "eevdf-6.12", ticks: true },
  "eevdf-7.2": { fair: "eevdf-7.2", ticks: true },
  "virtual-time": { fair: "virtual-time", ticks: true },
};

export const POLICIES: string = Object.keys(NAMES).join(", ");

/** Policies that have no slices. */
const WHOLE: readonly string[] = ["fcfs", "srpt"];

const LONGEST_SHARING_NS = 1_000;
const TURNS = 10;

/** The slice for requests of a law, ns; undefined: the kernel's own. */
export function sliceFor({ fair, sliceNs }: Policy, { meanNs, valuesNs }: Law): number | undefined {
  if (fair !== "ps" || sliceNs !== undefined) return sliceNs;
  return Math.max(1, Math.min(LONGEST_SHARING_NS, Math.round(Math.min(meanNs, ...valuesNs) / TURNS)));
}

/** `fcfs`, `rr:30us`, `eevdf`, `eevdf:1ms`, ... Throws SpecError naming the bad part. */
export function parsePolicy(text: string): Policy {
  const colon = text.indexOf(":");
  const name = colon < 0 ? text : text.slice(0, colon);
  const known = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
  if (known === undefined) throw new SpecError(name, `a policy; known are ${POLICIES}`);
  if (name === "rr" && colon < 0) throw new SpecError(text, "a policy: rr takes a quantum, as in rr:30us");
  if (WHOLE.includes(name) && colon >= 0) throw new SpecError(text, `a policy: ${name} has no quantum`);
  const sliceNs = colon < 0 ? undefined : Math.max(1, Math.round(parseDuration(text.slice(colon + 1))));
  return { text, fair: known.fair, sliceNs, tickHz: known.ticks ? TICK_HZ : 0 };
}
