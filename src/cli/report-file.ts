/** What benchmarks leave for their report, and the file that it is written to. */
import type { BenchResult, BenchRun } from "../bench/run-bench.ts";
import { traceNames, UMCG_NUMBERS } from "../bench/trace-names.ts";
import type { Workload } from "../bench/workload.ts";
import { plural } from "../diagnostics/plural.ts";
import type { Machine } from "../machine.ts";
import { benchReportHtml, type ReportedRun } from "../report/bench-report.ts";
import { MAX_EVENTS, Recorder } from "../report/recorder.ts";
import type { TraceSink } from "../trace/sink.ts";
import { commandText } from "./command-text.ts";
import { spansOf } from "./report-spans.ts";
import type { Session } from "./session.ts";
import { TraceFile } from "./trace-file.ts";
import { version } from "./version.ts";

type Group = Parameters<typeof benchReportHtml>[0]["groups"][number];

export interface ReportHead {
  readonly title: string;
  readonly time?: "virtual" | "real";
  readonly reading: string;
  readonly groups: readonly Group[];
}

/** A report under way: made before the first run, so that a file that cannot be written is found out before it. */
export class ReportFile {
  readonly #file: TraceFile;
  readonly #command: string;
  readonly #limit: number;
  readonly #runs: ReportedRun[] = [];
  #recorder: Recorder | undefined;

  /** `args` of the command. `limit`: events of each run. Throws TraceFileError. */
  constructor(path: string, args: readonly string[], limit: number = MAX_EVENTS) {
    this.#file = new TraceFile(path);
    this.#command = commandText("bench", args);
    this.#limit = limit;
  }

  /** Listens to the next run. */
  sink(machine: Machine): TraceSink {
    this.#recorder = new Recorder(traceNames(machine), this.#limit);
    return this.#recorder;
  }

  /** The run that was listened to is over. */
  add(workload: Workload, run: BenchRun, result: BenchResult, label: string): void {
    run.machine.trace.flush();
    this.push({
      label,
      workload: workload.name,
      loop: workload.loop,
      settings: settingsOf(result),
      ...spansOf(run.spans, result),
      cpus: run.machine.accounting().cpus,
      timeline: { ...this.recorded(run.measuredFromNs), measured: run.measured },
    });
  }

  /** What was heard of the run that was listened to; `measuredFromNs`: when the measured rounds began. */
  recorded(measuredFromNs: number): NonNullable<ReportedRun["timeline"]> {
    const recorded = this.#recorder!.finished();
    this.#recorder = undefined;
    return { measuredFromNs, recorded, umcg: UMCG_NUMBERS };
  }

  /** A run that is over, and told whole. */
  push(run: ReportedRun): void {
    this.#runs.push(run);
  }

  get count(): number {
    return this.#runs.length;
  }

  /** The file is in its place afterwards. Throws TraceFileError, Interrupted. */
  async save(head: ReportHead, session: Session): Promise<void> {
    const report = { ...head, command: this.#command, version: version(), runs: this.#runs };
    for (const chunk of benchReportHtml(report)) {
      this.#file.write(chunk);
      await session.breathe();
    }
    this.#file.commit();
    session.io.stderr.write(`report in ${this.#file.path}\n`);
  }

  /** Removes what has been written, unless it was saved. */
  discard(): void {
    this.#file.discard();
  }
}

function settingsOf(result: BenchResult): [string, string][] {
  const { vcpus, profile, wake, idle, fair, jitter, seed, loops, host } = result;
  return [
    ["Workload", result.workload],
    ["Host", host],
    ["vCPUs", String(vcpus)],
    ["Cost profile", profile],
    ["Wake mode", wake],
    ["Idle state", idle],
    ["Fair class", fair],
    ["Jitter", jitter ? `seed ${seed}` : "none"],
    ["Measured", plural(loops, "loop")],
  ];
}
