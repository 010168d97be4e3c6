/** `umcg bench seccomp-notify`: what it may be asked, and what it prints. */
import { type BenchResult, BenchRun } from "../../bench/run-bench.ts";
import { findModes, type Mode } from "../../bench/stats/modes.ts";
import { seccompNotify } from "../../bench/workloads/seccomp-notify.ts";
import { FAIR_POLICIES } from "../../kernel-sim/fair-class.ts";
import { MAX_VCPUS, readIdle, readProfile, readSeed } from "../machine-options.ts";
import type { Options } from "../options.ts";
import type { Session } from "../session.ts";
import type { Study } from "../study.ts";
import { formatNs, formatTable, plural } from "../table.ts";

const DEFAULT_VCPUS = 2;
const DEFAULT_LOOPS = 100_000;
const MAX_LOOPS = 1_000_000_000;
/** Ticks of a machine on which tasks compete. */
const TICK_HZ = 250;

const CUT = "The run was cut short.";

const HELP = `Usage: umcg bench seccomp-notify [options]

A task's gettid() is trapped, and a listener answers it: perf bench sched seccomp-notify in
virtual time. Prints the distribution of the round trips and its modes. Without sync mode a
round trip is short or long as the other CPUs are busy or idle; with it the pair stays together.

Options:
  -s, --sync-mode     both wake-ups are WF_CURRENT_CPU
  -l, --loops N       round trips to measure (default ${DEFAULT_LOOPS})
  --background PCT    tasks on the last vCPU that compute this share of the time (default 0)
  --vcpus N           1 to ${MAX_VCPUS} (default ${DEFAULT_VCPUS})
  --fair POLICY       ${FAIR_POLICIES.join(" | ")}
                      (default eevdf-7.2)
  --profile NAME      native | guest | ideal, or a .json file (default native)
  --idle STATE        state of an idle vCPU (default: the profile's)
  --jitter            spread the costs around their median
  --seed N            seed of the jitter (default 1)
  --format F          table | json | compat (default table); compat is what perf bench prints
  --json              as --format json
  -h, --help          show this help

Ctrl-C ends the run; the round trips that are over by then are printed.

Examples:
  umcg bench seccomp-notify --profile guest --background 25 --jitter
  umcg bench seccomp-notify --profile guest --background 25 --jitter --sync-mode
`;

export const seccompNotifyStudy: Study = {
  name: "seccomp-notify",
  summary: "a trapped system call and the listener that answers it, as perf bench",
  help: HELP,
  options: {
    "sync-mode": { type: "boolean", short: "s" },
    loops: { type: "string", short: "l" },
    background: { type: "string" },
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
    const sync = options.has("sync-mode");
    const percent = options.integer("background", 0, 100, 0);
    const profile = readProfile(options);
    const idle = readIdle(options, profile);
    const format = options.oneOf("format", ["table", "json", "compat"]);
    const loops = options.integer("loops", 1, MAX_LOOPS, DEFAULT_LOOPS);
    const workload = seccompNotify({ sync, background: percent / 100 });
    const run = new BenchRun({
      workload,
      profile,
      ...(idle !== undefined && { idle }),
      loops,
      vcpus: options.integer("vcpus", 1, MAX_VCPUS, DEFAULT_VCPUS),
      fair: options.oneOf("fair", FAIR_POLICIES) ?? "eevdf-7.2",
      jitter: options.has("jitter"),
      seed: readSeed(options),
      tickHz: percent > 0 ? TICK_HZ : 0,
      clock: () => session.io.clock(),
    });
    await session.follow(run, workload.name);
    const result = session.interrupted ? run.partial() : run.result();
    if (result === undefined) return "";
    const complete = result.loops === loops;
    const modes = findModes(workload.roundTrips);
    if (format === "compat") return compatText(result, complete);
    const { p50, p90, p99, p999, max } = workload.roundTrips.summary();
    if (format === "json" || options.has("json")) {
      const { wake: _, ...facts } = result;
      const roundTrip = { mean: workload.roundTrips.mean, ...workload.roundTrips.summary(), modes };
      const json = { ...facts, syncMode: sync, background: percent, complete, roundTrip };
      return `${JSON.stringify(json, undefined, 2)}\n`;
    }
    const table = formatTable(
      [
        ["", "mean", "p50", "p90", "p99", "p99.9", "max"],
        ["round trip", ...[workload.roundTrips.mean, p50, p90, p99, p999, max].map(formatNs)],
      ],
      [0],
    );
    return `${title(result, sync, percent)}\n\n${table}\n${modesText(modes)}\n${complete ? "" : `${CUT}\n`}`;
  },
};

function title(result: BenchResult, sync: boolean, percent: number): string {
  const { loops, vcpus, profile, idle, fair, jitter, seed } = result;
  const noise = jitter ? `jitter with seed ${seed}` : "no jitter";
  const mode = sync ? "sync mode" : "plain";
  return `seccomp-notify, ${mode}: ${plural(loops, "round trip")}, background ${percent} %
${plural(vcpus, "vCPU")}, profile ${profile}, idle ${idle}, ${fair}, ${noise}`;
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
  const perLoop = virtualNs / loops;
  return `# Running 'sched/seccomp-notify' benchmark:
# Executed ${loops} system calls
${complete ? "" : `# ${CUT}\n`}
     Total time: ${(virtualNs / 1e9).toFixed(3)} [sec]

${(perLoop / 1000).toFixed(6).padStart(15)} usecs/op
${String(Math.floor(1e9 / perLoop)).padStart(15)} ops/sec
`;
}
