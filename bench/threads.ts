/**
 * What switching costs on real threads, in wall time. Prints one JSON object a line:
 *
 *     {"name":"threads/handoff-same-cpu","value":2.2,"unit":"us","baseline":"threads/raw-wait-notify-same-cpu","ratio":1.05}
 *
 * | name                              | what one unit of work is                                                          |
 * |-----------------------------------|-----------------------------------------------------------------------------------|
 * | threads/raw-wait-notify-same-cpu  | half a round trip of a bare store and Atomics.notify between two host threads, pinned to one CPU |
 * | threads/handoff-same-cpu          | the same of `switchTo`: a CPU of the runtime handed from peer to peer               |
 * | threads/wake-same-cpu             | the same of `unpark` and `park`: a plain wake-up, each on a CPU of its own. Its baseline is the hand-off, which is what WF_CURRENT_CPU does |
 * | threads/...-two-cpus              | each thread pinned to a CPU of its own                                              |
 * | threads/crowd                     | one hand-over among 100 threads on 2 CPUs by the queue, 1 000 000 of them (HANDOFFS) |
 * | threads/generator-ring            | one resumption in a round robin of two bare generators                              |
 * | threads/coroutine-switch          | one switch between two coroutines over shared memory in one thread: a turn word each |
 * | threads/task-<pool>               | a task that does nothing, from submitting it on the main thread to its promise there; two Workers |
 * | threads/task-umcg-call            | the same of `call`: a thread has another run it, and blocks; no promise                |
 * | threads/task-...-pinned           | the same with the whole process on one CPU                                          |
 *
 * Values are medians of repetitions that take turns within one process. `cpuUs` and `cpuRatio` are of CPU time, which does not
 * depend as much on what else the machine does; where both threads share a CPU, it is what a hand-over takes. Pinning is `taskset`'s; without it, and with
 * one CPU for two, the lines that need it are left out. The ratio of a task is to the fastest pool that is not ours. Pools are
 * installed in a temporary folder. ONLY=<part of a name> runs those only.
 */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { type Case, interleave, median } from "./support/interleave.ts";
import { installPools, PACKAGES } from "./support/pool-packages.ts";
import { ringNs } from "./support/ring.ts";
import type { Samples } from "./support/thread-games.ts";
import { turnsNs } from "./support/turns.ts";

const REPETITIONS = 15;
const SWITCHES = 300_000;
/** A child that hangs is killed, and its lines are missing. */
const CHILD_TIMEOUT_MS = 300_000;
const ONLY = process.env["ONLY"] ?? "";
const POOLS = [
  "piscina",
  "piscina-async",
  "piscina-no-atomics",
  "tinypool",
  "workerpool",
  "poolifier",
  "multithreading",
];

const wanted = (name: string): boolean => name.includes(ONLY);

/** What a script prints, a line of JSON; undefined, and a message, when it fails. `pinned`: to CPU 0. */
function child<T>(script: string, args: readonly string[], pinned = false): T | undefined {
  const file = fileURLToPath(new URL(`./support/${script}`, import.meta.url));
  const command = [process.execPath, file, ...args];
  if (pinned) command.unshift("taskset", "-c", "0");
  const options = { encoding: "utf8", timeout: CHILD_TIMEOUT_MS } as const;
  const { status, stdout, stderr, error } = spawnSync(command[0]!, command.slice(1), options);
  if (status === 0) return JSON.parse(stdout) as T;
  console.error(`${script} ${args.join(" ")}: ${error?.message ?? stderr}`);
  return undefined;
}

function emit(name: string, value: number, unit: string, more: object = {}): void {
  console.log(JSON.stringify({ name, value: round(value, 2), unit, ...more }));
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function switching(where: string): void {
  const samples = child<Samples>("ping-pong.ts", [where]);
  if (samples === undefined) return;
  const { wall } = samples;
  const [raw, handoff, wake] = [wall.raw, wall.handoff, wall.wake].map((ns) => median(ns) / 1000);
  const baseline = `threads/raw-wait-notify-${where}`;
  const [rawCpu, handoffCpu] = [samples.cpu.raw, samples.cpu.handoff].map((ns) => median(ns) / 1000);
  emit(baseline, raw!, "us", { cpuUs: round(rawCpu!, 2) });
  const ratios = { ratio: round(handoff! / raw!, 3), cpuRatio: round(handoffCpu! / rawCpu!, 3) };
  emit(`threads/handoff-${where}`, handoff!, "us", { cpuUs: round(handoffCpu!, 2), baseline, ...ratios });
  const current = { baseline: `threads/handoff-${where}`, ratio: round(wake! / handoff!, 3) };
  emit(`threads/wake-${where}`, wake!, "us", current);
}

function crowd(): void {
  const { us, ...more } = child<{ us: number }>("crowd.ts", [process.env["HANDOFFS"] ?? "1000000"]) ?? {};
  if (us !== undefined) emit("threads/crowd", us, "us", more);
}

function coroutines(): void {
  const cases: readonly Case[] = [
    { name: "threads/generator-ring", run: () => ringNs(SWITCHES) },
    { name: "threads/coroutine-switch", run: () => turnsNs(SWITCHES), baseline: "threads/generator-ring" },
  ];
  const samples = interleave(cases, REPETITIONS);
  const values = new Map(cases.map(({ name }) => [name, median(samples.get(name)!)]));
  for (const { name, baseline } of cases) {
    const value = values.get(name)!;
    const more = baseline === undefined ? {} : { baseline, ratio: round(value / values.get(baseline)!, 3) };
    emit(name, value, "ns", more);
  }
}

function tasks(folder: string, pinned: boolean): void {
  const suffix = pinned ? "-pinned" : "";
  const results = new Map<string, { us: number; perSecond: number }>();
  for (const pool of ["umcg", "umcg-call", ...POOLS]) {
    const result = child<{ us: number; perSecond: number }>("task-pools.ts", [pool, folder], pinned);
    if (result !== undefined) results.set(pool, result);
  }
  const others = [...results].filter(([pool]) => !pool.startsWith("umcg"));
  const [best] = others.toSorted(([, a], [, b]) => a.us - b.us);
  for (const [pool, { us, perSecond }] of results) {
    const version = PACKAGES[pool.split("-")[0]!];
    const more = {
      perSecond: Math.round(perSecond),
      ...(version === undefined ? {} : { version }),
      ...(best === undefined
        ? {}
        : { baseline: `threads/task-${best[0]}${suffix}`, ratio: round(us / best[1].us, 3) }),
    };
    emit(`threads/task-${pool}${suffix}`, us, "us", more);
  }
}

for (const where of ["same-cpu", "two-cpus"])
  if (wanted(`switch-${where}`) && (where === "same-cpu" || availableParallelism() > 1)) switching(where);
if (wanted("crowd")) crowd();
if (wanted("coroutine")) coroutines();
if (wanted("task")) {
  const folder = installPools();
  if (folder !== undefined) for (const pinned of [false, true]) tasks(folder, pinned);
}
