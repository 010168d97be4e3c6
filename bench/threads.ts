/**
 * What switching costs on real threads, in wall time. Prints one JSON object a line:
 *
 *     {"name":"threads/handoff-same-cpu","value":2.2,"unit":"us","baseline":"threads/raw-wait-notify-same-cpu","ratio":1.05}
 *
 * | name                              | what one unit of work is                                                          |
 * |-----------------------------------|-----------------------------------------------------------------------------------|
 * | threads/raw-wait-notify-same-cpu  | half a round trip of a bare store and Atomics.notify between two threads, pinned to one CPU |
 * | threads/handoff-same-cpu          | the same of `switchTo`: the kernel's CPU handed from peer to peer                   |
 * | threads/...-two-cpus              | each thread pinned to a CPU of its own                                              |
 * | threads/generator-ring            | one resumption in a round robin of two bare generators                              |
 * | threads/coroutine-switch          | one switch between two coroutines over shared memory in one thread: a turn word each |
 *
 * Values are medians of repetitions that take turns within one process. Pinning is `taskset`'s; without it, and with
 * one CPU for two, the lines that need it are left out.
 */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { type Case, interleave, median } from "./support/interleave.ts";
import { ringNs } from "./support/ring.ts";
import { turnsNs } from "./support/turns.ts";

const REPETITIONS = 15;
const SWITCHES = 300_000;
/** A child that hangs is killed, and its lines are missing. */
const CHILD_TIMEOUT_MS = 120_000;

const local: readonly Case[] = [
  { name: "threads/generator-ring", run: () => ringNs(SWITCHES) },
  { name: "threads/coroutine-switch", run: () => turnsNs(SWITCHES), baseline: "threads/generator-ring" },
];

for (const where of ["same-cpu", "two-cpus"]) {
  if (where === "two-cpus" && availableParallelism() < 2) continue;
  const child = fileURLToPath(new URL("./support/ping-pong.ts", import.meta.url));
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [child, where], {
    encoding: "utf8",
    timeout: CHILD_TIMEOUT_MS,
  });
  if (status !== 0) console.error(`threads/*-${where}: ${error?.message ?? stderr}`);
  else {
    const { raw, handoff } = JSON.parse(stdout) as { raw: number[]; handoff: number[] };
    const baseline = `threads/raw-wait-notify-${where}`;
    const rawUs = median(raw) / 1000;
    emit(baseline, rawUs, "us", {});
    const handoffUs = median(handoff) / 1000;
    emit(`threads/handoff-${where}`, handoffUs, "us", { baseline, ratio: round(handoffUs / rawUs, 3) });
  }
}

const samples = interleave(local, REPETITIONS);
const values = new Map(local.map(({ name }) => [name, median(samples.get(name)!)]));
for (const { name, baseline } of local) {
  const value = values.get(name)!;
  const more = baseline === undefined ? {} : { baseline, ratio: round(value / values.get(baseline)!, 3) };
  emit(name, value, "ns", more);
}

function emit(name: string, value: number, unit: string, more: object): void {
  console.log(JSON.stringify({ name, value: round(value, 2), unit, ...more }));
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
