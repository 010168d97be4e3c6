/**
 * Scheduling policies of queueing theory, as oracles: one queue for all CPUs, so that c CPUs are the c servers of M/G/c.
 *
 * | policy | who runs next | preemption |
 * |---|---|---|
 * | fcfs | who came first | never |
 * | rr | who came first; after its quantum a task comes last | at the end of the quantum, if somebody waits |
 * | ps | rr with a small quantum (1 us unless `sliceNs` says otherwise): processor sharing is the limit | as rr |
 * | srpt | the shortest remaining time, as far as `expect()` told | by a shorter one, of the task with the most left |
 *
 * A task that waits belongs to no CPU: whichever is free takes the first that it may run. When somebody comes to the queue,
 * an idle CPU that could take it is told (`offer`), so that none is idle while a task waits that it may run. Weights and
 * slices of tasks' own count for nothing. Of a task of which nothing was told, or that runs longer than was told, nothing
 * remains: it goes first.
 */
import type { Arena } from "./arena.ts";
import { DeadlineTree } from "./deadline-tree.ts";
import type { FairClass, GlobalPolicy } from "./fair-class.ts";

/** What the queue asks of the kernel. */
export interface GlobalPorts {
  allows(tid: number, cpu: number): boolean;
  /** `tid` is about to run on `cpu`; it may have belonged to another. */
  taken(tid: number, cpu: number): void;
  /** `tid` waits: a CPU that is idle, or that should prefer it to its current task, is to look. */
  offer(tid: number): void;
}

// Offsets in a task's record of 64 bytes: words, then numbers in units of 8 bytes.
const WEIGHT = 0;
const STATE = 1;
/** It left the queue to come back: it keeps its place. */
const KEEPS_PLACE = 2;
const PLACE = 2;
const EXEC_START = 3;
const SUM_EXEC = 4;
const PICKED_AT = 5;
const REMAINING = 6;

// Of the counts.
const WAITERS = 0;
const ARRIVALS = 1;

const AWAY = 0;
const WAITING = 1;
const CURRENT = 2;

export class GlobalQueue implements FairClass {
  readonly #policy: GlobalPolicy;
  readonly #slice: number;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  /** In order of PLACE: of arrival, or of remaining time. */
  readonly #tree: DeadlineTree;
  /** By CPU: its current task; whether that has to give way. */
  readonly #current: Int32Array;
  readonly #gives: Int32Array;
  /** Tasks that wait, and how many have come: a word each. */
  readonly #counts: Float64Array;
  #ports: GlobalPorts = { allows: () => true, taken() {}, offer() {} };

  constructor(arena: Arena, maxTasks: number, vcpus: number, policy: GlobalPolicy, sliceNs: number) {
    this.#policy = policy;
    this.#slice = sliceNs;
    this.#numbers = arena.float64((maxTasks + 1) << 3);
    this.#words = new Int32Array(this.#numbers.buffer, this.#numbers.byteOffset, this.#numbers.length << 1);
    this.#tree = new DeadlineTree(arena, maxTasks, 1);
    this.#current = arena.int32(vcpus);
    this.#gives = arena.int32(vcpus);
    this.#counts = arena.float64(2);
  }

  connect(ports: GlobalPorts): void {
    this.#ports = ports;
  }

