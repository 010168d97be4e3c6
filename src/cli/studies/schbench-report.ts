/** What `umcg bench schbench` prints, in each of its formats. */
import type { Block, SchbenchResult } from "../../bench/schbench/schbench.ts";
import { formatTable } from "../table.ts";

/** A statistic's name, unit, shown percentiles and the one with the star. */
interface Shown {
  readonly label: string;
  readonly unit: string;
  readonly percents: readonly number[];
  readonly star: number;
}

const LATENCY = { unit: "usec", percents: [50, 90, 99, 99.9], star: 99 } as const;
const WAKEUP: Shown = { label: "Wakeup Latencies", ...LATENCY };
const REQUEST: Shown = { label: "Request Latencies", ...LATENCY };
const RPS: Shown = { label: "RPS", unit: "requests", percents: [20, 50, 90], star: 50 };
const PIPE_WAKEUP: Shown = { ...WAKEUP, percents: [20, ...LATENCY.percents] };

/** Line for line what schbench prints at its end, for programs that read that. `pipeBytes` 0: a run of requests. */
export function compatText(result: SchbenchResult, runtimeS: number, pipeBytes: number): string {
  const { wakeup, request, rps, averageRps } = result;
  if (pipeBytes > 0) {
    const [bytes, unit] = prettySize(averageRps * pipeBytes);
    const rate = `${averageRps.toFixed(2)} ops/sec ${bytes.toFixed(2)}${unit}/s`;
    return `${compatBlock(PIPE_WAKEUP, wakeup, runtimeS)}avg worker transfer: ${rate}\n`;
  }
  return `${compatBlock(WAKEUP, wakeup, runtimeS)}${compatBlock(REQUEST, request, runtimeS)}${compatBlock(RPS, rps, runtimeS)}average rps: ${averageRps.toFixed(2)}\n`;
}

function compatBlock(shown: Shown, block: Block, runtimeS: number): string {
  const head = `${shown.label} percentiles (${shown.unit}) runtime ${runtimeS} (s) (${block.samples} total samples)\n`;
  const lines = block.percentiles
    .filter(({ percent }) => shown.percents.includes(percent))
    .map(({ percent, value, samples }) => {
      const mark = percent === shown.star ? "* " : "  ";
      return `\t${mark}${percent.toFixed(1)}th: ${String(value).padEnd(10)} (${samples} samples)\n`;
    });
  // Without samples it prints the last line alone.
  const body = block.samples === 0 ? "" : `${head}${lines.join("")}`;
  return `${body}\t  min=${block.min}, max=${block.max}\n`;
}

function prettySize(bytes: number): readonly [number, string] {
  const units = ["B", "KB", "MB", "GB", "TB"] as const;
  let at = 0;
  let size = bytes;
  while (size >= 1024 && at < units.length - 1) {
    size /= 1024;
    at++;
  }
  return [size, units[at]!];
}

/** The result for people. */
export function tableText(result: SchbenchResult, title: string): string {
  const row = (name: string, { percentiles, min, max, samples }: Block): string[] => [
    name,
    String(min),
    ...percentiles.map(({ value }) => String(value)),
    String(max),
    String(samples),
  ];
  const head = ["", "min", "p20", "p50", "p90", "p99", "p99.9", "max", "samples"];
  const table = formatTable(
    [
      head,
      row("wake-up, us", result.wakeup),
      row("request, us", result.request),
      row("requests/s", result.rps),
    ],
    [0],
  );
  const { averageRps, runtimeS, wallMs, wakeupNs } = result;
  const wall = `${runtimeS.toFixed(2)} s of virtual time in ${(wallMs / 1000).toFixed(2)} s of wall time`;
  return `${title}\n\n${table}\naverage rps ${averageRps.toFixed(2)}; ${wall}
Reading: half of the workers run within ${(wakeupNs.p50 / 1000).toFixed(2)} us of being woken, 99 % within ${(wakeupNs.p99 / 1000).toFixed(2)} us.\n`;
}

/** schbench's own JSON keys for the percentiles, beside ours. */
export function compatKeys(result: SchbenchResult): Readonly<Record<string, number>> {
  const pairs: [string, number][] = [];
  for (const [label, block] of [
    ["wakeup", result.wakeup],
    ["request", result.request],
    ["rps", result.rps],
  ] as const) {
    for (const { percent, value } of block.percentiles)
      pairs.push([`${label}_pct${percent.toFixed(1)}`, value]);
    pairs.push([`${label}_min`, block.min], [`${label}_max`, block.max]);
  }
  return Object.fromEntries(pairs);
}
