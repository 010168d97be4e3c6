/**
 * Open loops on a machine without costs, judged: conservation and Little's law on every run, then whatever a test asks.
 *
 * A mean is compared with theory by a 99.99 % confidence interval from ten batches of a run, for each of three seeds and for
 * all of them together; the interval of all together must be narrower than a stated share of theory, or the test would
 * prove nothing. A quantile is judged by the share of requests above the one of theory, which is a mean: the quantile of a
 * batch would be biased, because few batches hold one of the rare long busy periods.
 *
 * Near saturation such an interval narrows slowly, and a machine takes microseconds a request. So first come, first served
 * is judged in two steps: what the machine does is what a textbook recursion does, request by request, in every run; and
 * the recursion, some hundred times faster, agrees with theory in runs long enough to say so.
 */
import { expect } from "vitest";
import { OpenLoop, type OpenLoopOptions } from "../../src/bench/openloop/open-loop.ts";
import { parsePolicy } from "../../src/bench/openloop/policy.ts";
import { cutIntoBatches, meanInterval, meanOf } from "../../src/bench/stats/intervals.ts";
import { drawGap, parseLaw } from "../../src/bench/stats/laws.ts";
import { Sfc32 } from "../../src/random/sfc32.ts";
import { fcfs } from "./reference.ts";

export const SEEDS: readonly number[] = [1, 2, 3];

/** So that one of the 150 or so intervals that are judged fails once in a hundred choices of seeds, if all is well. */
const LEVEL = 0.9999;
const BATCHES = 10;

/** Services are written in `us`, a hundred of which are the unit of the theory: rounding to ns is a part in 1e5. */
export const UNIT_NS = 100_000;

export interface Study extends Partial<OpenLoopOptions> {
  /** Law in units of 100 us, e.g. "exp:100us". */
  readonly law: string;
  /** Load of a CPU. */
  readonly load: number;
  readonly discipline: string;
}

/** The requests of one run behind the warm-up, ns. */
export interface Outcome {
  readonly run: OpenLoop;
  readonly arrivals: Float64Array;
  readonly services: Float64Array;
  readonly departures: Float64Array;
  readonly sojourn: Float64Array;
  readonly waiting: Float64Array;
}

export function simulate({ law, load, discipline, ...options }: Study, seed: number): Outcome {
  const service = parseLaw(law);
  const vcpus = options.vcpus ?? 1;
  const run = new OpenLoop({
    arrivals: "poisson",
    ratePerS: (load * vcpus * 1e9) / service.meanNs,
    service,
    policy: parsePolicy(discipline),
    vcpus,
    requests: 50_000,
    warmUp: 1000,
    workers: 1024,
    queues: "central",
    irqCpu: 0,
    seed,
    profile: "ideal",
    clock: () => 0,
    ...options,
  });
  run.advance();
  obeyLaws(run);
  const { arrivedNs, serviceNs, leftNs, count } = run.device.log;
  const { warmUp } = run.options;
  const part = (all: Float64Array): Float64Array => all.slice(warmUp, count);
  const [arrivals, services, departures] = [part(arrivedNs), part(serviceNs), part(leftNs)];
  const sojourn = departures.map((left, request) => left - arrivals[request]!);
  const waiting = sojourn.map((ns, request) => ns - services[request]!);
  return { run, arrivals, services, departures, sojourn, waiting };
}

/** The runs of a study of first come, first served, for each seed: the machine did what the recursion does. */
export function serveInOrder(study: Omit<Study, "discipline">): Outcome[] {
  return SEEDS.map((seed) => {
    const outcome = simulate({ ...study, discipline: "fcfs" }, seed);
    const { arrivedNs, serviceNs, leftNs, count } = outcome.run.device.log;
    const left = leftNs.slice(0, count);
    const wanted = fcfs(arrivedNs.slice(0, count), serviceNs.slice(0, count), study.vcpus ?? 1);
    // Two that come in the same ns may be swapped; no more than that.
    expect(firstDifference(left.toSorted(), wanted.toSorted())).toBe(-1);
    expect(left.filter((ns, request) => ns !== wanted[request]).length).toBeLessThanOrEqual(4 + count / 1000);
    return outcome;
  });
}

/** Where two series differ first; -1: nowhere. Comparing them element by element is what takes `toEqual` seconds. */
function firstDifference(one: Float64Array, other: Float64Array): number {
  return one.length === other.length ? one.findIndex((value, at) => value !== other[at]) : 0;
}

