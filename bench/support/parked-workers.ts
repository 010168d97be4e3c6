/** A machine full of workers that are parked, and what such a process takes. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Machine } from "../../src/machine.ts";
import { createRuntime } from "../../src/worker/runtime.ts";
import type { Worker, WorkerOptions } from "../../src/worker/worker.ts";
import type { WorkerHandle } from "../../src/worker/worker-handle.ts";
import { roomyMachine } from "./roomy-machine.ts";

/**
 * Of V8's heap. A worker keeps 630 bytes there; without a limit V8 lets garbage of the same size pile up before it looks.
 */
const HEAP_BYTES_PER_WORKER = 820;

export interface ParkedWorkers {
  readonly machine: Machine;
  readonly workers: readonly WorkerHandle<void>[];
}

/** Spawns `count` workers, each with options of its own, and runs the machine until all have parked. Nobody unparks them. */
export function parkWorkers(count: number, optionsOf = (): WorkerOptions => ({})): ParkedWorkers {
  const machine = roomyMachine(count + 1);
  const runtime = createRuntime(machine);
  let parking = 0;
  let done = false;
  function* body(worker: Worker) {
    parking++;
    yield* worker.park();
  }
  const workers = Array.from({ length: count }, () => runtime.spawn(body, optionsOf()));
  // There is one server: when this worker runs after the others they have let go of it. It is timed, so nothing deadlocks.
  runtime.spawn(function* (worker) {
    for (;;) {
      yield* worker.sleep(1e9);
      done = parking === count;
    }
  });
  machine.run({ stop: () => done });
  return { machine, workers };
}

/** What a process takes in which workers are parked and nothing else has been done. */
export interface ParkedProcess {
  readonly workers: number;
  /** Resident memory of the whole process, at the end and at its highest. */
  readonly rssBytes: number;
  readonly maxRssBytes: number;
  /** What there was of both before the machine was made: Node, and the modules. */
  readonly nodeBytes: number;
  /** The machine's one buffer, of which what is never touched is not resident. */
  readonly bufferBytes: number;
  /** To make the machine, spawn the workers and park them: by the clock, and of CPU time, which collecting garbage adds to. */
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** Parks `count` workers in a process of its own: whatever ran before in this one would be counted too. */
export function parkInProcess(count: number): ParkedProcess {
  const heapMb = Math.ceil((count * HEAP_BYTES_PER_WORKER) / 1e6) + 32;
  const child = spawnSync(
    process.execPath,
    [`--max-old-space-size=${heapMb}`, fileURLToPath(import.meta.url), String(count)],
    { stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" },
  );
  if (child.status !== 0) throw new Error(`the process with ${count} workers ended with ${child.status}`);
  return JSON.parse(child.stdout) as ParkedProcess;
}

if (import.meta.main) {
  const count = Number(process.argv[2]);
  const nodeBytes = process.memoryUsage.rss();
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  const { machine, workers } = parkWorkers(count);
  const { user, system } = process.cpuUsage(cpu);
  const round = (seconds: number): number => Number(seconds.toFixed(1));
  const result: ParkedProcess = {
    workers: workers.length,
    rssBytes: process.memoryUsage.rss(),
    maxRssBytes: process.resourceUsage().maxRSS * 1024,
    nodeBytes,
    bufferBytes: machine.kernel.buffer.byteLength,
    seconds: round((performance.now() - started) / 1e3),
    cpuSeconds: round((user + system) / 1e6),
  };
  console.log(JSON.stringify(result));
}
