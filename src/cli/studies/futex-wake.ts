/** `umcg bench futex-wake`: perf bench futex wake, its letters and its lines. */
import { metric } from "../../bench/metrics.ts";
import { type ScenarioResult, ScenarioRun } from "../../bench/scenario.ts";
import {
  type FutexWake,
  type FutexWakeOptions,
  futexWakeMachine,
  startFutexWake,
} from "../../bench/scenarios/futex-wake.ts";
import { plural } from "../../diagnostics/plural.ts";
import { Histogram } from "../../trace/histogram.ts";
import { MACHINE_OPTIONS, machineHelp, machineLine, readMachine } from "../machine-options.ts";
import type { Options } from "../options.ts";
import { type Plan, runPlan, STUDY_HELP } from "../run-plan.ts";
import type { Session } from "../session.ts";
import type { Study } from "../study.ts";
import type { Side } from "../study-pair.ts";
import { formatNs, formatTable } from "../table.ts";

const DEFAULT_VCPUS = 8;
const DEFAULT_RUNS = 10;
const MAX_THREADS = 1 << 16;
const MAX_RUNS = 1_000_000;

type Result = ScenarioResult<FutexWake>;

export const futexWake: Study = {
  name: "futex-wake",
  summary: "one futex, many waiters, as perf bench futex wake",
  help: `Usage: umcg bench futex-wake [options]

perf bench futex wake in virtual time: threads, pinned to the CPUs in turn,
block on one futex and are woken some at a time. Prints how long the waker takes
until all are woken.

Options of perf bench:
  -t, --threads N  threads (default: vCPUs)
  -w, --nwakes N   threads to wake by one call (default 1)
  -r, --runs N     runs (default ${DEFAULT_RUNS}); there it is perf bench's own --repeat
  -s, --silent     compat: the summary alone
  -S, --shared     accepted: there is one process
  -m, --mlockall   accepted: nothing is paged out

${machineHelp(DEFAULT_VCPUS)}

${STUDY_HELP}

Ctrl-C ends the benchmark; the runs that are over by then are printed.

Examples:
  umcg bench futex-wake -t 64
  umcg bench futex-wake -t 64 -w 8 --profile guest --format compat
`,
  options: {
    threads: { type: "string", short: "t" },
    nwakes: { type: "string", short: "w" },
    runs: { type: "string", short: "r" },
    silent: { type: "boolean", short: "s" },
    shared: { type: "boolean", short: "S" },
    mlockall: { type: "boolean", short: "m" },
    ...MACHINE_OPTIONS,
  },

  run(options: Options, session: Session, side?: Side): Promise<string> {
    const choice = readMachine(options, DEFAULT_VCPUS);
    const load: FutexWakeOptions = {
      threads: options.integer("threads", 1, MAX_THREADS, choice.vcpus),
      wakes: options.integer("nwakes", 1, MAX_THREADS, 1),
      runs: options.integer("runs", 1, MAX_RUNS, DEFAULT_RUNS),
    };
    const kind = options.has("shared") ? "shared" : "private";
    const clock = (): number => session.io.clock();
    const plan: Plan<Result> = {
      name: "futex-wake",
      seed: choice.seed,
      exact: !choice.jitter,
      begin: (seed) =>
        new ScenarioRun({ machine: { ...choice, ...futexWakeMachine(load), seed }, clock }, (machine) =>
          startFutexWake(machine, load),
        ),
      table: (result) => tableText(load, result),
      json: ({ facts, measured }) => ({ workload: "futex-wake", ...facts, ...load, ...measured }),
      compat: ({ measured }) => compatText(load, measured, kind, options.has("silent")),
      metrics: ({ measured: { runsNs } }) => {
        const { mean, max } = summary(runsNs);
        return [metric("all woken, mean", "ns", mean), metric("all woken, max", "ns", max)];
      },
      load,
      distributions: ({ measured: { runsNs } }) => [
        {
          name: "All woken",
          note: "from the waker's first call until it has woken all, a sample a run",
          histogram: Histogram.of(runsNs),
        },
      ],
    };
    return runPlan(plan, options, session, side);
  },
};

/** Error: of the mean, relative to it. */
function summary(runs: readonly number[]) {
  const mean = runs.reduce((sum, ns) => sum + ns, 0) / runs.length;
  const squares = runs.reduce((sum, ns) => sum + (ns - mean) ** 2, 0);
  const error = runs.length < 2 ? 0 : Math.sqrt(squares / (runs.length - 1) / runs.length) / mean;
  return { mean, error, min: Math.min(...runs), max: Math.max(...runs) };
}

function tableText({ threads, wakes, runs }: FutexWakeOptions, { facts, measured }: Result): string {
  const { runsNs } = measured;
  const { mean, min, max } = summary(runsNs);
  const row = (name: string, per: number): string[] => [
    name,
    ...[mean, min, max].map((ns) => formatNs(ns / per)),
  ];
  const table = formatTable([["", "mean", "min", "max"], row("all woken", 1), row("a thread", threads)], [0]);
  const cut = facts.complete ? "" : `The run was cut short: ${runs} runs were asked for.\n`;
  return `futex-wake: ${plural(threads, "thread")}, ${wakes} by one call, ${plural(runsNs.length, "run")}
${machineLine(facts)}

${table}
${(facts.wallMs / 1000).toFixed(2)} s of wall time
Reading: waking a thread takes the waker ${formatNs(mean / threads)}.
${cut}`;
}

/** Line for line; there is neither a PID nor an address worth printing. Times are whole us there, shown as ms. */
function compatText(
  { threads, wakes }: FutexWakeOptions,
  { runsNs }: FutexWake,
  kind: string,
  silent: boolean,
): string {
  const runs = runsNs.map((ns) => 1000 * Math.floor(ns / 1000));
  const ms = (ns: number): string => (ns / 1e6).toFixed(4);
  const { mean, error } = summary(runs);
  const lines = runs.map(
    (ns, at) => `[Run ${at + 1}]: Wokeup ${threads} of ${threads} threads in ${ms(ns)} ms\n`,
  );
  const percent = Number.isFinite(error) ? 100 * error : 0;
  return `# Running 'futex/wake' benchmark:
Run summary [PID 1]: blocking on ${threads} threads (at [${kind}] futex 0x1000), waking up ${wakes} at a time.

${silent ? "" : lines.join("")}Wokeup ${threads} of ${threads} threads in ${ms(mean)} ms (+-${percent.toFixed(2)}%)
`;
}
