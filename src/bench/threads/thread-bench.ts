/**
 * Runs one workload on a machine of real threads and says what it took: the counterpart of run-bench.ts in real time.
 *
 * The machine runs by itself; `advance` begins it and looks at it, `wait` lets main's event loop turn, and `close` ends the
 * Workers wherever they are, after which `partial` has what there is. Times are the leader's own clock, written into shared
 * memory round by round (shared-meter.ts); the spans are computed from the merged trace when the machine has stopped.
 */
import { availableParallelism } from "node:os";
import type { FairPolicy } from "../../kernel-sim/fair-class.ts";
import { createThreadMachine, type ThreadMachine } from "../../machine/threads/index.ts";
import { Histogram, type SpanSummary } from "../../trace/histogram.ts";
import { WakeSpans, type WakeSummary } from "../../trace/spans.ts";
import { type Metric, metric } from "../metrics.ts";
import type { Workload } from "../workload.ts";
import { type BenchImageArgs, countsOf, type Place } from "./bench-image.ts";
import { SharedMeter } from "./shared-meter.ts";

export interface ThreadBenchOptions {
  readonly workload: Pick<Workload, "name" | "handOffsPerLoop">;
  /** Rounds to measure. */
  readonly loops: number;
  /** Rounds before them. */
  readonly warmUp: number;
  readonly vcpus: number;
  readonly place: Place;
  /** Default "virtual-time". */
  readonly fair?: FairPolicy;
  /** Of seccomp-notify. */
  readonly own?: Pick<BenchImageArgs, "sync" | "background">;
}

/** Times in real ns. */
export interface ThreadBenchResult {
  readonly workload: string;
  readonly host: "threads";
  readonly vcpus: number;
  /** That Node may use. With fewer than vCPUs these take turns. */
  readonly cores: number;
  readonly place: Place;
  readonly fair: FairPolicy;
  readonly loops: number;
  /** False: it was cut short. */
  readonly complete: boolean;
  readonly realNs: number;
  readonly nsPerOp: number;
  readonly switches: number;
  readonly ipis: number;
  /** By vCPU: how long it takes to wake it, on average; 0: it was not woken. Empty of a run that was cut short. */
  readonly wakeNs: readonly number[];
  /** Of each loop. */
  readonly round: SpanSummary & { readonly mean: number };
  readonly spans: WakeSummary;
  /** Of the measured time that the kept trace has, and so the spans; 1: all. */
  readonly traced: number;
}

/** What is compared of two runs. */
export function threadBenchMetrics(result: ThreadBenchResult): Metric[] {
  const { nsPerOp, loops, switches, ipis, round, spans } = result;
  const spanned = [
    metric("wake to queued p50", "ns", spans.wakeToQueued.p50),
    metric("queued to running p50", "ns", spans.queuedToRunning.p50),
    metric("wake to user p50", "ns", spans.wakeToUser.p50),
    metric("wake to user p99", "ns", spans.wakeToUser.p99),
  ];
  return [
    metric("hand-off", "ns", nsPerOp),
    metric("loop p50", "ns", round.p50),
    metric("loop p99", "ns", round.p99),
    ...(spans.wakeToUser.count > 0 ? spanned : []),
    metric("switches a loop", "", switches / loops),
    metric("IPIs a loop", "", ipis / loops),
  ];
}

/** A loop leaves no more than that in the ring of a CPU; a ring has at most so many. */
const EVENTS_A_LOOP = 40;
const MOST_EVENTS = 1 << 18;
const LOOK_MS = 100;

export class ThreadBenchRun {
  readonly #options: ThreadBenchOptions;
  readonly #meter: SharedMeter;
  #machine: ThreadMachine | undefined;
  #running: Promise<void> | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #closing = false;
  #wakeNs: readonly number[] = [];

  constructor(options: ThreadBenchOptions) {
    this.#options = options;
    this.#meter = new SharedMeter(options.warmUp, options.loops);
  }

  /** Share of the rounds that is behind, 0 to 1. */
  get progress(): number {
    const { warmUp, loops } = this.#options;
    return this.#meter.finished / (warmUp + loops);
  }
  get note(): string | undefined {
    return this.#machine === undefined ? "starting its threads" : undefined;
  }

  /** Begins, if it has not. Returns whether it is at its end. Throws what the machine has failed with. */
  advance(): boolean {
    this.#running ??= this.#run();
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#ended;
  }

