/** `umcg bench seccomp-notify`: what it may be asked, and what it prints. */
import { type Metric, metric } from "../../bench/metrics.ts";
import { type BenchOptions, type BenchResult, BenchRun } from "../../bench/run-bench.ts";
import { findModes, type Mode } from "../../bench/stats/modes.ts";
import { seccompNotify } from "../../bench/workloads/seccomp-notify.ts";
import { plural } from "../../diagnostics/plural.ts";
import type { Histogram } from "../../trace/histogram.ts";
import { MACHINE_OPTIONS, machineHelp, machineLine, readMachine } from "../machine-options.ts";
import type { Options } from "../options.ts";
import { perfTimes } from "../perf-text.ts";
import { type Plan, runPlan, type SimulatedPart, STUDY_HELP } from "../run-plan.ts";
import { mapped } from "../sequence.ts";
import type { Session } from "../session.ts";
import type { Study } from "../study.ts";
import type { Side } from "../study-pair.ts";
import { formatNs, formatTable } from "../table.ts";

const DEFAULT_VCPUS = 2;
const DEFAULT_LOOPS = 100_000;
const MAX_LOOPS = 1_000_000_000;
/** Ticks of a machine on which tasks compete. */
const TICK_HZ = 250;

const CUT = "The run was cut short.";

const HELP = `Usage: umcg bench seccomp-notify [options]

A task's gettid() is trapped, and a listener answers it: perf bench sched
seccomp-notify in virtual time. Prints the distribution of the round trips and
its modes. Without sync mode a round trip is short or long as the other CPUs are
busy or idle; with it the pair stays together.

Options:
  -s, --sync-mode     both wake-ups are WF_CURRENT_CPU
  -l, --loops N       round trips to measure (default ${DEFAULT_LOOPS})
  --background PCT    tasks on the last vCPU that compute this share of the time
                      (default 0)

${machineHelp(DEFAULT_VCPUS)}

${STUDY_HELP}

Ctrl-C ends the run; the round trips that are over by then are printed.

Examples:
  umcg bench seccomp-notify --profile guest --background 25 --jitter
  umcg bench seccomp-notify --profile guest --background 25 --jitter --sync-mode
`;

export const seccompNotifyStudy: Study = {
  name: "seccomp-notify",
  summary: "a trapped system call and its listener, as perf bench",
  help: HELP,
  options: {
    "sync-mode": { type: "boolean", short: "s" },
    loops: { type: "string", short: "l" },
    background: { type: "string" },
    ...MACHINE_OPTIONS,
  },

  run(options: Options, session: Session, side?: Side): Promise<string> {
    const sync = options.has("sync-mode");
    const percent = options.integer("background", 0, 100, 0);
    const loops = options.integer("loops", 1, MAX_LOOPS, DEFAULT_LOOPS);
    const machine = readMachine(options, DEFAULT_VCPUS);
    const tickHz = percent > 0 ? TICK_HZ : 0;
    const clock = (): number => session.io.clock();
    const plan: Plan<Trips> = {
      name: "seccomp-notify",
      seed: machine.seed,
      exact: !machine.jitter,
      begin: (seed) => begin({ ...machine, seed, loops, tickHz, clock }, sync, percent),
      table: (trips) => tableText(trips, loops),
      json: (trips) => jsonOf(trips, loops),
      compat: ({ result }) => compatText(result, result.loops === loops),
      metrics,
      load: { syncMode: sync, backgroundPercent: percent, loops },
      distributions: ({ roundTrips }) => [
        { name: "Round trip", note: "of a trapped system call and its answer", histogram: roundTrips },
      ],
    };
    return runPlan(plan, options, session, side);
  },
};

/** What a run comes to. */
interface Trips {
  readonly result: BenchResult;
  readonly roundTrips: Histogram;
  readonly modes: readonly Mode[];
  readonly sync: boolean;
  readonly percent: number;
}

/** A machine with a workload of its own: it keeps the round trips. */
function begin(
  options: Omit<BenchOptions, "workload">,
  sync: boolean,
  percent: number,
): SimulatedPart<Trips> {
  const workload = seccompNotify({ sync, background: percent / 100 });
  const { roundTrips } = workload;
  const run = new BenchRun({ ...options, workload });
  const part = mapped(run, (result) => ({
    result,
    roundTrips,
    modes: findModes(roundTrips),
    sync,
    percent,
  }));
  return Object.assign(part, { machine: run.machine });
}

function metrics({ result, roundTrips }: Trips): Metric[] {
  return [
    metric("mean round trip", "ns", roundTrips.mean),
    metric("round trip p50", "ns", roundTrips.quantile(0.5)),
    metric("round trip p99", "ns", roundTrips.quantile(0.99)),
    metric("IPIs a loop", "", result.ipis / result.loops),
  ];
}

function jsonOf({ result, roundTrips, modes, sync, percent }: Trips, loops: number): object {
  const { wake: _, ...facts } = result;
  const complete = result.loops === loops;
  const roundTrip = { mean: roundTrips.mean, ...roundTrips.summary(), modes };
  return { ...facts, syncMode: sync, background: percent, complete, roundTrip };
}

function tableText({ result, roundTrips, modes, sync, percent }: Trips, loops: number): string {
  const { p50, p90, p99, p999, max } = roundTrips.summary();
  const table = formatTable(
    [
      ["", "mean", "p50", "p90", "p99", "p99.9", "max"],
      ["round trip", ...[roundTrips.mean, p50, p90, p99, p999, max].map(formatNs)],
    ],
    [0],
  );
  const cut = result.loops === loops ? "" : `${CUT}\n`;
  return `${title(result, sync, percent)}\n\n${table}\n${modesText(modes)}\n${cut}`;
}

function title(result: BenchResult, sync: boolean, percent: number): string {
  const mode = sync ? "sync mode" : "plain";
  return `seccomp-notify, ${mode}: ${plural(result.loops, "round trip")}, background ${percent} %\n${machineLine(result)}`;
}

function modesText(modes: readonly Mode[]): string {
  const list = modes.map(
    ({ share, fromNs, toNs, peakNs }) =>
      `  ${(100 * share).toFixed(1)} % from ${formatNs(fromNs)} to ${formatNs(toNs)}, most about ${formatNs(peakNs)}`,
  );
  const names = ["no samples", "one mode", "two modes"];
  return `Reading: ${names[modes.length] ?? `${modes.length} modes`}\n${list.join("\n")}`;
}

/** What perf bench prints. */
function compatText({ loops, virtualNs }: BenchResult, complete: boolean): string {
  const cut = complete ? "" : `# ${CUT}\n`;
  return `# Running 'sched/seccomp-notify' benchmark:
# Executed ${loops} system calls
${cut}
${perfTimes(virtualNs, loops)}`;
}
