/** `umcg bench WORKLOAD --host threads`: what it runs, prints and leaves. */
import { type ThreadBenchResult, ThreadBenchRun, threadBenchMetrics } from "../bench/threads/thread-bench.ts";
import { threadTraceNames, UMCG_NUMBERS } from "../bench/trace-names.ts";
import type { Workload } from "../bench/workload.ts";
import { plural } from "../diagnostics/plural.ts";
import { cpuShares } from "../report/model/cpu-shares.ts";
import { shortTime } from "../report/model/time-axis.ts";
import { Recorder } from "../report/recorder.ts";
import { ChromeTrace } from "../trace/chrome.ts";
import type { SpanSummary } from "../trace/histogram.ts";
import { perfTimes } from "./perf-text.ts";
import { ReportFile } from "./report-file.ts";
import { spansOf } from "./report-spans.ts";
import { runPlan } from "./run-plan.ts";
import { mapped, type Part } from "./sequence.ts";
import type { Session } from "./session.ts";
import { formatNs, formatTable } from "./table.ts";
import type { ThreadsPlan } from "./threads-plan.ts";
import { TraceFile } from "./trace-file.ts";

/** Of a trace, as a report keeps it. */
const REPORTED_EVENTS = 1_000_000;

/** Returns what is to be printed. Throws UsageError, TraceFileError, MachineError, Interrupted. */
export async function threadsCommand(
  plan: ThreadsPlan,
  session: Session,
  args: readonly string[],
): Promise<string> {
  const { workload, trace, report, against, options } = plan;
  const timeline = trace === undefined ? undefined : new TraceFile(trace);
  const results: ThreadBenchResult[] = [];
  const begin = (place = plan.place): Part<ThreadBenchResult> => {
    const run = new ThreadBenchRun({ ...plan, place });
    return mapped<ThreadBenchResult, ThreadBenchResult>(run, (result) => {
      results.push(result);
      if (file !== undefined) addTo(file, run, result, workload);
      if (timeline !== undefined) writeTimeline(timeline, run);
      return result;
    });
  };
  let file: ReportFile | undefined;
  try {
    if (report !== undefined) file = new ReportFile(report, args);
    const text = await runPlan<ThreadBenchResult, Part<ThreadBenchResult>>(
      {
        name: workload.name,
        seed: 0,
        exact: false,
        begin: () => begin(),
        table: (result) => resultText(result, workload, plan.loops),
        json: (result) => result,
        ...(workload.name === "pipe" && { compat: pipeText }),
        metrics: threadBenchMetrics,
      },
      options,
      session,
    );
    if (session.interrupted) return text;
    if (against !== undefined) await session.finish(begin(against), `${workload.name}, ${against}`);
    if (timeline !== undefined) {
      timeline.commit();
      session.io.stderr.write(`timeline in ${timeline.path}\n`);
    }
    const groups = [{ name: workload.name, runs: results.map((_, i) => i) }];
    const title = `umcg bench ${workload.name}, on real threads`;
    await file?.save({ title, time: "real", reading: comparison(results), groups }, session);
    return text;
  } finally {
    timeline?.discard();
    file?.discard();
  }
}

function addTo(file: ReportFile, run: ThreadBenchRun, result: ThreadBenchResult, workload: Workload): void {
  const machine = run.machine!;
  const names = threadTraceNames(machine.kernel);
  const recorder = new Recorder(names, REPORTED_EVENTS);
  for (const { timeNs, kind, cpu, tid, arg0, arg1 } of machine.trace)
    recorder.event(timeNs, kind, cpu, tid, arg0, arg1);
  file.push({
    label: result.place === "same" ? "one vCPU" : "apart",
    workload: workload.name,
    loop: workload.loop,
    settings: settingsOf(result),
    ...spansOf(run.spans, result),
    cpus: cpuShares(recorder, result.vcpus, UMCG_NUMBERS),
    timeline: {
      measuredFromNs: run.measuredFromNs,
      measured: run.measured,
      recorded: recorder.finished(),
      umcg: UMCG_NUMBERS,
    },
  });
}

