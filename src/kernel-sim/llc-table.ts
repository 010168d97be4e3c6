/**
 * What the CPUs of a last-level cache know together (sched_domain_shared), and how busy each CPU has been lately.
 *
 * Both are hints that wake-ups and balancing work from; any CPU may write those of its LLC.
 */
import type { Arena } from "./arena.ts";
import type { Topology } from "./topology.ts";

/** Time in which the memory of a CPU's utilisation halves. */
const HALF_LIFE_NS = 32_000_000;
/** Half-lives after which nothing is left of it. */
const FORGOTTEN = 64;

export class LlcTable {
  declare private readonly idleCores: Int32Array;
  declare private readonly scans: Int32Array;
  /** By CPU: share of its time, lately, that it was not idle; until when that was brought up to date; whether it is busy. */
  declare private readonly shares: Float64Array;
  declare private readonly stamps: Float64Array;
  declare private readonly busy: Uint8Array;

  constructor(arena: Arena, { llcs, llcWidth, vcpus }: Topology) {
    this.idleCores = arena.int32(llcs, 1);
    this.scans = arena.int32(llcs, llcWidth);
    this.shares = arena.float64(vcpus);
    this.stamps = arena.float64(vcpus);
    this.busy = arena.uint8(vcpus);
  }

  /** Is there believed to be a core whose threads are all idle? Said by a core that becomes so, taken back by a vain search. */
  hasIdleCore(llc: number): boolean {
    return this.idleCores[llc] !== 0;
  }
  setHasIdleCore(llc: number, to: boolean): void {
    this.idleCores[llc] = to ? 1 : 0;
  }

  /** How many CPUs a wake-up looks at in search of an idle one (nr_idle_scan). */
  nrIdleScan(llc: number): number {
    return this.scans[llc]!;
  }
  setNrIdleScan(llc: number, to: number): void {
    this.scans[llc] = to;
  }

  /** From `now` on the CPU is busy, or idle. */
  setBusy(cpu: number, busy: boolean, now: number): void {
    this.shares[cpu] = this.utilisation(cpu, now);
    this.stamps[cpu] = Math.max(now, this.stamps[cpu]!);
    this.busy[cpu] = busy ? 1 : 0;
  }

  /**
   * Exponential average of the share of time that `cpu` was busy, 0 to 1. `now` may be the clock of another CPU.
   * Stands for PELT's util_avg.
   */
  utilisation(cpu: number, now: number): number {
    const kept = remaining(Math.max(0, now - this.stamps[cpu]!) / HALF_LIFE_NS);
    return this.shares[cpu]! * kept + this.busy[cpu]! * (1 - kept);
  }
}

/**
 * 2^-x for x >= 0, to seven digits: halvings, and for the rest the series of e^-y, of which every operation is pinned down
 * by IEEE 754 (Math.pow is not).
 */
export function remaining(x: number): number {
  if (x >= FORGOTTEN) return 0;
  const whole = Math.floor(x);
  const y = (x - whole) * Math.LN2;
  let sum = 1;
  // Horner's scheme; nine terms leave less than ln(2)^10 / 10!, which is 1e-8.
  for (let n = 9; n >= 1; n--) sum = 1 - (y * sum) / n;
  for (let halving = 0; halving < whole; halving++) sum /= 2;
  return sum;
}
