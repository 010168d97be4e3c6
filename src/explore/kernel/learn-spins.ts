/**
 * Which compare-exchanges of a program spin: seen in some random executions, before the exploration begins, and not learned any more
 * while it goes on, because who can step must not depend on what was explored before. What is missed here costs executions.
 */
import { Sfc32 } from "../../random/sfc32.ts";
import type { KernelSystem } from "./kernel-system.ts";

const WALKS = 12;
const MAX_STEPS = 2_000;

export function learnSpins(system: KernelSystem): void {
  const { spins } = system.machine.host.code;
  spins.learns = true;
  for (let seed = 0; seed < WALKS; seed++) {
    const random = new Sfc32(seed);
    system.reset();
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const count = system.enabledCount();
      if (count === 0) break;
      system.step(system.enabled[Math.floor(random.next() * count)]!, 0);
    }
  }
  spins.learns = false;
}
