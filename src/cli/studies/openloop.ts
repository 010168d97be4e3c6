/** `umcg bench openloop`: what it may be asked, and what it prints. */

import { type Metric, metric } from "../../bench/metrics.ts";
import type { MeasureSummary } from "../../bench/openloop/measure.ts";
import { OpenLoop, type OpenLoopOptions } from "../../bench/openloop/open-loop.ts";
import type { OpenLoopResult } from "../../bench/openloop/open-loop-result.ts";
import { parsePolicy } from "../../bench/openloop/policy.ts";
import { ARRIVAL_PROCESSES, parseLaw } from "../../bench/stats/laws.ts";
import { formatDuration, parseDuration, parseRate } from "../../bench/stats/quantities.ts";
import { plural } from "../../diagnostics/plural.ts";
import { MAX_VCPUS, readIdle, readProfile, readSeed } from "../machine-options.ts";
import type { Options } from "../options.ts";
import { type Plan, runPlan, STUDY_HELP } from "../run-plan.ts";
import type { Session } from "../session.ts";
import type { Study } from "../study.ts";
import type { Side } from "../study-pair.ts";
import { formatNs, formatTable } from "../table.ts";

const DEFAULT_REQUESTS = 200_000;
const MAX_REQUESTS = 1 << 24;
const DEFAULT_WORKERS = 4096;
const MAX_WORKERS = 1 << 21;
const DEFAULT_VCPUS = 16;

const HELP = `Usage: umcg bench openloop --rate R --service LAW [options]

Requests come at their own times, whether the machine keeps up or not. Each is
an interrupt that wakes a free worker task, which computes for the request's
service time. Prints rates, utilisation, and sojourn, waiting time and slowdown
of the requests.

Options:
  --rate R         arrivals a second: 2500, 300krps, 1.2Mrps
  --service LAW    exp:10us | fixed:10us | bimodal:99.5,4us,0.5,10ms (percent,
                   time, percent, time) | lognormal:10us,2 (mean, coefficient of
                   variation)
  --arrivals P     poisson | deterministic (default poisson)
  --policy P       fcfs | rr:30us | ps | srpt on one queue for all CPUs; eevdf,
                   eevdf-6.12, virtual-time as the kernel has them, also with a
                   slice: eevdf:1ms (default eevdf)
  --vcpus N        vCPUs, 1 to ${MAX_VCPUS} (default ${DEFAULT_VCPUS})
  --queues Q       central: any CPU serves any request; partitioned: each
                   request goes to a CPU chosen at random and stays there
                   (default central)
  --requests N     requests to measure (default ${DEFAULT_REQUESTS})
  --duration T     no arrivals after this: 500ms, 2s
  --warm-up N      requests before the measured ones (default a tenth)
  --workers N      tasks in the pool, up to ${MAX_WORKERS}: with none free a request is
                   dropped (default ${DEFAULT_WORKERS})
  --irq-cpu N      CPU that takes the arrivals' interrupts (default 0)
  --hz N           ticks a second (default: that of the policy)
  --profile NAME   native | guest | ideal, or a .json file: costs of the machine
                   (default native; ideal is free of them)
  --idle STATE     state of an idle vCPU (default: the profile's)
  --jitter         spread the costs around their median
  --seed N         seed of arrivals, services and jitter (default 1)

${STUDY_HELP}

Ctrl-C ends the arrivals; what there is by then is printed.

Examples:
  umcg bench openloop --rate 300krps --service bimodal:99.5,4us,0.5,10ms \\
    --policy rr:30us
  umcg bench openloop --rate 80krps --service exp:10us --vcpus 1 \\
    --profile ideal --json
`;

export const openloop: Study = {
  name: "openloop",
  summary: "requests at their own times, a pool of workers, a policy",
  help: HELP,
  options: {
    rate: { type: "string" },
    service: { type: "string" },
    arrivals: { type: "string" },
    policy: { type: "string" },
    vcpus: { type: "string" },
    queues: { type: "string" },
    requests: { type: "string" },
    duration: { type: "string" },
    "warm-up": { type: "string" },
    workers: { type: "string" },
    "irq-cpu": { type: "string" },
    hz: { type: "string" },
    profile: { type: "string" },
    idle: { type: "string" },
    jitter: { type: "boolean" },
    seed: { type: "string" },
  },

  run(options: Options, session: Session, side?: Side): Promise<string> {
    const load = readLoad(options, () => session.io.clock());
    const plan: Plan<OpenLoopResult, OpenLoop> = {
      name: "openloop",
      seed: load.seed,
      exact: false,
      begin: (seed) => new OpenLoop({ ...load, seed }),
      table: resultText,
      json: (result) => result,
      metrics,
      load,
      distributions: (_, run) => run.distributions(),
    };
    return runPlan(plan, options, session, side);
  },
};

