/**
 * An open loop: requests come at their own times, whether the machine keeps up or not, and the scheduler under study
 * decides who is served when. The experiment of Shinjuku, ZygOS and their kind.
 *
 *     const run = new OpenLoop({ arrivals: "poisson", ratePerS: 300_000, service: parseLaw("exp:10us"), policy, vcpus: 4,
 *                                requests: 100_000, warmUp: 10_000, ... });
 *     while (!run.advance());
 *     const { sojourn } = run.result();
 *
 * The stretch that is measured begins with the first arrival behind the warm-up and ends with the last arrival; whoever is
 * inside then is served to the end, so no long request is lost from the statistics. Arrivals, services and the choice of
 * pools are drawn from streams of their own: with the same seed two policies get the same requests at the same times.
 */
import type { CostModel, ProfileName } from "../../hosts/virtual/cost-model.ts";
import { createMachine, type Machine, type MachineConfig } from "../../machine.ts";
import { Sfc32 } from "../../random/sfc32.ts";
import { type ArrivalProcess, drawGap, type Law } from "../stats/laws.ts";
import { distributionsOf, type OpenLoopResult, type RequestTimes, summarise } from "./open-loop-result.ts";
import { type Policy, sliceFor } from "./policy.ts";
import { RequestDevice, type RequestSource } from "./request-device.ts";
import { type Usage, usageAt } from "./usage.ts";

export interface OpenLoopOptions {
  readonly arrivals: ArrivalProcess;
  readonly ratePerS: number;
  readonly service: Law;
  readonly policy: Policy;
  readonly vcpus: number;
  /** Requests that are measured, and those that come before them. */
  readonly requests: number;
  readonly warmUp: number;
  /** No arrivals after this, ns since the first could come. Default: none. */
  readonly durationNs?: number;
  /** Most requests in the system. */
  readonly workers: number;
  /** One pool of workers for all CPUs, or one pinned to each CPU. */
  readonly queues: "central" | "partitioned";
  readonly irqCpu: number;
  readonly seed: number;
  readonly profile: ProfileName | CostModel;
  /** More about the machine. */
  readonly machine?: Pick<MachineConfig, "idle" | "jitter" | "tickHz">;
  /** Wall clock, ms. */
  readonly clock: () => number;
}

const STREAM_ARRIVALS = 1;
const STREAM_SERVICES = 2;
const STREAM_POOLS = 3;

/** User memory of a machine whose programs use none. */
const USER_BYTES = 4096;

export class OpenLoop implements RequestSource {
  readonly machine: Machine;
  readonly device: RequestDevice;
  readonly options: OpenLoopOptions;
  /** The two ends of the measured stretch. */
  begin: Usage | undefined;
  end: Usage | undefined;
  /** When every worker is ready, and when the last request has left. */
  ready: Usage | undefined;
  drained: Usage | undefined;
  wallMs = 0;
  readonly #gaps: Sfc32;
  readonly #services: Sfc32;
  readonly #pools: Sfc32;
  readonly #meanGapNs: number;
  #atNs = 0;
  #drawn = 0;

  /** Throws MachineError ERR_CONFIG for what cannot be simulated. */
  constructor(options: OpenLoopOptions) {
    const { vcpus, policy, workers, seed, profile, queues, irqCpu } = options;
    const sliceNs = sliceFor(policy, options.service);
    this.options = options;
    this.#gaps = new Sfc32(seed, STREAM_ARRIVALS);
    this.#services = new Sfc32(seed, STREAM_SERVICES);
    this.#pools = new Sfc32(seed, STREAM_POOLS);
    this.#meanGapNs = 1e9 / options.ratePerS;
    this.machine = createMachine({
      vcpus,
      profile,
      seed,
      maxTasks: workers,
      userBytes: USER_BYTES,
      maxPipes: 0,
      maxTimers: 1,
      fair: policy.fair,
      tickHz: policy.tickHz,
      ...(sliceNs !== undefined && { sliceNs }),
      ...options.machine,
    });
    this.device = new RequestDevice(this.machine, this, {
      irqCpu,
      workers,
      pools: queues === "central" ? 1 : vcpus,
      onArrival: (request): void => {
        if (request === options.warmUp) this.begin = this.usageNow();
      },
      onDrained: (): void => {
        this.drained = this.usageNow();
      },
      expect: (tid, ns) => this.machine.kernel.fair.expect(tid, ns),
    });
  }

  nextArrivalNs(): number {
    const { requests, warmUp, arrivals, durationNs = Number.MAX_VALUE } = this.options;
    this.ready ??= this.usageNow();
    if (this.#drawn++ < warmUp + requests) this.#atNs += drawGap(arrivals, this.#meanGapNs, this.#gaps);
    else this.#atNs = Number.POSITIVE_INFINITY;
    if (this.#atNs <= durationNs) return Math.round(this.#atNs);
    this.end = this.usageNow();
    return Number.POSITIVE_INFINITY;
  }

  nextServiceNs(): number {
    return this.options.service.draw(this.#services);
  }

  nextPool(): number {
    const { queues, vcpus } = this.options;
    return queues === "central" ? 0 : Math.floor(this.#pools.next() * vcpus);
  }

  usageNow(): Usage {
    const { device, machine } = this;
    return usageAt(machine.kernel, machine.host.now, device.occupancy, device.log.completed);
  }

  /** Share of the requests that have come, 0 to 1. */
  get progress(): number {
    const { requests, warmUp, durationNs } = this.options;
    if (this.end !== undefined) return 1;
    const ofTime = durationNs === undefined ? 0 : this.#atNs / durationNs;
    return Math.max(ofTime, this.device.log.count / (requests + warmUp));
  }

  /** Runs to the end, or until `stop` (asked now and then) says so. Returns whether it is at the end. */
  advance(stop?: () => boolean): boolean {
    const began = this.options.clock();
    this.machine.run(stop === undefined ? {} : { stop });
    this.wallMs += this.options.clock() - began;
    return this.machine.kernel.live === 0;
  }

  /** Undefined: the warm-up is not over. */
  partial(): OpenLoopResult | undefined {
    const result = this.result();
    return result.sojourn.count === 0 ? undefined : result;
  }

  /** What the measured requests took, all together and by service time. */
  distributions(): RequestTimes[] {
    return distributionsOf(this);
  }

  /** Of what has been simulated so far. */
  result(): OpenLoopResult {
    return summarise(this);
  }
}
