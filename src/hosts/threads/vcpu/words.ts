/**
 * The words of the threads host itself: behind the machine's memory in the same buffer, where no address of a program leads.
 *
 * | word          | written by                                                                                            |
 * |---------------|--------------------------------------------------------------------------------------------------------|
 * | phase         | main: BOOT, then RUNNING; the CPU on which the last task exits: ENDED; who finds out: FAILED, DEADLOCKED  |
 * | turn          | during set-up: the CPU whose turn it is; written by the one before                                        |
 * | dormant       | a CPU that has no timer, before it sleeps and after                                                       |
 * | completions   | alone in the kernel: main puts, the CPU that is interrupted takes                                      |
 * | thread        | of each CPU: ABSENT, LOADED (its Worker), STARTED (who starts the CPU), GONE (main)                        |
 * | attention     | of each CPU: ATT_ bits, set by anybody, taken by the CPU                                                   |
 * | sleeping      | of each CPU: the CPU                                                                                      |
 * | rang, wakeNs  | who notifies a sleeping CPU: when, coarsely; the CPU: how long that takes                                |
 * | tick, slice   | of each CPU, times: with its queue's lock (lock-order.ts), by whoever arms                                  |
 *
 * Everything a CPU has to look at has a bit in its attention word, and it sleeps on that word: no wake-up is lost between its
 * look and its sleep, whatever comes.
 */

import { monotonicNs } from "../clock.ts";

/** Somebody sent to its mailbox; a device interrupts; it was asked to leave idle; one of its times has changed; the phase has; something
 *  about host threads: an interrupt; one gives its turn back, which is none (host-tasks.ts). */
export const ATT_IPI = 1;
export const ATT_DEVICE = 2;
export const ATT_POKE = 4;
export const ATT_TIMER = 8;
export const ATT_PHASE = 16;
export const ATT_HOST = 32;
export const ATT_TURN = 64;

export const PHASE_BOOT = 0;
export const PHASE_READY = 1;
export const PHASE_RUNNING = 2;
/** The last task has exited; nothing can happen any more; the machine is broken. Main is told, and ends it. */
export const PHASE_ENDED = 3;
export const PHASE_DEADLOCKED = 4;
export const PHASE_FAILED = 5;

export const THREAD_ABSENT = 0;
export const THREAD_LOADED = 1;
export const THREAD_STARTED = 2;
export const THREAD_GONE = 3;

export const PHASE = 1;
export const TURN = 2;
export const DORMANT = 3;
/** Completions taken and put (machine/threads/completions.ts). */
const TAKEN = 5;
const PUT = 6;
const COMPLETIONS = 256;
/** Words of the machine's record, and of each CPU's: a cache line. */
const RECORD = 16;

const THREAD = 0;
const ATTENTION = 1;
const SLEEPING = 2;
const RANG = 3;
const WAKE_NS = 4;
/** In units of 8 bytes. */
const TICK_AT = 4;
const SLICE_AT = 5;
const ZERO_NS = 4;
const FROZEN_NS = 5;

export class VcpuWords {
  /** From the first word of the record on. */
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array<SharedArrayBuffer>;
  readonly #completions: Int32Array<SharedArrayBuffer>;
  readonly vcpus: number;

  static bytes(vcpus: number): number {
    return ((vcpus + 1) * RECORD + COMPLETIONS) * 4;
  }

  /** `at`: where they begin, a multiple of 8. */
  constructor(buffer: SharedArrayBuffer, at: number, vcpus: number) {
    const count = (vcpus + 1) * RECORD;
    this.words = new Int32Array(buffer, at, count);
    this.#numbers = new Float64Array(buffer, at, count >> 1);
    this.#completions = new Int32Array(buffer, at + 4 * count, COMPLETIONS);
    this.vcpus = vcpus;
  }

  /** Before anything else, by main: no time is armed. */
  begin(): void {
    for (let cpu = 0; cpu < this.vcpus; cpu++) {
      this.setTickAt(cpu, Number.POSITIVE_INFINITY);
      this.setSliceAt(cpu, Number.POSITIVE_INFINITY);
    }
  }
  /** Lets the boot CPU go; it starts the others. Time begins, at `nowNs` of the host's clock. */
  startBootCpu(nowNs: number): void {
    this.zeroNs = nowNs;
    this.frozenNs = -1;
    this.setThread(0, THREAD_STARTED);
  }
  /** Time goes on from where set-up code found it, and so does everybody. */
  go(nowNs: number): void {
    this.zeroNs = nowNs - this.frozenNs;
    this.frozenNs = -1;
    this.setPhase(PHASE_RUNNING);
  }

