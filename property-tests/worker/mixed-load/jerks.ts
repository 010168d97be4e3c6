/**
 * A machine whose tasks are interrupted between any two accesses to memory, in user mode and in the kernel.
 *
 * The virtual host interleaves tasks where time passes, and an access takes none; a task that has made thousands is paused.
 * Here that budget is a few accesses, drawn anew each time: so other CPUs, signals and ticks come between every two steps
 * of the library's protocols sooner or later, as they would under the choices of an explorer, but in time.
 */
import { KERNEL_STEP_BUDGET, type LocalMemory, STEP_BUDGET } from "../../../src/atomics/local-memory.ts";
import type { Machine } from "../../../src/machine.ts";
import { Sfc32 } from "../../../src/random/sfc32.ts";

/** ns that a pause in the kernel takes; one in user mode takes what the host says. */
const KERNEL_PAUSE_NS = 700;

export function makeJerky(machine: Machine, seed: number, most: number): void {
  const { kernel, host } = machine;
  const stream = new Sfc32(seed, -1);
  const draw = (): number => Math.floor(stream.next() * most);
  redraw(kernel.userLocal, STEP_BUDGET, draw);
  redraw(kernel.local, KERNEL_STEP_BUDGET, () => {
    if (host.now > 0) host.chargeNs(Math.floor(stream.next() * KERNEL_PAUSE_NS));
    return 4 * draw();
  });
}

/** Whoever gives `memory` its full budget gives it another. */
function redraw(memory: LocalMemory, full: number, draw: () => number): void {
  let budget = memory.budget;
  Object.defineProperty(memory, "budget", {
    get: () => budget,
    set: (value: number) => {
      budget = value === full ? draw() : value;
    },
  });
  memory.budget = full;
}
