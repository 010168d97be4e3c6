/**
 * Where the price of a step comes from: an optional part of a cost profile, kept beside the prices and never computed with.
 *
 *     "sources": {
 *       "cacheLine": { "from": "measured", "probe": "lineHop", "p50": 55, "p90": 70, "samples": 400 },
 *       "wake": { "from": "guest", "why": "Node cannot time it" }
 *     }
 */
import { MachineError } from "../../kernel-sim/errors.ts";
import { STEP_NAMES, type StepName } from "../../kernel-sim/steps.ts";

/** A price that was measured. */
export interface MeasuredSource {
  readonly from: "measured";
  /** The series it was computed from. */
  readonly probe: string;
  /** ns. */
  readonly p50: number;
  readonly p90: number;
  readonly samples: number;
}

/** A price that was taken over. */
export interface BaseSource {
  /** Name of the profile the price was taken from. */
  readonly from: string;
  readonly why: string;
}

/** Where a price comes from. */
export type StepSource = MeasuredSource | BaseSource;
/** Where the prices of a profile come from, as far as it tells. */
export type StepSources = Readonly<Partial<Record<StepName, StepSource>>>;

export function baseSource(base: string, why: string): BaseSource {
  return { from: base, why };
}

export function isMeasured(source: StepSource): source is MeasuredSource {
  return source.from === "measured";
}

const MEASURED_NUMBERS = ["p50", "p90", "samples"] as const;
const TEXTS = { measured: ["from", "probe"], base: ["from", "why"] } as const;

/** Throws ERR_CONFIG naming the first bad key. */
export function parseSources(data: unknown): StepSources {
  const path = "profile.sources";
  const given = record(path, data, STEP_NAMES);
  for (const [step, source] of Object.entries(given)) {
    const from = record(`${path}.${step}`, source, ["from", "why", "probe", ...MEASURED_NUMBERS])["from"];
    const measured = from === "measured";
    const texts: readonly string[] = measured ? TEXTS.measured : TEXTS.base;
    const numbers: readonly string[] = measured ? MEASURED_NUMBERS : [];
    const fields = record(`${path}.${step}`, source, [...texts, ...numbers]);
    for (const key of texts) {
      if (typeof fields[key] !== "string") throw bad(`${path}.${step}.${key}`, "a text", fields[key]);
    }
    for (const key of numbers) {
      const value = fields[key];
      if (typeof value !== "number" || !(value >= 0)) throw bad(`${path}.${step}.${key}`, "0 or more", value);
    }
  }
  return given as StepSources;
}

function record(path: string, data: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof data !== "object" || data === null || Array.isArray(data)) throw bad(path, "an object", data);
  const stranger = Object.keys(data).find((key) => !known.includes(key));
  if (stranger === undefined) return data as Readonly<Record<string, unknown>>;
  const message = `${path}.${stranger} is no key of it; known are ${known.join(", ")}`;
  throw new MachineError("ERR_CONFIG", message);
}

function bad(path: string, wanted: string, got: unknown): MachineError {
  const message = `${path} must be ${wanted}, got ${JSON.stringify(got) ?? String(got)}`;
  return new MachineError("ERR_CONFIG", message);
}
