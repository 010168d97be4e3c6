/**
 * Runs one workload on one simulated machine and says what it cost.
 *
 *     const result = runBench({ workload: pipe, vcpus: 8, loops: 1000, clock: () => performance.now() });
 *
 * A benchmark can also be run in stretches (`BenchRun.advance`), so that a command can show progress and be interrupted.
 * Rejected: an asynchronous run (the machine itself is synchronous, and a promise in between would be part of what is
 * measured).
 */

import type { CostModel, ProfileName } from "../hosts/virtual/cost-model.ts";
import type { StepAccount } from "../hosts/virtual/step-ledger.ts";
import type { WakeMode } from "../kernel-sim/config.ts";
import type { FairPolicy } from "../kernel-sim/fair-class.ts";
import type { TopologyConfig } from "../kernel-sim/topology.ts";
import { createMachine, type Machine } from "../machine.ts";
import type { TraceSink } from "../trace/sink.ts";
import type { WakeSpans, WakeSummary } from "../trace/spans.ts";
import { Meter, WARM_UP_ROUNDS } from "./meter.ts";
import { type Metric, metric } from "./metrics.ts";
import { TICKLESS, type Workload } from "./workload.ts";

export interface BenchOptions {
  readonly workload: Workload;
  /** Rounds to measure. */
  readonly loops: number;
  /** Rounds before them. Default 16. */
  readonly warmUp?: number;
  readonly vcpus: number;
  /** One mode for all primitives. Default: each as Linux does it (pipe sync, futex any, UMCG current-cpu). */
  readonly wake?: WakeMode;
  /** Default "native". */
  readonly profile?: ProfileName | CostModel;
  /** Idle state by name. Default: the profile's. */
  readonly idle?: string;
  /** Rules of the fair class. Default "virtual-time". */
  readonly fair?: FairPolicy;
  /** Threads of a core, cores of an LLC, LLCs of a socket. Default: one LLC, no SMT. */
  readonly topology?: TopologyConfig;
  /** Working set that a migrated task fetches again, bytes. Default 0. */
  readonly migrationBytes?: number;
  readonly jitter?: boolean;
  readonly seed?: number;
  /** Ticks a second. Default 0. */
  readonly tickHz?: number;
  /** Trace the measured rounds for the spans. Default true; without, spans are empty and the run is faster. */
  readonly spans?: boolean;
  /** Hold the run to the invariants of UMCG: ERR_INVARIANT. Changes no result but wall time. Default false. */
  readonly check?: boolean;
  /** Listens to the trace of the whole run, from boot. */
  readonly sink?: (machine: Machine) => TraceSink;
  /** Wall clock, ms. */
  readonly clock: () => number;
}

/** Everything but the configuration is of the measured rounds only. Times in ns unless their name says otherwise. */
export interface BenchResult {
  readonly workload: string;
  readonly host: "virtual";
  readonly vcpus: number;
  /** "default": each primitive as Linux does it. */
  readonly wake: WakeMode | "default";
  /** Name of the cost profile. */
  readonly profile: string;
  readonly idle: string;
  readonly fair: FairPolicy;
  readonly jitter: boolean;
  readonly seed: number;
  readonly loops: number;
  readonly virtualNs: number;
  /** Virtual time of one hand-off. */
  readonly nsPerOp: number;
  readonly wallMs: number;
  /** Context switches, to idle and back included. */
  readonly switches: number;
  /** Wall time of one simulated switch, tracing included. */
  readonly nsPerSwitchWall: number;
  readonly ipis: number;
  /** What each step cost, and who paid. */
  readonly steps: readonly StepAccount[];
  readonly spans: WakeSummary;
}

/** What is compared of two runs: all of it virtual. */
export function benchMetrics({ nsPerOp, loops, switches, ipis, spans }: BenchResult): Metric[] {
  const { wakeToQueued, queuedToRunning, wakeToUser } = spans;
  const spanned = [
    metric("wake to queued p50", "ns", wakeToQueued.p50),
    metric("queued to running p50", "ns", queuedToRunning.p50),
    metric("wake to user p50", "ns", wakeToUser.p50),
    metric("wake to user p99", "ns", wakeToUser.p99),
  ];
  return [
    metric("hand-off", "ns", nsPerOp),
    ...(wakeToUser.count > 0 ? spanned : []),
    metric("switches a loop", "", switches / loops),
    metric("IPIs a loop", "", ipis / loops),
  ];
}

