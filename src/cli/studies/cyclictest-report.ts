/** What `umcg bench cyclictest` prints: a table, or cyclictest's own lines and histogram. */
import type { ScenarioResult } from "../../bench/scenario.ts";
import type { CyclicThread, Cyclictest } from "../../bench/scenarios/cyclictest.ts";
import { plural } from "../../diagnostics/plural.ts";
import { machineLine } from "../machine-options.ts";
import { formatNs, formatTable } from "../table.ts";

export interface CompatOptions {
  /** Lines of the histogram, us; 0: no histogram. */
  readonly histogramUs: number;
  /** A column of all threads together. */
  readonly ofAll: boolean;
  readonly quiet: boolean;
  /** ns instead of us. */
  readonly nsecs: boolean;
  /** Name of the policy there. */
  readonly policy: string;
}

/** The result for people. */
export function tableText({ facts, measured }: ScenarioResult<Cyclictest>): string {
  const rows = measured.threads.map(({ priority, intervalUs, latencies }, at) => {
    const { p50, p99, max, count } = latencies.summary();
    const times = [latencies.min, latencies.mean, p50, p99, max].map(formatNs);
    return [String(at), String(priority), String(intervalUs), String(count), ...times];
  });
  const head = ["thread", "prio", "us", "cycles", "min", "avg", "p50", "p99", "max"];
  const worst = Math.max(...measured.threads.map(({ latencies }) => latencies.max));
  const cut = facts.complete ? "" : "The run was cut short.\n";
  return `cyclictest: ${plural(measured.threads.length, "thread")}
${machineLine(facts)}

${formatTable([head, ...rows], [])}
${formatNs(facts.virtualNs)} of virtual time in ${(facts.wallMs / 1000).toFixed(2)} s of wall time
Reading: nobody woke later than ${formatNs(worst)} after the time asked for.
${cut}`;
}

/** Line for line what cyclictest prints at its end. There is no load average here: the field holds what is known. */
export function compatText({ measured }: ScenarioResult<Cyclictest>, options: CompatOptions): string {
  const { threads } = measured;
  const { quiet, histogramUs, policy, nsecs } = options;
  const lines = threads.map((thread, at) => statLine(thread, at, nsecs)).join("");
  const latency = "# /dev/cpu_dma_latency set to 0us\n";
  if (histogramUs === 0 && quiet) return `${latency}${lines}`;
  const live = quiet
    ? ""
    : `policy: ${policy}: loadavg: 0.00 0.00 0.00 1/${threads.length} ${threads.at(-1)!.tid}          \n\n${lines}`;
  return `${latency}${live}${histogramUs > 0 ? histogram(threads, options) : ""}`;
}

function statLine(thread: CyclicThread, at: number, nsecs: boolean): string {
  const { tid, priority, intervalUs, latencies, act, sumUs } = thread;
  const unit = (ns: number): number => (nsecs ? ns : Math.floor(ns / 1000));
  const average = nsecs ? Math.floor(latencies.mean) : Math.floor(sumUs / latencies.count);
  const width = nsecs ? 8 : 5;
  const parts = [
    `T:${pad(at, 2)} (${pad(tid, 5)}) P:${pad(priority, 2)} I:${intervalUs} C:${pad(latencies.count, 7)}`,
    `Min:${pad(unit(latencies.min), 7)}`,
    `Act:${pad(unit(act), width)}`,
    `Avg:${pad(latencies.count === 0 ? 0 : average, width)}`,
    `Max:${pad(unit(latencies.max), 8)}`,
  ];
  return `${parts.join(" ")}\n`;
}

function histogram(threads: readonly CyclicThread[], { histogramUs, ofAll }: CompatOptions): string {
  const withAll = ofAll && threads.length > 1;
  const totals = new Array<number>(threads.length + (withAll ? 1 : 0)).fill(0);
  const lines: string[] = [];
  for (let us = 0; us < histogramUs; us++) {
    const counts = threads.map(({ byUs }) => byUs.get(us) ?? 0);
    if (withAll) counts.push(sum(counts));
    for (const [at, count] of counts.entries()) totals[at]! += count;
    lines.push(`${zeros(us, 6)} ${counts.map((count) => zeros(count, 6)).join("\t")}\n`);
  }
  const row = (name: string, values: readonly number[], digits: number): string =>
    `# ${name}:${values.map((value) => ` ${zeros(value, digits)}`).join("")}\n`;
  const us = (ns: number): number => Math.floor(ns / 1000);
  const most = threads.map(({ latencies }) => us(latencies.max));
  const over = threads.map(({ cyclesAbove }) => cyclesAbove.length);
  return [
    "# Histogram\n",
    ...lines,
    row("Total", totals, 9),
    row(
      "Min Latencies",
      threads.map(({ latencies }) => us(latencies.min)),
      5,
    ),
    row(
      "Avg Latencies",
      threads.map(({ sumUs, latencies }) => Math.floor(sumUs / Math.max(1, latencies.count))),
      5,
    ),
    row("Max Latencies", withAll ? [...most, Math.max(...most)] : most, 5),
    row("Histogram Overflows", withAll ? [...over, sum(over)] : over, 5),
    "# Histogram Overflow at cycle number:\n",
    ...threads.map(({ cyclesAbove }, at) => overflowLine(cyclesAbove, at, histogramUs)),
    "\n",
  ].join("");
}

/** No more cycles are named than the histogram has lines. */
function overflowLine(cycles: readonly number[], at: number, most: number): string {
  const named = cycles.slice(0, most).map((cycle) => ` ${zeros(cycle, 5)}`);
  const others = cycles.length > most ? ` # ${zeros(cycles.length - most, 5)} others` : "";
  return `# Thread ${at}:${named.join("")}${others}\n`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function pad(value: number, width: number): string {
  return String(value).padStart(width);
}

function zeros(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}
