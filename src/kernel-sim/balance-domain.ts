/**
 * One domain balanced in favour of one CPU: which group is busier than it should be, which of its CPUs has most to give,
 * and which waiting tasks come over.
 *
 * The rules are those of Linux: an overloaded group gives load until it is at the average; as long as the own group has CPUs
 * to spare, what is made even is the number of tasks, or of idle CPUs. What differs: loads are those of the moment
 * (sched-group.ts), a task is taken to use an equal share of its CPU, and running tasks never move.
 *
 * A task that ran less than half a millisecond ago is hot: it is left alone until periodic balancing has failed more than
 * once. Reading another CPU's figures moves one line, taking its queue's lock two more, at the cost of whoever balances.
 * Sources: sched_balance_find_src_group, calculate_imbalance, sched_balance_find_src_rq, detach_tasks, can_migrate_task in
 * kernel/sched/fair.c.
 */
import { MIGRATION_COST_NS } from "./balance-table.ts";
import type { Kernel } from "./kernel.ts";
import { migrateWaiting } from "./migrate.ts";
import { FULLY_BUSY, type GroupStats, groupStats, HAS_SPARE, OVERLOADED } from "./sched-group.ts";
import type { DomainLevel } from "./topology.ts";
import { chargeLine } from "./wakeup.ts";

/** Why a CPU balances: it is busy, idle, or has just become so. */
export const NOT_IDLE = 0;
export const IDLE = 1;
export const NEWLY_IDLE = 2;

/** What is to be moved, and how much of it: tasks, load (weights), or utilisation. */
const TASKS = 0;
const LOAD = 1;
const UTILISATION = 2;
interface Imbalance {
  readonly of: number;
  amount: number;
}

/** Tasks looked at in one go (sysctl_sched_nr_migrate). */
const NR_MIGRATE = 32;
/** Failures after which hot tasks move, too (cache_nice_tries). */
const CACHE_NICE_TRIES = 1;

/** Pulls tasks to `cpu` from its domain at `level`; returns how many. The executing CPU pays. */
export function balanceDomain(kernel: Kernel, cpu: number, level: number, why: number): number {
  const { balance, topology } = kernel;
  const domain = topology.levels[level]!;
  if (why !== NEWLY_IDLE && !shouldBalance(kernel, cpu, domain)) return 0;
  readDomain(kernel, cpu, domain);
  if (why !== NEWLY_IDLE && domain.width === topology.llcWidth) boundScan(kernel, cpu);
  const pinned = new Set<number>();
  // Bounded: each turn but the last gives up a CPU from which nothing may come.
  for (;;) {
    const [own, busiest, average] = compareGroups(kernel, cpu, domain, pinned);
    const imbalance = busiest === undefined ? undefined : findImbalance(own, busiest, average, domain, why);
    const source = imbalance === undefined ? -1 : busiestCpu(kernel, busiest!, imbalance, pinned);
    if (source < 0) {
      if (why !== NEWLY_IDLE) balance.setNrFailed(cpu, level, 0);
      return 0;
    }
    const pulled = pull(kernel, source, cpu, level, why, imbalance!);
    if (pulled === PINNED) {
      pinned.add(source);
      continue;
    }
    if (pulled > 0) balance.setNrFailed(cpu, level, 0);
    else if (why !== NEWLY_IDLE) balance.setNrFailed(cpu, level, balance.nrFailed(cpu, level) + 1);
    return pulled;
  }
}

/** should_we_balance(): one CPU of a group balances for it: the first of an idle core, the first idle, or the first. */
function shouldBalance({ cpus, topology }: Kernel, cpu: number, { width, groupWidth }: DomainLevel): boolean {
  const first = topology.first(cpu, groupWidth);
  const end = topology.end(cpu, groupWidth);
  let idle = -1;
  for (let other = first; other < end; other++) {
    if (!cpus.isIdle(other)) continue;
    if (width > topology.smt && !isCoreIdle(cpus, topology, other)) {
      if (idle < 0) idle = other;
      continue;
    }
    return other === cpu;
  }
  return (idle < 0 ? first : idle) === cpu;
}

