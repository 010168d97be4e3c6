/** UMCG workers that pass the CPU on to each other, and what a simulated context switch of theirs costs in wall time. */
import { TICKLESS } from "../../src/bench/workload.ts";
import { startSwapRing } from "../../src/bench/workloads/umcg-swap.ts";
import { createMachine } from "../../src/machine.ts";

export interface SwapOptions {
  /** One server and one ring of workers each, all pinned to it. */
  readonly vcpus: number;
  /** Workers of all rings. With fewer than two a vCPU there are as many rings as pairs. */
  readonly workers: number;
  /** Rounds of each ring. */
  readonly loops: number;
  readonly trace?: boolean;
}

/** Wall ns of one context switch, over a whole run. */
export function swapNs({ vcpus, workers, loops, trace = false }: SwapOptions): number {
  const machine = createMachine({ ...TICKLESS, vcpus, maxTasks: workers + vcpus, trace });
  const rounds = { total: loops, onRound: (): void => {} };
  const rings = Math.min(vcpus, workers >> 1);
  for (let cpu = 0; cpu < rings; cpu++) {
    // As even as it goes: 1000 over 64 are 40 rings of 16 and 24 of 15.
    const size = Math.floor((workers * (cpu + 1)) / rings) - Math.floor((workers * cpu) / rings);
    startSwapRing(machine, rounds, size, cpu);
  }
  const started = performance.now();
  const { switches } = machine.run();
  return ((performance.now() - started) * 1e6) / switches;
}
