/**
 * A scheduling class that takes the lock of a queue before it changes anything there. What only looks at the queue of another CPU,
 * to place a task, takes none: it decides by what it sees, and the decision may be a moment old, as in Linux.
 */
import type { FairClass } from "../../../kernel-sim/fair-class.ts";
import type { KernelLock } from "./kernel-lock.ts";

export class LockedClass implements FairClass {
  readonly #fair: FairClass;
  readonly #lock: KernelLock;
  readonly #queueOf: (tid: number) => void;

  /** `queueOf`: takes the lock of the queue that a task belongs to. */
  constructor(fair: FairClass, lock: KernelLock, queueOf: (tid: number) => void) {
    this.#fair = fair;
    this.#lock = lock;
    this.#queueOf = queueOf;
  }

  get shared(): boolean {
    return this.#fair.shared;
  }

  /** Also whether it may be woken: its state stands still from here on. */
  isQueued(tid: number): boolean {
    this.#queueOf(tid);
    return this.#fair.isQueued(tid);
  }

  enqueue(cpu: number, tid: number, curr: number, now: number, initial: boolean): void {
    this.#lock.queue(cpu);
    this.#fair.enqueue(cpu, tid, curr, now, initial);
  }
  wakeQueued(cpu: number, tid: number, curr: number, now: number): void {
    this.#lock.queue(cpu);
    this.#fair.wakeQueued(cpu, tid, curr, now);
  }
  update(cpu: number, curr: number, now: number): void {
    this.#lock.queue(cpu);
    this.#fair.update(cpu, curr, now);
  }
  tick(cpu: number, curr: number, now: number): boolean {
    this.#lock.queue(cpu);
    return this.#fair.tick(cpu, curr, now);
  }
  yieldCurrent(cpu: number, tid: number): void {
    this.#lock.queue(cpu);
    this.#fair.yieldCurrent(cpu, tid);
  }
  sleepCurrent(cpu: number, tid: number, special: boolean): boolean {
    this.#lock.queue(cpu);
    return this.#fair.sleepCurrent(cpu, tid, special);
  }
  pick(cpu: number, curr: number): number {
    this.#lock.queue(cpu);
    return this.#fair.pick(cpu, curr);
  }
  putBack(cpu: number, tid: number): void {
    this.#lock.queue(cpu);
    this.#fair.putBack(cpu, tid);
  }
  begin(cpu: number, tid: number, now: number): void {
    this.#lock.queue(cpu);
    this.#fair.begin(cpu, tid, now);
  }
  dequeueWaiting(cpu: number, tid: number, now: number): void {
    this.#lock.queue(cpu);
    this.#fair.dequeueWaiting(cpu, tid, now);
  }
  reweight(cpu: number, tid: number, curr: number, weight: number, sliceNs: number, now: number): void {
    this.#lock.queue(cpu);
    this.#fair.reweight(cpu, tid, curr, weight, sliceNs, now);
  }

  // Looks, and what belongs to one task that is on no queue.

  prepare(tid: number, weight: number, sliceNs: number): void {
    this.#fair.prepare(tid, weight, sliceNs);
  }
  setPolicy(tid: number, policy: number): void {
    this.#fair.setPolicy(tid, policy);
  }
  expect(tid: number, ns: number): void {
    this.#fair.expect(tid, ns);
  }
  /** A look that moves what it looks at for a moment, and takes away protection. */
  wakeupPreempts(cpu: number, curr: number, wakee: number, now: number, initial: boolean): boolean {
    this.#lock.queue(cpu);
    return this.#fair.wakeupPreempts(cpu, curr, wakee, now, initial);
  }
  sliceOver(cpu: number, curr: number, now: number): boolean {
    return this.#fair.sliceOver(cpu, curr, now);
  }
  sliceLeft(cpu: number, curr: number, now: number): number {
    return this.#fair.sliceLeft(cpu, curr, now);
  }
  beginSlice(tid: number, now: number): void {
    this.#fair.beginSlice(tid, now);
  }
  migrate(from: number, to: number, tid: number): void {
    this.#fair.migrate(from, to, tid);
  }
  firstWaiting(cpu: number): number {
    return this.#fair.firstWaiting(cpu);
  }
  nextWaiting(tid: number): number {
    return this.#fair.nextWaiting(tid);
  }
  isDelayed(tid: number): boolean {
    return this.#fair.isDelayed(tid);
  }
  weight(tid: number): number {
    return this.#fair.weight(tid);
  }
  sliceNs(tid: number): number {
    return this.#fair.sliceNs(tid);
  }
  vruntime(tid: number): number {
    return this.#fair.vruntime(tid);
  }
  sumExec(tid: number): number {
    return this.#fair.sumExec(tid);
  }
  chargedUntil(tid: number): number {
    return this.#fair.chargedUntil(tid);
  }
  nrRunning(cpu: number): number {
    return this.#fair.nrRunning(cpu);
  }
  nrQueued(cpu: number): number {
    return this.#fair.nrQueued(cpu);
  }
  load(cpu: number): number {
    return this.#fair.load(cpu);
  }
  minVruntime(cpu: number): number {
    return this.#fair.minVruntime(cpu);
  }
}
