/** What the CPUs and the system have been doing up to a moment; the difference of two is a stretch of a run. */
import { IDLE_NOT } from "../../kernel-sim/cpu-table.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";

export interface Usage {
  readonly atNs: number;
  /** Idle time of each CPU so far. */
  readonly idleNs: Float64Array;
  /** Integral of the number of requests in the system over time, ns. */
  readonly insideNs: number;
  readonly completed: number;
}

/** Counts the requests in the system as time goes by. */
export class Occupancy {
  #inside = 0;
  #areaNs = 0;
  #sinceNs = 0;

  /** One more (1) or less (-1) at `atNs`. CPUs may be ahead of each other by what they owe: time does not go back. */
  change(by: number, atNs: number): void {
    this.#areaNs = this.areaAt(atNs);
    this.#sinceNs = Math.max(this.#sinceNs, atNs);
    this.#inside += by;
  }

  areaAt(atNs: number): number {
    return this.#areaNs + this.#inside * Math.max(0, atNs - this.#sinceNs);
  }
}

export function usageAt(kernel: Kernel, atNs: number, occupancy: Occupancy, completed: number): Usage {
  const { cpus } = kernel;
  const idleNs = Float64Array.from({ length: cpus.count }, (_, cpu) => {
    const current = cpus.idlePhase(cpu) === IDLE_NOT ? 0 : Math.max(0, atNs - cpus.idleSince(cpu));
    return cpus.idleNs(cpu) + current;
  });
  return { atNs, idleNs, insideNs: occupancy.areaAt(atNs), completed };
}