/** Sojourns and waits of long runs of the recursion, for each seed, ns: as many requests as it takes for a narrow interval. */
export function recur(
  { law, load, vcpus = 1 }: Omit<Study, "discipline">,
  requests: number,
): Pick<Outcome, "sojourn" | "waiting">[] {
  return SEEDS.map((seed) => {
    const [service, gaps, needs] = [parseLaw(law), new Sfc32(seed, 11), new Sfc32(seed, 12)];
    const [meanGapNs, warmUp] = [service.meanNs / (load * vcpus), 1000];
    const arrivals = new Float64Array(requests + warmUp);
    for (let at = 1; at < arrivals.length; at++)
      arrivals[at] = arrivals[at - 1]! + drawGap("poisson", meanGapNs, gaps);
    const services = arrivals.map(() => service.draw(needs));
    const left = fcfs(arrivals, services, vcpus);
    const sojourn = left.map((ns, request) => ns - arrivals[request]!).subarray(warmUp);
    return { sojourn, waiting: sojourn.map((ns, request) => ns - services[warmUp + request]!) };
  });
}

/** Nobody is lost, CPU time is service time, and L = lambda T: to the ns, from the first arrival to the last departure. */
function obeyLaws(run: OpenLoop): void {
  const { log } = run.device;
  expect([log.completed, log.dropped]).toEqual([log.count, 0]);
  const [first, last] = [run.ready!, run.drained!];
  const { cpus } = run.machine.kernel;
  let [idle, service, inside] = [0, 0, 0];
  for (let cpu = 0; cpu < cpus.count; cpu++) idle += last.idleNs[cpu]! - first.idleNs[cpu]!;
  for (let request = 0; request < log.count; request++) {
    service += log.serviceNs[request]!;
    inside += log.leftNs[request]! - log.arrivedNs[request]!;
  }
  expect(cpus.count * (last.atNs - first.atNs) - idle).toBe(service);
  expect(last.insideNs).toBe(inside);
  // The law of utilisation and Little's for the measured stretch, but for its two ends.
  const [begin, end] = [run.begin!, run.end!];
  const spanNs = end.atNs - begin.atNs;
  const { service: law, ratePerS, requests, warmUp, vcpus } = run.options;
  const busy = vcpus * spanNs - sum(end.idleNs) + sum(begin.idleNs);
  const stays = log.leftNs.slice(warmUp, log.count).map((left, at) => left - log.arrivedNs[warmUp + at]!);
  const edges = 100 / Math.sqrt(requests);
  expect(Math.abs(busy / ((ratePerS / 1e9) * law.meanNs * spanNs) - 1)).toBeLessThan(edges);
  expect(Math.abs((end.insideNs - begin.insideNs) / sum(stays) - 1)).toBeLessThan(edges);
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** The mean of a series, in units, is `theory`; `precision`: how narrow the interval of all seeds together must be. */
export function expectMean(all: readonly Float64Array[], theory: number, precision: number): void {
  const means = all.map((series) => cutIntoBatches(series, BATCHES).map((batch) => meanOf(batch) / UNIT_NS));
  expect(means.length).toBeGreaterThanOrEqual(SEEDS.length);
  for (const [at, one] of [...means, means.flat()].entries()) {
    const { low, high, estimate } = meanInterval(one, LEVEL);
    const whose = at < means.length ? `seed ${SEEDS[at]}` : "all seeds";
    const found = `${estimate.toFixed(4)} in ${low.toFixed(4)} .. ${high.toFixed(4)}`;
    expect(low <= theory && theory <= high, `${whose}: ${found}, theory ${theory.toFixed(4)}`).toBe(true);
  }
  const { halfWidth, estimate } = meanInterval(means.flat(), LEVEL);
  expect(halfWidth / theory, `precision of ${estimate.toFixed(4)}`).toBeLessThan(precision);
}

/**
 * `theory`, in units, is the p-quantile of a series. `precision` is that of the share above it; in an exponential tail a
 * tenth more or less of that is a tenth of a mean more or less of the quantile.
 */
export function expectQuantile(
  all: readonly Float64Array[],
  p: number,
  theory: number,
  precision: number,
): void {
  const above = all.map((series) => series.map((ns) => (ns > theory * UNIT_NS ? UNIT_NS : 0)));
  expectMean(above, 1 - p, precision);
}
