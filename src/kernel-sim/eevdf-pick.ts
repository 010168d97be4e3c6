/**
 * Who runs next on a queue of EEVDF, and for how long the current entity is left alone.
 *
 * RUN_TO_PARITY: once picked, an eligible entity is protected from others, if need be until its deadline; an earlier
 * deadline that comes along has to wait. Its protection is a point in virtual time (`PROTECTED_UNTIL`), which a wake-up may
 * bring closer (eevdf-preempt.ts). What was taken for protection in 6.12, a mark that holds until the deadline moves, is the
 * same point: the deadline.
 * Source: pick_eevdf, pick_next_entity, set_protect_slice in kernel/sched/fair.c.
 */
import type { EevdfPlacement } from "./eevdf-placement.ts";
import type { EevdfRules } from "./eevdf-rules.ts";
import {
  CURRENT,
  DEADLINE,
  DELAYED,
  type EevdfTimeline,
  PROTECTED_UNTIL,
  QUEUED,
  VLAG,
  VRUNTIME,
} from "./eevdf-timeline.ts";

export class EevdfPick {
  readonly #timeline: EevdfTimeline;
  readonly #placement: EevdfPlacement;
  readonly #rules: EevdfRules;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;

  constructor(timeline: EevdfTimeline, placement: EevdfPlacement, rules: EevdfRules) {
    this.#timeline = timeline;
    this.#placement = placement;
    this.#rules = rules;
    this.#words = timeline.words;
    this.#numbers = timeline.numbers;
  }

  /** The protected current entity, if `protection` counts, else the earliest deadline among the eligible. May be delayed. */
  best(cpu: number, protection: boolean): number {
    const numbers = this.#numbers;
    const timeline = this.#timeline;
    let curr = this.#words[((timeline.queues + cpu) << 4) | CURRENT]!;
    if (timeline.tree.isEmpty(cpu)) return curr;
    if (curr !== 0 && !timeline.isEligible(cpu, curr)) curr = 0;
    if (protection && curr !== 0 && this.isProtected(curr)) return curr;
    const best = timeline.tree.earliestEligible(cpu, timeline.virtualTime(cpu));
    if (best === 0) return curr === 0 ? timeline.tree.first(cpu) : curr;
    return curr !== 0 && numbers[(curr << 3) | DEADLINE]! < numbers[(best << 3) | DEADLINE]! ? curr : best;
  }

  /** The same among the runnable: a delayed entity whose turn it is leaves. 0 = there is none. */
  runnable(cpu: number, protection: boolean): number {
    // Bounded: each turn but the last takes a delayed entity off the queue.
    for (;;) {
      const tid = this.best(cpu, protection);
      if (tid === 0 || this.#words[(tid << 4) | QUEUED] !== DELAYED) return tid;
      this.finishDequeue(cpu, tid);
    }
  }

  /** A delayed sleeper leaves at last, owed nothing (DELAY_ZERO). */
  finishDequeue(cpu: number, tid: number): void {
    this.#numbers[(tid << 3) | VLAG] = this.#placement.debt(cpu, tid);
    this.#timeline.remove(cpu, tid);
    this.#timeline.leave(cpu, tid);
  }

  /** `tid` has been picked and is about to run. */
  protect(cpu: number, tid: number): void {
    const numbers = this.#numbers;
    const timeline = this.#timeline;
    const deadline = numbers[(tid << 3) | DEADLINE]!;
    const shortest = timeline.tree.shortestSlice(cpu);
    const short = this.#rules.newer && shortest < timeline.slices[tid]!;
    numbers[(tid << 3) | PROTECTED_UNTIL] = short ? Math.min(deadline, this.#after(tid, shortest)) : deadline;
  }

  isProtected(tid: number): boolean {
    return this.#numbers[(tid << 3) | VRUNTIME]! < this.#numbers[(tid << 3) | PROTECTED_UNTIL]!;
  }

  /** Others have come, and may have shorter slices (update_protect_slice). */
  shortenProtection(cpu: number, curr: number): void {
    const shortest = Math.min(this.#timeline.tree.shortestSlice(cpu), this.#timeline.slices[curr]!);
    const at = (curr << 3) | PROTECTED_UNTIL;
    this.#numbers[at] = Math.min(this.#numbers[at]!, this.#after(curr, shortest));
  }

  /** Where an entity is in virtual time when it has run for another `ns`. */
  #after(tid: number, ns: number): number {
    return this.#numbers[(tid << 3) | VRUNTIME]! + this.#timeline.virtual(tid, ns);
  }
}
