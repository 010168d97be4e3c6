/** `umcg bench`: one workload, or the matrix of all. */
import { type BenchResult, BenchRun, benchMetrics } from "../bench/run-bench.ts";
import type { Workload } from "../bench/workload.ts";
import { plural } from "../diagnostics/plural.ts";
import type { SpanSummary } from "../trace/histogram.ts";
import { type MatrixPlan, parseBenchArgs, type SinglePlan } from "./args.ts";
import { BenchOutputs } from "./bench-outputs.ts";
import { compareCommand } from "./compare-command.ts";
import { benchHelp } from "./help.ts";
import type { CliIo } from "./io.ts";
import { matrixCommand } from "./matrix.ts";
import { perfTimes } from "./perf-text.ts";
import { runPlan } from "./run-plan.ts";
import { mapped, type Part } from "./sequence.ts";
import { Session } from "./session.ts";
import { findStudy, studyCommand } from "./study.ts";
import { formatNs, formatTable } from "./table.ts";
import { threadsCommand } from "./threads-bench.ts";
import type { ThreadsPlan } from "./threads-plan.ts";

/** Workloads that are another tool's, as it prints them. */
const COMPAT: Readonly<Record<string, ((result: BenchResult) => string) | undefined>> = {
  pipe: ({ loops, virtualNs }) =>
    `# Running 'sched/pipe' benchmark:\n# Executed ${loops} pipe operations between two threads\n\n${perfTimes(virtualNs, loops)}`,
};

/** Returns the exit code. Throws UsageError, TraceFileError, MachineError, Interrupted, and what compareCommand throws. */
export async function benchCommand(
  args: readonly string[],
  io: CliIo,
  workloads: readonly Workload[],
): Promise<number> {
  const [first, ...others] = args;
  if (first === "compare") return compareCommand(others, io);
  const own = findStudy(args);
  if (own !== undefined) await studyCommand(own.study, own.rest, io);
  else await runCommand(args, io, workloads);
  return 0;
}

async function runCommand(args: readonly string[], io: CliIo, workloads: readonly Workload[]): Promise<void> {
  const plan = parseBenchArgs(args, workloads);
  if (plan.kind === "help") return io.stdout.write(benchHelp(workloads));
  const session = new Session(io);
  try {
    const text = await textOf(plan, session, workloads, args);
    session.close();
    io.stdout.write(text);
    session.throwIfInterrupted();
  } finally {
    session.close();
  }
}

/** Returns what is to be printed. */
async function textOf(
  plan: SinglePlan | MatrixPlan | ThreadsPlan,
  session: Session,
  workloads: readonly Workload[],
  args: readonly string[],
): Promise<string> {
  if (plan.kind === "matrix") return matrixCommand(plan, session, workloads, args);
  if (plan.kind === "threads") return threadsCommand(plan, session, args);
  return singleCommand(plan, session, args);
}

async function singleCommand(plan: SinglePlan, session: Session, args: readonly string[]): Promise<string> {
  const { workload, seed, jitter, trace, report, against, options, ...machine } = plan;
  const outputs = new BenchOutputs({ trace, report }, args);
  const clock = (): number => session.io.clock();
  const results: BenchResult[] = [];
  const begin = (ofSeed: number, wake = machine.wake): Part<BenchResult> => {
    const mode = wake === undefined ? {} : { wake };
    const run = new BenchRun({
      ...machine,
      ...mode,
      workload,
      jitter,
      seed: ofSeed,
      clock,
      ...outputs.options(),
    });
    return mapped(outputs.follow(run, workload), (result) => {
      results.push(result);
      return result;
    });
  };
  const compat = COMPAT[workload.name];
  const table = (result: BenchResult): string => resultText(result, workload, machine.loops);
  try {
    const planned = { name: workload.name, seed, exact: !jitter, begin, table, metrics: benchMetrics };
    const text = await runPlan<BenchResult, Part<BenchResult>>(
      { ...planned, json: (result) => result, ...(compat !== undefined && { compat }) },
      options,
      session,
    );
    if (trace === undefined && report === undefined) return text;
    session.throwIfInterrupted();
    if (against !== undefined) await session.finish(begin(seed, against), `${workload.name}, ${against}`);
    const groups = [{ name: workload.name, runs: results.map((_, i) => i) }];
    const title = `umcg bench ${workload.name}`;
    await outputs.save({ title, reading: comparison(results), groups }, session);
    return text;
  } finally {
    outputs.discard();
  }
}

/** The result for people; `asked`: loops it was to have. */
function resultText(result: BenchResult, workload: Workload, asked: number): string {
  const { vcpus, profile, wake, idle, jitter, seed, loops, spans } = result;
  const noise = jitter ? `jitter with seed ${seed}` : "no jitter";
  const title = `${result.workload}: ${plural(loops, "loop")} on ${plural(vcpus, "vCPU")}, profile ${profile}, wake ${wake}, idle ${idle}, ${noise}`;
  const table = formatTable(
    [
      ["span", "p50", "p90", "p99", "p99.9", "max", "count"],
      spanRow("wake to queued", spans.wakeToQueued),
      spanRow("queued to running", spans.queuedToRunning),
      spanRow("wake to user", spans.wakeToUser),
    ],
    [0],
  );
  const wall = `${(result.wallMs / 1000).toFixed(2)} s of wall time, ${Math.round(result.nsPerSwitchWall)} ns a switch`;
  const facts = `virtual time ${formatNs(result.virtualNs)}, ${plural(result.switches, "switch").replace(/switchs$/, "switches")}, ${plural(result.ipis, "IPI")}; ${wall}`;
  const cut = loops < asked ? `The run was cut short: ${asked} loops were asked for.\n` : "";
  return `${title}\na loop is ${workload.loop}\n\n${table}\n${facts}\n${reading(result)}\n${cut}`;
}

/** One sentence on one run, or on two. */
function comparison([first, second]: readonly BenchResult[]): string {
  if (second === undefined) return reading(first!).replace("Reading: a", "A");
  const ratio = second.nsPerOp / first!.nsPerOp;
  const [fast, slow] = ratio >= 1 ? [first!, second] : [second, first!];
  const times = (slow.nsPerOp / fast.nsPerOp).toFixed(2);
  const sent = (result: BenchResult): string => `${(result.ipis / result.loops).toFixed(2)} IPIs a loop`;
  return `A hand-off takes ${formatNs(fast.nsPerOp)} with wake mode ${fast.wake} and ${formatNs(slow.nsPerOp)} with ${slow.wake}: ${times} times as fast, with ${sent(fast)} against ${sent(slow)}.`;
}

/** One sentence that the numbers bear out. */
function reading({ spans, nsPerOp, ipis, loops }: BenchResult): string {
  const { p50, p99 } = spans.wakeToUser;
  const per = ipis / loops;
  const signals = ipis === 0 ? "no IPI was sent" : `${per.toFixed(per < 10 ? 2 : 0)} IPIs were sent a loop`;
  return `Reading: a hand-off takes ${formatNs(nsPerOp)}; half of the woken tasks are in user mode within ${formatNs(p50)} of the wake call, 99 % within ${formatNs(p99)}; ${signals}.`;
}

function spanRow(name: string, span: SpanSummary): string[] {
  const { p50, p90, p99, p999, max, count } = span;
  return [name, ...[p50, p90, p99, p999, max].map(formatNs), String(count)];
}
