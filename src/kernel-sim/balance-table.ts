/**
 * What load balancing remembers, of each CPU and of each CPU's domain at each level, in the machine's buffer.
 *
 * Written by the CPU that balances, for itself or, while others are idle, for them.
 */
import type { Arena } from "./arena.ts";

/** sysctl_sched_migration_cost: a task that ran this short a time ago is hot; also what a pull is taken to cost at first. */
export const MIGRATION_COST_NS = 500_000;

export class BalanceTable {
  declare private readonly levels: number;
  /** By CPU: 1 = it shall balance for all idle CPUs. */
  declare private readonly kicks: Uint8Array;
  declare private readonly averages: Float64Array;
  declare private readonly worst: Float64Array;
  /** By CPU and level. */
  declare private readonly costs: Float64Array;
  declare private readonly decays: Float64Array;
  declare private readonly lasts: Float64Array;
  declare private readonly failures: Int32Array;
  /** Before this nobody is sent to balance for idle CPUs. */
  declare private readonly nextKick: Float64Array;

  constructor(arena: Arena, vcpus: number, levels: number) {
    this.levels = levels;
    this.kicks = arena.uint8(vcpus);
    this.averages = arena.float64(vcpus, MIGRATION_COST_NS);
    this.worst = arena.float64(vcpus, MIGRATION_COST_NS);
    this.costs = arena.float64(vcpus * levels);
    this.decays = arena.float64(vcpus * levels);
    this.lasts = arena.float64(vcpus * levels);
    this.failures = arena.int32(vcpus * levels);
    this.nextKick = arena.float64(1);
  }

  isKicked(cpu: number): boolean {
    return this.kicks[cpu] !== 0;
  }
  setKicked(cpu: number, to: boolean): void {
    this.kicks[cpu] = to ? 1 : 0;
  }
  nextKickNs(): number {
    return this.nextKick[0]!;
  }
  setNextKickNs(to: number): void {
    this.nextKick[0] = to;
  }

  /** How long `cpu` is idle at a time, ns, on average (avg_idle). */
  averageIdleNs(cpu: number): number {
    return this.averages[cpu]!;
  }
  /** Another stay in idle: an eighth of it counts. The average is at most twice what a search for tasks has cost at worst. */
  addIdle(cpu: number, ns: number): void {
    const average = this.averages[cpu]! + (ns - this.averages[cpu]!) / 8;
    this.averages[cpu] = Math.min(average, 2 * this.worst[cpu]!);
  }
  noteSearchCost(cpu: number, ns: number): void {
    this.worst[cpu] = Math.max(this.worst[cpu]!, ns);
  }

  /** What a pull into the domain of `cpu` at `level` has cost at worst, lately (max_newidle_lb_cost). */
  pullCostNs(cpu: number, level: number): number {
    return this.costs[cpu * this.levels + level]!;
  }
  /** A pull took `ns`. A recorded cost that is not reached any more goes down by a hundredth a second. */
  notePullCost(cpu: number, level: number, ns: number, now: number): void {
    const at = cpu * this.levels + level;
    if (ns > this.costs[at]!) this.costs[at] = Math.min(ns, MIGRATION_COST_NS + 200);
    else if (now > this.decays[at]! + 1e9) this.costs[at] = (this.costs[at]! * 253) / 256;
    else return;
    this.decays[at] = now;
  }

  lastBalancedNs(cpu: number, level: number): number {
    return this.lasts[cpu * this.levels + level]!;
  }
  setLastBalancedNs(cpu: number, level: number, to: number): void {
    this.lasts[cpu * this.levels + level] = to;
  }
  /** How often periodic balancing found something to pull and could not (nr_balance_failed). */
  nrFailed(cpu: number, level: number): number {
    return this.failures[cpu * this.levels + level]!;
  }
  setNrFailed(cpu: number, level: number, to: number): void {
    this.failures[cpu * this.levels + level] = to;
  }
}
