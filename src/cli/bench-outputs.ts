/** The files that a benchmark may leave: a timeline for Perfetto, a report. Both listen to the trace of the same machine. */
import type { BenchOptions, BenchResult, BenchRun } from "../bench/run-bench.ts";
import { traceNames, UMCG_NUMBERS } from "../bench/trace-names.ts";
import type { Workload } from "../bench/workload.ts";
import type { Machine } from "../machine.ts";
import { ChromeTrace } from "../trace/chrome.ts";
import type { TraceSink } from "../trace/sink.ts";
import { ReportFile, type ReportHead } from "./report-file.ts";
import { mapped, type Part } from "./sequence.ts";
import type { Session } from "./session.ts";
import { TraceFile } from "./trace-file.ts";

/** Paths of those that are wanted. */
export interface WantedOutputs {
  readonly trace: string | undefined;
  readonly report: string | undefined;
}

export class BenchOutputs {
  readonly #trace: TraceFile | undefined;
  readonly #report: ReportFile | undefined;
  #machine: Machine | undefined;
  #chrome: ChromeTrace | undefined;

  /** Opens them, before anything expensive is done. `args`: of the command. Throws TraceFileError. */
  constructor({ trace, report }: WantedOutputs, args: readonly string[]) {
    this.#trace = trace === undefined ? undefined : new TraceFile(trace);
    try {
      this.#report = report === undefined ? undefined : new ReportFile(report, args);
    } catch (error) {
      this.#trace?.discard();
      throw error;
    }
  }

  /** For the run that comes next. */
  options(): Partial<BenchOptions> {
    if (this.#trace === undefined && this.#report === undefined) return {};
    return { sink: (machine) => this.#listen(machine) };
  }

  /** The run, which leaves what the report needs when it ends. */
  follow(run: BenchRun, workload: Workload): Part<BenchResult> {
    const report = this.#report;
    if (report === undefined) return run;
    return mapped<BenchResult, BenchResult>(run, (result) => {
      report.add(workload, run, result, result.wake === "default" ? "as Linux does it" : result.wake);
      return result;
    });
  }

  /** All runs are over; the files are in their places afterwards. Throws TraceFileError, Interrupted. */
  async save(head: ReportHead, session: Session): Promise<void> {
    if (this.#trace !== undefined) await this.#saveTrace(this.#trace, this.#chrome!, session);
    await this.#report?.save(head, session);
  }

  /** Removes what has been written, unless it was saved. */
  discard(): void {
    this.#trace?.discard();
    this.#report?.discard();
  }

  async #saveTrace(file: TraceFile, chrome: ChromeTrace, session: Session): Promise<void> {
    chrome.finish(this.#machine!.host.now);
    for (const chunk of chrome.chunks()) {
      file.write(chunk);
      await session.breathe();
    }
    file.commit();
    const cut = chrome.truncated ? ", cut off at its greatest length: use fewer --loops" : "";
    session.io.stderr.write(`timeline in ${file.path}${cut}\n`);
  }

  #listen(machine: Machine): TraceSink {
    this.#machine = machine;
    const report = this.#report?.sink(machine);
    if (this.#trace === undefined) return report!;
    const chrome = new ChromeTrace({ ...traceNames(machine), umcg: UMCG_NUMBERS });
    this.#chrome = chrome;
    if (report === undefined) return chrome;
    return {
      event(...event) {
        chrome.event(...event);
        report.event(...event);
      },
    };
  }
}
