/**
 * When the current entity of EEVDF has to let others run: at the end of its slice or of its protection, or because of one
 * that has just come. The two kernels differ in nearly all of it (eevdf-rules.ts).
 *
 * Source: update_curr, update_deadline, did_preempt_short, do_preempt_short, check_preempt_wakeup_fair (6.12) and
 * wakeup_preempt_fair (7.2) in kernel/sched/fair.c. The order of the tests is theirs: in 7.2 a shorter slice counts before
 * it is asked whether the entity is new.
 */
import type { EevdfPick } from "./eevdf-pick.ts";
import type { EevdfRules } from "./eevdf-rules.ts";
import {
  DEADLINE,
  type EevdfTimeline,
  NR_QUEUED,
  POLICY,
  PROTECTED_UNTIL,
  SLICE_OVER,
  VRUNTIME,
} from "./eevdf-timeline.ts";
import { SCHED_IDLE, SCHED_NORMAL } from "./sched-table.ts";

export class EevdfPreempt {
  readonly #timeline: EevdfTimeline;
  readonly #pick: EevdfPick;
  readonly #rules: EevdfRules;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;

  constructor(timeline: EevdfTimeline, pick: EevdfPick, rules: EevdfRules) {
    this.#timeline = timeline;
    this.#pick = pick;
    this.#rules = rules;
    this.#words = timeline.words;
    this.#numbers = timeline.numbers;
  }

  /**
   * The vruntime of `curr` has moved: a deadline that is reached is renewed, and in company others may run. `ahead`: it has
   * been moved for a moment only, by so much.
   */
  moved(cpu: number, curr: number, ahead: number): void {
    const numbers = this.#numbers;
    const row = (this.#timeline.queues + cpu) << 4;
    const vruntime = numbers[(curr << 3) | VRUNTIME]!;
    const renewed = vruntime >= numbers[(curr << 3) | DEADLINE]!;
    if (renewed) {
      this.#renew(curr);
      numbers[(curr << 3) | PROTECTED_UNTIL] = vruntime - ahead;
    }
    if (this.#words[row | NR_QUEUED]! > 1 && (renewed || this.#isLoose(cpu, curr))) {
      this.#words[row | SLICE_OVER] = 1;
    }
  }

  #renew(tid: number): void {
    const slice = this.#timeline.virtual(tid, this.#timeline.slices[tid]!);
    this.#numbers[(tid << 3) | DEADLINE] = this.#numbers[(tid << 3) | VRUNTIME]! + slice;
  }

  /** Is there, before the deadline, nothing left that keeps others waiting? */
  #isLoose(cpu: number, curr: number): boolean {
    if (this.#pick.isProtected(curr)) return false;
    return this.#rules.newer || !this.#timeline.isEligible(cpu, curr);
  }

  /** Shall the current entity, which has been moved to where it is by now, give way to one that has just come? */
  byWakeup(cpu: number, curr: number, wakee: number, initial: boolean): boolean {
    const words = this.#words;
    const policy = words[(wakee << 4) | POLICY]!;
    const idle = words[(curr << 4) | POLICY] === SCHED_IDLE;
    if (idle !== (policy === SCHED_IDLE)) {
      if (idle) this.#cancel(curr);
      return idle;
    }
    if (policy !== SCHED_NORMAL) return false;
    return this.#rules.newer ? this.#newer(cpu, curr, wakee, initial) : this.#older(cpu, curr, wakee);
  }

  #older(cpu: number, curr: number, wakee: number): boolean {
    const { slices } = this.#timeline;
    if (slices[wakee]! < slices[curr]! && this.#isDueFirst(cpu, wakee, curr)) this.#cancel(curr);
    return this.#pick.best(cpu, true) === wakee;
  }

  #isDueFirst(cpu: number, wakee: number, curr: number): boolean {
    const timeline = this.#timeline;
    if (!timeline.isEligible(cpu, wakee)) return false;
    return timeline.deadline(wakee) < timeline.deadline(curr) || !timeline.isEligible(cpu, curr);
  }

  #newer(cpu: number, curr: number, wakee: number, initial: boolean): boolean {
    const { slices } = this.#timeline;
    const shorter = slices[wakee]! < slices[curr]!;
    if (initial && !shorter) return false;
    if (this.#pick.runnable(cpu, !shorter) === wakee) {
      if (shorter) this.#cancel(curr);
      return true;
    }
    this.#pick.shortenProtection(cpu, curr);
    return false;
  }

  #cancel(curr: number): void {
    const numbers = this.#numbers;
    const at = (curr << 3) | PROTECTED_UNTIL;
    numbers[at] = Math.min(numbers[at]!, numbers[(curr << 3) | VRUNTIME]!);
  }

  /** sched_yield() of the current entity, charged up to now: gives up what is left of its slice, unless it is alone. */
  byYield(cpu: number, curr: number): void {
    const numbers = this.#numbers;
    if (this.#words[((this.#timeline.queues + cpu) << 4) | NR_QUEUED]! <= 1) return;
    if (this.#rules.newer) {
      if (!this.#timeline.isEligible(cpu, curr)) return;
      numbers[(curr << 3) | VRUNTIME] = numbers[(curr << 3) | DEADLINE]!;
      this.#renew(curr);
      return;
    }
    numbers[(curr << 3) | DEADLINE]! += this.#timeline.virtual(curr, this.#timeline.slices[curr]!);
    this.#cancel(curr);
  }
}
