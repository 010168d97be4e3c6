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
 *
 * Values are medians of repetitions that take turns (ring, swap, traced, 64cpu, ring, ...), so that a machine that slows
 * down slows all of them. Ratios are to the baseline's value of this very run.
 */
import { type Case, interleave, median } from "./support/interleave.ts";
import { ringNs } from "./support/ring.ts";
import { swapNs } from "./support/swap.ts";

const REPETITIONS = 15;
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

const samples = interleave(cases, REPETITIONS);
const values = new Map(cases.map(({ name }) => [name, median(samples.get(name)!)]));
for (const { name, baseline } of cases) {
  const value = values.get(name)!;
  const ratio = baseline === undefined ? {} : { baseline, ratio: round(value / values.get(baseline)!, 3) };
  console.log(JSON.stringify({ name, value: round(value, 1), unit: "ns", ...ratio }));
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
