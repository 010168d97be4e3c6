/**
 * What the CPUs of a machine know of each other, in the machine's buffer: 64 bytes a CPU, and a line for the whole machine.
 *
 * | word        | written by                                                                                           |
 * |-------------|------------------------------------------------------------------------------------------------------|
 * | state       | `setCpuState` only                                                                                     |
 * | idleTask    | the boot CPU, before it releases the CPU; read by the CPU after                                        |
 * | doorbell    | any sender, after it has set a pending bit (mailbox.ts)                                                |
 * | raised      | any sender that raises an interrupt; the CPU, when it takes it                                         |
 * | received    | the CPU                                                                                                |
 * | callTail    | any pusher (call-queues.ts)                                                                            |
 * | callHead    | the CPU                                                                                                |
 * | ticket      | the CPU, when it begins to wait for answers                                                            |
 * | acksLeft    | the CPU, and whoever answers it                                                                        |
 * | irq, held   | the CPU, in interrupts.ts                                                                              |
 * | usable mask | with the state READY                                                                                   |
 * | stop words  | the owner of the stop; stopLeft: each CPU that stops                                                   |
 *
 * The pending bits themselves are in cpu-table.ts, beside the other words that an idle CPU looks at.
 */
import type { Arena } from "../arena.ts";
import { IrqTable } from "./irq-table.ts";

const WORDS = 16;

export class SmpTable {
  declare readonly count: number;
  /** Words of a mask of CPUs. */
  declare readonly maskWords: number;
  /** Bit set of CPUs that tasks may be placed on: those that have come up. What is placed on a stopped CPU stays there. */
  declare private readonly usable: Int32Array;
  declare readonly irqs: IrqTable;
  /** For hosts, which park on a word of it: `stateWord`. */
  declare readonly words: Int32Array;

  constructor(arena: Arena, vcpus: number) {
    this.count = vcpus;
    this.maskWords = (vcpus + 31) >>> 5;
    this.words = arena.int32((vcpus + 1) * WORDS);
    this.usable = arena.int32(this.maskWords);
    this.irqs = new IrqTable(arena);
  }

  /** CPU_ state. Set through `setCpuState` only. */
  state(cpu: number): number {
    return this.words[cpu << 4]!;
  }
  setState(cpu: number, to: number): void {
    this.words[cpu << 4] = to;
  }
  /** Where in `words` the state of `cpu` is. */
  stateWord(cpu: number): number {
    return cpu << 4;
  }
  /** FAIL_ reason. */
  failure(cpu: number): number {
    return this.words[(cpu << 4) | 1]!;
  }
  setFailure(cpu: number, to: number): void {
    this.words[(cpu << 4) | 1] = to;
  }
  /** Counts what has been put into the CPU's mailbox. */
  doorbell(cpu: number): number {
    return this.words[(cpu << 4) | 2]!;
  }
  setDoorbell(cpu: number, to: number): void {
    this.words[(cpu << 4) | 2] = to;
  }
  /** The vectors (IPI_ bits) that the interrupt on its way to the CPU stands for. */
  raised(cpu: number): number {
    return this.words[(cpu << 4) | 3]!;
  }
  setRaised(cpu: number, to: number): void {
    this.words[(cpu << 4) | 3] = to;
  }
  /** Interrupts of a vector that the CPU has taken; `vector` is the number of the bit, 0 to 2. */
  received(cpu: number, vector: number): number {
    return this.words[(cpu << 4) | (4 + vector)]!;
  }
  countReceived(cpu: number, vector: number): void {
    this.words[(cpu << 4) | (4 + vector)]!++;
  }
  /** The idle task the boot CPU has made for the CPU, as its number plus 1; 0 = none yet. */
  idleTask(cpu: number): number {
    return this.words[(cpu << 4) | 7]!;
  }
  setIdleTask(cpu: number, to: number): void {
    this.words[(cpu << 4) | 7] = to;
  }
  /** IRQ_ON, IRQ_OFF, or the class whose handler is active. Set in interrupts.ts only. */
  irq(cpu: number): number {
    return this.words[(cpu << 4) | 8]!;
  }
  setIrq(cpu: number, to: number): void {
    this.words[(cpu << 4) | 8] = to;
  }
  /** The task that turned interrupts off. */
  irqTask(cpu: number): number {
    return this.words[(cpu << 4) | 9]!;
  }
  setIrqTask(cpu: number, to: number): void {
    this.words[(cpu << 4) | 9] = to;
  }
  /** Interrupts that had to wait until they were on again. */
  held(cpu: number): number {
    return this.words[(cpu << 4) | 10]!;
  }
  setHeld(cpu: number, to: number): void {
    this.words[(cpu << 4) | 10] = to;
  }
  /** Calls taken from the CPU's queue, and put into it (call-queues.ts). */
  callHead(cpu: number): number {
    return this.words[(cpu << 4) | 11]!;
  }
  setCallHead(cpu: number, to: number): void {
    this.words[(cpu << 4) | 11] = to;
  }
  callHeadWord(cpu: number): number {
    return (cpu << 4) | 11;
  }
  callTail(cpu: number): number {
    return this.words[(cpu << 4) | 12]!;
  }
  setCallTail(cpu: number, to: number): void {
    this.words[(cpu << 4) | 12] = to;
  }
  /** Number of the wait for answers that the CPU is in, or was in last. */
  ticket(cpu: number): number {
    return this.words[(cpu << 4) | 13]!;
  }
  setTicket(cpu: number, to: number): void {
    this.words[(cpu << 4) | 13] = to;
  }
  /** Answers it still waits for. */
  acksLeft(cpu: number): number {
    return this.words[(cpu << 4) | 14]!;
  }
  setAcksLeft(cpu: number, to: number): void {
    this.words[(cpu << 4) | 14] = to;
  }
  acksWord(cpu: number): number {
    return (cpu << 4) | 14;
  }

  // The record behind those of the CPUs is the machine's.

  /** STOP_ : is the machine being stopped, and how (stop.ts)? */
  get stopHow(): number {
    return this.words[this.count << 4]!;
  }
  set stopHow(to: number) {
    this.words[this.count << 4] = to;
  }
  /** CPU that stops the machine, or OUTSIDE. */
  get stopOwner(): number {
    return this.words[(this.count << 4) | 1]!;
  }
  set stopOwner(to: number) {
    this.words[(this.count << 4) | 1] = to;
  }
  /** CPUs that were told to stop and have not yet. */
  get stopLeft(): number {
    return this.words[(this.count << 4) | 2]!;
  }
  set stopLeft(to: number) {
    this.words[(this.count << 4) | 2] = to;
  }
  stopLeftWord(): number {
    return (this.count << 4) | 2;
  }

  setUsable(cpu: number): void {
    this.usable[cpu >>> 5]! |= 1 << (cpu & 31);
  }
  isUsable(cpu: number): boolean {
    return ((this.usable[cpu >>> 5]! >>> (cpu & 31)) & 1) === 1;
  }
  /** Word `word` of the mask of usable CPUs: an affinity mask is ANDed with it when it is set. */
  usableWord(word: number): number {
    return this.usable[word]!;
  }
}
