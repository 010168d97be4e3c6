/** `umcg bench schbench`: schbench's letters, and those of the machine. */
import { type Metric, metric } from "../../bench/metrics.ts";
import { Schbench, type SchbenchResult } from "../../bench/schbench/schbench.ts";
import { matrixSize, type SchbenchOptions } from "../../bench/schbench/schbench-options.ts";
import { plural } from "../../diagnostics/plural.ts";
import { readCpus } from "../cpu-list.ts";
import { MACHINE_OPTIONS, machineHelp, machineLine, readMachine } from "../machine-options.ts";
import type { Options } from "../options.ts";
import { type Plan, runPlan, STUDY_HELP } from "../run-plan.ts";
import type { Session } from "../session.ts";
import type { Study } from "../study.ts";
import type { Side } from "../study-pair.ts";
import { compatKeys, compatText, tableText } from "./schbench-report.ts";

const DEFAULT_VCPUS = 8;
const MAX_THREADS = 1 << 16;
const MAX_SECONDS = 86_400;

const HELP = `Usage: umcg bench schbench [options]

schbench in virtual time: message threads wake worker threads, each request
sleeps and then multiplies matrices under a spin lock of its CPU. Letters mean
what they mean there.

Options of schbench:
  -m, --message-threads N   message threads (default 1)
  -t, --threads N           workers of each (default: vCPUs)
  -r, --runtime S           seconds of virtual time (default 30)
  -w, --warmuptime S        of which the first S do not count (default 0)
  -n, --operations N        matrix products of a request (default 5)
  -F, --cache_footprint KB  size of the matrices (default 256)
  -s, --sleep_usec US       sleep of a request (default 100)
  -R, --rps N               push N requests a second from each message thread
  -L, --no-locking          no spin lock around the work
  -C, --calibrate           latencies of the work alone
  -p, --pipe BYTES          a transfer instead of a request
  -M, --message-cpus LIST   CPUs of the message threads, one each in turn: 0-1,4
  -W, --worker-cpus LIST    CPUs of the workers
  -i, --intervaltime S      accepted: the report comes at the end
Not here: -A (the load follows the machine's), -z, --split, -j, -J (use --format
json).

${machineHelp(DEFAULT_VCPUS)}

${STUDY_HELP}
JSON has ns beside us, and schbench's own keys.

Ctrl-C ends the run; what there is by then is printed.

Examples:
  umcg bench schbench -m 2 -t 4 -r 10
  umcg bench schbench -m 1 -t 8 -r 5 -R 300 --vcpus 4 --format compat
`;

const NOT_HERE: Readonly<Record<string, string>> = {
  "auto-rps": "adapts the load to the machine; give the rate with -R",
  zerotime: "throws statistics away at intervals; use -w",
  split: "has no meaning: the cost model has no shared cache lines",
  json_file: "names a file; use --format json and redirect it",
  jobname: "goes into schbench's own JSON; use --format json",
};

export const schbench: Study = {
  name: "schbench",
  summary: "message threads wake workers that compute, as schbench",
  help: HELP,
  options: {
    "message-threads": { type: "string", short: "m" },
    threads: { type: "string", short: "t" },
    runtime: { type: "string", short: "r" },
    warmuptime: { type: "string", short: "w" },
    operations: { type: "string", short: "n" },
    cache_footprint: { type: "string", short: "F" },
    sleep_usec: { type: "string", short: "s" },
    rps: { type: "string", short: "R" },
    "no-locking": { type: "boolean", short: "L" },
    calibrate: { type: "boolean", short: "C" },
    pipe: { type: "string", short: "p" },
    "message-cpus": { type: "string", short: "M" },
    "worker-cpus": { type: "string", short: "W" },
    intervaltime: { type: "string", short: "i" },
    "auto-rps": { type: "string", short: "A" },
    zerotime: { type: "string", short: "z" },
    split: { type: "string", short: "S" },
    json_file: { type: "string", short: "j" },
    jobname: { type: "string", short: "J" },
    ...MACHINE_OPTIONS,
  },

  run(options: Options, session: Session, side?: Side): Promise<string> {
    const refused = Object.keys(NOT_HERE).find((name) => options.has(name));
    if (refused !== undefined) throw options.usage(`--${refused.replace("_file", "")} ${NOT_HERE[refused]}`);
    const choice = readMachine(options, DEFAULT_VCPUS);
    const load = readLoad(options, choice.vcpus);
    const {
      vcpus,
      profile,
      fair,
      jitter,
      idle = profile.idleStates[profile.defaultIdleState]!.name,
    } = choice;
    const config = (seed: number) => ({ vcpus, profile: profile.name, idle, fair, jitter, seed });
    const clock = (): number => session.io.clock();
    const plan: Plan<SchbenchResult, Schbench> = {
      name: "schbench",
      seed: choice.seed,
      exact: !jitter,
      begin: (seed) => new Schbench({ ...load, machine: { ...choice, seed }, clock }),
      table: (result) => tableText(result, titleOf(load, machineLine(config(choice.seed)))),
      json: (result) => ({
        workload: "schbench",
        host: "virtual",
        ...config(choice.seed),
        ...load,
        ...result,
        int: compatKeys(result),
      }),
      compat: (result) => compatText(result, load.runtimeS, load.pipeBytes),
      metrics,
      load,
      distributions: (_, { latencies: { wakeups, requests } }) => [
        {
          name: "Wake-up",
          note: "from the wake-up call to the worker's next instruction",
          histogram: wakeups,
        },
        { name: "Request", note: "from the wake-up to the end of the request", histogram: requests },
      ],
    };
    return runPlan(plan, options, session, side);
  },
};

function titleOf(load: SchbenchOptions, machine: string): string {
  const threads = `${plural(load.messageThreads, "message thread")} of ${plural(load.workers, "worker")}`;
  return `schbench: ${threads}, ${load.operations} products of ${matrixSize(load.footprintKb)} rows a request\n${machine}`;
}

function metrics({ wakeupNs, requestNs, averageRps }: SchbenchResult): Metric[] {
  return [
    metric("wake-up p50", "ns", wakeupNs.p50),
    metric("wake-up p99", "ns", wakeupNs.p99),
    metric("request p50", "ns", requestNs.p50),
    metric("request p99", "ns", requestNs.p99),
    metric("requests", "1/s", averageRps),
  ];
}

function readLoad(options: Options, vcpus: number): SchbenchOptions {
  const runtimeS = options.integer("runtime", 1, MAX_SECONDS, 30);
  options.integer("intervaltime", 0, MAX_SECONDS, 0);
  return {
    messageThreads: options.integer("message-threads", 1, MAX_THREADS, 1),
    workers: options.integer("threads", 1, MAX_THREADS, vcpus),
    runtimeS,
    warmUpS: options.integer("warmuptime", 0, runtimeS - 1, 0),
    operations: options.integer("operations", 0, 1_000_000, 5),
    footprintKb: options.integer("cache_footprint", 1, 1 << 20, 256),
    sleepUs: options.integer("sleep_usec", 0, 1_000_000_000, 100),
    requestsPerS: options.integer("rps", 0, 10_000_000, 0),
    locking: !options.has("no-locking"),
    calibrate: options.has("calibrate"),
    pipeBytes: options.integer("pipe", 0, 1 << 20, 0),
    messageCpus: readCpus(options, "message-cpus", vcpus),
    workerCpus: readCpus(options, "worker-cpus", vcpus),
  };
}
