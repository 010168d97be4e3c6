/**
 * The report of a study, whatever it studies: a study names what it measured the length of (Plan.distributions), the rest is
 * the same for all. Figures are the metrics, the sentence is that of the table, the configuration is the machine of the JSON
 * and the load; utilisation and timeline are the machine's, of the whole run.
 */
import type { ReportedRun } from "../report/bench-report.ts";
import type { Options, OptionTypes } from "./options.ts";
import { ReportFile } from "./report-file.ts";
import type { Plan, SimulatedPart } from "./run-plan.ts";
import type { Session } from "./session.ts";
import type { Side } from "./study-pair.ts";

export const REPORT_OPTION: OptionTypes = { report: { type: "string" } };

/** Of studies of many requests the beginning tells enough. */
export const MAX_EVENTS = 250_000;
/** A pool of thousands of workers cannot be looked at row by row. */
const MOST_TASKS = 100;

const MACHINE: Readonly<Record<string, string>> = {
  host: "Host",
  vcpus: "vCPUs",
  profile: "Cost profile",
  idle: "Idle state",
  fair: "Fair class",
};

/** Ends of names that are the unit of the number. */
const UNITS: readonly (readonly [suffix: string, unit: string])[] = [
  ["PerS", "/s"],
  ["S", " s"],
  ["Ms", " ms"],
  ["Us", " µs"],
  ["Ns", " ns"],
  ["Kb", " kB"],
];

export class StudyReport<R, P extends SimulatedPart<R>> {
  readonly #plan: Plan<R, P>;
  readonly #file: ReportFile;
  /** If it is a report of two runs. */
  readonly #side: Side | undefined;
  #run: P | undefined;

  /** What was asked for, undefined if no report was. Throws UsageError, TraceFileError. */
  static wanted<R, P extends SimulatedPart<R>>(
    plan: Plan<R, P>,
    options: Options,
    side?: Side,
  ): StudyReport<R, P> | undefined {
    const path = options.text("report");
    if (plan.load === undefined || path === undefined) return undefined;
    if (options.has("repeat")) throw options.usage("--report is of one run: leave out --repeat");
    if (side !== undefined) return new StudyReport(plan, side.file, side);
    return new StudyReport(plan, new ReportFile(path, [plan.name, ...options.args], MAX_EVENTS));
  }

  constructor(plan: Plan<R, P>, file: ReportFile, side?: Side) {
    this.#plan = plan;
    this.#file = file;
    this.#side = side;
  }

  /** The run, listened to from its beginning. */
  begin(seed: number): P {
    const run = this.#plan.begin(seed);
    if (run.machine !== undefined) {
      const { trace } = run.machine;
      trace.addSink(this.#file.sink(run.machine));
      trace.on = true;
    }
    this.#run = run;
    return run;
  }

  /** The run is over; the file is in its place afterwards, unless another run comes into it. Throws TraceFileError, Interrupted. */
  async save(result: R, session: Session): Promise<void> {
    const { name, metrics, table, distributions } = this.#plan;
    const run = this.#run!;
    const shown = this.#machineOf(run);
    const without: [string, string][] = [["Timeline", `left out: more than ${MOST_TASKS} tasks`]];
    const reported: ReportedRun = {
      label: "",
      workload: name,
      settings: [...settingsOf(this.#plan, result), ...(shown.timeline === undefined ? without : [])],
      figures: metrics(result),
      distributions: distributions?.(result, run) ?? [],
      ...shown,
    };
    const reading = readingOf(table(result));
    if (this.#side !== undefined) return this.#side.add(reported, reading);
    this.#file.push(reported);
    await this.#file.save({ title: `umcg bench ${name}`, reading, groups: [{ name, runs: [0] }] }, session);
  }

  /** Removes what has been written, unless it was saved. */
  discard(): void {
    if (this.#side === undefined) this.#file.discard();
  }

  #machineOf({ machine }: P): Pick<ReportedRun, "cpus" | "timeline"> {
    if (machine === undefined) return { cpus: [] };
    machine.trace.flush();
    const timeline = this.#file.recorded(0);
    const tasks = Object.keys(timeline.recorded.names["taskName"] ?? {}).length;
    return { cpus: machine.accounting().cpus, ...(tasks <= MOST_TASKS && { timeline }) };
  }
}

/** The sentence of a table, with the lines that belong to it. */
function readingOf(table: string): string {
  const [, told = ""] = /^Reading: (.*(?:\n {2}.*)*)/m.exec(table) ?? [];
  const [first = "", ...more] = told.split("\n").map((line) => line.trim());
  const sentence = more.length === 0 ? first : `${first}: ${more.join("; ")}`;
  if (sentence === "") return "";
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}${/[.!?]$/.test(sentence) ? "" : "."}`;
}

function settingsOf<R, P extends SimulatedPart<R>>(
  { name, load, json }: Plan<R, P>,
  result: R,
): [string, string][] {
  const facts = json(result) as Readonly<Record<string, unknown>>;
  const machine = Object.keys(MACHINE).filter((key) => facts[key] !== undefined);
  const own = Object.entries(load!).flatMap(([key, value]): [string, string][] => {
    const text = key === "seed" || key in MACHINE ? undefined : settingText(value);
    if (text === undefined) return [];
    const [, unit = ""] = UNITS.find(([suffix]) => key.endsWith(suffix)) ?? [];
    return [[inWords(key), `${text}${unit}`]];
  });
  return [
    ["Study", name],
    ...machine.map((key): [string, string] => [MACHINE[key]!, String(facts[key])]),
    ["Jitter", facts["jitter"] === true ? "spread" : "none"],
    ["Seed", String(facts["seed"])],
    ...own,
  ];
}

/** Of what can be said in a word: a law or a policy has its own. */
function settingText(value: unknown): string | undefined {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number" || typeof value === "string") return String(value);
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value === "object" && value !== null && "text" in value) return String(value.text);
  return undefined;
}

/** "intervalUs": "Interval"; "irqCpu": "IRQ CPU". */
function inWords(key: string): string {
  const [suffix = ""] = UNITS.find(([known]) => key.endsWith(known)) ?? [];
  const words = key
    .slice(0, key.length - suffix.length)
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/\b(irq|cpu)/g, (short) => short.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}
