/** Identifiers of kernel objects: branded numbers, so that a CPU number cannot be passed where a tid is meant. */
declare const tidBrand: unique symbol;
declare const cpuBrand: unique symbol;

/** A task, 1 and up. 0 stands for "no task" and for the idle task of a CPU. */
export type Tid = number & { readonly [tidBrand]: "Tid" };
/** A vCPU, 0 and up. */
export type CpuId = number & { readonly [cpuBrand]: "CpuId" };

export const NO_TASK: Tid = 0 as Tid;

/** Mints a tid from a task slot or from a word of user memory: any 32-bit number may be looked up. */
export function tid(n: number): Tid {
  return n as Tid;
}
/** Makes a CpuId of a number. */
export function cpuId(n: number): CpuId {
  return n as CpuId;
}
