/**
 * Where an EEVDF entity stands in virtual time: placed when it comes to a queue, its lag when it leaves, and both kept in
 * proportion when its weight changes.
 *
 * What is conserved is weight * lag. Joining a queue moves V, so the lag is scaled by (W + w) / W before; a change of
 * weight scales it by old / new about the V of that moment, which therefore stays where it is. Deadlines go along: what is
 * left of a slice is the same run time before and after.
 * Source: place_entity(), update_entity_lag() and reweight_entity() in kernel/sched/fair.c.
 */
import type { EevdfRules } from "./eevdf-rules.ts";
import {
  DEADLINE,
  DEADLINE_RELATIVE,
  type EevdfTimeline,
  EXEC_START,
  NICE_0,
  PROTECTED_UNTIL,
  VLAG,
  VRUNTIME,
  WEIGHT,
} from "./eevdf-timeline.ts";

export class EevdfPlacement {
  readonly #timeline: EevdfTimeline;
  readonly #rules: EevdfRules;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;

  constructor(timeline: EevdfTimeline, rules: EevdfRules) {
    this.#timeline = timeline;
    this.#rules = rules;
    this.#words = timeline.words;
    this.#numbers = timeline.numbers;
  }

  /**
   * Lets `curr` be, for the moment, where it will be in virtual time when it is charged up to `now`; returns by how much,
   * to be taken back. It is not charged: `now` is the clock of a waker, and that of the CPU itself may be behind it.
   */
  runAhead(curr: number, now: number): number {
    const delta = now - this.#numbers[(curr << 3) | EXEC_START]!;
    const ahead = curr === 0 || delta <= 0 ? 0 : this.#timeline.virtual(curr, delta);
    this.#numbers[(curr << 3) | VRUNTIME]! += ahead;
    return ahead;
  }

  /**
   * An entity comes to the queue of `cpu`, with the lag it took along, scaled so that it keeps it after the average has
   * moved. `initial`: a new task, which gets half a slice as its first deadline.
   */
  place(cpu: number, tid: number, initial: boolean): void {
    const numbers = this.#numbers;
    const load = this.#timeline.load(cpu);
    const weight = this.#words[(tid << 4) | WEIGHT]!;
    const lag = load === 0 ? 0 : Math.trunc((numbers[(tid << 3) | VLAG]! * (load + weight)) / load);
    const vruntime = this.#timeline.virtualTime(cpu) - lag;
    numbers[(tid << 3) | VRUNTIME] = vruntime;
    if (this.#words[(tid << 4) | DEADLINE_RELATIVE] !== 0) {
      this.#words[(tid << 4) | DEADLINE_RELATIVE] = 0;
      numbers[(tid << 3) | DEADLINE]! += vruntime;
      return;
    }
    const slice = this.#timeline.virtual(tid, this.#timeline.slices[tid]!);
    numbers[(tid << 3) | DEADLINE] = vruntime + (initial ? Math.floor(slice / 2) : slice);
  }

  /** Run time, ns, that takes the current entity from `now` to its deadline. */
  untilDeadline(curr: number, now: number): number {
    const numbers = this.#numbers;
    const left = numbers[(curr << 3) | DEADLINE]! - numbers[(curr << 3) | VRUNTIME]!;
    const ns = Math.ceil((left * this.#words[(curr << 4) | WEIGHT]!) / NICE_0);
    return ns - (now - numbers[(curr << 3) | EXEC_START]!);
  }

  /** The lag V - vruntime of a queued entity, within the bound that may be kept over sleep. */
  lag(cpu: number, tid: number): number {
    const { newer, tickNs } = this.#rules;
    const own = this.#timeline.slices[tid]!;
    const ns = newer
      ? Math.max(own, this.#timeline.tree.longestSlice(cpu)) + tickNs
      : Math.max(2 * own, tickNs);
    const limit = this.#timeline.virtual(tid, ns);
    const lag = this.#timeline.virtualTime(cpu) - this.#numbers[(tid << 3) | VRUNTIME]!;
    return Math.max(-limit, Math.min(limit, lag));
  }

  /**
   * What a delayed entity owes, as lag of at most 0 (DELAY_ZERO): what it has become owed while it slept is not paid, and
   * from 7.2 on it does not owe more than when it went to sleep (`VLAG`).
   */
  debt(cpu: number, tid: number): number {
    const lag = Math.min(0, this.lag(cpu, tid));
    return this.#rules.newer ? Math.min(0, Math.max(lag, this.#numbers[(tid << 3) | VLAG]!)) : lag;
  }

  /** Does a delayed entity stand elsewhere than its debt says? In 6.12 only if it should have none. */
  isOutOfPlace(cpu: number, tid: number): boolean {
    if (!this.#rules.newer) return this.lag(cpu, tid) > 0;
    return this.#timeline.virtualTime(cpu) - this.debt(cpu, tid) !== this.#numbers[(tid << 3) | VRUNTIME];
  }

  /** An entity on no queue: what it is owed stays the same run time. */
  reweightAsleep(tid: number, weight: number, slice: number): void {
    const old = this.#words[(tid << 4) | WEIGHT]!;
    const numbers = this.#numbers;
    numbers[(tid << 3) | VLAG] = scale(numbers[(tid << 3) | VLAG]!, old, weight);
    if (this.#words[(tid << 4) | DEADLINE_RELATIVE] !== 0)
      numbers[(tid << 3) | DEADLINE] = scale(numbers[(tid << 3) | DEADLINE]!, old, weight);
    this.#words[(tid << 4) | WEIGHT] = weight;
    this.#timeline.slices[tid] = slice;
  }

  /**
   * An entity on the queue of `cpu`, current, waiting or delayed. The current one is moved as if it had been charged up to
   * `now`, and back by the same run time at its new weight, so that its own CPU will charge it to the same place.
   */
  reweightQueued(cpu: number, tid: number, curr: number, weight: number, slice: number, now: number): void {
    const timeline = this.#timeline;
    const numbers = this.#numbers;
    const old = this.#words[(tid << 4) | WEIGHT]!;
    const ran = Math.max(0, now - numbers[(curr << 3) | EXEC_START]!);
    const ahead = this.runAhead(curr, now);
    const vruntime = numbers[(tid << 3) | VRUNTIME]!;
    const lag = scale(this.lag(cpu, tid), old, weight);
    const to = timeline.virtualTime(cpu) - lag;
    if (tid !== curr) timeline.remove(cpu, tid);
    for (const field of [DEADLINE, PROTECTED_UNTIL])
      numbers[(tid << 3) | field] = to + scale(numbers[(tid << 3) | field]! - vruntime, old, weight);
    numbers[(tid << 3) | VRUNTIME] = to;
    numbers[(tid << 3) | VLAG] = lag;
    this.#words[(tid << 4) | WEIGHT] = weight;
    timeline.slices[tid] = slice;
    if (tid !== curr) timeline.insert(cpu, tid);
    numbers[(curr << 3) | VRUNTIME]! -= tid === curr ? timeline.virtual(tid, ran) : ahead;
  }
}

/** `virtual` time of an entity of weight `old`, for the same run time at weight `to`. */
function scale(virtual: number, old: number, to: number): number {
  return Math.trunc((virtual * old) / to);
}
