/**
 * The slow path of select_task_rq_fair(), for a task that has no caches to lose: fork and exec.
 *
 * From the top level down: the idlest group of the domain, then the idlest CPU of that group, then the same among the
 * CPUs that are next to it. The group of the CPU where the task was made is left only for one that is clearly idler. The
 * idlest CPU is an idle one in the shallowest state, of those the one that went idle last; or the least loaded.
 *
 * It costs nothing of its own: `threadCreate` covers it. NUMA's wish to keep a few tasks on the parent's node is not
 * modelled, nor that a task prefers a node.
 * Source: sched_balance_find_dst_cpu, _group and _group_cpu in kernel/sched/fair.c (find_idlest_cpu before 6.12).
 */
import { WF_FORK } from "./constants.ts";
import { IDLE_ASLEEP } from "./cpu-table.ts";
import type { Kernel } from "./kernel.ts";
import { type GroupStats, groupStats, HAS_SPARE } from "./sched-group.ts";
import type { DomainLevel } from "./topology.ts";

/** The CPU for `tid`, which `from` makes or has run up to now. */
export function selectIdlestCpu(kernel: Kernel, tid: number, from: number): number {
  const { topology } = kernel;
  const own = kernel.selector === undefined ? -1 : kernel.selector(tid, WF_FORK);
  if (own >= 0) return own;
  let cpu = from;
  for (let level = topology.levels.length - 1; level >= 0; level--) {
    const domain = topology.levels[level]!;
    const group = idlestGroup(kernel, tid, cpu, domain);
    if (group >= 0) cpu = idlestOfGroup(kernel, tid, group, domain.groupWidth);
  }
  return kernel.tasks.allows(tid, cpu) ? cpu : idlestOfGroup(kernel, tid, 0, topology.vcpus);
}

/** First CPU of the group that the task should go to; -1 when it stays in that of `cpu`. */
function idlestGroup(kernel: Kernel, tid: number, cpu: number, level: DomainLevel): number {
  const { topology } = kernel;
  const { width, groupWidth, imbalancePct } = level;
  const [first, end] = [topology.first(cpu, width), topology.end(cpu, width)];
  const local = topology.first(cpu, groupWidth);
  const own = statsIfAllowed(kernel, tid, local, level);
  let best: GroupStats | undefined;
  const groups = Math.ceil((end - first) / groupWidth);
  for (let turn = 1; turn < groups; turn++) {
    const at = first + (((local - first) / groupWidth + turn) % groups) * groupWidth;
    const stats = statsIfAllowed(kernel, tid, at, level);
    if (stats !== undefined && (best === undefined || isIdler(stats, best))) best = stats;
  }
  if (best === undefined) return -1;
  return own === undefined || isClearlyIdler(best, own, imbalancePct) ? best.first : -1;
}

/** Of the CPUs that the task may use; undefined when there is none. */
function statsIfAllowed(
  kernel: Kernel,
  tid: number,
  first: number,
  { groupWidth, imbalancePct }: DomainLevel,
): GroupStats | undefined {
  const allowed = (cpu: number): boolean => kernel.tasks.allows(tid, cpu);
  const stats = groupStats(kernel, first, kernel.topology.end(first, groupWidth), imbalancePct, allowed);
  return stats.cpus === 0 ? undefined : stats;
}

/** update_pick_idlest(). */
function isIdler(a: GroupStats, b: GroupStats): boolean {
  if (a.type !== b.type) return a.type < b.type;
  if (a.type !== HAS_SPARE) return a.avgLoad < b.avgLoad;
  return a.idleCpus !== b.idleCpus ? a.idleCpus > b.idleCpus : a.utilisation < b.utilisation;
}

/** Is it worth while to leave the group `own`? */
function isClearlyIdler(other: GroupStats, own: GroupStats, imbalancePct: number): boolean {
  if (other.type !== own.type) return other.type < own.type;
  if (own.type === HAS_SPARE) return other.idleCpus > own.idleCpus;
  return 100 * own.avgLoad > imbalancePct * other.avgLoad;
}

/** The idlest allowed CPU of a group; the first of equals. */
function idlestOfGroup(kernel: Kernel, tid: number, first: number, width: number): number {
  const { cpus, tasks, fair, topology } = kernel;
  let idlest = -1;
  let loaded = -1;
  const depth = (cpu: number): number => exitNs(kernel, cpu);
  for (let cpu = first; cpu < topology.end(first, width); cpu++) {
    if (!tasks.allows(tid, cpu)) continue;
    if (cpus.isIdle(cpu)) {
      const better =
        idlest < 0 ? -1 : depth(cpu) - depth(idlest) || cpus.idleSince(idlest) - cpus.idleSince(cpu);
      if (better < 0) idlest = cpu;
    } else if (loaded < 0 || fair.load(cpu) < fair.load(loaded)) loaded = cpu;
  }
  return idlest >= 0 ? idlest : loaded;
}

/** How long the idle `cpu` takes to leave its state. */
function exitNs({ cpus, idle, host }: Kernel, cpu: number): number {
  if (cpus.idlePhase(cpu) !== IDLE_ASLEEP) return 0;
  return host.idleExitNs(idle.stateOf(cpu, host.now), host.now - idle.sinceNs(cpu));
}