function metrics({ sojourn, waiting, slowdown, utilisation, achievedRate }: OpenLoopResult): Metric[] {
  return [
    metric("mean sojourn", "ns", sojourn.mean),
    metric("sojourn p50", "ns", sojourn.p50),
    metric("sojourn p99", "ns", sojourn.p99),
    metric("mean waiting", "ns", waiting.mean),
    metric("mean slowdown", "", slowdown.mean),
    metric("utilisation", "", utilisation),
    metric("achieved rate", "1/s", achievedRate),
  ];
}

function readLoad(options: Options, clock: () => number): OpenLoopOptions {
  const ratePerS = options.parsed("rate", parseRate);
  if (ratePerS === undefined) throw options.usage("--rate is missing, for example --rate 300krps");
  const service = options.parsed("service", parseLaw);
  if (service === undefined) throw options.usage("--service is missing, for example --service exp:10us");
  const policy = options.parsed("policy", parsePolicy) ?? parsePolicy("eevdf");
  const vcpus = options.integer("vcpus", 1, MAX_VCPUS, DEFAULT_VCPUS);
  const profile = readProfile(options);
  const idle = readIdle(options, profile);
  const durationNs = options.parsed("duration", parseDuration);
  const least = durationNs === undefined ? DEFAULT_REQUESTS : MAX_REQUESTS;
  const requests = options.integer("requests", 1, MAX_REQUESTS, least);
  const expected = Math.min(requests, ((durationNs ?? Number.MAX_VALUE) / 1e9) * ratePerS);
  return {
    ratePerS,
    service,
    policy,
    vcpus,
    requests,
    profile,
    clock,
    arrivals: options.oneOf("arrivals", ARRIVAL_PROCESSES) ?? "poisson",
    queues: options.oneOf("queues", ["central", "partitioned"]) ?? "central",
    warmUp: options.integer("warm-up", 0, MAX_REQUESTS, Math.floor(expected / 10)),
    workers: options.integer("workers", 1, MAX_WORKERS, DEFAULT_WORKERS),
    irqCpu: options.integer("irq-cpu", 0, vcpus - 1, 0),
    seed: readSeed(options),
    ...(durationNs !== undefined && { durationNs }),
    machine: {
      jitter: options.has("jitter"),
      tickHz: options.integer("hz", 0, 10_000, policy.tickHz),
      ...(idle !== undefined && { idle }),
    },
  };
}

/** The result for people. */
function resultText(result: OpenLoopResult): string {
  const { arrivals, service, policy, vcpus, queues, profile, seed, completed, warmUp, dropped } = result;
  const rows = [
    measureRow("sojourn", result.sojourn, formatNs),
    measureRow("waiting", result.waiting, formatNs),
    measureRow("slowdown", result.slowdown, formatRatio),
    ...result.classes.flatMap((one) => [
      [`requests of ${formatDuration(one.serviceNs)}`],
      measureRow("  sojourn", one.sojourn, formatNs),
      measureRow("  slowdown", one.slowdown, formatRatio),
    ]),
  ];
  const table = formatTable([["", "mean", "p50", "p90", "p99", "p99.9", "max"], ...rows], [0]);
  return `openloop: ${arrivals} arrivals, ${formatRate(result.rate)}; service ${service}; policy ${policy}
${plural(vcpus, "vCPU")}, ${queues} queue, profile ${profile}, seed ${seed}; ${plural(completed, "request")} behind ${warmUp} of warm-up

${table}
offered ${formatRate(result.offeredRate)} (load ${result.offeredLoad.toFixed(3)}), achieved ${formatRate(result.achievedRate)}, ${dropped} dropped
CPUs busy ${(100 * result.utilisation).toFixed(1)} %, ${result.inSystem.toFixed(2)} requests inside on average
${formatNs(result.virtualNs)} of virtual time in ${(result.wallMs / 1000).toFixed(2)} s of wall time
${reading(result)}
`;
}

function measureRow(name: string, measure: MeasureSummary, format: (value: number) => string): string[] {
  const { mean, p50, p90, p99, p999, max } = measure;
  return [name, ...[mean, p50, p90, p99, p999, max].map(format)];
}

function reading({ sojourn, waiting, complete }: OpenLoopResult): string {
  const share = sojourn.mean === 0 ? 0 : (100 * waiting.mean) / sojourn.mean;
  const [low, high] = sojourn.intervals.mean ?? [];
  const sure =
    low === undefined || high === undefined ? "" : ` (95 %: ${formatNs(low)} to ${formatNs(high)})`;
  const cut = complete ? "" : " The run was cut short.";
  return `Reading: a request is inside for ${formatNs(sojourn.mean)} on average${sure}, ${share.toFixed(0)} % of it waiting; 99 % leave within ${formatNs(sojourn.p99)}.${cut}`;
}

function formatRate(rate: number): string {
  return rate < 10_000 ? `${rate.toFixed(1)} rps` : `${(rate / 1000).toFixed(1)} krps`;
}

function formatRatio(ratio: number): string {
  return ratio < 100 ? ratio.toFixed(2) : ratio.toFixed(0);
}