export class BenchRun {
  readonly machine: Machine;
  readonly #options: BenchOptions;
  readonly #meter: Meter;

  /** Throws MachineError ERR_CONFIG for what cannot be simulated. */
  constructor(options: BenchOptions) {
    const {
      workload,
      loops,
      vcpus,
      wake,
      profile,
      idle,
      fair,
      topology,
      migrationBytes,
      jitter,
      seed,
      tickHz,
      check,
      sink,
    } = options;
    this.#options = options;
    this.machine = createMachine({
      ...TICKLESS,
      accounting: true,
      vcpus,
      ...(wake !== undefined && { wake }),
      ...(profile !== undefined && { profile }),
      ...(idle !== undefined && { idle }),
      ...(fair !== undefined && { fair }),
      ...(topology !== undefined && { topology }),
      ...(migrationBytes !== undefined && { migrationBytes }),
      ...(jitter !== undefined && { jitter }),
      ...(seed !== undefined && { seed }),
      ...(tickHz !== undefined && { tickHz }),
      ...(check === true && { check }),
      trace: sink !== undefined || check === true,
    });
    if (sink !== undefined) this.machine.trace.addSink(sink(this.machine));
    const warmUp = options.warmUp ?? WARM_UP_ROUNDS;
    this.#meter = new Meter(this.machine, warmUp, loops, options.clock, options.spans ?? true);
    this.#meter.tasks = workload.start(this.machine, this.#meter);
  }

  /** Share of the rounds that is behind, 0 to 1. */
  get progress(): number {
    return this.#meter.finished / this.#meter.total;
  }

  /** Of the measured rounds, as they are by now. */
  get spans(): WakeSpans {
    return this.#meter.spans;
  }
  /** When the measured rounds began, ns. */
  get measuredFromNs(): number {
    return this.#meter.beganNs;
  }

  /** Whose wake-ups the spans are of, and until when, ns. The run is over. */
  get measured(): { readonly tids: readonly number[]; readonly toNs: number } {
    const { tasks, beganNs } = this.#meter;
    return { tids: [...tasks], toNs: beganNs + this.#meter.measured().virtualNs };
  }

  /** Runs to the end, or until `stop` (asked now and then) says so. Returns whether it is at the end. */
  advance(stop?: () => boolean): boolean {
    this.#meter.resume();
    this.machine.run(stop === undefined ? {} : { stop });
    this.#meter.pause();
    return this.machine.kernel.live === 0;
  }

  /** Throws unless the run is at its end. */
  result(): BenchResult {
    return this.#result(this.#options.loops);
  }

  /** What there is of a run that ends here: its `loops` are the rounds that were finished. undefined: none was. */
  partial(): BenchResult | undefined {
    const loops = this.#meter.cut();
    return loops === 0 ? undefined : this.#result(loops);
  }

  #result(loops: number): BenchResult {
    const { workload, vcpus, wake, jitter, seed } = this.#options;
    const { costs } = this.machine;
    const { virtualNs, wallMs, switches, ipis, steps } = this.#meter.measured();
    return {
      workload: workload.name,
      host: "virtual",
      vcpus,
      wake: wake ?? "default",
      profile: costs.name,
      idle: this.machine.idle,
      fair: this.machine.kernel.config.fair,
      jitter: jitter ?? false,
      seed: seed ?? 1,
      loops,
      virtualNs,
      nsPerOp: virtualNs / (loops * workload.handOffsPerLoop),
      wallMs,
      switches,
      nsPerSwitchWall: (wallMs * 1e6) / switches,
      ipis,
      steps,
      spans: this.#meter.spans.summary(),
    };
  }
}

/** Runs a workload to its end. Throws whatever the machine throws: ERR_CONFIG, ERR_DEADLOCK, ERR_PROGRAM_THREW, ERR_INVARIANT. */
export function runBench(options: BenchOptions): BenchResult {
  const run = new BenchRun(options);
  run.advance();
  return run.result();
}