  /** Lets the machine run, a tenth of a second at most. */
  async wait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, LOOK_MS);
    await Promise.race([this.#running, promise]);
    clearTimeout(timer);
  }

  /** No thread is left of it. */
  async close(): Promise<void> {
    this.#closing = true;
    // Its run rejects, which nobody waits for any more.
    if (!this.#ended) await this.#machine?.halt();
    await this.#running;
    await this.#machine?.terminate();
  }

  async #run(): Promise<void> {
    try {
      this.#machine = await createThreadMachine(this.#config());
      if (this.#closing) return;
      this.#wakeNs = (await this.#machine.run()).wakeNs;
      // Hands over the traces.
      await this.#machine.halt();
      this.#ended = true;
    } catch (error) {
      if (!this.#closing) this.#failure = { error };
    }
  }

  #config(): Parameters<typeof createThreadMachine>[0] {
    const { workload, vcpus, warmUp, loops, place, fair, own } = this.#options;
    const args: BenchImageArgs = {
      workload: workload.name,
      place,
      warmUp,
      loops,
      meter: this.#meter.buffer,
      ...own,
    };
    // Beside this file, in the sources as in the package.
    const image = new URL(
      `./bench-image${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`,
      import.meta.url,
    );
    const traceEvents = Math.min(MOST_EVENTS, 2 ** Math.ceil(Math.log2(EVENTS_A_LOOP * (warmUp + loops))));
    return {
      vcpus,
      image,
      args,
      tickHz: 0,
      trace: true,
      traceEvents,
      ...(fair !== undefined && { fair }),
    };
  }

  /** Throws unless the run is at its end. */
  result(): ThreadBenchResult {
    const result = this.partial();
    if (!this.#ended || result === undefined) throw new Error("the workload has not come to its end");
    return result;
  }

  /** What there is of a run that has ended, or is closed; undefined: no loop was finished. */
  partial(): ThreadBenchResult | undefined {
    const { workload, vcpus, place, loops: asked } = this.#options;
    const loops = this.#meter.measured;
    const machine = this.#machine;
    if (loops === 0 || machine === undefined) return undefined;
    const realNs = this.#meter.timeNs(loops) - this.#meter.timeNs(0);
    const { spans, traced } = this.#spans(machine);
    const rounds = this.rounds;
    return {
      workload: workload.name,
      host: "threads",
      vcpus,
      cores: availableParallelism(),
      place,
      fair: machine.kernel.config.fair,
      loops,
      complete: loops === asked,
      realNs,
      nsPerOp: realNs / (loops * workload.handOffsPerLoop),
      ...this.#meter.counts(countsOf(machine.kernel)),
      wakeNs: this.#wakeNs,
      round: { mean: rounds.mean, ...rounds.summary() },
      spans: spans.summary(),
      traced,
    };
  }

  /** What the measured loops took, ns. */
  get rounds(): Histogram {
    const histogram = new Histogram();
    for (let n = 0; n < this.#meter.measured; n++)
      histogram.record(Math.max(0, Math.round(this.#meter.timeNs(n + 1) - this.#meter.timeNs(n))));
    return histogram;
  }

  /** Of a run that has begun: the machine, which may run no more. */
  get machine(): ThreadMachine | undefined {
    return this.#machine;
  }
  /** When the measured loops began, ns. */
  get measuredFromNs(): number {
    return this.#meter.timeNs(0);
  }
  /** Of the measured loops that the trace has. */
  get spans(): WakeSpans {
    return this.#spans(this.#machine!).spans;
  }

  /** Whose wake-ups the spans are of, and until when, ns. */
  get measured(): { readonly tids: readonly number[]; readonly toNs: number } {
    const { tasks, measured } = this.#meter;
    return { tids: [...tasks], toNs: this.#meter.timeNs(measured) };
  }

  #spans(machine: ThreadMachine): { readonly spans: WakeSpans; readonly traced: number } {
    const { tasks, measured } = this.#meter;
    const [begin, end] = [this.#meter.timeNs(0), this.#meter.timeNs(measured)];
    const fromNs = Math.max(begin, machine.traceFromNs);
    const spans = new WakeSpans({ only: (tid) => tasks.has(tid) });
    for (const { timeNs, kind, cpu, tid, arg0, arg1 } of machine.trace)
      if (timeNs >= fromNs && timeNs <= end) spans.event(timeNs, kind, cpu, tid, arg0, arg1);
    return { spans, traced: end > begin ? Math.max(0, end - fromNs) / (end - begin) : 1 };
  }
}
