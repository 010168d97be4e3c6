/**
 * The functions that CPUs have been asked to run, in the machine's buffer: a ring of CALL_SLOTS entries a CPU, and for each CPU
 * that waits for answers the set of those it waits for.
 *
 * | operation | who               | together with                                                                              |
 * |-----------|-------------------|--------------------------------------------------------------------------------------------|
 * | push      | any CPU           | every other operation: it takes an entry by adding to the tail, which is never taken back   |
 * | pop       | the CPU itself    | pushes                                                                                      |
 *
 * A push says whether the ring was empty, which is whether the CPU has to be signalled. A full ring is told to the pusher: a
 * queue between CPUs that grows is memory that nobody has. Rejected: Linux's record for each pair of CPUs (a million of them
 * for 1024 CPUs).
 */
import type { Arena } from "../arena.ts";
import type { SmpTable } from "./smp-table.ts";

/** Entries of a CPU's ring, a power of two. */
export const CALL_SLOTS = 32;
/** Words of an entry: function, argument, asking CPU, ticket. */
const ENTRY = 4;

export interface CallEntry {
  readonly fn: number;
  readonly arg: number;
  readonly from: number;
  /** Number of the asking CPU's wait; 0 = it does not wait. */
  readonly ticket: number;
}

export class CallQueues {
  readonly #smp: SmpTable;
  readonly #ring: Int32Array;
  readonly #waitsFor: Int32Array;

  constructor(arena: Arena, smp: SmpTable, vcpus: number) {
    this.#smp = smp;
    this.#ring = arena.int32(vcpus * CALL_SLOTS * ENTRY);
    this.#waitsFor = arena.int32(vcpus * smp.maskWords);
  }

  isEmpty(cpu: number): boolean {
    return this.#smp.callHead(cpu) === this.#smp.callTail(cpu);
  }

  /** Puts an entry at the end of the queue of `cpu`. False: it is full. */
  push(cpu: number, entry: CallEntry): boolean {
    const smp = this.#smp;
    const tail = smp.callTail(cpu);
    if (((tail - smp.callHead(cpu)) | 0) === CALL_SLOTS) return false;
    const at = this.#at(cpu, tail);
    this.#ring[at] = entry.fn;
    this.#ring[at + 1] = entry.arg;
    this.#ring[at + 2] = entry.from;
    this.#ring[at + 3] = entry.ticket;
    smp.setCallTail(cpu, (tail + 1) | 0);
    return true;
  }

  /** Takes the first entry of the queue of `cpu`, which is not empty. */
  pop(cpu: number): CallEntry {
    const smp = this.#smp;
    const head = smp.callHead(cpu);
    const at = this.#at(cpu, head);
    const ring = this.#ring;
    smp.setCallHead(cpu, (head + 1) | 0);
    return { fn: ring[at]!, arg: ring[at + 1]!, from: ring[at + 2]!, ticket: ring[at + 3]! };
  }

  #at(cpu: number, n: number): number {
    return (cpu * CALL_SLOTS + (n & (CALL_SLOTS - 1))) * ENTRY;
  }

  /** Does `waiter` wait for an answer of `cpu`? */
  waitsFor(waiter: number, cpu: number): boolean {
    return ((this.#waitsFor[this.#word(waiter, cpu)]! >>> (cpu & 31)) & 1) === 1;
  }
  setWaitsFor(waiter: number, cpu: number, waits: boolean): void {
    const bit = 1 << (cpu & 31);
    if (waits) this.#waitsFor[this.#word(waiter, cpu)]! |= bit;
    else this.#waitsFor[this.#word(waiter, cpu)]! &= ~bit;
  }

  #word(waiter: number, cpu: number): number {
    return waiter * this.#smp.maskWords + (cpu >>> 5);
  }
}
