/** `umcg bench cyclictest`: cyclictest's letters, and those of the machine. */
import { type Metric, metric } from "../../bench/metrics.ts";
import { type ScenarioResult, ScenarioRun } from "../../bench/scenario.ts";
import {
  type Cyclictest,
  type CyclictestOptions,
  cyclictestMachine,
  startCyclictest,
} from "../../bench/scenarios/cyclictest.ts";
import type { NamedHistogram } from "../../report/bench-report.ts";
import { Histogram } from "../../trace/histogram.ts";
import { readCpus } from "../cpu-list.ts";
import { MACHINE_OPTIONS, machineHelp, readMachine } from "../machine-options.ts";
import type { Options } from "../options.ts";
import { type Plan, runPlan, STUDY_HELP } from "../run-plan.ts";
import type { Session } from "../session.ts";
import type { Study } from "../study.ts";
import type { Side } from "../study-pair.ts";
import { type CompatOptions, compatText, tableText } from "./cyclictest-report.ts";

const DEFAULT_VCPUS = 8;
const DEFAULT_LOOPS = 10_000;
const MAX_LOOPS = 1_000_000_000;
const MAX_THREADS = 1 << 12;
const MAX_US = 1_000_000_000;
const MAX_HISTOGRAM_US = 1_000_000;
const POLICIES = ["fifo", "rr", "other"] as const;

const HELP = `Usage: umcg bench cyclictest [options]

cyclictest in virtual time: threads sleep until a time and look how late they
are. As there, idle CPUs are kept from deep sleep (they poll), unless
--default-system is given.

Options of cyclictest:
  -t, --threads [N]     threads (default 1; without N one a vCPU)
  -i, --interval US     interval of the first thread (default 1000)
  -d, --distance US     each further one's is longer by that (default 500; with
                        -h 0)
  -l, --loops N         cycles of each thread (default ${DEFAULT_LOOPS}, or 0 with -D:
                        endless)
  -D, --duration T      virtual time: 10 (s), 5m, 2h, 1d
  -p, --priority PRIO   real-time priority, 0 to 99 (default 0: none)
      --policy P        ${POLICIES.join(" | ")} (default fifo, if there is a priority)
      --priospread      each further thread has one less
  -a, --affinity [LIST] pin threads to the CPUs in turn: all, or 0-1,3
  -S, --smp             -t -a: a thread on each vCPU
  -h, --histogram US    compat: a histogram of that many us
  -H, --histofall US    the same with a column of all threads
  -N, --nsecs           compat: ns instead of us
  -q, --quiet           compat: the lines of the end alone
      --default-system  idle states as the machine has them
  -m, --mlockall, -n, --nanosleep: accepted; nothing is paged out, and all
                        sleep so

${machineHelp(DEFAULT_VCPUS)}

${STUDY_HELP.replace("-h, --help  ", "    --help  ")}

Ctrl-C ends the run; what there is by then is printed.

Examples:
  umcg bench cyclictest -S -p 80 -i 200 -l 10000
  umcg bench cyclictest -t 4 -p 80 -h 50 -q --jitter --format compat
`;

export const cyclictest: Study = {
  name: "cyclictest",
  summary: "threads sleep until a time: how late they are, as cyclictest",
  help: HELP,
  options: {
    threads: { type: "string", short: "t", empty: true, optional: true },
    interval: { type: "string", short: "i" },
    distance: { type: "string", short: "d" },
    loops: { type: "string", short: "l" },
    duration: { type: "string", short: "D" },
    priority: { type: "string", short: "p" },
    policy: { type: "string" },
    priospread: { type: "boolean" },
    affinity: { type: "string", short: "a", empty: true, optional: true },
    smp: { type: "boolean", short: "S" },
    histogram: { type: "string", short: "h" },
    histofall: { type: "string", short: "H" },
    nsecs: { type: "boolean", short: "N" },
    quiet: { type: "boolean", short: "q" },
    "default-system": { type: "boolean" },
    mlockall: { type: "boolean", short: "m" },
    nanosleep: { type: "boolean", short: "n" },
    ...MACHINE_OPTIONS,
    help: { type: "boolean" },
  },

  run(options: Options, session: Session, side?: Side): Promise<string> {
    const choice = readMachine(options, DEFAULT_VCPUS);
    const idle = options.has("idle") || options.has("default-system") ? {} : { idle: "poll" };
    const untilNs = readDuration(options);
    const load = readLoad(options, choice.vcpus, untilNs !== undefined);
    const compat = readCompat(options, load);
    const clock = (): number => session.io.clock();
    const plan: Plan<ScenarioResult<Cyclictest>> = {
      name: "cyclictest",
      seed: choice.seed,
      exact: !choice.jitter,
      begin: (seed) =>
        new ScenarioRun(
          {
            machine: { ...choice, ...idle, ...cyclictestMachine(load), seed },
            clock,
            ...(untilNs !== undefined && { untilNs }),
          },
          (machine) => startCyclictest(machine, load, compat.histogramUs),
        ),
      table: tableText,
      json: (result) => jsonOf(load, result),
      compat: (result) => compatText(result, compat),
      metrics,
      load,
      distributions,
    };
    return runPlan(plan, options, session, side);
  },
};

