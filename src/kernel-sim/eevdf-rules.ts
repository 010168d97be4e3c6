/**
 * What differs between the kernels whose EEVDF is modelled (kernel/sched/fair.c):
 *
 * | rule | eevdf-6.12 | eevdf-7.2 |
 * |---|---|---|
 * | protection of the running entity (RUN_TO_PARITY) | to its deadline | to min(deadline, vruntime + shortest queued slice) |
 * | it has to let others run, in company | at its deadline; without protection, when it is not eligible either | at its deadline, or at the end of its protection |
 * | wakee with a shorter slice (PREEMPT_SHORT) | ends the protection if it is eligible and due first | is looked for without the protection, which ends if it is picked |
 * | wakee that is not picked | nothing | shortens the protection to the shortest slice |
 * | delayed entities that a wake-up would pick | stay, and nobody is preempted | leave, and the next is looked at |
 * | new entity of no shorter slice | preempts as a wakee does | does not preempt |
 * | bound of the lag kept over sleep | two own slices, or a tick | longest queued slice plus a tick |
 * | debt of a delayed entity | may grow | may not |
 * | sched_yield in company | the deadline moves by a slice | if eligible, vruntime moves to the deadline, and that by a slice |
 */
export interface EevdfRules {
  /** A slice in ns, unless the entity has its own. */
  readonly sliceNs: number;
  /** One tick, ns: part of the bound on lag. */
  readonly tickNs: number;
  /** The right column: what has changed up to 7.2. */
  readonly newer: boolean;
}

/** The rules of a kernel version. */
export function eevdfRules(policy: "eevdf-6.12" | "eevdf-7.2", sliceNs: number, tickNs: number): EevdfRules {
  return { sliceNs, tickNs, newer: policy === "eevdf-7.2" };
}
