/** Waiting for a CPU to leave a state: the one loop around `park` of the handshake. */
import type { Coroutine } from "../../atomics/step.ts";
import type { Kernel } from "../kernel.ts";

/**
 * Waits while the state of `cpu` is one of `states` (a bit each), until `deadlineNs` at the latest. The caller looks which of
 * the two it was. Bounded by the deadline: a host may end a park early, but not for ever without letting time pass.
 */
export function* waitForState(
  kernel: Kernel,
  cpu: number,
  states: number,
  deadlineNs: number,
): Coroutine<void> {
  const { smp, host } = kernel;
  const word = smp.stateWord(cpu);
  for (;;) {
    const state = smp.state(cpu);
    if (((states >>> state) & 1) === 0 || host.now >= deadlineNs) return;
    yield* host.threads.park(word, state, deadlineNs);
  }
}
