/**
 * Who runs where: the decisions of the scheduler, as plain functions. Whoever calls them has the lock.
 *
 * What a thread writes here it may leave half written, because it can die at any instruction. So one thing is true and the rest
 * follows from it: a thread runs if and only if it is the owner in a CPU's record. `recover.ts` puts the rest right from there.
 * Two rules make that possible. A CPU is taken from its owner before it is given to another, so that there are never two; and a
 * thread is told of its CPU (`server_tid`, its turn) last, by the scheduler, when the records are whole.
 *
 * Rejected: changing each word by compare-and-exchange, without a lock. A switch changes five words, and a dead thread's
 * compare-and-exchange is as half done as its store; the lock costs two atomic operations in a hand-off of some microseconds.
 */
import {
  UMCG_TASK_BLOCKED,
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LISTED,
  UMCG_TF_PREEMPTED,
  UMCG_TF_STATE_MASK,
} from "../umcg/abi.ts";
import { enqueue, pick, remove } from "./guarded-policy.ts";
import {
  CPU_BUSY,
  CPU_OWNER,
  CPU_SINCE,
  CPU_SWITCHES,
  CPU_TIME,
  CPU_WORDS,
  FIRST_SLOT,
  LAST_CPU,
  READY,
  READY_TIME,
  REASON,
  SERVER_TID,
  SINCE,
  SPINNING,
  STATE,
  SWITCHES,
  THREAD_WORDS,
  type ThreadLayout,
  TICKET,
  TICKETS,
  WAIT_ADDR,
  WAIT_RESULT,
} from "./layout.ts";
import type { ThreadPolicy } from "./policy.ts";

export class Board {
  readonly layout: ThreadLayout;
  readonly words: Int32Array;
  readonly times: Float64Array;
  readonly policy: ThreadPolicy;
  /** The policy's words. */
  readonly queue: Int32Array;
  /** Slots that were given a CPU since the lock was taken: to be told when it is given back. */
  readonly told: number[] = [];

  /** `words` and `times` are views of one buffer. */
  constructor(layout: ThreadLayout, policy: ThreadPolicy, words: Int32Array, times: Float64Array) {
    this.layout = layout;
    this.policy = policy;
    this.words = words;
    this.times = times;
    this.queue = words.subarray(layout.policy, layout.policy + layout.sizes.policyWords);
  }

  /** First word of a thread's record. */
  record(slot: number): number {
    return this.layout.threads + slot * THREAD_WORDS;
  }
  cpuRecord(cpu: number): number {
    return this.layout.cpus + cpu * CPU_WORDS;
  }
  ownerOf(cpu: number): number {
    return this.words[this.cpuRecord(cpu) + CPU_OWNER]!;
  }
  /** The CPU that thread `slot` has been told is its; -1: none. */
  cpuOf(slot: number): number {
    return this.words[this.record(slot) + SERVER_TID]! - 1;
  }
  get lastSlot(): number {
    return this.layout.sizes.threads + FIRST_SLOT - 1;
  }

  stateOf(slot: number): number {
    return this.words[this.record(slot) + STATE]! & UMCG_TF_STATE_MASK;
  }
  isListed(slot: number): boolean {
    return (this.words[this.record(slot) + STATE]! & UMCG_TF_LISTED) !== 0;
  }
  /** Does it wait for something other than a CPU? */
  isWaiting(slot: number): boolean {
    return this.stateOf(slot) === UMCG_TASK_IDLE && !this.isListed(slot);
  }

  /** The thread has nothing to wait for but a CPU. */
  ready(slot: number, nowNs: number): void {
    const record = this.record(slot);
    this.times[(record >> 1) + SINCE] = nowNs;
    this.stamp(record);
    this.words[record + STATE] = UMCG_TASK_IDLE | UMCG_TF_LISTED;
    this.enqueue(slot);
  }

  /** Puts a thread that is listed into the policy's queue. */
  enqueue(slot: number): void {
    enqueue(this, slot);
    this.words[READY]!++;
  }

  /** Takes a thread that is listed out of it. */
  dequeue(slot: number): void {
    remove(this, slot);
    this.words[READY]!--;
  }

  /** Whom `cpu` is to run next, out of the queue; 0: nobody is ready. */
  pick(cpu: number): number {
    if (this.words[READY] === 0) return 0;
    const slot = pick(this, cpu);
    this.words[READY]!--;
    return slot;
  }

