/**
 * `umcg bench --matrix`: every workload with every wake mode on both kinds of machine, in one table, and one sentence on
 * what WF_CURRENT_CPU buys there. The sentence is computed: whatever the numbers say, it says.
 */
import { type BenchOptions, type BenchResult, BenchRun } from "../bench/run-bench.ts";
import type { Workload } from "../bench/workload.ts";
import { plural } from "../diagnostics/plural.ts";
import type { ProfileName } from "../hosts/virtual/cost-model.ts";
import { WAKE_MODES, type WakeMode } from "../kernel-sim/config.ts";
import type { MatrixPlan } from "./args.ts";
import { ReportFile, type ReportHead } from "./report-file.ts";
import { mapped, type Part, Sequence } from "./sequence.ts";
import type { Session } from "./session.ts";
import { formatTable } from "./table.ts";

/** Of each machine the report shows the beginning: some hundred loops. */
const EVENTS_OF_A_CELL = 4000;
const MATRIX_PROFILES: readonly ProfileName[] = ["native", "guest"];

/** Runs every cell, or those there is time for before an interruption. Returns what is to be printed. */
export async function matrixCommand(
  plan: MatrixPlan,
  session: Session,
  workloads: readonly Workload[],
  args: readonly string[],
): Promise<string> {
  const file = plan.report === undefined ? undefined : new ReportFile(plan.report, args, EVENTS_OF_A_CELL);
  try {
    return await runMatrix(plan, session, workloads, file);
  } finally {
    file?.discard();
  }
}

async function runMatrix(
  plan: MatrixPlan,
  session: Session,
  workloads: readonly Workload[],
  file: ReportFile | undefined,
): Promise<string> {
  const { vcpus, loops, seed, jitter, check } = plan;
  const clock = (): number => session.io.clock();
  const cells = workloads.flatMap((workload) =>
    MATRIX_PROFILES.flatMap((profile) => WAKE_MODES.map((wake) => ({ workload, profile, wake }))),
  );
  const sequence = new Sequence<BenchResult>(
    cells.map((cell, at) => ({
      note: `machine ${at + 1} of ${cells.length}, ${cell.workload.name} ${cell.profile} ${cell.wake}`,
      begin: () => begun(cell, { vcpus, loops, seed, jitter, check, clock }, file),
    })),
  );
  await session.follow(sequence, "matrix");
  const { results } = sequence;
  if (results.length === 0) session.throwIfInterrupted();
  if (!session.interrupted) await file?.save(reportHead(plan, results), session);
  if (plan.json) return `${JSON.stringify(results, undefined, 2)}\n`;
  const noise = jitter ? `jitter with seed ${seed}` : "no jitter";
  const cut = results.length < cells.length ? `Interrupted: the first ${results.length} of ` : "";
  const title = `${cut}${cells.length} simulated machines of ${plural(vcpus, "vCPU")}, ${plural(loops, "loop")} each, ${noise}`;
  return `${title}\n\n${matrixTable(results)}\nReading: ${matrixReading(results)}\n`;
}

function begun(
  cell: Pick<BenchOptions, "workload" | "profile" | "wake">,
  common: Omit<BenchOptions, "workload">,
  file: ReportFile | undefined,
): Part<BenchResult> {
  const { workload, wake = "" } = cell;
  if (file === undefined) return new BenchRun({ ...cell, ...common });
  const run = new BenchRun({ ...cell, ...common, sink: (machine) => file.sink(machine) });
  return mapped<BenchResult, BenchResult>(run, (result) => {
    file.add(workload, run, result, wake);
    return result;
  });
}

/** A group for each workload on each machine. */
function reportHead({ vcpus }: MatrixPlan, results: readonly BenchResult[]): ReportHead {
  const names = [...new Set(results.map(cellName))];
  const groups = names.map((name) => {
    const runs = results.flatMap((result, i) => (cellName(result) === name ? [i] : []));
    return { name, runs: runs.sort((a, b) => order(results[a]!) - order(results[b]!)) };
  });
  return { title: `Wake modes on ${plural(vcpus, "vCPU")}`, reading: matrixReading(results), groups };
}

