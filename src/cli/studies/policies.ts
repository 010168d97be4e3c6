/** `umcg bench policies`: what it may be asked, and what it prints. */
import { type Metric, metric } from "../../bench/metrics.ts";
import { type Contender, type PolicyResult, PolicyRun } from "../../bench/policies/policy-run.ts";
import type { PolicyWorkload } from "../../bench/policies/policy-workload.ts";
import { POLICY_WORKLOADS } from "../../bench/policies/policy-workloads.ts";
import { formatDuration, parseDuration } from "../../bench/stats/quantities.ts";
import { plural } from "../../diagnostics/plural.ts";
import type { CostModel } from "../../hosts/virtual/cost-model.ts";
import { POLICY_NAMES } from "../../server/policies/index.ts";
import { readContenders } from "../contenders.ts";
import { GuardedPart } from "../guarded-part.ts";
import { readProfile, readSeed } from "../machine-options.ts";
import type { Options } from "../options.ts";
import { readWorkloads } from "../policy-workloads.ts";
import { type Plan, REPORT_HELP, runPlan } from "../run-plan.ts";
import { type Part, Sequence } from "../sequence.ts";
import type { Session } from "../session.ts";
import type { Study } from "../study.ts";
import { formatTable } from "../table.ts";
import { PoliciesReport } from "./policies-report.ts";

const DEFAULT_VCPUS = 8;
/** All servers ask each other for work: beyond this the study takes hours. */
const MAX_VCPUS = 256;
const DEFAULT_DURATION = "50ms";
const DEFAULT_PREEMPT = "100us";
const MIN_PREEMPT_NS = 20_000;
const MAX_TIME_NS = 1e12;

const NAMES = POLICY_WORKLOADS.map(({ name }) => name);

const HELP = `Usage: umcg bench policies [options]

Runs the scheduling policies of the thread library side by side on the same
work, a server a vCPU, and prints throughput, utilisation and wake-up times as
the woken workers see them.

Workloads:
${POLICY_WORKLOADS.map(({ name, summary }) => `  ${name.padEnd(10)}  ${summary}`).join("\n")}

Options:
  --workload NAME  ${NAMES.join(" | ")}, or a file whose default
                   export is a PolicyWorkload of umcg/bench (default: all)
  --policy LIST    of ${POLICY_NAMES.join(", ")},
                   and files whose default export is a policy of your own
                   (default: all that have names)
  --vcpus N        1 to ${MAX_VCPUS} (default ${DEFAULT_VCPUS})
  --duration T     of virtual time to measure, behind a tenth of it of warm-up
                   (default ${DEFAULT_DURATION})
  --preempt T      time after which a server asks its policy whether its worker
                   is to give way, from 20us, or off (default ${DEFAULT_PREEMPT})
  --profile NAME   native | guest | ideal, or a .json file (default native)
  --seed N         seed of all durations, and of the policies that draw lots
                   (default 1)
  --check          hold every machine to the invariants of UMCG, I1 to I44: see
                   umcg bench --help

${REPORT_HELP}
JSON has times in ns, rates a second, shares of 1. There is no compat. Metrics
of one policy are not called after it, so that two files can be compared.

Ctrl-C ends the study; the policies that are done by then are printed.

Examples:
  umcg bench policies --workload mixed
  umcg bench policies --policy edf --preempt off --vcpus 16 --json
  umcg bench policies --policy fifo,./mine.ts --workload fork-join
  umcg bench policies --workload ./load.ts --policy fifo,edf --report page.html
  umcg bench policies --workload mixed --policy fifo --repeat 10 --json > a.json
  umcg bench policies --workload mixed --policy edf --repeat 10 --json > b.json
  umcg bench compare a.json b.json
`;

interface Load {
  readonly workloads: readonly PolicyWorkload[];
  readonly contenders: readonly Contender[];
  readonly vcpus: number;
  readonly durationNs: number;
  readonly preemptNs: number;
  readonly profile: CostModel;
  readonly seed: number;
  readonly check: boolean;
}

export const policies: Study = {
  name: "policies",
  summary: "the scheduling policies side by side",
  help: HELP,
  options: {
    workload: { type: "string" },
    policy: { type: "string" },
    vcpus: { type: "string" },
    duration: { type: "string" },
    preempt: { type: "string" },
    profile: { type: "string" },
    seed: { type: "string" },
    check: { type: "boolean" },
  },

  noAgainst: "its policies stand side by side already: give several with --policy",

  async run(options: Options, session: Session): Promise<string> {
    const load = await readLoad(options);
    const report = wantedReport(load, options);
    const plan: Plan<readonly PolicyResult[]> = {
      name: "policies",
      seed: load.seed,
      exact: false,
      begin: (seed) => cells({ ...load, seed }, session, report),
      table: (results) => tableText(load, results),
      json: (results) => jsonOf(load, results),
      metrics: (results) => results.flatMap((result) => metrics(load, result)),
      ...(report !== undefined && {
        save: (results) => report.save(results, readingOf(load, results), session),
      }),
    };
    return runPlan(plan, options, session).finally(() => report?.discard());
  },
};

function jsonOf(
  { vcpus, preemptNs, seed, profile, workloads, contenders }: Load,
  results: readonly PolicyResult[],
): object {
  return {
    study: "policies",
    host: "virtual",
    vcpus,
    preemptNs,
    seed,
    profile: profile.name,
    complete: results.length === workloads.length * contenders.length,
    results,
  };
}

