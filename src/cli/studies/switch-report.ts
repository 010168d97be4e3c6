/**
 * The report of rings: a machine for each, one row each in the picture at the top, and one at a time below it. The wake-ups are those of the
 * whole run, warm-up included: a ring gives one mean, and what it is the mean of is told by them.
 */
import type { ScenarioResult, ScenarioRun } from "../../bench/scenario.ts";
import type { Switch } from "../../bench/scenarios/switch.ts";
import { plural } from "../../diagnostics/plural.ts";
import { WakeSpans } from "../../trace/spans.ts";
import type { Options } from "../options.ts";
import { ReportFile } from "../report-file.ts";
import { spansOf } from "../report-spans.ts";
import { mapped, type Part } from "../sequence.ts";
import type { Session } from "../session.ts";
import { formatNs } from "../table.ts";

/** Of each machine: the beginning tells enough. */
const MAX_EVENTS = 100_000;
/** More rows cannot be looked at. */
const MOST_TASKS = 100;

type Result = ScenarioResult<Switch>;

export class SwitchReport {
  readonly #file: ReportFile;
  readonly #kb: number;

  /** Undefined: none was asked for. `kb`: working set of a task. Throws UsageError, TraceFileError. */
  static wanted(options: Options, kb: number): SwitchReport | undefined {
    const path = options.text("report");
    if (path === undefined) return undefined;
    if (options.has("repeat")) throw options.usage("--report is of one run: leave out --repeat");
    return new SwitchReport(new ReportFile(path, ["switch", ...options.args], MAX_EVENTS), kb);
  }

  constructor(file: ReportFile, kb: number) {
    this.#file = file;
    this.#kb = kb;
  }

  /** Listens to a ring that begins. */
  watch(run: ScenarioRun<Switch>): Part<Result> {
    const { trace } = run.machine;
    const spans = new WakeSpans();
    trace.addSink(this.#file.sink(run.machine));
    trace.addSink(spans);
    trace.on = true;
    return mapped<Result, Result>(run, (result) => {
      trace.flush();
      this.#add(run, spans, result);
      return result;
    });
  }

  #add({ machine }: ScenarioRun<Switch>, spans: WakeSpans, { facts, measured }: Result): void {
    const { tasks, switchNs, hopNs, overheadNs } = measured;
    const timeline = this.#file.recorded(0);
    const shown = tasks <= MOST_TASKS;
    const { distributions } = spansOf(spans, { nsPerOp: 0, loops: 1, ipis: 0, switches: 0 });
    this.#file.push({
      label: plural(tasks, "task"),
      workload: "switch",
      settings: [
        ["Study", "switch"],
        ["Ring", plural(tasks, "task")],
        ["Working set", `${this.#kb} kB`],
        ["vCPUs", String(facts.vcpus)],
        ["Cost profile", facts.profile],
        ["Idle state", facts.idle],
        ["Fair class", facts.fair],
        ["Jitter", facts.jitter ? `seed ${facts.seed}` : "none"],
        ...(shown ? [] : [["Timeline", `left out: more than ${MOST_TASKS} tasks`] as const]),
      ],
      figures: [
        { name: "A switch", unit: "ns", value: switchNs },
        { name: "A hop in the ring", unit: "ns", value: hopNs },
        { name: "A hop of one task alone", unit: "ns", value: overheadNs },
      ],
      distributions,
      cpus: machine.accounting().cpus,
      ...(shown && { timeline }),
    });
  }

  /** The file is in its place afterwards. Throws TraceFileError, Interrupted. */
  async save(results: readonly Result[], session: Session): Promise<void> {
    const groups = results.map(({ measured }, i) => ({ name: plural(measured.tasks, "task"), runs: [i] }));
    const told = results.map(
      ({ measured: { tasks, switchNs } }) => `${formatNs(switchNs)} with ${tasks} tasks`,
    );
    const reading = `A switch, which is a hop in the ring less a hop of one task alone, takes ${told.join(", ")}.`;
    await this.#file.save({ title: "umcg bench switch", reading, groups }, session);
  }

  /** Removes what has been written, unless it was saved. */
  discard(): void {
    this.#file.discard();
  }
}
