/**
 * schbench, in virtual time: its threads on a simulated machine, and its three statistics.
 *
 *     const run = new Schbench({ ...options, machine: { vcpus: 8 }, clock });
 *     while (!run.advance());
 *     const { wakeup } = run.result();
 */
import { createMachine, type Machine, type MachineConfig } from "../../machine.ts";
import { Histogram, type SpanSummary } from "../../trace/histogram.ts";
import { type Percentile, percentiles } from "./latencies.ts";
import type { SchbenchOptions } from "./schbench-options.ts";
import { SchbenchThreads } from "./threads.ts";

export interface SchbenchRunOptions extends SchbenchOptions {
  readonly machine: MachineConfig;
  /** Wall clock, ms. */
  readonly clock: () => number;
}

/** One of its statistics in its own unit: us, or requests a second. */
export interface Block {
  readonly percentiles: readonly Percentile[];
  readonly min: number;
  readonly max: number;
  readonly samples: number;
}

export interface SchbenchResult {
  /** us, by its clock. */
  readonly wakeup: Block;
  readonly request: Block;
  /** Requests a second of all threads, one sample a second. */
  readonly rps: Block;
  readonly averageRps: number;
  /** The same spans, ns, all of them. */
  readonly wakeupNs: SpanSummary;
  readonly requestNs: SpanSummary;
  readonly finished: number;
  /** Seconds of virtual time that have passed, warm-up included. */
  readonly runtimeS: number;
  readonly switches: number;
  readonly ipis: number;
  readonly wallMs: number;
}

const SECOND_NS = 1e9;

export class Schbench {
  readonly machine: Machine;
  readonly #options: SchbenchRunOptions;
  readonly #threads: SchbenchThreads;
  readonly #rps: Histogram = new Histogram();
  #seconds = 0;
  #finishedBefore = 0;
  #wallMs = 0;

  /** Throws MachineError ERR_CONFIG for what cannot be simulated. */
  constructor(options: SchbenchRunOptions) {
    const { messageThreads, workers } = options;
    const maxTasks = messageThreads * (workers + 1);
    // A word on a line of its own for each thread, and the locks.
    const userBytes = 4096 * (2 + Math.ceil((maxTasks * 64) / 4096));
    this.#options = options;
    this.machine = createMachine({ maxTasks, userBytes, ...options.machine });
    this.#threads = new SchbenchThreads(this.machine, options);
  }

  /** Of what has been simulated so far, ns. */
  get latencies(): { readonly wakeups: Histogram; readonly requests: Histogram } {
    const { wakeups, requests } = this.#threads;
    return { wakeups: wakeups.ns, requests: requests.ns };
  }

  /** Share of the time that is behind, 0 to 1. */
  get progress(): number {
    return Math.min(1, this.machine.host.now / (this.#options.runtimeS * SECOND_NS));
  }

  /** Runs to the end, or until `stop` (asked now and then) says so. Returns whether it is at the end. */
  advance(stop?: () => boolean): boolean {
    const { clock, runtimeS } = this.#options;
    const began = clock();
    let stopped = false;
    const asked = (): boolean => {
      stopped = stop?.() === true;
      return stopped;
    };
    while (!stopped && this.#seconds < runtimeS) {
      const untilNs = (this.#seconds + 1) * SECOND_NS;
      this.machine.run({ untilNs, stop: asked });
      if (!stopped) this.#secondIsOver();
    }
    this.#wallMs += clock() - began;
    return this.#seconds === runtimeS;
  }

  #secondIsOver(): void {
    this.#seconds++;
    const threads = this.#threads;
    this.#rps.record(threads.finished - this.#finishedBefore);
    this.#finishedBefore = threads.finished;
    if (this.#seconds !== this.#options.warmUpS) return;
    threads.reset();
    this.#rps.reset();
    this.#finishedBefore = 0;
  }

  partial(): SchbenchResult {
    return this.result();
  }

  /** Of what has been simulated so far. */
  result(): SchbenchResult {
    const { wakeups, requests, finished } = this.#threads;
    const { switches, ipis } = this.machine.result();
    const nowS = this.machine.host.now / SECOND_NS;
    const measuredS = nowS - (this.#seconds >= this.#options.warmUpS ? this.#options.warmUpS : 0);
    return {
      wakeup: block(wakeups.us),
      request: block(requests.us),
      rps: block(this.#rps),
      averageRps: measuredS > 0 ? finished / measuredS : 0,
      wakeupNs: wakeups.ns.summary(),
      requestNs: requests.ns.summary(),
      finished,
      runtimeS: nowS,
      switches,
      ipis,
      wallMs: this.#wallMs,
    };
  }
}

function block(histogram: Histogram): Block {
  const { min, max, count } = histogram;
  return { percentiles: percentiles(histogram), min, max, samples: count };
}
