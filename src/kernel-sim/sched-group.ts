/**
 * How busy a group of CPUs is: what placing a new task and balancing compare.
 *
 * Loads are sums of weights and counts are those of the moment, where Linux takes PELT's averages; utilisation is an
 * average (llc-table.ts). So a group whose tasks come and go is judged by who is there now.
 * Source: update_sg_lb_stats, group_is_overloaded, group_has_capacity in kernel/sched/fair.c.
 */
import type { Kernel } from "./kernel.ts";

/** Fewer tasks than CPUs, or time to spare. */
export const HAS_SPARE = 0;
/** As many tasks as it can take. */
export const FULLY_BUSY = 1;
/** More tasks than CPUs, and no time to spare. */
export const OVERLOADED = 2;

export interface GroupStats {
  /** First CPU of the group, the first behind it, and how many count. */
  readonly first: number;
  readonly end: number;
  readonly cpus: number;
  readonly idleCpus: number;
  readonly nrRunning: number;
  /** Load of a CPU, on average. */
  readonly avgLoad: number;
  readonly load: number;
  /** Sum of the CPUs' utilisations. */
  readonly utilisation: number;
  /** HAS_SPARE, FULLY_BUSY or OVERLOADED. */
  readonly type: number;
}

/** Of the CPUs from `first` up to `end`, exclusive, that count. */
export function groupStats(
  kernel: Kernel,
  first: number,
  end: number,
  imbalancePct: number,
  counts: (cpu: number) => boolean,
): GroupStats {
  const { cpus, fair, llcs, host } = kernel;
  let [width, idleCpus, nrRunning, load, utilisation] = [0, 0, 0, 0, 0];
  for (let cpu = first; cpu < end; cpu++) {
    if (!counts(cpu)) continue;
    width++;
    if (cpus.isIdle(cpu)) idleCpus++;
    nrRunning += fair.nrRunning(cpu);
    load += fair.load(cpu);
    utilisation += llcs.utilisation(cpu, host.now);
  }
  // The capacity of a CPU is 1: it counts as full somewhat before it is.
  const full = width * 100 < utilisation * imbalancePct || width * imbalancePct < nrRunning * 100;
  const type = nrRunning > width && full ? OVERLOADED : nrRunning >= width && full ? FULLY_BUSY : HAS_SPARE;
  return { first, end, cpus: width, idleCpus, nrRunning, avgLoad: load / width, load, utilisation, type };
}
