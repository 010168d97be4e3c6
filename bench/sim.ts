/**
 * How fast the simulator itself is, in wall time. Prints one JSON object a line:
 *
 *     {"name":"sim/umcg-swap","value":245.1,"unit":"ns","baseline":"sim/generator-ring","ratio":9.8}
 *
 * | name                | what one unit of work is                                                                    |
 * |---------------------|---------------------------------------------------------------------------------------------|
 * | sim/generator-ring  | one resumption in a round robin of two bare generators: the floor under every other          |
 * | sim/umcg-swap       | one simulated context switch: two UMCG workers on one vCPU, tracing off                      |
 * | sim/umcg-swap-traced| the same, every event recorded in the trace ring                                             |
 * | sim/umcg-swap-64cpu | the same on 64 vCPUs, tracing off: 1000 workers in 64 rings, each with a server and a vCPU   |
 * | sim/switch-Tt-Cc    | the same with T workers on C vCPUs: as many rings as there are CPUs and pairs of workers      |
 * | sim/events-per-second | events a second of wall time on 24 vCPUs with 256 workers (support/events.ts): those that its  |
 * |                     | trace has, counted in a run of its own, over the wall time of a run that is not traced        |
 * | sim/host-events-per-second | the same run: discrete events, which are fewer, because a CPU alone in time runs ahead  |
 * | sim/ring-N          | one hop of a token round a ring of N workers of the thread library: unpark the next and park |
 * | sim/bytes-per-worker| memory of a process in which a million workers are parked, at its highest, by their number   |
 *
 * Values are medians of repetitions that take turns (ring, swap, traced, 64cpu, ring, ...), so that a machine that slows
 * down slows all of them. Ratios are to the baseline's value of this very run.
 */
import { runEvents, traceEventsOf } from "./support/events.ts";
import { type Case, interleave, median } from "./support/interleave.ts";
import { parkInProcess } from "./support/parked-workers.ts";
import { ringNs } from "./support/ring.ts";
import { swapNs } from "./support/swap.ts";
import { WorkerRing } from "./support/worker-ring.ts";

const REPETITIONS = 15;
const GRID_REPETITIONS = 7;
const CPUS = 64;
const WORKERS = 1000;

const single = { vcpus: 1, workers: 2, loops: 100_000 };

const cases: readonly Case[] = [
  { name: "sim/generator-ring", run: () => ringNs(1_000_000) },
  { name: "sim/umcg-swap", run: () => swapNs(single), baseline: "sim/generator-ring" },
  {
    name: "sim/umcg-swap-traced",
    run: () => swapNs({ ...single, trace: true }),
    baseline: "sim/umcg-swap",
  },
  {
    name: "sim/umcg-swap-64cpu",
    run: () => swapNs({ vcpus: CPUS, workers: WORKERS, loops: 800 }),
    baseline: "sim/umcg-swap",
  },
];

/** Switches of one repetition, about, and the size of rings that this leaves. */
const SWITCHES = 100_000;
const grid: readonly Case[] = [2, 64, 1024].flatMap((workers) =>
  [1, 8, 64].map((vcpus) => ({
    name: `sim/switch-${workers}t-${vcpus}c`,
    run: () => swapNs({ vcpus, workers, loops: Math.ceil(SWITCHES / workers) }),
    baseline: "sim/generator-ring",
  })),
);

const busy = { vcpus: 24, workers: 256, rounds: 150 };
const traced = traceEventsOf(busy);
let hostEvents = 0;
const rates: readonly Case[] = [
  {
    name: "sim/events-per-second",
    run: () => {
      const run = runEvents(busy);
      hostEvents = run.hostEvents;
      return traced / run.seconds;
    },
  },
];

/** Hops of one repetition: once round the larger ring. */
const HOPS = 100_000;
const PARKED = 1_000_000;

/** The ring of generators runs along with each list, and is printed once. */
const printed = new Set<string>();
print(cases, REPETITIONS, "ns");
print([cases[0]!, ...grid], GRID_REPETITIONS, "ns");
const [rate] = print(rates, GRID_REPETITIONS, "1/s");
emit("sim/host-events-per-second", (rate! * hostEvents) / traced, "1/s", {});
// Made here: while they live, each collection of garbage has their workers to look at.
print(rings(), GRID_REPETITIONS, "ns");
const { maxRssBytes, ...parked } = parkInProcess(PARKED);
emit("sim/bytes-per-worker", maxRssBytes / PARKED, "B", { maxRssBytes, ...parked });

function rings(): readonly Case[] {
  const [small, large] = [new WorkerRing(100), new WorkerRing(100_000)];
  return [
    { name: "sim/ring-100", run: () => small.hopNs(HOPS) },
    { name: "sim/ring-100000", run: () => large.hopNs(HOPS), baseline: "sim/ring-100" },
  ];
}

/** Runs the cases in turn and prints the median of each. Returns the medians. */
function print(list: readonly Case[], repetitions: number, unit: string): number[] {
  const samples = interleave(list, repetitions);
  const values = new Map(list.map(({ name }) => [name, median(samples.get(name)!)]));
  for (const { name, baseline } of list) {
    if (printed.has(name)) continue;
    printed.add(name);
    const value = values.get(name)!;
    emit(
      name,
      value,
      unit,
      baseline === undefined ? {} : { baseline, ratio: round(value / values.get(baseline)!, 3) },
    );
  }
  return [...values.values()];
}

function emit(name: string, value: number, unit: string, more: object): void {
  console.log(JSON.stringify({ name, value: round(value, unit === "ns" ? 1 : 0), unit, ...more }));
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
