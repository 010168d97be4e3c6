/**
 * `--against NAME=VALUE` of a study: the same once more with one option at another value, and both in one report.
 *
 * The second command line is the first with the option behind it, of which the last counts: whatever an option may be given is judged
 * where it always is. The two are called by the settings that they differ in. Of their figures and distributions those are shown
 * that both have: another law of service has other classes of requests.
 */
import type { ReportedRun } from "../report/bench-report.ts";
import type { UsageError } from "./errors.ts";
import type { Options, OptionTypes } from "./options.ts";
import { ReportFile } from "./report-file.ts";
import type { Session } from "./session.ts";

export const AGAINST_OPTION: OptionTypes = { against: { type: "string" } };

/** Options that are not of the run but of what becomes of it. */
const NOT_OF_THE_RUN: readonly string[] = ["against", "report", "format", "json", "repeat", "help", "host"];

/** One of the two: where its run is put down. */
export interface Side {
  readonly file: ReportFile;
  /** `reading`: the sentence of its table. */
  add(run: ReportedRun, reading: string): void;
}

interface Told {
  readonly run: ReportedRun;
  readonly reading: string;
}

export class StudyPair {
  readonly side: Side;
  readonly #name: string;
  readonly #change: readonly string[];
  readonly #told: Told[] = [];

  /** Undefined: there is no --against. Throws UsageError, TraceFileError. */
  static wanted(study: string, options: Options, maxEvents: number): StudyPair | undefined {
    const text = options.text("against");
    if (text === undefined) return undefined;
    const path = options.text("report");
    if (path === undefined) throw options.usage("--against puts a second run into a report: give --report");
    if (options.has("repeat")) throw options.usage("--report is of one run: leave out --repeat");
    const change = changeOf(options, text);
    return new StudyPair(study, change, new ReportFile(path, [study, ...options.args], maxEvents));
  }

  constructor(study: string, change: readonly string[], file: ReportFile) {
    this.#name = study;
    this.#change = change;
    this.side = { file, add: (run, reading) => void this.#told.push({ run, reading }) };
  }

  /** Of the second run. */
  argsOf(args: readonly string[]): string[] {
    return [...args, ...this.#change];
  }

  /** Both runs are over; the file is in its place afterwards. Throws TraceFileError, Interrupted. */
  async save(session: Session): Promise<void> {
    const { file } = this.side;
    const [first, second] = this.#told as [Told, Told];
    const [a, b] = [first.run, second.run];
    const labels = labelsOf(a, b, this.#change);
    file.push({ ...common(a, b), label: labels[0] });
    file.push({ ...common(b, a), label: labels[1] });
    const reading = [first, second].map((told, i) => `With ${labels[i]}: ${told.reading}`).join(" ");
    const groups = [{ name: this.#name, runs: [0, 1] }];
    await file.save({ title: `umcg bench ${this.#name}`, reading, groups }, session);
  }

  discard(): void {
    this.side.file.discard();
  }
}

/** "policy=srpt" as arguments. Throws UsageError. */
function changeOf(options: Options, text: string): readonly string[] {
  const [, name = "", value] = /^-{0,2}([\w-]+)(?:=(.*))?$/s.exec(text) ?? [];
  if (name === "" || NOT_OF_THE_RUN.includes(name)) throw notAChange(options, text);
  if (name.length > 1) return [value === undefined ? `--${name}` : `--${name}=${value}`];
  return value === undefined ? [`-${name}`] : [`-${name}`, value];
}

function notAChange(options: Options, text: string): UsageError {
  return options.usage(
    `--against is an option of the study or its machine, and its value in the second run: vcpus=16; got "${text}"`,
  );
}

/** Values of the setting that the option is, else of all that differ, else the option itself. */
function labelsOf(a: ReportedRun, b: ReportedRun, change: readonly string[]): readonly [string, string] {
  const other = new Map(b.settings);
  const differ = a.settings
    .map(([name]) => name)
    .filter((name) => name !== "Timeline" && other.get(name) !== new Map(a.settings).get(name));
  const option = /[a-z][\w-]+/.exec(change[0]!)?.[0] ?? "";
  const own = differ.filter(
    (name) => option !== "" && name.toLowerCase().replaceAll(" ", "-").includes(option),
  );
  const named = own.length > 0 ? own : differ;
  if (named.length === 0) return ["as given", change.join(" ")];
  const told = (of: ReadonlyMap<string, string>): string =>
    named.map((name) => inWords(name, of.get(name) ?? "none")).join(", ");
  return [told(new Map(a.settings)), told(other)];
}

/** "16 vCPUs", "policy srpt", "guest". */
function inWords(name: string, value: string): string {
  if (name === "vCPUs") return `${value} ${name}`;
  return /^[\d.]|^(yes|no)$/.test(value) ? `${name.charAt(0).toLowerCase()}${name.slice(1)} ${value}` : value;
}

/** What both have, in the order of `one`'s. */
function common(one: ReportedRun, other: ReportedRun): ReportedRun {
  const names = (list: readonly { readonly name: string }[]): Set<string> =>
    new Set(list.map(({ name }) => name));
  const [figures, distributions] = [names(other.figures), names(other.distributions)];
  const settings = new Map(other.settings);
  return {
    ...one,
    figures: one.figures.filter(({ name }) => figures.has(name)),
    distributions: one.distributions.filter(({ name }) => distributions.has(name)),
    settings: one.settings.filter(([name]) => settings.has(name)),
  };
}
