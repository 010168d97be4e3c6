/**
 * When tasks are pulled: newly-idle balancing and periodic balancing, each behind a switch (`balance` of the configuration).
 * What is pulled from where is in balance-domain.ts.
 *
 * Newly idle. A CPU that runs out of tasks looks for one, domain by domain, bottom-up, until it has one. Not if a wake-up
 * is on its way to it, nor if no CPU has more than one task, nor in a domain where a pull costs more than it is likely to be
 * idle. Here it does so as the first thing in the idle loop: the trace shows a switch to idle and back, at no price. Linux
 * 7.2 also gives up at random where pulls have been in vain; that is not modelled.
 *
 * Periodic. A CPU balances each of its domains every `width` ms when it is idle, every 16 * width ms less a tick when it
 * is not. It rides on the tick, which then goes on as long as a CPU runs anything. Idle CPUs have no tick: one that ticks
 * and has company, or whose LLC has, sends an idle CPU to balance for all of them, by an IPI or its flag. In a machine that
 * is idle as a whole nothing happens. Linux stretches the interval while there is nothing to do; here it is fixed.
 *
 * Active balancing, which moves a task that runs, is not modelled: only waiting tasks move.
 * Sources: sched_balance_newidle, sched_balance_domains, nohz_balancer_kick in kernel/sched/fair.c.
 */
import { balanceDomain, IDLE, NEWLY_IDLE, NOT_IDLE } from "./balance-domain.ts";
import type { Kernel } from "./kernel.ts";
import { IPI_CALL, wakeCpu } from "./smp/mailbox.ts";

/** When CPUs pull waiting tasks from each other. Default: never. */
export interface BalanceConfig {
  /** A CPU that runs out of tasks pulls one. Default false. */
  readonly newIdle?: boolean;
  /** Balancing from the tick. Needs ticks. Default false. */
  readonly periodic?: boolean;
}

const MS = 1_000_000;
/** How much rarer a CPU that is busy balances (busy_factor). */
const BUSY_FACTOR = 16;

/**
 * The executing CPU has nothing to run and, as the idle loop has seen, nothing on its way: pulls a task. Returns whether
 * there is one now.
 */
export function balanceNewIdle(kernel: Kernel): boolean {
  const { host, balance, topology, cpu } = kernel;
  if (!isOverloaded(kernel)) return false;
  const began = host.now;
  let pulled = 0;
  for (let level = 0; level < topology.levels.length && pulled === 0; level++) {
    const start = host.now;
    if (balance.averageIdleNs(cpu) < start - began + balance.pullCostNs(cpu, level)) break;
    pulled = balanceDomain(kernel, cpu, level, NEWLY_IDLE);
    balance.notePullCost(cpu, level, host.now - start, host.now);
  }
  balance.noteSearchCost(cpu, host.now - began);
  return pulled > 0;
}

/** Is there a task anywhere that waits? */
function isOverloaded(kernel: Kernel): boolean {
  const { fair, cpus } = kernel;
  for (let cpu = 0; cpu < cpus.count; cpu++) if (fair.nrRunning(cpu) > 1) return true;
  return false;
}

/** The tick of the executing CPU, which is busy: balances what is due, and sees to the idle CPUs. */
export function balanceTick(kernel: Kernel): void {
  balanceCpu(kernel, kernel.cpu, NOT_IDLE);
  kickIdle(kernel);
}

/** Balances the domains of `cpu` that are due, bottom-up. */
function balanceCpu(kernel: Kernel, cpu: number, why: number): void {
  const { balance, topology, host, config } = kernel;
  const tickNs = Math.floor(1e9 / config.tickHz);
  for (let level = 0; level < topology.levels.length; level++) {
    const span = topology.levels[level]!.width * MS;
    const interval = why === NOT_IDLE ? BUSY_FACTOR * span - tickNs : span;
    if (host.now < balance.lastBalancedNs(cpu, level) + interval) continue;
    balance.setLastBalancedNs(cpu, level, host.now);
    balanceDomain(kernel, cpu, level, why);
  }
}

/** nohz_balancer_kick(): sends the first idle CPU to balance for all idle ones, once a tick at most. */
function kickIdle(kernel: Kernel): void {
  const { balance, cpus, smp, fair, host, config, cpu } = kernel;
  if (host.now < balance.nextKickNs()) return;
  if (fair.nrRunning(cpu) < 2 && !isLlcShared(kernel, cpu)) return;
  for (let idle = 0; idle < cpus.count; idle++) {
    if (!cpus.isIdle(idle) || !smp.isUsable(idle)) continue;
    balance.setNextKickNs(host.now + Math.floor(1e9 / config.tickHz));
    balance.setKicked(idle, true);
    wakeCpu(kernel, idle, IPI_CALL);
    return;
  }
}

/** Of several LLCs: is another CPU of this one busy, so that an emptier one may take over? */
function isLlcShared({ topology, cpus }: Kernel, cpu: number): boolean {
  if (topology.llcs === 1) return false;
  const end = topology.end(cpu, topology.llcWidth);
  for (let other = topology.first(cpu, topology.llcWidth); other < end; other++) {
    if (other !== cpu && !cpus.isIdle(other)) return true;
  }
  return false;
}

/** The executing CPU is idle and was sent to balance for all idle CPUs: the others first, until it has work itself. */
export function balanceIdle(kernel: Kernel): void {
  const { balance, cpus, fair, cpu } = kernel;
  balance.setKicked(cpu, false);
  for (let distance = 1; distance <= cpus.count; distance++) {
    if (cpus.wakeListHead(cpu) !== 0 || fair.nrRunning(cpu) > 0) return;
    const other = (cpu + distance) % cpus.count;
    if (other === cpu || cpus.isIdle(other)) balanceCpu(kernel, other, IDLE);
  }
}
