/** `umcg bench umcg-fanout`: a worker of the thread library wakes many and waits for all. */
import { metric } from "../../bench/metrics.ts";
import { type ScenarioResult, ScenarioRun } from "../../bench/scenario.ts";
import {
  type Fanout,
  type FanoutOptions,
  fanoutMachine,
  startFanout,
} from "../../bench/scenarios/umcg-fanout.ts";
import { parseDuration } from "../../bench/stats/quantities.ts";
import { plural } from "../../diagnostics/plural.ts";
import { POLICY_NAMES } from "../../server/policies/index.ts";
import { MACHINE_OPTIONS, machineHelp, machineLine, readMachine } from "../machine-options.ts";
import type { Options } from "../options.ts";
import { type Plan, runPlan, STUDY_HELP } from "../run-plan.ts";
import type { Session } from "../session.ts";
import type { Study } from "../study.ts";
import type { Side } from "../study-pair.ts";
import { formatNs, formatTable } from "../table.ts";

const DEFAULT_VCPUS = 8;
const DEFAULT_WORKERS = 32;
const DEFAULT_LOOPS = 1000;
const DEFAULT_WARM_UP = 16;
const MAX_WORKERS = 1 << 16;
const MAX_LOOPS = 1_000_000_000;

const HELP = `Usage: umcg bench umcg-fanout [options]

A worker of the thread library unparks many others, and parks until the last of
them has answered: a request that fans out. Prints how long a round takes, and
how long each worker waits from its unpark to its first step, the policy's queue
and the server included.

Options:
  -w, --workers N  workers that are woken (default ${DEFAULT_WORKERS})
  -l, --loops N    rounds to measure (default ${DEFAULT_LOOPS})
  --warm-up N      rounds before those (default ${DEFAULT_WARM_UP})
  --work T         CPU time of an answer: 500ns, 10us (default none)
  --policy NAME    ${POLICY_NAMES.join(" | ")}
                   (default go-like)

${machineHelp(DEFAULT_VCPUS)}

${STUDY_HELP}
There is no original, and so no compat.

Ctrl-C ends the run; what there is by then is printed.

Examples:
  umcg bench umcg-fanout -w 100 --work 5us
  umcg bench umcg-fanout --policy work-stealing --profile guest --jitter \\
    --repeat 10
`;

type Result = ScenarioResult<Fanout>;

export const umcgFanout: Study = {
  name: "umcg-fanout",
  summary: "a worker of the thread library wakes many and waits for all",
  help: HELP,
  options: {
    workers: { type: "string", short: "w" },
    loops: { type: "string", short: "l" },
    "warm-up": { type: "string" },
    work: { type: "string" },
    policy: { type: "string" },
    ...MACHINE_OPTIONS,
  },

  run(options: Options, session: Session, side?: Side): Promise<string> {
    const choice = readMachine(options, DEFAULT_VCPUS);
    const load: FanoutOptions = {
      workers: options.integer("workers", 1, MAX_WORKERS, DEFAULT_WORKERS),
      loops: options.integer("loops", 1, MAX_LOOPS, DEFAULT_LOOPS),
      warmUp: options.integer("warm-up", 0, MAX_LOOPS, DEFAULT_WARM_UP),
      workNs: Math.round(options.parsed("work", parseDuration) ?? 0),
      policy: options.oneOf("policy", POLICY_NAMES) ?? "go-like",
    };
    const clock = (): number => session.io.clock();
    const plan: Plan<Result> = {
      name: "umcg-fanout",
      seed: choice.seed,
      // Policies may draw lots.
      exact: false,
      begin: (seed) =>
        new ScenarioRun(
          { machine: { ...choice, ...fanoutMachine(load, choice.vcpus), seed }, clock },
          (machine) => startFanout(machine, load, seed),
        ),
      table: (result) => tableText(load, result),
      json: ({ facts, measured: { rounds, wakes } }) => ({
        workload: "umcg-fanout",
        ...facts,
        ...load,
        round: { mean: rounds.mean, ...rounds.summary() },
        wake: { mean: wakes.mean, ...wakes.summary() },
      }),
      metrics: ({ measured: { rounds, wakes } }) => [
        metric("mean round", "ns", rounds.mean),
        metric("round p99", "ns", rounds.quantile(0.99)),
        metric("mean wake-up", "ns", wakes.mean),
        metric("wake-up p50", "ns", wakes.quantile(0.5)),
        metric("wake-up p99", "ns", wakes.quantile(0.99)),
      ],
      load,
      distributions: ({ measured: { rounds, wakes } }) => [
        {
          name: "Round",
          note: "from the first unpark until the last worker has answered",
          histogram: rounds,
        },
        { name: "Wake-up", note: "from a worker's unpark to its first step", histogram: wakes },
      ],
    };
    return runPlan(plan, options, session, side);
  },
};

function tableText({ workers, policy, loops }: FanoutOptions, { facts, measured }: Result): string {
  const { rounds, wakes } = measured;
  const row = (name: string, histogram: typeof rounds): string[] => {
    const { p50, p90, p99, max } = histogram.summary();
    return [name, ...[histogram.mean, p50, p90, p99, max].map(formatNs)];
  };
  const head = ["", "mean", "p50", "p90", "p99", "max"];
  const table = formatTable([head, row("round", rounds), row("wake-up", wakes)], [0]);
  const cut = facts.complete ? "" : `The run was cut short: ${plural(loops, "round")} were asked for.\n`;
  return `umcg-fanout: ${plural(rounds.count, "round")} of ${plural(workers, "worker")}, policy ${policy}
${machineLine(facts)}

${table}
${(facts.wallMs / 1000).toFixed(2)} s of wall time
Reading: a worker costs a round ${formatNs(rounds.mean / workers)}; half of them run within ${formatNs(wakes.quantile(0.5))} of their unpark.
${cut}`;
}