function settingsOf(result: ThreadBenchResult): [string, string][] {
  const { workload, vcpus, cores, place, fair, loops } = result;
  return [
    ["Workload", workload],
    ["Host", "threads, real time"],
    ["vCPUs", String(vcpus)],
    ["Cores", String(cores)],
    ["Tasks", place === "same" ? "on one vCPU" : "each on the next vCPU"],
    ["Fair class", fair],
    ["Measured", plural(loops, "loop")],
  ];
}

function writeTimeline(file: TraceFile, run: ThreadBenchRun): void {
  const machine = run.machine!;
  const chrome = new ChromeTrace({ ...threadTraceNames(machine.kernel), umcg: UMCG_NUMBERS });
  let lastNs = 0;
  for (const { timeNs, kind, cpu, tid, arg0, arg1 } of machine.trace) {
    chrome.event(timeNs, kind, cpu, tid, arg0, arg1);
    lastNs = Math.max(lastNs, timeNs);
  }
  chrome.finish(lastNs);
  for (const chunk of chrome.chunks()) file.write(chunk);
}

/** "threads host, real time, 2 vCPUs, 4 cores". */
function threadsLine({ vcpus, cores, place, fair }: ThreadBenchResult): string {
  const where = place === "same" ? "tasks on one vCPU" : "tasks on vCPUs in turn";
  return `threads host, real time, ${plural(vcpus, "vCPU")}, ${plural(cores, "core")}, ${fair}; ${where}`;
}

/** Three digits: no more of real time is worth telling, and the table fits 80 columns however slow the machine is. */
function inShort(ns: number): string {
  return shortTime(ns).replace("µ", "u");
}

/** The result for people; `asked`: loops it was to have. */
function resultText(result: ThreadBenchResult, workload: Workload, asked: number): string {
  const { loops, spans, round, realNs, switches, ipis, traced } = result;
  const row = (name: string, { p50, p90, p99, p999, max, count }: SpanSummary): string[] => [
    name,
    ...[p50, p90, p99, p999, max].map(inShort),
    String(count),
  ];
  const table = formatTable(
    [
      ["", "p50", "p90", "p99", "p99.9", "max", "count"],
      row("loop", round),
      row("wake to queued", spans.wakeToQueued),
      row("queued to running", spans.queuedToRunning),
      row("wake to user", spans.wakeToUser),
    ],
    [0],
  );
  const kept =
    traced >= 0.995 ? "" : `The trace has the last ${(100 * traced).toFixed(0)} % of it, and so the spans.\n`;
  const cut = loops < asked ? `The run was cut short: ${asked} loops were asked for.\n` : "";
  return `${workload.name}: ${plural(loops, "loop")}\n${threadsLine(result)}
a loop is ${workload.loop}

${table}
real time ${formatNs(realNs)}, ${plural(switches, "switch").replace(/switchs$/, "switches")}, ${plural(ipis, "IPI")}
${kept}${reading(result)}
${cut}`;
}

/** One sentence that the numbers bear out. */
function reading({ nsPerOp, round, vcpus, cores }: ThreadBenchResult): string {
  const few = cores < vcpus ? `; ${vcpus} vCPUs took turns on ${plural(cores, "core")}` : "";
  return `Reading: a hand-off takes ${formatNs(nsPerOp)}; half of the loops take at most\n${formatNs(round.p50)}, 99 % at most ${formatNs(round.p99)}${few}.`;
}

/** One sentence on one run, or on two. */
function comparison([first, second]: readonly ThreadBenchResult[]): string {
  if (second === undefined) return reading(first!).replace("Reading: a", "A").replace("\n", " ");
  const [fast, slow] = first!.nsPerOp <= second.nsPerOp ? [first!, second] : [second, first!];
  const where = ({ place }: ThreadBenchResult): string => (place === "same" ? "on one vCPU" : "apart");
  return `A hand-off takes ${formatNs(fast.nsPerOp)} ${where(fast)} and ${formatNs(slow.nsPerOp)} ${where(slow)}: ${(slow.nsPerOp / fast.nsPerOp).toFixed(1)} times as long.`;
}

/** What perf bench prints. */
function pipeText({ loops, realNs }: ThreadBenchResult): string {
  return `# Running 'sched/pipe' benchmark:\n# Executed ${loops} pipe operations between two threads\n\n${perfTimes(realNs, loops)}`;
}
