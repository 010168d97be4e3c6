/**
 * Latency classes on a database that is 95 % busy: point queries of 30 us, reports of 300 us, scans of 2 ms.
 *
 * Each connection asks at its own times, whether the last answer has come or not, and a query's latency counts from when it
 * was due. First with a queue for all, first come first served: a point query waits behind whatever is there. Then with
 * priorities, which put it before the others in the queue, but a scan that runs keeps its CPU for 2 ms. Then with priorities
 * and a tick every 100 us, at which a server takes the CPU from a worker if a more urgent one waits. Last the same with
 * deadlines instead of priorities.
 *
 *     node examples/latency-classes.ts
 */
import assert from "node:assert/strict";
import { createMachine, createRuntime, Histogram, type RuntimeOptions } from "../src/index.ts";

const VCPUS = 4;
const DURATION_NS = 80_000_000;

/** `load`: share of the CPUs that a class takes, over `connections`. */
const CLASSES = [
  { name: "point", serviceNs: 30_000, load: 0.27, connections: 200, priority: 2, deadlineNs: 500_000 },
  { name: "report", serviceNs: 300_000, load: 0.3, connections: 60, priority: 1, deadlineNs: 5_000_000 },
  { name: "scan", serviceNs: 2_000_000, load: 0.37, connections: 24, priority: 0, deadlineNs: 50_000_000 },
] as const;

/** Uniform numbers below 1 (a linear congruential generator, Knuth's MMIX in 32 bits): the same in every run. */
function uniform(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b9) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Served {
  /** Share of the time in which the servers ran workers. */
  readonly busy: number;
  /** Latencies by class, ns. */
  readonly latencies: readonly Histogram[];
}

function serve(options: RuntimeOptions): Served {
  const machine = createMachine({ vcpus: VCPUS, timerSlackNs: 0 });
  const runtime = createRuntime(machine, options);
  const latencies = CLASSES.map(() => new Histogram());
  for (const [kind, { name, serviceNs, load, connections, priority, deadlineNs }] of CLASSES.entries()) {
    const meanGapNs = (serviceNs * connections) / (load * VCPUS);
    for (let i = 0; i < connections; i++) {
      const random = uniform(1 + 1000 * kind + i);
      runtime.spawn(
        function* connection(worker) {
          // The first gap is one that has begun before: so the load is there from the beginning.
          let dueNs = 2 * meanGapNs * (1 - Math.sqrt(random()));
          for (; dueNs < DURATION_NS; dueNs += 2 * meanGapNs * random()) {
            yield* worker.setDeadline(Math.round(dueNs) + deadlineNs);
            yield* worker.sleepUntil(dueNs);
            yield* worker.work(Math.round(serviceNs * (0.5 + random())));
            latencies[kind]!.record(Math.round(worker.now() - dueNs));
          }
        },
        { name: `${name}-${i}`, priority, deadlineNs },
      );
    }
  }
  machine.run({ untilNs: DURATION_NS });
  const busyNs = runtime.stats().reduce((sum, server) => sum + server.busyNs, 0);
  machine.run();
  return { busy: busyNs / (VCPUS * DURATION_NS), latencies };
}

const SETTINGS: readonly (readonly [string, RuntimeOptions])[] = [
  ["fifo", { policy: "fifo" }],
  ["priorities", { policy: "priority" }],
  ["priorities, ticks", { policy: "priority", preemptNs: 100_000 }],
  ["deadlines, ticks", { policy: "edf", preemptNs: 100_000 }],
];

const us = (ns: number): string => (ns / 1000).toFixed(0);
const row = (name: string, busy: string, cells: readonly string[]): string =>
  `${name.padEnd(17)}${busy.padStart(7)}${cells.map((cell, i) => cell.padStart(i % 2 === 0 ? 12 : 8)).join("")}`;

console.log(
  row(
    "latency in us",
    "busy",
    CLASSES.flatMap(({ name }) => [`${name} p50`, "p99"]),
  ),
);
const pointP99: number[] = [];
for (const [name, options] of SETTINGS) {
  const { busy, latencies } = serve(options);
  const cells = latencies.flatMap((one) => [us(one.quantile(0.5)), us(one.quantile(0.99))]);
  console.log(row(name, `${(100 * busy).toFixed(1)} %`, cells));
  pointP99.push(latencies[0]!.quantile(0.99));
  assert.ok(busy > 0.93 && busy < 0.97, `${name}: ${busy} busy`);
}

const [fifo, priorities, priorityTicks, deadlineTicks] = pointP99;
assert.ok(priorities! < fifo!, "priorities alone help");
assert.ok(
  Math.max(priorityTicks!, deadlineTicks!) < priorities! / 10,
  "with ticks they do what they are for",
);