  /** Alone in the kernel. False: the ring is full. */
  pushCompletion(fd: number): boolean {
    const { words } = this;
    if (((words[PUT]! - words[TAKEN]!) | 0) === COMPLETIONS) return false;
    this.#completions[(words[PUT]! >>> 0) % COMPLETIONS] = fd;
    words[PUT]!++;
    return true;
  }
  /** Alone in the kernel. -1: there is none. */
  popCompletion(): number {
    const { words } = this;
    if (words[PUT] === words[TAKEN]) return -1;
    const fd = this.#completions[(words[TAKEN]! >>> 0) % COMPLETIONS]!;
    words[TAKEN]!++;
    return fd;
  }

  get phase(): number {
    return Atomics.load(this.words, PHASE);
  }
  /** Everybody who waits looks. */
  setPhase(to: number): void {
    Atomics.store(this.words, PHASE, to);
    this.#tellPhase();
  }
  /** From RUNNING, to its end. False: another end came first. One that fails meanwhile has the last word. */
  endAs(to: number): boolean {
    const first = Atomics.compareExchange(this.words, PHASE, PHASE_RUNNING, to) === PHASE_RUNNING;
    if (first) this.#tellPhase();
    return first;
  }
  #tellPhase(): void {
    Atomics.notify(this.words, PHASE);
    for (let cpu = 0; cpu < this.vcpus; cpu++) this.ring(cpu, ATT_PHASE);
  }

  /** Where the clock of the host stands at the machine's time 0; when time stands still, for set-up code, the time there. */
  get zeroNs(): number {
    return this.#numbers[ZERO_NS]!;
  }
  set zeroNs(to: number) {
    this.#numbers[ZERO_NS] = to;
  }
  get frozenNs(): number {
    return this.#numbers[FROZEN_NS]!;
  }
  set frozenNs(to: number) {
    this.#numbers[FROZEN_NS] = to;
  }

  /** Index of a word of `cpu`, for waits. */
  threadWord(cpu: number): number {
    return (cpu + 1) * RECORD + THREAD;
  }
  attentionWord(cpu: number): number {
    return (cpu + 1) * RECORD + ATTENTION;
  }

  thread(cpu: number): number {
    return Atomics.load(this.words, this.threadWord(cpu));
  }
  setThread(cpu: number, to: number): void {
    Atomics.store(this.words, this.threadWord(cpu), to);
    Atomics.notify(this.words, this.threadWord(cpu));
  }

  attention(cpu: number): number {
    return Atomics.load(this.words, this.attentionWord(cpu));
  }
  takeAttention(cpu: number): number {
    return Atomics.exchange(this.words, this.attentionWord(cpu), 0);
  }
  /** Sets bits of a CPU, and wakes it if it sleeps. Returns those that were set before. */
  ring(cpu: number, bits: number): number {
    const before = Atomics.or(this.words, this.attentionWord(cpu), bits);
    // The bits come before this look, the flag before the sleeper's look at the bits.
    if (before === 0 && Atomics.load(this.words, (cpu + 1) * RECORD + SLEEPING) !== 0) {
      Atomics.store(this.words, (cpu + 1) * RECORD + RANG, coarse(monotonicNs()));
      Atomics.notify(this.words, this.attentionWord(cpu));
    }
    return before;
  }

  /** A CPU has been woken: how long that took is averaged. Returns the average, ns. */
  woken(cpu: number): number {
    const rang = Atomics.load(this.words, (cpu + 1) * RECORD + RANG);
    const took = ((coarse(monotonicNs()) - rang) & 0x7fff_ffff) * COARSE_NS;
    const before = this.wakeNs(cpu);
    this.words[(cpu + 1) * RECORD + WAKE_NS] = before === 0 ? took : before + (took - before) / 8;
    return this.wakeNs(cpu);
  }
  /** How long a wake-up of `cpu` takes, ns, on average, from its notification; 0 = there was none. */
  wakeNs(cpu: number): number {
    return this.words[(cpu + 1) * RECORD + WAKE_NS]!;
  }

  setSleeping(cpu: number, to: boolean): void {
    Atomics.store(this.words, (cpu + 1) * RECORD + SLEEPING, to ? 1 : 0);
  }

  tickAt(cpu: number): number {
    return this.#numbers[(cpu + 1) * (RECORD >> 1) + TICK_AT]!;
  }
  setTickAt(cpu: number, to: number): void {
    this.#numbers[(cpu + 1) * (RECORD >> 1) + TICK_AT] = to;
  }
  sliceAt(cpu: number): number {
    return this.#numbers[(cpu + 1) * (RECORD >> 1) + SLICE_AT]!;
  }
  setSliceAt(cpu: number, to: number): void {
    this.#numbers[(cpu + 1) * (RECORD >> 1) + SLICE_AT] = to;
  }
}

const COARSE_NS = 100;

/** A time in units of 100 ns, in 31 bits. */
function coarse(ns: number): number {
  return Math.floor(ns / COARSE_NS) % 2 ** 31;
}