function metrics(
  { contenders }: Load,
  { workload, policy, throughput, utilisation, wake }: PolicyResult,
): Metric[] {
  const name = contenders.length === 1 ? workload : `${workload} ${policy}`;
  return [
    metric(`${name} operations`, "1/s", throughput),
    { ...metric(`${name} busy`, "", utilisation), better: "higher" },
    metric(`${name} wake-up p50`, "ns", wake.p50),
    metric(`${name} wake-up p99`, "ns", wake.p99),
  ];
}

/** Throws UsageError, ProgramFileError. */
async function readLoad(options: Options): Promise<Load> {
  return {
    workloads: await readWorkloads(options),
    contenders: await readContenders(options),
    vcpus: options.integer("vcpus", 1, MAX_VCPUS, DEFAULT_VCPUS),
    durationNs: readTime(options, "duration", DEFAULT_DURATION, 1),
    preemptNs:
      options.text("preempt") === "off" ? 0 : readTime(options, "preempt", DEFAULT_PREEMPT, MIN_PREEMPT_NS),
    profile: readProfile(options),
    seed: readSeed(options),
    check: options.has("check"),
  };
}

/** Whole ns. */
function readTime(options: Options, name: string, fallback: string, least: number): number {
  const ns = Math.round(options.parsed(name, parseDuration) ?? parseDuration(fallback));
  if (ns >= least && ns <= MAX_TIME_NS) return ns;
  const range = `from ${formatDuration(least)} to ${formatDuration(MAX_TIME_NS)}`;
  throw options.usage(`--${name} must be a time ${range}, got "${options.text(name)}"`);
}

/** One behind the other. */
function cells(load: Load, session: Session, report: PoliciesReport | undefined): Sequence<PolicyResult> {
  const clock = (): number => session.io.clock();
  const all = load.workloads.flatMap((workload) =>
    load.contenders.map((contender) => ({ workload, contender })),
  );
  return new Sequence<PolicyResult>(
    all.map(({ workload, contender }) => ({
      note: `${workload.name}, ${contender.name}`,
      begin: () => {
        const begin = (): Part<PolicyResult> => {
          const run = new PolicyRun({ ...load, workload, contender, clock });
          return report?.watch(run, workload) ?? run;
        };
        const shipped = typeof contender.policy === "string" && POLICY_WORKLOADS.includes(workload);
        const what = `a stretch of ${workload.name} under ${contender.name}`;
        return shipped ? begin() : new GuardedPart(what, begin);
      },
    })),
  );
}

/** Throws UsageError, TraceFileError. */
function wantedReport(
  { vcpus, durationNs, preemptNs, profile, seed }: Load,
  options: Options,
): PoliciesReport | undefined {
  const path = options.text("report");
  if (path === undefined) return undefined;
  if (options.has("repeat")) throw options.usage("--report is of one run: leave out --repeat");
  return new PoliciesReport(path, options.args, [
    ["Host", "virtual"],
    ["vCPUs", String(vcpus)],
    ["Cost profile", profile.name],
    ["Measured", formatDuration(durationNs)],
    ["Preemption", preemptNs === 0 ? "off" : `asked for every ${formatDuration(preemptNs)}`],
    ["Seed", String(seed)],
  ]);
}

/** The results for people. */
function tableText(load: Load, results: readonly PolicyResult[]): string {
  const { vcpus, durationNs, preemptNs, profile, seed } = load;
  const ticks = preemptNs === 0 ? "no preemption" : `preemption every ${formatDuration(preemptNs)}`;
  const title = `policies: ${plural(vcpus, "vCPU")}, ${formatDuration(durationNs)}, ${ticks}, profile ${profile.name}, seed ${seed}\n`;
  const blocks = load.workloads.flatMap((workload) => {
    const own = results.filter((result) => result.workload === workload.name);
    return own.length === 0 ? [] : [block(workload, own)];
  });
  const cells = load.workloads.length * load.contenders.length;
  const cut = `The study was cut short: ${results.length} of ${cells} runs.\n`;
  return [title, ...blocks, ...(results.length < cells ? [cut] : [])].join("\n");
}

function block(
  { name, summary, operations, wakes }: PolicyWorkload,
  results: readonly PolicyResult[],
): string {
  const head = ["policy", `${operations}/s`, "busy", "p50 us", "p90 us", "p99 us", "p99.9 us"];
  const rows = results.map(({ policy, throughput, utilisation, wake }) => [
    policy,
    throughput.toFixed(0),
    `${(100 * utilisation).toFixed(1)} %`,
    ...[wake.p50, wake.p90, wake.p99, wake.p999].map((ns) => (ns / 1000).toFixed(1)),
  ]);
  const reading = results.length > 1 ? `Reading: ${comparison(results)}.\n` : "";
  return `${name}: ${summary}\nwake-ups ${wakes}\n${formatTable([head, ...rows], [0])}${reading}`;
}

/** Of one workload. */
function comparison(results: readonly PolicyResult[]): string {
  const [most] = results.toSorted((a, b) => b.throughput - a.throughput);
  const [soonest] = results.toSorted((a, b) => a.wake.p99 - b.wake.p99);
  return `most done by ${most!.policy}; shortest p99 of a wake-up: ${soonest!.policy}`;
}

/** Of all. */
function readingOf({ workloads, contenders }: Load, results: readonly PolicyResult[]): string {
  if (contenders.length === 1) return "";
  const told = workloads.map(({ name }) => {
    const own = results.filter(({ workload }) => workload === name);
    return `${name}: ${comparison(own)}.`;
  });
  return told.join(" ");
}
