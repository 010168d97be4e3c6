/**
 * One cell of the study of policies: a workload on a runtime with a policy, for a stretch of virtual time.
 *
 *     const contender = { name: "edf", policy: "edf" };
 *     const run = new PolicyRun({ workload, contender, vcpus: 8, durationNs: 50e6, preemptNs: 100_000, seed: 1, profile: "native" });
 *     while (!run.advance());
 *     const { throughput, wake } = run.result();
 *
 * A warm-up of a tenth comes first. Then everything is a difference of two readings: operations, the servers' own accounts
 * (server-stats.ts), and the wake-ups that ended in between. The machine is left as it is at the end, so that no tail, in
 * which there is less and less to do, is measured.
 */
import type { CostModel, ProfileName } from "../../hosts/virtual/cost-model.ts";
import { createMachine, type Machine } from "../../machine.ts";
import type { PolicyName } from "../../server/policies/index.ts";
import type { PolicyFactory } from "../../server/policy.ts";
import type { ServerStats } from "../../server/server-stats.ts";
import type { Histogram, SpanSummary } from "../../trace/histogram.ts";
import { createRuntime, type Runtime } from "../../worker/runtime.ts";
import { type PolicyWorkload, Tally } from "./policy-workload.ts";

/** A policy that is measured, and what it is called in the results. */
export interface Contender {
  readonly name: string;
  readonly policy: PolicyName | PolicyFactory;
}

/** What is run, on which machine, and for how long. */
export interface PolicyRunOptions {
  readonly workload: PolicyWorkload;
  readonly contender: Contender;
  readonly vcpus: number;
  /** Length of the measured stretch, ns. */
  readonly durationNs: number;
  /** ns between ticks of the servers; 0 = no preemption. */
  readonly preemptNs: number;
  readonly seed: number;
  readonly profile: ProfileName | CostModel;
  /** Hold the run to the invariants of UMCG: ERR_INVARIANT. Default false. */
  readonly check?: boolean;
  /** Wall clock, ms, for `wallMs`. Default: none, and that is 0. */
  readonly clock?: () => number;
}

/** Servers' counts, of all together. */
const COUNTED = ["runs", "steals", "idles", "preemptions", "wakesSent", "ticks"] as const;
type Counted = Readonly<Record<(typeof COUNTED)[number], number>>;

/** What a run came to: times in ns, rates a second, shares of 1, and the servers' counts (docs/scheduler-policies.md). */
export interface PolicyResult extends Counted {
  readonly workload: string;
  /** The contender's name. */
  readonly policy: string;
  readonly durationNs: number;
  readonly operations: number;
  /** Operations a second. */
  readonly throughput: number;
  /** Shares of the servers' time: running workers; choosing, waking and going to sleep; asleep. They add up to 1. */
  readonly utilisation: number;
  readonly overhead: number;
  readonly idle: number;
  /** Wake-ups as the woken see them, ns. */
  readonly wake: SpanSummary;
  readonly wallMs: number;
}

/** Bytes of user memory for a worker, its record included, and for all else. */
const BYTES_A_WORKER = 1024;
const BYTES_A_SERVER = 8192;
const PAGE = 4096;

/** A run under way. `advance()` until it says true, then `result()`. */
export class PolicyRun {
  readonly #options: PolicyRunOptions;
  readonly machine: Machine;
  readonly #runtime: Runtime;
  readonly #tally: Tally;
  readonly #warmUpNs: number;
  #before: readonly ServerStats[] | undefined;
  #wallMs = 0;

  /** Throws MachineError, RuntimeError for what cannot be simulated. */
  constructor(options: PolicyRunOptions) {
    const { workload, contender, vcpus, durationNs, preemptNs, seed, profile, check } = options;
    const { policy } = contender;
    this.#options = options;
    this.#warmUpNs = Math.ceil(durationNs / 10);
    const workers = workload.workers(vcpus);
    const bytes = workers * BYTES_A_WORKER + vcpus * BYTES_A_SERVER;
    this.machine = createMachine({
      vcpus,
      profile,
      maxTasks: workers + vcpus + 1,
      userBytes: PAGE * (16 + Math.ceil(bytes / PAGE)),
      maxPipes: 0,
      timerSlackNs: 0,
      seed,
      ...workload.machine,
      ...(check === true && { check }),
    });
    this.#runtime = createRuntime(this.machine, { policy, preemptNs, seed });
    this.#tally = new Tally(seed);
    workload.start(this.machine, this.#runtime, this.#tally);
  }

  get #endNs(): number {
    return this.#warmUpNs + this.#options.durationNs;
  }

  /** Share that is behind, 0 to 1. */
  get progress(): number {
    return Math.min(1, this.machine.host.now / this.#endNs);
  }

  /** Runs to the end, or until `stop` (asked now and then) says so. Returns whether it is at the end. */
  advance(stop: () => boolean = () => false): boolean {
    const { clock = () => 0 } = this.#options;
    const began = clock();
    let stopped = false;
    const asked = (): boolean => {
      stopped ||= stop();
      return stopped;
    };
    if (this.#before === undefined) {
      this.machine.run({ untilNs: this.#warmUpNs, stop: asked });
      if (!stopped) this.#begin();
    }
    if (this.#before !== undefined) this.machine.run({ untilNs: this.#endNs, stop: asked });
    this.#wallMs += clock() - began;
    return !stopped;
  }

  #begin(): void {
    this.#before = this.#runtime.stats();
    this.#tally.reset();
  }

  /** Wake-ups of the measured stretch so far, ns. */
  get wakes(): Histogram {
    return this.#tally.wakes;
  }

  /** Of the measured stretch, when it is over. */
  result(): PolicyResult {
    const { workload, contender, durationNs } = this.#options;
    const before = this.#before ?? [];
    const after = this.#runtime.stats();
    const spent = (what: keyof ServerStats): number =>
      after.reduce((sum, server, i) => sum + server[what] - (before[i]?.[what] ?? 0), 0);
    const [busyNs, overheadNs, idleNs] = [spent("busyNs"), spent("overheadNs"), spent("idleNs")];
    const allNs = busyNs + overheadNs + idleNs;
    const counted = Object.fromEntries(COUNTED.map((what) => [what, spent(what)])) as Counted;
    const { operations, wakes } = this.#tally;
    return {
      workload: workload.name,
      policy: contender.name,
      durationNs,
      operations,
      throughput: (operations * 1e9) / durationNs,
      utilisation: busyNs / allNs,
      overhead: overheadNs / allNs,
      idle: idleNs / allNs,
      wake: wakes.summary(),
      ...counted,
      wallMs: this.#wallMs,
    };
  }
}
