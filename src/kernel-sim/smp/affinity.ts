/**
 * Which CPUs a task may run on: those its affinity names, as far as they have come up.
 *
 * The mask of usable CPUs is ANDed here, once, when an affinity is set. So a CPU that did not come up is no case for the
 * wake path, placement or balancing: no task allows it. Rejected: a test for each CPU that is considered.
 */
import type { Kernel } from "../kernel.ts";

/** Has at least one of `cpus` (default: all) come up? */
export function anyUsable(kernel: Kernel, cpus: readonly number[] | undefined): boolean {
  const { smp } = kernel;
  if (cpus !== undefined) return cpus.some((cpu) => smp.isUsable(cpu));
  for (let word = 0; word < smp.maskWords; word++) if (smp.usableWord(word) !== 0) return true;
  return false;
}

/** Sets the affinity mask of a task. The caller has made sure that `anyUsable`. */
export function setAllowed(kernel: Kernel, tid: number, cpus: readonly number[] | undefined): void {
  const { smp } = kernel;
  const { allowed, maskWords } = kernel.tasks;
  for (let word = 0; word < maskWords; word++) {
    allowed[tid * maskWords + word] = cpus === undefined ? smp.usableWord(word) : 0;
  }
  for (const cpu of cpus ?? []) {
    if (smp.isUsable(cpu)) allowed[tid * maskWords + (cpu >>> 5)]! |= 1 << (cpu & 31);
  }
}
