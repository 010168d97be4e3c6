/**
 * The command line of `umcg bench WORKLOAD --host threads`: real time, on vCPUs that are threads.
 *
 * What describes a simulated machine is refused by name and with the reason, instead of being ignored.
 */
import { availableParallelism } from "node:os";
import { WARM_UP_ROUNDS } from "../bench/meter.ts";
import type { Place } from "../bench/threads/bench-image.ts";
import type { Workload } from "../bench/workload.ts";
import { FAIR_POLICIES, type FairPolicy } from "../kernel-sim/fair-class.ts";
import { checkOneRunFiles } from "./one-run-files.ts";
import type { Options } from "./options.ts";

export const HOSTS = ["virtual", "threads"] as const;
export const PLACES: readonly Place[] = ["same", "apart"];
/** Each is a thread of several megabytes. */
export const MAX_THREAD_VCPUS = 64;
/** Some seconds on a slow machine, and the trace has all of it. */
export const DEFAULT_THREAD_LOOPS = 5_000;
/** The time of each is kept. */
const MAX_THREAD_LOOPS = 10_000_000;
const MOST_BY_DEFAULT = 8;

/** Options of the virtual host, and why they are none here. */
const REFUSED: Readonly<Record<string, string>> = {
  profile: "time is real there, and steps have no price",
  idle: "an idle vCPU spins, then sleeps, as its machine lets it",
  jitter: "the noise is the machine's own",
  "no-jitter": "the noise is the machine's own",
  seed: "nothing is drawn there",
  check: "the checker of invariants sees one isolate only",
  wake: "tasks live on the vCPU they first ran on, and no wake-up moves them (--place says where)",
  smt: "tasks live on the vCPU they first ran on, however far the others are",
  llc: "tasks live on the vCPU they first ran on, however far the others are",
  socket: "tasks live on the vCPU they first ran on, however far the others are",
  "working-set": "no task comes to another vCPU there",
  matrix: "wake modes and profiles are the virtual host's",
};

export interface ThreadsPlan {
  readonly kind: "threads";
  readonly workload: Workload;
  readonly vcpus: number;
  readonly loops: number;
  readonly warmUp: number;
  readonly place: Place;
  readonly fair?: FairPolicy;
  /** In the report a second run stands beside the first, with tasks placed so. */
  readonly against: Place | undefined;
  readonly report: string | undefined;
  readonly trace: string | undefined;
  readonly options: Options;
}

/** Is it the threads host that is wanted? Throws UsageError. */
export function wantsThreads(options: Options): boolean {
  if (options.oneOf("host", HOSTS) === "threads") return true;
  if (options.has("place"))
    throw options.usage(
      `--place ${options.text("place")} goes with --host threads: on the virtual host the kernel places tasks (--wake)`,
    );
  return false;
}

/** Throws UsageError. */
export function refuseVirtual(options: Options): void {
  for (const [name, why] of Object.entries(REFUSED)) {
    if (!options.has(name)) continue;
    const value = options.text(name);
    const given = value === undefined || value === "" ? `--${name}` : `--${name} ${value}`;
    throw options.usage(`${given} does not go with --host threads: ${why}`);
  }
}

/** vCPUs and where tasks live. Throws UsageError. */
function readPlace(options: Options): { readonly vcpus: number; readonly place: Place } {
  const cores = Math.min(MOST_BY_DEFAULT, Math.max(2, availableParallelism()));
  const vcpus = options.integer("vcpus", 1, MAX_THREAD_VCPUS, cores);
  const place = options.oneOf("place", PLACES) ?? (vcpus > 1 ? "apart" : "same");
  if (place === "apart" && vcpus === 1) throw options.usage("--place apart takes at least two vCPUs, got 1");
  return { vcpus, place };
}

/** Throws UsageError. */
export function threadsPlan(options: Options, workload: Workload): ThreadsPlan {
  refuseVirtual(options);
  checkOneRunFiles(options);
  const { vcpus, place } = readPlace(options);
  const against = options.oneOf("against", PLACES);
  if (against !== undefined && (options.has("trace") || !options.has("report")))
    throw options.usage("--against puts a second run into a report: give --report, and no --trace");
  if (against === "apart" && vcpus === 1)
    throw options.usage("--against apart takes at least two vCPUs, got 1");
  const fair = options.oneOf("fair", FAIR_POLICIES);
  return {
    kind: "threads",
    workload,
    vcpus,
    place,
    against,
    loops: options.integer("loops", 1, MAX_THREAD_LOOPS, DEFAULT_THREAD_LOOPS),
    warmUp: options.integer("warm-up", 0, MAX_THREAD_LOOPS, WARM_UP_ROUNDS),
    ...(fair !== undefined && { fair }),
    report: options.text("report"),
    trace: options.text("trace"),
    options,
  };
}
