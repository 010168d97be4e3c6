/**
 * A hundred host threads on two CPUs that pass them around by the scheduler's queue: prints what a hand-over took, how many
 * owned a CPU at once at most, how much of the CPUs' time was used, and how fairly (Jain's index of the threads' CPU time).
 */
import { createThreads } from "../../src/threads/index.ts";
import { GAME_BYTES } from "./thread-games.ts";

const [handoffs, count] = [Number(process.argv[2] ?? 1_000_000), Number(process.argv[3] ?? 100)];
const CPUS = 2;
const url = new URL("./thread-games.ts", import.meta.url);
const words = new Int32Array(new SharedArrayBuffer(GAME_BYTES));
const threads = await createThreads({ cpus: CPUS, threads: count, prewarm: count, quantumMs: 0 });
const turns = Math.ceil(handoffs / count);
const busyBefore = threads.report().cpus.map(({ busyNs }) => busyNs);
const begin = performance.now();
const crowd = Array.from({ length: count }, () =>
  threads.spawn<{ passed: number; cpuNs: number }>({ url, export: "oneOfMany", args: [words, turns] }),
);
const results = await Promise.all(crowd.map((handle) => handle.join()));
const ms = performance.now() - begin;
const busy = threads.report().cpus.reduce((sum, { busyNs }, cpu) => sum + busyNs - busyBefore[cpu]!, 0);
await threads.close();
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const times = results.map(({ cpuNs }) => cpuNs);
const sum = times.reduce((a, b) => a + b, 0);
const jain = sum ** 2 / (count * times.reduce((a, b) => a + b * b, 0));
console.log(
  JSON.stringify({
    us: (ms * 1000) / passed,
    handoffs: passed,
    threads: count,
    most: Atomics.load(words, 65),
    utilisation: busy / (ms * 1e6 * CPUS),
    jain,
  }),
);
