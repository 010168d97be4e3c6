/**
 * vCPU records, indexed by CPU, in the machine's buffer: 64 bytes each, laid out and accessed as those of tasks are.
 *
 * `curr`, the run queue and the idle words of a CPU are written by that CPU, or by a waker holding its run-queue lock
 * (a primitive is atomic, see docs/architecture.md). `needResched`, the wake list and `pending` are written by anybody.
 */
import type { Arena } from "./arena.ts";

/** Running a task or switching to one. */
export const IDLE_NOT = 0;
/** On the way into idle: still looks at its flag and wake list before it sleeps. */
export const IDLE_ENTERING = 1;
/** Asleep in an idle state. */
export const IDLE_ASLEEP = 2;
/** Woken: paying exit latency. Wakes that arrive now ride along. */
export const IDLE_EXITING = 3;
/** On the way into idle, having looked for tasks elsewhere in vain. */
export const IDLE_SEARCHED = 4;

export class CpuTable {
  declare readonly count: number;
  /** Bit set of CPUs that are idle with nothing on its way to them. */
  declare protected readonly idleMask: Int32Array;
  declare private readonly words: Int32Array;
  declare private readonly numbers: Float64Array;

  constructor(arena: Arena, vcpus: number) {
    this.count = vcpus;
    this.numbers = arena.float64(vcpus << 3);
    this.words = new Int32Array(this.numbers.buffer, this.numbers.byteOffset, this.numbers.length << 1);
    this.idleMask = arena.int32((vcpus + 31) >>> 5);
  }

  setIdle(cpu: number, idle: boolean): void {
    const bit = 1 << (cpu & 31);
    if (idle) this.idleMask[cpu >>> 5]! |= bit;
    else this.idleMask[cpu >>> 5]! &= ~bit;
  }

  /** available_idle_cpu(): idle, and no wake-up on its way to it. */
  isIdle(cpu: number): boolean {
    return ((this.idleMask[cpu >>> 5]! >>> (cpu & 31)) & 1) === 1;
  }

  /** Current task; 0 = the idle task. */
  curr(cpu: number): number {
    return this.words[cpu << 4]!;
  }
  setCurr(cpu: number, to: number): void {
    this.words[cpu << 4] = to;
  }
  needResched(cpu: number): number {
    return this.words[(cpu << 4) | 1]!;
  }
  setNeedResched(cpu: number, to: number): void {
    this.words[(cpu << 4) | 1] = to;
  }
  /** IDLE_ phase. */
  idlePhase(cpu: number): number {
    return this.words[(cpu << 4) | 2]!;
  }
  setIdlePhase(cpu: number, to: number): void {
    this.words[(cpu << 4) | 2] = to;
  }
  /** Tasks woken for this CPU but not yet queued by it; push at the tail, drained whole by the CPU. */
  wakeListHead(cpu: number): number {
    return this.words[(cpu << 4) | 3]!;
  }
  setWakeListHead(cpu: number, to: number): void {
    this.words[(cpu << 4) | 3] = to;
  }
  wakeListTail(cpu: number): number {
    return this.words[(cpu << 4) | 4]!;
  }
  setWakeListTail(cpu: number, to: number): void {
    this.words[(cpu << 4) | 4] = to;
  }
  switches(cpu: number): number {
    return this.words[(cpu << 4) | 5]!;
  }
  setSwitches(cpu: number, to: number): void {
    this.words[(cpu << 4) | 5] = to;
  }
  ipisSent(cpu: number): number {
    return this.words[(cpu << 4) | 6]!;
  }
  setIpisSent(cpu: number, to: number): void {
    this.words[(cpu << 4) | 6] = to;
  }
  ipisReceived(cpu: number): number {
    return this.words[(cpu << 4) | 7]!;
  }
  setIpisReceived(cpu: number, to: number): void {
    this.words[(cpu << 4) | 7] = to;
  }
  /** Wakes that needed no IPI of their own because one was on its way. */
  ipisCoalesced(cpu: number): number {
    return this.words[(cpu << 4) | 8]!;
  }
  setIpisCoalesced(cpu: number, to: number): void {
    this.words[(cpu << 4) | 8] = to;
  }
  /** Mailbox: what was sent here and not yet served, IPI_ bits (smp/mailbox.ts). A CPU does not sleep while one is set. */
  pending(cpu: number): number {
    return this.words[(cpu << 4) | 9]!;
  }
  setPending(cpu: number, to: number): void {
    this.words[(cpu << 4) | 9] = to;
  }
  /** When the wake-up now being made on this CPU began: its cost is charged before its effect. */
  wakeStart(cpu: number): number {
    return this.numbers[(cpu << 3) | 5]!;
  }
  setWakeStart(cpu: number, to: number): void {
    this.numbers[(cpu << 3) | 5] = to;
  }
  idleSince(cpu: number): number {
    return this.numbers[(cpu << 3) | 6]!;
  }
  setIdleSince(cpu: number, to: number): void {
    this.numbers[(cpu << 3) | 6] = to;
  }
  idleNs(cpu: number): number {
    return this.numbers[(cpu << 3) | 7]!;
  }
  setIdleNs(cpu: number, to: number): void {
    this.numbers[(cpu << 3) | 7] = to;
  }
}