function isCoreIdle(cpus: Kernel["cpus"], topology: Kernel["topology"], cpu: number): boolean {
  for (let thread = topology.first(cpu, topology.smt); thread < topology.end(cpu, topology.smt); thread++) {
    if (!cpus.isIdle(thread)) return false;
  }
  return true;
}

/** Pays for the figures of every CPU in the domain. */
function readDomain(kernel: Kernel, cpu: number, { width }: DomainLevel): void {
  const { topology } = kernel;
  const end = topology.end(cpu, width);
  for (let other = topology.first(cpu, width); other < end; other++) {
    if (other !== kernel.cpu) chargeLine(kernel, other);
  }
}

/** update_idle_cpu_scan(): the busier the LLC, the fewer CPUs a wake-up looks at. */
function boundScan({ topology, llcs, host }: Kernel, cpu: number): void {
  const first = topology.first(cpu, topology.llcWidth);
  const end = topology.end(cpu, topology.llcWidth);
  let sum = 0;
  for (let other = first; other < end; other++) sum += llcs.utilisation(other, host.now);
  const x = (1.17 * sum) / (end - first);
  llcs.setNrIdleScan(topology.llcOf(cpu), Math.floor((end - first) * Math.max(0, 1 - x * x)));
}

/** The group of `cpu`, the busiest of the others, if one has tasks, and the average load of a CPU in the domain. */
function compareGroups(
  kernel: Kernel,
  cpu: number,
  { width, groupWidth, imbalancePct }: DomainLevel,
  pinned: ReadonlySet<number>,
): [own: GroupStats, busiest: GroupStats | undefined, average: number] {
  const { topology } = kernel;
  const first = topology.first(cpu, width);
  const end = topology.end(cpu, width);
  const local = topology.first(cpu, groupWidth);
  let own: GroupStats | undefined;
  let busiest: GroupStats | undefined;
  let load = 0;
  for (let at = first; at < end; at += groupWidth) {
    const counts = (other: number): boolean => at === local || !pinned.has(other);
    const stats = groupStats(kernel, at, topology.end(at, groupWidth), imbalancePct, counts);
    load += stats.load;
    if (at === local) own = stats;
    else if (stats.nrRunning > 0 && (busiest === undefined || isBusier(stats, busiest))) busiest = stats;
  }
  return [own!, busiest, load / (end - first)];
}

/** update_sd_pick_busiest(). */
function isBusier(a: GroupStats, b: GroupStats): boolean {
  if (a.type !== b.type) return a.type > b.type;
  if (a.type !== HAS_SPARE) return a.avgLoad > b.avgLoad;
  return a.idleCpus !== b.idleCpus ? a.idleCpus < b.idleCpus : a.nrRunning > b.nrRunning;
}

/** What `own` should take from `busiest`, if anything. */
function findImbalance(
  own: GroupStats,
  busiest: GroupStats,
  average: number,
  domain: DomainLevel,
  why: number,
): Imbalance | undefined {
  if (own.type > busiest.type) return undefined;
  // Groups of several CPUs with as many tasks each: the cores of an LLC, the LLCs of a socket.
  const spread = domain.groupWidth > 1;
  const excess = why === NOT_IDLE ? 0 : busiest.nrRunning - own.nrRunning;
  if (own.type === OVERLOADED) {
    const even = own.avgLoad >= busiest.avgLoad || own.avgLoad >= average;
    if (even || 100 * busiest.avgLoad <= domain.imbalancePct * own.avgLoad) return undefined;
  } else if (!(spread && own.type === HAS_SPARE && excess > 1) && busiest.type !== OVERLOADED) {
    if (why === NOT_IDLE || busiest.nrRunning === 1) return undefined;
    if (busiest.cpus > 1 && own.idleCpus <= busiest.idleCpus + 1) return undefined;
  }
  const imbalance =
    own.type === HAS_SPARE
      ? spareImbalance(own, busiest, excess, domain, why)
      : loadImbalance(own, busiest, average);
  return imbalance.amount > 0 ? imbalance : undefined;
}

