/**
 * Spin loops as waits: a task that has looked at a word in vain, gives its CPU up and is about to look again.
 *
 * Such a turn has changed nothing. As long as the word is what it was and nobody else wants the CPU, the next turn is the same
 * again, so it need not be made: the CPU is not enabled until the word changes (docs/kernel-mode.md). A look is a load or a
 * compare-exchange that loses, by user mode; a turn is a look, one sched_yield and nothing else, and the same look.
 *
 * That the loop does the same in each turn is not known here: a program with two loads and a sched_yield between them is none that
 * spins. So whoever sets a machine up says that its programs do that in loops only (ExploredConfig.spinsWait).
 *
 * The first look of a loop is in vain, too, and there are two classes of executions where it comes before the word changes and
 * where it does not. That of a compare-exchange waits as well, once such a one was seen to spin (`learn`): the same word, operands
 * and value. A load does not, because others may load that word and not spin.
 */
import { type AccessSlot, CMPXCHG32, LOAD32 } from "./access-slot.ts";

/** How far a task is: nowhere; has looked; has given way; is about to look again. */
const NOT = 0;
const LOOKED = 1;
const GAVE_WAY = 2;
const WAITS = 3;

export class SpinWaits {
  readonly #on: boolean;
  readonly #words: Uint32Array;
  /** By task. */
  readonly #phase: Uint8Array;
  /** Of the look: where, what kind, what it expected, and what it saw. */
  readonly #addrs: Float64Array;
  readonly #operations: Uint8Array;
  readonly #expected: Int32Array;
  readonly #seen: Uint32Array;
  /** Compare-exchanges that are known to spin, and by word whether it has any. */
  readonly #locks: {
    readonly addr: number;
    readonly expected: number;
    readonly value: number;
    readonly seen: number;
  }[] = [];
  readonly #isLock: Uint8Array;
  /** Those that spin are learned from now on. */
  learns = false;
  /** Times that the task was resumed since it came to this phase. */
  readonly #since: Uint8Array;

  constructor(buffer: ArrayBufferLike, tasks: number, on: boolean) {
    this.#on = on;
    this.#words = new Uint32Array(buffer);
    this.#phase = new Uint8Array(tasks);
    this.#addrs = new Float64Array(tasks);
    this.#operations = new Uint8Array(tasks);
    this.#expected = new Int32Array(tasks);
    this.#seen = new Uint32Array(tasks);
    this.#since = new Uint8Array(tasks);
    this.#isLock = new Uint8Array(this.#words.length);
  }

  clear(): void {
    this.#phase.fill(NOT);
  }
  forget(tid: number): void {
    this.#phase[tid] = NOT;
  }

  /** The task is resumed, to make the access in `slot` if there is one. */
  resumes(tid: number, slot: AccessSlot | undefined): void {
    if (!this.#on) return;
    if (slot === undefined) {
      // Each other call would be one more point at which the task is resumed.
      if (++this.#since[tid]! > 1) this.#phase[tid] = NOT;
      return;
    }
    const { addr, operation, expected } = slot;
    const seen = this.#words[addr >>> 2]!;
    const inVain = operation === LOAD32 || (operation === CMPXCHG32 && seen !== expected >>> 0);
    this.#phase[tid] = slot.user && inVain ? LOOKED : NOT;
    this.#addrs[tid] = addr;
    this.#operations[tid] = operation;
    this.#expected[tid] = expected;
    this.#seen[tid] = seen;
    this.#since[tid] = 0;
  }
  /** The task makes the call sched_yield. */
  givesWay(tid: number): void {
    if (this.#phase[tid] !== LOOKED) return;
    this.#phase[tid] = GAVE_WAY;
    this.#since[tid] = 0;
  }
  /** The task is about to make the access in `slot`. */
  announces(tid: number, slot: AccessSlot): void {
    if (this.#phase[tid] !== GAVE_WAY) return;
    const { user, addr, operation, expected } = slot;
    const same =
      user &&
      addr === this.#addrs[tid] &&
      operation === this.#operations[tid] &&
      (expected | 0) === this.#expected[tid];
    this.#phase[tid] = same ? WAITS : NOT;
    if (same && this.learns && operation === CMPXCHG32) this.#learn(slot, this.#seen[tid]!);
  }

  #learn({ addr, expected, value }: AccessSlot, seen: number): void {
    this.#isLock[addr >>> 2] = 1;
    if (!this.#spins(addr, expected, value, seen)) this.#locks.push({ addr, expected, value, seen });
  }
  #spins(addr: number, expected: number, value: number, seen: number): boolean {
    return this.#locks.some(
      (lock) =>
        lock.addr === addr && lock.expected === expected && lock.value === value && lock.seen === seen,
    );
  }

  /** Is the task, which is about to make the access in `slot`, to wait for it if it is in vain? */
  waits(tid: number, { user, addr, operation }: AccessSlot): boolean {
    if (this.#phase[tid] === WAITS) return true;
    return user && operation === CMPXCHG32 && this.#isLock[addr >>> 2] === 1;
  }
  /** Is it in vain now? Of a task that waits. */
  inVain(tid: number, { addr, expected, value }: AccessSlot): boolean {
    const word = this.#words[addr >>> 2]!;
    if (this.#phase[tid] === WAITS && word === this.#seen[tid]) return true;
    return this.#isLock[addr >>> 2] === 1 && this.#spins(addr, expected, value, word);
  }
}
