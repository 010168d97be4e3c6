/** `umcg bench schbench`: schbench's letters, and those of the machine. */
import { Schbench } from "../../bench/schbench/schbench.ts";
import { matrixSize, type SchbenchOptions } from "../../bench/schbench/schbench-options.ts";
import { FAIR_POLICIES } from "../../kernel-sim/fair-class.ts";
import { MAX_VCPUS, readIdle, readProfile, readSeed } from "../machine-options.ts";
import type { Options } from "../options.ts";
import type { Session } from "../session.ts";
import type { Study } from "../study.ts";
import { plural } from "../table.ts";
import { compatKeys, compatText, tableText } from "./schbench-report.ts";

const DEFAULT_VCPUS = 8;
const MAX_THREADS = 1 << 16;
const MAX_SECONDS = 86_400;

const HELP = `Usage: umcg bench schbench [options]

schbench in virtual time: message threads wake worker threads, each request sleeps and then
multiplies matrices under a spin lock of its CPU. Letters mean what they mean there.

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
Not here: -A (the load follows the machine's), -z, --split, -j, -J (use --format json).

Options of the machine:
  --vcpus N        1 to ${MAX_VCPUS} (default ${DEFAULT_VCPUS})
  --fair POLICY    ${FAIR_POLICIES.join(" | ")}
                   (default eevdf-7.2)
  --profile NAME   native | guest, or a .json file (default native)
  --idle STATE     state of an idle vCPU (default: the profile's)
  --jitter         spread the costs around their median
  --seed N         seed of the jitter (default 1)

Output:
  --format F       table | json | compat (default table); compat is schbench's, line for line
  --json           as --format json: ns beside us, and schbench's own keys
  -h, --help       show this help

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
    vcpus: { type: "string" },
    fair: { type: "string" },
    profile: { type: "string" },
    idle: { type: "string" },
    jitter: { type: "boolean" },
    seed: { type: "string" },
    format: { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },

  async run(options: Options, session: Session): Promise<string> {
    const refused = Object.keys(NOT_HERE).find((name) => options.has(name));
    if (refused !== undefined) throw options.usage(`--${refused.replace("_file", "")} ${NOT_HERE[refused]}`);
    const vcpus = options.integer("vcpus", 1, MAX_VCPUS, DEFAULT_VCPUS);
    const plan = readPlan(options, vcpus);
    const profile = readProfile(options);
    const idle = readIdle(options, profile);
    const fair = options.oneOf("fair", FAIR_POLICIES) ?? "eevdf-7.2";
    const seed = readSeed(options);
    const jitter = options.has("jitter");
    const format = options.oneOf("format", ["table", "json", "compat"]);
    const machine = { vcpus, profile, fair, jitter, seed, ...(idle !== undefined && { idle }) };
    const run = new Schbench({ ...plan, machine, clock: () => session.io.clock() });
    await session.follow(run, "schbench");
    const result = run.result();
    if (format === "compat") return compatText(result, plan.runtimeS, plan.pipeBytes);
    const { costs } = run.machine;
    const config = {
      vcpus,
      profile: costs.name,
      idle: run.machine.idle,
      fair,
      jitter,
      seed,
    };
    if (format === "json" || options.has("json")) {
      const json = {
        workload: "schbench",
        host: "virtual",
        ...config,
        ...plan,
        ...result,
        int: compatKeys(result),
      };
      return `${JSON.stringify(json, undefined, 2)}\n`;
    }
    const threads = `${plural(plan.messageThreads, "message thread")} of ${plural(plan.workers, "worker")}`;
    const title = `schbench: ${threads}, ${plan.operations} products of ${matrixSize(plan.footprintKb)} rows a request\n${plural(vcpus, "vCPU")}, profile ${config.profile}, idle ${config.idle}, ${fair}, ${jitter ? `jitter with seed ${seed}` : "no jitter"}`;
    return tableText(result, title);
  },
};

function readPlan(options: Options, vcpus: number): SchbenchOptions {
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

/** `0-3,6`. */
function readCpus(options: Options, name: string, vcpus: number): number[] | undefined {
  const text = options.text(name);
  if (text === undefined) return undefined;
  const cpus: number[] = [];
  for (const part of text.split(",")) {
    const [, first = "", last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === "" || from > to || to >= vcpus) {
      throw options.usage(`--${name} must list CPUs from 0 to ${vcpus - 1} as in 0-1,3, got "${part}"`);
    }
    for (let cpu = from; cpu <= to; cpu++) cpus.push(cpu);
  }
  return cpus;
}
