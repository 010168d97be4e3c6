/** What the memory of a machine is made of: plain, watched by a checker, or shared with other threads. */
import { SharedMemory } from "../atomics/shared-memory.ts";
import { MachineError } from "../kernel-sim/errors.ts";
import type { KernelParts } from "../kernel-sim/kernel.ts";
import type { InvariantChecker } from "../umcg/invariants/index.ts";

export type MemoryParts = Pick<KernelParts, "wrapMemory" | "makeBuffer">;

/** Throws ERR_CONFIG for memory that is shared and watched: a checker could not see what other threads write. */
export function memoryParts(shared: boolean, checker: InvariantChecker | undefined): MemoryParts {
  if (!shared) return { wrapMemory: checker?.wrapMemory };
  if (checker !== undefined) {
    throw new MachineError("ERR_CONFIG", "sharedMemory must be false with check, got true");
  }
  return {
    makeBuffer: (bytes) => new SharedArrayBuffer(bytes),
    wrapMemory: ({ buffer }) => new SharedMemory(buffer as SharedArrayBuffer),
  };
}
