/** UMCG workers that switch to each other in pairs, and what a simulated context switch of theirs costs in wall time. */
import { TICKLESS } from "../../src/bench/workload.ts";
import { startSwapTeam } from "../../src/bench/workloads/umcg-swap.ts";
import { createMachine } from "../../src/machine.ts";

export interface SwapOptions {
  readonly vcpus: number;
  /** Spread over the vCPUs; both workers of a pair are pinned to its vCPU, each vCPU has a server of its own. */
  readonly pairs: number;
  /** Round trips of each pair. */
  readonly loops: number;
  readonly trace?: boolean;
}

/** Wall ns of one context switch, over a whole run. */
export function swapNs({ vcpus, pairs, loops, trace = false }: SwapOptions): number {
  const machine = createMachine({ ...TICKLESS, vcpus, maxTasks: 2 * pairs + vcpus, trace });
  const rounds = { total: loops, onRound: (): void => {} };
  for (let cpu = 0; cpu < vcpus; cpu++) {
    // As even as whole pairs go: 500 over 64 are 52 times 8 and 12 times 7.
    const share = Math.floor((pairs * (cpu + 1)) / vcpus) - Math.floor((pairs * cpu) / vcpus);
    if (share > 0) startSwapTeam(machine, rounds, share, cpu);
  }
  const started = performance.now();
  const { switches } = machine.run();
  return ((performance.now() - started) * 1e6) / switches;
}
