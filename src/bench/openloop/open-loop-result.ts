/**
 * What an open loop reports, of the requests behind the warm-up.
 *
 * sojourn: from arrival to the end of service; waiting: sojourn less service, whatever kept the request from being served
 * (others, switches, interrupts); slowdown: sojourn over service. `achievedRate` counts completions in the measured
 * stretch; `inSystem` is the mean number of requests inside over that stretch, from counting, and `littleRatio` is it over
 * (arrivals that were not dropped) x (mean sojourn) / time: Little's law, 1 but for who is inside at the two ends.
 */
import { assert } from "../../kernel-sim/errors.ts";
import { Histogram } from "../../trace/histogram.ts";
import { formatDuration } from "../stats/quantities.ts";
import { type MeasureSummary, summariseMeasure } from "./measure.ts";
import type { OpenLoop } from "./open-loop.ts";
import { DROPPED, INSIDE } from "./request-log.ts";

export interface ClassResult {
  /** Its service time, ns. */
  readonly serviceNs: number;
  readonly sojourn: MeasureSummary;
  readonly waiting: MeasureSummary;
  readonly slowdown: MeasureSummary;
}

/** Times in ns, rates in requests a second, of virtual time unless the name says wall. */
export interface OpenLoopResult {
  readonly workload: "openloop";
  readonly host: "virtual";
  readonly arrivals: string;
  readonly service: string;
  readonly policy: string;
  readonly rate: number;
  readonly vcpus: number;
  readonly queues: string;
  readonly workers: number;
  readonly irqCpu: number;
  readonly profile: string;
  readonly idle: string;
  readonly fair: string;
  readonly sliceNs: number;
  readonly tickHz: number;
  readonly jitter: boolean;
  readonly seed: number;
  readonly requests: number;
  readonly warmUp: number;
  /** False: it was interrupted, or ended before the warm-up. */
  readonly complete: boolean;
  /** Measured requests that have left, and those that found no free worker. */
  readonly completed: number;
  readonly dropped: number;
  /** rate x mean service / vcpus. */
  readonly offeredLoad: number;
  readonly offeredRate: number;
  readonly achievedRate: number;
  readonly utilisation: number;
  readonly utilisationByCpu: readonly number[];
  readonly inSystem: number;
  readonly littleRatio: number;
  readonly sojourn: MeasureSummary;
  readonly waiting: MeasureSummary;
  readonly slowdown: MeasureSummary;
  /** By service time, of a law that has few. */
  readonly classes: readonly ClassResult[];
  readonly virtualNs: number;
  readonly measuredNs: number;
  readonly events: number;
  readonly switches: number;
  readonly ipis: number;
  readonly wallMs: number;
  readonly requestsPerWallSecond: number;
}

/** The measured requests that have left, in order of arrival. */
interface Measured {
  readonly sojourn: Float64Array;
  readonly service: Float64Array;
  readonly dropped: number;
  readonly arrived: number;
}

