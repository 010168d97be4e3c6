/**
 * Latency classes on a database that is 95 % busy: point queries of 30 us, reports of 300 us, scans of 2 ms.
 *
 * Each connection asks at its own times, whether the last answer has come or not, and a query's latency counts from when it
 * was due. First with a queue for all, first come first served: a point query waits behind whatever is there. Then with
 * priorities, which put it before the others in the queue, but a scan that runs keeps its CPU for 2 ms. Then with priorities
 * and a tick every 100 us, at which a server takes the CPU from a worker if a more urgent one waits. Last the same with
 * deadlines instead of priorities.
 *
 *     node examples/latency-classes.ts [--host threads]
 *
 * On real threads the times are those of the machine it runs on, with fewer CPUs and for a shorter time: a look at it, and no proof.
 */
import assert from "node:assert/strict";
import { isMainThread } from "node:worker_threads";
import { createRuntime, Histogram, type RuntimeOptions } from "../src/index.ts";
import { type ProgramMachine, runProgram } from "../src/machine/threads/index.ts";
import { hostAsked } from "./support/host-asked.ts";

/** `startNs`: by then all connections are there. */
const SIZES = {
  virtual: { vcpus: 4, startNs: 5_000_000, durationNs: 80_000_000 },
  threads: { vcpus: 2, startNs: 200_000_000, durationNs: 20_000_000 },
} as const;

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

interface Setting {
  readonly options: RuntimeOptions;
  readonly startNs: number;
  readonly durationNs: number;
}

/** What one connection has seen, or how busy the servers were. */
type Told = { readonly kind: number; readonly latencies: readonly number[] } | { readonly busy: number };

export function setUp(machine: ProgramMachine): void {
  const { options, startNs, durationNs } = machine.args as Setting;
  const runtime = createRuntime(machine, options);
  const { vcpus } = machine.kernel.config;
  for (const [kind, { name, serviceNs, load, connections, priority, deadlineNs }] of CLASSES.entries()) {
    const meanGapNs = (serviceNs * connections) / (load * vcpus);
    for (let i = 0; i < connections; i++) {
      const random = uniform(1 + 1000 * kind + i);
      runtime.spawn(
        function* connection(worker) {
          const latencies: number[] = [];
          // The first gap is one that has begun before: so the load is there from the beginning.
          let dueNs = startNs + 2 * meanGapNs * (1 - Math.sqrt(random()));
          for (; dueNs < startNs + durationNs; dueNs += 2 * meanGapNs * random()) {
            yield* worker.setDeadline(Math.round(dueNs) + deadlineNs);
            yield* worker.sleepUntil(dueNs);
            yield* worker.work(Math.round(serviceNs * (0.5 + random())));
            latencies.push(Math.round(worker.now() - dueNs));
          }
          machine.say({ kind, latencies } satisfies Told);
        },
        { name: `${name}-${i}`, priority, deadlineNs },
      );
    }
  }
  const busyNs = (): number => runtime.stats().reduce((sum, server) => sum + server.busyNs, 0);
  machine.spawn(function* clerk(env) {
    yield* env.sys.nanosleep(startNs - env.now());
    const [before, beganNs] = [busyNs(), env.now()];
    yield* env.sys.nanosleep(durationNs);
    machine.say({ busy: (busyNs() - before) / (vcpus * (env.now() - beganNs)) } satisfies Told);
  });
}

interface Served {
  /** Share of the time in which the servers ran workers. */
  readonly busy: number;
  /** Latencies by class, ns. */
  readonly latencies: readonly Histogram[];
}

async function serve(host: "virtual" | "threads", options: RuntimeOptions): Promise<Served> {
  const { vcpus, ...times } = SIZES[host];
  const latencies = CLASSES.map(() => new Histogram());
  let busy = 0;
  const onMessage = (value: unknown): void => {
    const told = value as Told;
    if ("busy" in told) busy = told.busy;
    else for (const ns of told.latencies) latencies[told.kind]!.record(ns);
  };
  const args: Setting = { options, ...times };
  await runProgram(setUp, { url: import.meta.url, host, vcpus, timerSlackNs: 0, args, onMessage });
  return { busy, latencies };
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

if (isMainThread) {
  const host = hostAsked() === "threads" ? "threads" : "virtual";
  const heads = CLASSES.flatMap(({ name }) => [`${name} p50`, "p99"]);
  console.log(row("latency in us", "busy", heads));
  const pointP99: number[] = [];
  for (const [name, options] of SETTINGS) {
    const { busy, latencies } = await serve(host, options);
    const cells = latencies.flatMap((one) => [us(one.quantile(0.5)), us(one.quantile(0.99))]);
    console.log(row(name, `${(100 * busy).toFixed(1)} %`, cells));
    pointP99.push(latencies[0]!.quantile(0.99));
    if (host === "virtual") assert.ok(busy > 0.93 && busy < 0.97, `${name}: ${busy} busy`);
  }
  if (host === "virtual") {
    const [fifo, priorities, priorityTicks, deadlineTicks] = pointP99;
    assert.ok(priorities! < fifo!, "priorities alone help");
    const ticks = Math.max(priorityTicks!, deadlineTicks!);
    assert.ok(ticks < priorities! / 10, "with ticks they do what they are for");
  }
}