  get shared(): boolean {
    return true;
  }
  get #quantum(): boolean {
    return this.#policy === "rr" || this.#policy === "ps";
  }

  prepare(tid: number, weight: number, _sliceNs: number): void {
    this.#numbers.fill(0, tid << 3, (tid + 1) << 3);
    this.#words[(tid << 4) | WEIGHT] = weight;
  }

  setPolicy(): void {}

  expect(tid: number, ns: number): void {
    this.#numbers[(tid << 3) | REMAINING] = ns;
    if (this.#policy !== "srpt" || this.#words[(tid << 4) | STATE] !== WAITING) return;
    this.#remove(tid);
    this.#insert(tid);
  }

  // ---- the queue ----------------------------------------------------------------------------------------------------

  #insert(tid: number): void {
    const numbers = this.#numbers;
    if (this.#policy === "srpt") numbers[(tid << 3) | PLACE] = numbers[(tid << 3) | REMAINING]!;
    else if (this.#words[(tid << 4) | KEEPS_PLACE] === 0)
      numbers[(tid << 3) | PLACE] = ++this.#counts[ARRIVALS]!;
    this.#words[(tid << 4) | KEEPS_PLACE] = 0;
    this.#words[(tid << 4) | STATE] = WAITING;
    this.#tree.insert(0, tid, numbers[(tid << 3) | PLACE]!, 0, 0);
    this.#counts[WAITERS]!++;
  }

  #remove(tid: number): void {
    this.#tree.remove(0, tid);
    this.#counts[WAITERS]!--;
    this.#words[(tid << 4) | STATE] = AWAY;
  }

  enqueue(_cpu: number, tid: number, curr: number): void {
    this.#insert(tid);
    // An idle CPU takes it, unless it is to take another.
    if (curr !== 0 || this.#counts[WAITERS]! > 1) this.#ports.offer(tid);
  }

  dequeueWaiting(_cpu: number, tid: number): void {
    this.#remove(tid);
    this.#words[(tid << 4) | KEEPS_PLACE] = 1;
  }

  putBack(cpu: number, tid: number): void {
    this.#current[cpu] = 0;
    this.#insert(tid);
    this.#ports.offer(tid);
  }

  begin(cpu: number, tid: number, now: number): void {
    this.#remove(tid);
    this.#words[(tid << 4) | STATE] = CURRENT;
    this.#current[cpu] = tid;
    this.#gives[cpu] = 0;
    this.#numbers[(tid << 3) | EXEC_START] = now;
    this.#numbers[(tid << 3) | PICKED_AT] = now;
    this.#ports.taken(tid, cpu);
  }

  /** A quantum is counted from the switch to its task. */
  beginSlice(): void {}

  sleepCurrent(cpu: number, tid: number): boolean {
    this.#current[cpu] = 0;
    this.#words[(tid << 4) | STATE] = AWAY;
    this.#words[(tid << 4) | KEEPS_PLACE] = 0;
    return false;
  }

  pick(cpu: number, curr: number): number {
    const best = this.#firstFor(cpu);
    if (best === 0 && curr === 0) this.#offerAll();
    const gives = this.#policy === "srpt" ? this.#isShorter(best, curr) : this.#gives[cpu] !== 0;
    this.#gives[cpu] = 0;
    return curr === 0 || (best !== 0 && gives) ? best : curr;
  }

  /** The first that may run on `cpu`. Bounded by the queue's length. */
  #firstFor(cpu: number): number {
    let tid = this.#tree.first(0);
    while (tid !== 0 && !this.#ports.allows(tid, cpu)) tid = this.#tree.after(tid);
    return tid;
  }

  /** A CPU that came for one of those that wait goes idle: another took it, and what it came for is to be had elsewhere. */
  #offerAll(): void {
    for (let tid = this.#tree.first(0); tid !== 0; tid = this.#tree.after(tid)) this.#ports.offer(tid);
  }

  #isShorter(tid: number, than: number): boolean {
    return this.#numbers[(tid << 3) | REMAINING]! < this.#numbers[(than << 3) | REMAINING]!;
  }

  // ---- time -------------------------------------------------------------------------------------------------------

  update(cpu: number, curr: number, now: number): void {
    const numbers = this.#numbers;
    // Another CPU has taken the one for whom it was to give way.
    if (this.#counts[WAITERS]! === 0) this.#gives[cpu] = 0;
    const delta = now - numbers[(curr << 3) | EXEC_START]!;
    if (curr === 0 || delta <= 0) return;
    numbers[(curr << 3) | EXEC_START] = now;
    numbers[(curr << 3) | SUM_EXEC]! += delta;
    numbers[(curr << 3) | REMAINING] = Math.max(0, numbers[(curr << 3) | REMAINING]! - delta);
  }

  tick(cpu: number, curr: number, now: number): boolean {
    this.update(cpu, curr, now);
    return this.sliceOver(cpu, curr, now);
  }

  sliceOver(cpu: number, curr: number, now: number): boolean {
    if (curr === 0 || this.#counts[WAITERS]! === 0 || this.sliceLeft(cpu, curr, now) > 0) return false;
    this.#gives[cpu] = 1;
    return true;
  }

  sliceLeft(_cpu: number, curr: number, now: number): number {
    if (!this.#quantum) return Number.POSITIVE_INFINITY;
    return this.#numbers[(curr << 3) | PICKED_AT]! + this.#slice - now;
  }

  /** Goes behind all who wait; under srpt they have more left, and it stays. */
  yieldCurrent(cpu: number): void {
    if (this.#counts[WAITERS]! > 0 && this.#policy !== "srpt") this.#gives[cpu] = 1;
  }

  wakeupPreempts(cpu: number, curr: number, wakee: number, now: number, initial: boolean): boolean {
    if (initial) return false;
    if (this.#policy !== "srpt") return this.sliceOver(cpu, curr, now);
    if (this.#claim(curr, now) <= this.#numbers[(wakee << 3) | REMAINING]!) return false;
    this.#gives[cpu] = 1;
    return true;
  }

  /** How much a current task would be preempted: by what it has left, or by the time it has had. */
  #claim(curr: number, now: number): number {
    const numbers = this.#numbers;
    if (this.#policy !== "srpt") return now - numbers[(curr << 3) | PICKED_AT]!;
    return numbers[(curr << 3) | REMAINING]! - Math.max(0, now - numbers[(curr << 3) | EXEC_START]!);
  }

  /** The CPU that `tid` should take from its current task first. -1: all that it may use are idle or already give way. */
  victim(tid: number, now: number): number {
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let cpu = 0; cpu < this.#current.length; cpu++) {
      const curr = this.#current[cpu]!;
      if (curr === 0 || this.#gives[cpu] !== 0 || !this.#ports.allows(tid, cpu)) continue;
      const claim = this.#claim(curr, now);
      if (claim > most) {
        best = cpu;
        most = claim;
      }
    }
    return best;
  }

  // ---- asked by others ----------------------------------------------------------------------------------------------

  wakeQueued(): void {}
  migrate(): void {}
  /** Nothing waits on one CPU for another to take. */
  firstWaiting(): number {
    return 0;
  }
  nextWaiting(): number {
    return 0;
  }
  reweight(_cpu: number, tid: number, _curr: number, weight: number): void {
    this.#words[(tid << 4) | WEIGHT] = weight;
  }
  isDelayed(): boolean {
    return false;
  }
  isQueued(tid: number): boolean {
    return this.#words[(tid << 4) | STATE] !== AWAY;
  }
  weight(tid: number): number {
    return this.#words[(tid << 4) | WEIGHT]!;
  }
  sliceNs(_tid: number): number {
    return this.#slice;
  }
  vruntime(tid: number): number {
    return this.sumExec(tid);
  }
  chargedUntil(tid: number): number {
    return this.#numbers[(tid << 3) | EXEC_START]!;
  }
  sumExec(tid: number): number {
    return this.#numbers[(tid << 3) | SUM_EXEC]!;
  }
  /** All who wait could be this CPU's next. */
  nrRunning(cpu: number): number {
    return this.#counts[WAITERS]! + (this.#current[cpu] === 0 ? 0 : 1);
  }
  nrQueued(cpu: number): number {
    return this.nrRunning(cpu);
  }
  load(cpu: number): number {
    const curr = this.#current[cpu]!;
    return curr === 0 ? 0 : this.weight(curr);
  }
  minVruntime(): number {
    return 0;
  }
}