  /** Gives a CPU that is nobody's to a thread that is in no queue. */
  give(cpu: number, slot: number, nowNs: number): void {
    const { words, times } = this;
    const record = this.record(slot);
    const since = (record >> 1) + SINCE;
    if ((words[record + STATE]! & UMCG_TF_LISTED) !== 0)
      times[(record >> 1) + READY_TIME]! += nowNs - times[since]!;
    times[since] = nowNs;
    words[record + STATE] = UMCG_TASK_RUNNING;
    words[record + LAST_CPU] = cpu;
    words[record + SWITCHES]!++;
    const at = this.cpuRecord(cpu);
    times[(at >> 1) + CPU_SINCE] = nowNs;
    words[at + CPU_SWITCHES]!++;
    words[at + CPU_OWNER] = slot;
    this.told.push(slot);
  }

  /** Takes the CPU from its owner, which is in `state` from now on. Which CPU it was. */
  take(slot: number, state: number, nowNs: number): number {
    const { words, times } = this;
    const record = this.record(slot);
    const cpu = words[record + SERVER_TID]! - 1;
    const at = this.cpuRecord(cpu);
    words[at + CPU_OWNER] = 0;
    words[record + SERVER_TID] = 0;
    words[record + STATE] = state;
    const ran = nowNs - times[(at >> 1) + CPU_SINCE]!;
    times[(at >> 1) + CPU_BUSY]! += ran;
    times[(record >> 1) + CPU_TIME]! += ran;
    times[(record >> 1) + SINCE] = nowNs;
    return cpu;
  }

  /** Has `cpu`, which is nobody's, run whoever is next. False: it idles. */
  next(cpu: number, nowNs: number): boolean {
    const slot = this.pick(cpu);
    if (slot !== 0) this.give(cpu, slot, nowNs);
    return slot !== 0;
  }

  /** Has every CPU that idles run somebody, as long as there is somebody. */
  fill(nowNs: number): void {
    for (let cpu = 0; cpu < this.layout.sizes.cpus && this.words[READY] !== 0; cpu++)
      if (this.ownerOf(cpu) === 0) this.next(cpu, nowNs);
  }

  /**
   * Shall the caller, which has given its CPU away, spin for a while? If more CPUs idle than threads spin: a spinner stands for the
   * idle loop of a CPU, and sees its turn without a wake-up.
   */
  spin(slot: number): boolean {
    let idle = 0;
    for (let cpu = 0; cpu < this.layout.sizes.cpus; cpu++) if (this.ownerOf(cpu) === 0) idle++;
    for (let other = FIRST_SLOT; idle > 0 && other <= this.lastSlot; other++)
      if (this.words[this.record(other) + SPINNING] !== 0) idle--;
    this.words[this.record(slot) + SPINNING] = idle > 0 ? 1 : 0;
    return idle > 0;
  }

  /** The owner of a CPU waits, for the word at `address` or for none. The CPU it had. */
  wait(slot: number, reason: number, address: number, nowNs: number): number {
    const record = this.record(slot);
    this.words[record + REASON] = reason;
    this.words[record + WAIT_ADDR] = address;
    this.words[record + WAIT_RESULT] = 0;
    this.stamp(record);
    return this.take(slot, UMCG_TASK_IDLE, nowNs);
  }

  /** What a thread waits for has come, and `result` is what. */
  wake(slot: number, result: number, nowNs: number): void {
    this.words[this.record(slot) + WAIT_RESULT] = result;
    this.ready(slot, nowNs);
  }

  /** Asks a running thread to give way at its next safepoint. */
  preempt(slot: number): boolean {
    if (this.stateOf(slot) !== UMCG_TASK_RUNNING) return false;
    this.words[this.record(slot) + STATE]! |= UMCG_TF_PREEMPTED;
    return true;
  }

  /** Gives the thread its place among those who come later. */
  stamp(record: number): void {
    const ticket = (this.words[TICKETS]! + 1) | 0;
    this.words[TICKETS] = ticket;
    this.words[record + TICKET] = ticket;
  }

  /** Is thread `slot` one that is there, and not one that has ended or has not begun? */
  lives(slot: number): boolean {
    const state = this.stateOf(slot);
    return state === UMCG_TASK_RUNNING || state === UMCG_TASK_IDLE || state === UMCG_TASK_BLOCKED;
  }
  /** The thread is no more. */
  forget(slot: number): void {
    this.words[this.record(slot) + STATE] = UMCG_TASK_NONE;
  }
}