/** calculate_imbalance() for a group that has CPUs to spare. */
function spareImbalance(
  own: GroupStats,
  busiest: GroupStats,
  excess: number,
  { groupWidth, sharesLlc }: DomainLevel,
  why: number,
): Imbalance {
  if (busiest.type > FULLY_BUSY && !sharesLlc) {
    const room = Math.max(own.cpus, own.utilisation) - own.utilisation;
    if (room > 0 || why === NOT_IDLE) return { of: UTILISATION, amount: room };
    return { of: TASKS, amount: 1 };
  }
  const even = busiest.cpus === 1 || groupWidth > 1 ? excess : Math.max(0, own.idleCpus - busiest.idleCpus);
  return { of: TASKS, amount: even >> 1 };
}

/** calculate_imbalance() for loads: both to the average. */
function loadImbalance(own: GroupStats, busiest: GroupStats, average: number): Imbalance {
  if (own.avgLoad >= busiest.avgLoad || own.avgLoad >= average) return { of: LOAD, amount: 0 };
  const give = (busiest.avgLoad - average) * busiest.cpus;
  return { of: LOAD, amount: Math.min(give, (average - own.avgLoad) * own.cpus) };
}

/** The CPU of a group that has most of what is to be moved, and somebody waiting; -1 = none. */
function busiestCpu(
  { fair, llcs, host }: Kernel,
  { first, end }: GroupStats,
  { of, amount }: Imbalance,
  pinned: ReadonlySet<number>,
): number {
  let busiest = -1;
  let most = 0;
  for (let cpu = first; cpu < end; cpu++) {
    const running = fair.nrRunning(cpu);
    if (pinned.has(cpu) || running === 0) continue;
    if (of === UTILISATION && running === 1) continue;
    if (of === LOAD && running === 1 && fair.load(cpu) > amount) continue;
    const has = of === TASKS ? running : of === LOAD ? fair.load(cpu) : llcs.utilisation(cpu, host.now);
    if (has <= most) continue;
    busiest = cpu;
    most = has;
  }
  return busiest;
}

/** None of the tasks that wait may run on the CPU that pulls. */
const PINNED = -1;

/** detach_tasks() and attach_tasks(): returns how many came, or PINNED. */
function pull(
  kernel: Kernel,
  from: number,
  to: number,
  level: number,
  why: number,
  imbalance: Imbalance,
): number {
  const { fair, tasks, llcs, host, balance, topology } = kernel;
  const running = fair.nrRunning(from);
  if (running <= 1) return 0;
  const failed = balance.nrFailed(to, level);
  const share = llcs.utilisation(from, host.now) / running;
  const hotMoves = failed > CACHE_NICE_TRIES || topology.levels[level]!.width === topology.smt;
  let pulled = 0;
  let allowed = false;
  let next = 0;
  let left = Math.min(NR_MIGRATE, running);
  for (let tid = fair.firstWaiting(from); tid !== 0 && left > 0; tid = next, left--) {
    if (why !== NOT_IDLE && fair.nrRunning(from) <= 1) break;
    next = fair.nextWaiting(tid);
    if (!tasks.allows(tid, to)) continue;
    allowed = true;
    if (!hotMoves && isHot(kernel, tid, from)) continue;
    const moves = imbalance.of === TASKS ? 1 : imbalance.of === LOAD ? fair.weight(tid) : share;
    // The more often it failed, the bigger a task may be that comes over all the same.
    if (imbalance.of !== TASKS && moves / 2 ** failed > imbalance.amount) continue;
    migrateWaiting(kernel, tid, to);
    imbalance.amount -= moves;
    pulled++;
    if (why === NEWLY_IDLE || imbalance.amount <= 0) break;
  }
  return pulled === 0 && !allowed ? PINNED : pulled;
}

/** task_hot(): it ran on `from` a moment ago, or is still being switched out. One that has only been moved there is cold. */
function isHot({ fair, tasks, host }: Kernel, tid: number, from: number): boolean {
  if (host.now < tasks.onCpuUntil(tid)) return true;
  return tasks.cacheCpu(tid) === from && host.now - fair.chargedUntil(tid) < MIGRATION_COST_NS;
}