/** The wake mode that all this is about comes first, the plain one beside it. */
function order({ wake }: BenchResult): number {
  return ["current-cpu", "any", "sync"].indexOf(wake);
}

/** A block for each workload on each machine: with their names in columns of their own it would be too wide for a terminal. */
export function matrixTable(results: readonly BenchResult[]): string {
  const head = [
    ["", "wake to", "queued to", "wake", "to user", "", "", "speed-up"],
    ["times in ns", "queued p50", "running p50", "p50", "p99", "IPIs", "ns/op", "over any"],
  ];
  const rows = results.flatMap((result, i) => {
    const { wakeToQueued, queuedToRunning, wakeToUser } = result.spans;
    const spans = [wakeToQueued.p50, queuedToRunning.p50, wakeToUser.p50, wakeToUser.p99];
    const numbers = [...spans, result.ipis, Math.round(result.nsPerOp)].map(String);
    const speedUp = result.wake === "any" ? "" : times(speedUpOver("any", result, results));
    const row = [`  ${result.wake}`, ...numbers, speedUp];
    const name = cellName(result);
    return i > 0 && cellName(results[i - 1]!) === name ? [row] : [[name], row];
  });
  return formatTable([...head, ...rows], [0]);
}

/** What WF_CURRENT_CPU buys, in one sentence. */
export function matrixReading(results: readonly BenchResult[]): string {
  const pulled = results.filter((result) => result.wake === "current-cpu");
  const ranked = pulled
    .map((result) => ({ result, speedUp: speedUpOver("any", result, results) }))
    .sort((a, b) => a.speedUp - b.speedUp);
  const [least, most] = [ranked[0], ranked.at(-1)];
  if (least === undefined || most === undefined) return "nothing was measured.";
  const range = `${times(least.speedUp)} (${cellName(least.result)}) to ${times(most.speedUp)} (${cellName(most.result)})`;
  const claim = `${verdict(least.speedUp, most.speedUp)}: a hand-off is ${range} as fast as by a plain wake-up`;
  return `${claim}, ${ipiClause(pulled, results)}; ${syncClause(results)}.`;
}

/** Judged on what is shown, one digit behind the point. */
function verdict(least: number, most: number): string {
  if (Number(least.toFixed(1)) > 1) return "WF_CURRENT_CPU pays everywhere";
  return Number(most.toFixed(1)) > 1 ? "WF_CURRENT_CPU pays in places" : "WF_CURRENT_CPU buys no time here";
}

function ipiClause(pulled: readonly BenchResult[], results: readonly BenchResult[]): string {
  const sent = sumOfIpis(pulled);
  const plain = sumOfIpis(results.filter((result) => result.wake === "any"));
  if (sent === 0 && plain === 0) return "and neither sends an IPI";
  return `with ${sent === 0 ? "no" : String(sent)} IPIs against ${plain}`;
}

function syncClause(results: readonly BenchResult[]): string {
  const speedUps = results
    .filter((result) => result.wake === "sync")
    .map((result) => speedUpOver("any", result, results));
  const [low, high] = [Math.min(...speedUps), Math.max(...speedUps)].map(times);
  return low === high ? `WF_SYNC alone reaches ${low}` : `WF_SYNC alone reaches ${low} to ${high}`;
}

function sumOfIpis(results: readonly BenchResult[]): number {
  return results.reduce((sum, { ipis }) => sum + ipis, 0);
}

/** How many times as fast `result` is as the cell beside it with wake mode `wake`, by time per hand-off. */
export function speedUpOver(wake: WakeMode, result: BenchResult, results: readonly BenchResult[]): number {
  const beside = results.find(
    (other) => other.wake === wake && other.workload === result.workload && other.profile === result.profile,
  );
  if (beside === undefined) throw new Error(`no ${wake} cell beside ${cellName(result)}`);
  return beside.nsPerOp / result.nsPerOp;
}

function cellName({ workload, profile }: BenchResult): string {
  return `${workload}, ${profile}`;
}

function times(ratio: number): string {
  return `${ratio.toFixed(1)}x`;
}
