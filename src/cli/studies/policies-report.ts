/**
 * The report of the study of policies: a machine for each policy, side by side, and a group of them for each workload. Utilisation
 * and timeline are of the whole run, warm-up included, as in all studies (study-report.ts); the rest is of the measured stretch.
 */
import type { PolicyResult, PolicyRun } from "../../bench/policies/policy-run.ts";
import type { PolicyWorkload } from "../../bench/policies/policy-workload.ts";
import { ReportFile } from "../report-file.ts";
import { mapped, type Part } from "../sequence.ts";
import type { Session } from "../session.ts";

/** Of each machine: the beginning tells enough. */
const MAX_EVENTS = 100_000;
/** More rows cannot be looked at. */
const MOST_TASKS = 100;

export class PoliciesReport {
  readonly #file: ReportFile;
  readonly #settings: readonly (readonly [name: string, value: string])[];

  /** `args` of the command; `settings` of all machines. Throws TraceFileError. */
  constructor(path: string, args: readonly string[], settings: PoliciesReport["settings"]) {
    this.#file = new ReportFile(path, ["policies", ...args], MAX_EVENTS);
    this.#settings = settings;
  }

  get settings(): readonly (readonly [name: string, value: string])[] {
    return this.#settings;
  }

  /** Listens to a run that begins. */
  watch(run: PolicyRun, workload: PolicyWorkload): Part<PolicyResult> {
    const { trace } = run.machine;
    trace.addSink(this.#file.sink(run.machine));
    trace.on = true;
    return mapped(run, (result) => {
      this.#add(run, workload, result);
      return result;
    });
  }

  #add(run: PolicyRun, { name, wakes, operations }: PolicyWorkload, result: PolicyResult): void {
    const { machine } = run;
    machine.trace.flush();
    const timeline = this.#file.recorded(0);
    const tasks = Object.keys(timeline.recorded.names["taskName"] ?? {}).length;
    const shown = tasks <= MOST_TASKS;
    const { policy, wake, throughput, utilisation, preemptions, steals } = result;
    this.#file.push({
      label: policy,
      workload: name,
      settings: [
        ["Policy", policy],
        ["Workload", name],
        ...this.#settings,
        ...(shown ? [] : [["Timeline", `left out: more than ${MOST_TASKS} tasks`] as const]),
      ],
      figures: [
        { name: "Wake-up, median", unit: "ns", value: wake.p50 },
        { name: "Wake-up, p99", unit: "ns", value: wake.p99 },
        { name: `${operations} a second`, unit: "1/s", value: throughput },
        { name: "Servers busy", unit: "", value: utilisation },
        { name: "Preemptions", unit: "", value: preemptions },
        { name: "Steals", unit: "", value: steals },
      ],
      distributions: [{ name: "Wake-up", note: wakes, histogram: run.wakes }],
      cpus: machine.accounting().cpus,
      ...(shown && { timeline }),
    });
  }

  /** The file is in its place afterwards. Throws TraceFileError, Interrupted. */
  async save(results: readonly PolicyResult[], reading: string, session: Session): Promise<void> {
    const names = [...new Set(results.map(({ workload }) => workload))];
    const groups = names.map((name) => ({
      name,
      runs: results.flatMap(({ workload }, i) => (workload === name ? [i] : [])),
    }));
    await this.#file.save({ title: "Scheduling policies side by side", reading, groups }, session);
  }

  /** Removes what has been written, unless it was saved. */
  discard(): void {
    this.#file.discard();
  }
}
