/**
 * What differs between the kernels whose EEVDF is modelled (kernel/sched/fair.c):
 *
 * | rule | eevdf-6.12 | eevdf-7.2 |
 * |---|---|---|
 * | protection of the running entity (RUN_TO_PARITY) | to its deadline | to min(deadline, vruntime + shortest queued slice) |
 * | bound of the lag kept over sleep | two own slices, or a tick | longest queued slice plus a tick |
 * | waker with a shorter slice | PREEMPT_SHORT: ignores the protection | the same |
 */
export interface EevdfRules {
  /** A slice in ns, unless the entity has its own. */
  readonly sliceNs: number;
  /** One tick, ns: part of the bound on lag. */
  readonly tickNs: number;
  /** 6.12: protected to its deadline. 7.2: to the shorter of that and the shortest queued slice. */
  readonly protection: "deadline" | "shortest-slice";
  /** 6.12: two own slices, or a tick. 7.2: longest queued slice plus a tick. */
  readonly lagBound: "own-slices" | "longest-slice";
}

/** The rules of a kernel version. */
export function eevdfRules(policy: "eevdf-6.12" | "eevdf-7.2", sliceNs: number, tickNs: number): EevdfRules {
  return policy === "eevdf-6.12"
    ? { sliceNs, tickNs, protection: "deadline", lagBound: "own-slices" }
    : { sliceNs, tickNs, protection: "shortest-slice", lagBound: "longest-slice" };
}
