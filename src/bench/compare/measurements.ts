/**
 * What `umcg bench` and the scripts under bench/ print, read back for comparison.
 *
 * A file is one JSON document, an object or an array of objects, as of `umcg bench --json`; or one JSON object a line, as of
 * `npm run -s bench:sim`: a name, a value and a unit. Lines of one name are repetitions: append the output of several runs to
 * one file. Objects of one benchmark in one configuration are repetitions, too.
 */
import type { Series, Unit } from "../metrics.ts";

/** One benchmark in one configuration. */
export interface Measurement {
  readonly name: string;
  /** How it was configured: words, switches and the counts that are known to be no results. */
  readonly configuration: Readonly<Record<string, string | number | boolean>>;
  readonly series: readonly Series[];
  /** Every repetition gives the same. */
  readonly exact: boolean;
}

export class MeasurementError extends Error {
  readonly code = "ERR_MEASUREMENT";
  constructor(file: string, problem: string) {
    super(`"${file}": ${problem}`);
    this.name = "MeasurementError";
  }
}

type Fields = Readonly<Record<string, unknown>>;

const COUNTS = [
  "vcpus",
  "loops",
  "requests",
  "workers",
  "rate",
  "durationNs",
  "messageThreads",
  "background",
  "cores",
];
const NO_CONFIGURATION = ["name", "workload", "study", "complete", "exact"];

/** Throws MeasurementError naming `file` and the place in it. */
export function parseMeasurements(text: string, file: string): Measurement[] {
  const read = documentsOf(text, file).map(({ place, value }) => measurementOf(value, place, file));
  const merged = new Map<string, Measurement>();
  for (const one of read) {
    const key = JSON.stringify([one.name, one.configuration]);
    const known = merged.get(key);
    merged.set(key, known === undefined ? one : joined(known, one, file));
  }
  if (merged.size === 0) throw new MeasurementError(file, "no measurement is in it");
  return [...merged.values()];
}

interface Document {
  readonly place: string;
  readonly value: unknown;
}

function documentsOf(text: string, file: string): Document[] {
  const whole = jsonOf(text);
  if (whole !== undefined) {
    const all = Array.isArray(whole.value) ? whole.value : [whole.value];
    return all.map((value: unknown, at) => ({ place: all.length === 1 ? "the document" : `[${at}]`, value }));
  }
  const lines = text.split("\n").map((line, at) => ({ line: line.trim(), place: `line ${at + 1}` }));
  return lines
    .filter(({ line }) => line !== "")
    .map(({ line, place }) => {
      const read = jsonOf(line);
      if (read === undefined) throw new MeasurementError(file, `${place} is no JSON`);
      return { place, value: read.value };
    });
}

/** Undefined: it is no JSON. */
function jsonOf(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function measurementOf(value: unknown, place: string, file: string): Measurement {
  const fail = (problem: string): MeasurementError => new MeasurementError(file, `${place} ${problem}`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw fail("is no object");
  const fields = value as Fields;
  const { name, workload, study } = fields;
  const called = [name, workload, study].find((one) => typeof one === "string" && one !== "");
  if (called === undefined) throw fail("has no name");
  const configured = ([key, fact]: [string, unknown]): boolean =>
    typeof fact === "number"
      ? COUNTS.includes(key)
      : ["string", "boolean"].includes(typeof fact) && !NO_CONFIGURATION.includes(key);
  const configuration = Object.fromEntries(
    Object.entries(fields).filter(configured),
  ) as Measurement["configuration"];
  const series =
    fields["metrics"] === undefined ? [lineOf(fields, fail)] : readSeries(fields["metrics"], fail);
  return { name: String(called), configuration, series, exact: fields["exact"] === true };
}

/** A line of the scripts under bench/. */
function lineOf({ value, unit }: Fields, fail: (problem: string) => MeasurementError): Series {
  if (typeof value !== "number") throw fail("has neither metrics nor a value: is it a result of umcg bench?");
  const better = unit === "1/s" ? "higher" : "lower";
  return { name: "", unit: (typeof unit === "string" ? unit : "") as Unit, better, values: [value] };
}

function readSeries(metrics: unknown, fail: (problem: string) => MeasurementError): Series[] {
  if (!Array.isArray(metrics)) throw fail("has metrics that are no list");
  return metrics.map((one: Fields | null, at) => {
    const { name, unit, better, values } = one ?? {};
    const numbers = Array.isArray(values) && values.length > 0 && values.every(Number.isFinite);
    if (typeof name !== "string" || typeof unit !== "string" || !numbers)
      throw fail(`has no name, unit and values in metrics[${at}]`);
    if (better !== "lower" && better !== "higher")
      throw fail(`says better: ${JSON.stringify(better)} in metrics[${at}], not "lower" or "higher"`);
    return { name, unit: unit as Unit, better, values: values as number[] };
  });
}

/** Repetitions of one benchmark. */
function joined(first: Measurement, second: Measurement, file: string): Measurement {
  const series = first.series.map((one) => {
    const other = second.series.find(({ name }) => name === one.name);
    if (other === undefined)
      throw new MeasurementError(file, `${first.name} is there twice, once without ${one.name}`);
    return { ...one, values: [...one.values, ...other.values] };
  });
  return { ...first, series, exact: first.exact && second.exact };
}