function readLoad(options: Options, vcpus: number, timed: boolean): CyclictestOptions {
  const smp = options.has("smp");
  const each = smp || options.text("threads") === "";
  const threads = each ? vcpus : options.integer("threads", 1, MAX_THREADS, 1);
  const policy = options.oneOf("policy", POLICIES) ?? "fifo";
  const spread = options.has("priospread");
  const given = options.integer("priority", 0, 99, 0);
  // As there: a real-time policy without a priority, and a spread without one, have one more than there are threads.
  const wants = given === 0 && (spread || (options.has("policy") && policy !== "other"));
  const priority = wants ? Math.min(99, threads + 1) : given;
  if (spread && priority < threads)
    throw options.usage(`--priospread from ${priority} down leaves no priority for ${threads} threads`);
  const everywhere = Array.from({ length: vcpus }, (_, cpu) => cpu);
  const unlisted = smp || options.text("affinity") === "";
  const histogram = options.has("histogram") || options.has("histofall");
  return {
    threads,
    intervalUs: options.integer("interval", 1, MAX_US, 1000),
    distanceUs: histogram ? 0 : options.integer("distance", 0, MAX_US, 500),
    loops: options.integer("loops", 0, MAX_LOOPS, timed ? 0 : DEFAULT_LOOPS),
    priority,
    spread,
    policy: policy === "rr" ? "rr" : "fifo",
    cpus: unlisted ? everywhere : readCpus(options, "affinity", vcpus),
  };
}

function readCompat(options: Options, { priority, policy }: CyclictestOptions): CompatOptions {
  return {
    histogramUs: Math.max(
      options.integer("histogram", 0, MAX_HISTOGRAM_US, 0),
      options.integer("histofall", 0, MAX_HISTOGRAM_US, 0),
    ),
    ofAll: options.has("histofall"),
    quiet: options.has("quiet"),
    nsecs: options.has("nsecs"),
    policy: priority > 0 ? policy : "other/other",
  };
}

const SECONDS_PER: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** ns. */
function readDuration(options: Options): number | undefined {
  const text = options.text("duration");
  if (text === undefined) return undefined;
  const [, count = "", unit = ""] = /^(\d+)([smhd]?)$/.exec(text) ?? [];
  const seconds = Number(count) * SECONDS_PER[unit]!;
  if (count !== "" && seconds > 0 && seconds <= SECONDS_PER["d"]!) return seconds * 1e9;
  throw options.usage(`--duration must be a time such as 10, 5m or 2h, a day at most, got "${text}"`);
}

function jsonOf(load: CyclictestOptions, { facts, measured }: ScenarioResult<Cyclictest>): object {
  const threads = measured.threads.map(({ tid, priority, intervalUs, latencies, act }) => {
    const { min, mean } = latencies;
    return { tid, priority, intervalUs, min, act, mean, ...latencies.summary() };
  });
  return { workload: "cyclictest", ...facts, ...load, threads };
}

/** Threads that have a picture each. */
const MOST_PICTURES = 8;

function distributions({ measured }: ScenarioResult<Cyclictest>): NamedHistogram[] {
  const { threads } = measured;
  const note = "from the time that was asked for to the first instruction behind it";
  const each = threads.map(({ latencies, priority, intervalUs }, at) => ({
    name: `Thread ${at}`,
    note: `priority ${priority}, every ${intervalUs} us`,
    histogram: latencies,
  }));
  const alone = threads.length === 1 || threads.length > MOST_PICTURES;
  const name = threads.length === 1 ? "Latency" : "All threads";
  return [{ name, note, histogram: togetherOf(measured) }, ...(alone ? [] : each)];
}

function togetherOf({ threads }: Cyclictest): Histogram {
  const all = new Histogram();
  for (const { latencies } of threads) all.merge(latencies);
  return all;
}

function metrics({ measured }: ScenarioResult<Cyclictest>): Metric[] {
  const all = togetherOf(measured);
  return [
    metric("mean latency", "ns", all.mean),
    metric("latency p50", "ns", all.quantile(0.5)),
    metric("latency p99", "ns", all.quantile(0.99)),
    metric("latency max", "ns", all.max),
  ];
}