export function summarise(run: OpenLoop): OpenLoopResult {
  const { options, machine, device } = run;
  const { config } = machine.kernel;
  const end = run.end ?? run.usageNow();
  const begin = run.begin ?? end;
  const measured = take(run);
  const { sojourn, service, arrived, dropped } = measured;
  const { virtualNs, events, switches, ipis } = machine.result();
  const spanNs = end.atNs - begin.atNs;
  const utilisationByCpu = Array.from(end.idleNs, (idle, cpu) => 1 - (idle - begin.idleNs[cpu]!) / spanNs);
  const inSystem = (end.insideNs - begin.insideNs) / spanNs;
  const measures = summariseAll(sojourn, service);
  return {
    workload: "openloop",
    host: "virtual",
    arrivals: options.arrivals,
    service: options.service.text,
    policy: options.policy.text,
    rate: options.ratePerS,
    vcpus: options.vcpus,
    queues: options.queues,
    workers: options.workers,
    irqCpu: options.irqCpu,
    profile: machine.costs.name,
    idle: machine.idle,
    fair: config.fair,
    sliceNs: config.sliceNs,
    tickHz: config.tickHz,
    jitter: options.machine?.jitter ?? false,
    seed: options.seed,
    requests: options.requests,
    warmUp: options.warmUp,
    complete: machine.kernel.live === 0 && run.begin !== undefined,
    completed: sojourn.length,
    dropped,
    offeredLoad: (options.ratePerS * options.service.meanNs) / 1e9 / options.vcpus,
    offeredRate: (arrived / spanNs) * 1e9,
    achievedRate: ((end.completed - begin.completed) / spanNs) * 1e9,
    utilisation: utilisationByCpu.reduce((sum, share) => sum + share, 0) / options.vcpus,
    utilisationByCpu,
    inSystem,
    littleRatio: (inSystem * spanNs) / ((arrived - dropped) * measures.sojourn.mean),
    ...measures,
    classes: classes(options.service.valuesNs, measured),
    virtualNs,
    measuredNs: spanNs,
    events,
    switches,
    ipis,
    wallMs: run.wallMs,
    requestsPerWallSecond: (device.log.count / run.wallMs) * 1000,
  };
}

function take(run: OpenLoop): Measured {
  const { arrivedNs, serviceNs, leftNs, count } = run.device.log;
  const first = Math.min(count, run.options.warmUp);
  const sojourn = new Float64Array(count - first);
  const service = new Float64Array(count - first);
  let [taken, dropped] = [0, 0];
  for (let request = first; request < count; request++) {
    const left = leftNs[request]!;
    if (left === DROPPED) dropped++;
    if (left === DROPPED || left === INSIDE) continue;
    assert(left >= arrivedNs[request]!, `request ${request} left before it came`);
    sojourn[taken] = left - arrivedNs[request]!;
    service[taken++] = serviceNs[request]!;
  }
  const [a, b] = [sojourn.subarray(0, taken), service.subarray(0, taken)];
  return { sojourn: a, service: b, dropped, arrived: count - first };
}

function summariseAll(
  sojourn: Float64Array,
  service: Float64Array,
): Pick<ClassResult, "sojourn" | "waiting" | "slowdown"> {
  return {
    sojourn: summariseMeasure(sojourn),
    waiting: summariseMeasure(sojourn.map((ns, request) => ns - service[request]!)),
    slowdown: summariseMeasure(sojourn.map((ns, request) => ns / service[request]!)),
  };
}

function classes(valuesNs: readonly number[], { sojourn, service }: Measured): ClassResult[] {
  return valuesNs.map((serviceNs) => {
    const belongs = (_: number, request: number): boolean => service[request] === serviceNs;
    const own = sojourn.filter(belongs);
    return { serviceNs, ...summariseAll(own, new Float64Array(own.length).fill(serviceNs)) };
  });
}

/** What requests took, ns. */
export interface RequestTimes {
  readonly name: string;
  readonly note: string;
  readonly histogram: Histogram;
}

/** Sojourn, then waiting: of all, and of each class of a law that has several. */
export function distributionsOf(run: OpenLoop): RequestTimes[] {
  const { sojourn, service } = take(run);
  const { valuesNs } = run.options.service;
  const waiting = sojourn.map((ns, request) => Math.max(0, ns - service[request]!));
  const of = (name: string, note: string, times: Float64Array): RequestTimes[] => [
    { name, note, histogram: Histogram.of(times) },
    ...(valuesNs.length < 2 ? [] : valuesNs).map((serviceNs) => ({
      name: `${name}, requests of ${formatDuration(serviceNs)}`,
      note,
      histogram: Histogram.of(times.filter((_, request) => service[request] === serviceNs)),
    })),
  ];
  return [
    ...of("Sojourn", "from arrival to the end of service", sojourn),
    ...of("Waiting", "sojourn less service", waiting),
  ];
}
