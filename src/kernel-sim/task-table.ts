/**
 * Task records, indexed by tid, in the machine's buffer. Record 0 is the idle task's and stays zero.
 *
 * A record is 128 bytes: a cache line of what every switch and wake-up touches, and one of the rest. What the scheduling
 * class knows of a task is in fair-queue.ts. Fields are written by the CPU that runs the task or, where noted, by a waker
 * that holds the wake-up (state WAKING).
 *
 * The offsets in the accessors are literals, in units of the field's size, one for each pair: a named constant costs six
 * bytes of bytecode, and V8 inlines what is below 27 bytes whatever it has inlined already. Rejected: a typed array for
 * each field (to be loaded, checked and bounded one by one, and a task's fields on 20 cache lines).
 */
import type { Arena } from "./arena.ts";

export class TaskTable {
  declare readonly capacity: number;
  /** Words of an affinity mask. */
  declare readonly maskWords: number;
  declare readonly allowed: Int32Array;
  declare private readonly moves: Int32Array;
  declare private readonly bits: Int32Array;
  declare private readonly masks: Int32Array;
  declare private readonly heads: Int32Array;
  declare private readonly homes: Int32Array;
  /** The same records as 32 int32 and as 16 float64 each. */
  declare protected readonly words: Int32Array;
  declare private readonly numbers: Float64Array;

  constructor(arena: Arena, maxTasks: number, vcpus: number) {
    const rows = maxTasks + 1;
    this.capacity = maxTasks;
    this.maskWords = (vcpus + 31) >>> 5;
    this.numbers = arena.float64(rows << 4);
    this.words = new Int32Array(this.numbers.buffer, this.numbers.byteOffset, this.numbers.length << 1);
    this.allowed = arena.int32(rows * this.maskWords);
    this.moves = arena.int32(rows);
    this.bits = arena.int32(rows);
    this.masks = arena.int32(rows);
    this.heads = arena.int32(rows);
    this.homes = arena.int32(rows);
  }

  /** May the task run on `cpu`? */
  allows(tid: number, cpu: number): boolean {
    return ((this.allowed[tid * this.maskWords + (cpu >>> 5)]! >>> (cpu & 31)) & 1) === 1;
  }

  /** TASK_ state. Set through `setTaskState` only. */
  state(tid: number): number {
    return this.words[tid << 5]!;
  }
  setState(tid: number, to: number): void {
    this.words[tid << 5] = to;
  }
  /** PF_ flags. */
  flags(tid: number): number {
    return this.words[(tid << 5) | 1]!;
  }
  setFlags(tid: number, to: number): void {
    this.words[(tid << 5) | 1] = to;
  }
  /** TIF_ work to do before user mode. */
  work(tid: number): number {
    return this.words[(tid << 5) | 2]!;
  }
  setWork(tid: number, to: number): void {
    this.words[(tid << 5) | 2] = to;
  }
  /** Adds bits, or takes bits away. By the task itself, and by whoever sends it a signal. */
  addWork(tid: number, bits: number): void {
    this.words[(tid << 5) | 2]! |= bits;
  }
  dropWork(tid: number, bits: number): void {
    this.words[(tid << 5) | 2]! &= ~bits;
  }
  /** The state of the task, and whether it runs, stand still from here to the end of the step. For tables that take locks. */
  still(_tid: number): void {}
  /** CPU it runs on, or ran on last. */
  cpu(tid: number): number {
    return this.words[(tid << 5) | 3]!;
  }
  setCpu(tid: number, to: number): void {
    this.words[(tid << 5) | 3] = to;
  }
  /** Address of the registered struct umcg_task; 0 = not registered (task_struct.umcg_task). */
  umcgTask(tid: number): number {
    return this.words[(tid << 5) | 4]!;
  }
  setUmcgTask(tid: number, to: number): void {
    this.words[(tid << 5) | 4] = to;
  }
  /** Address of the idle worker list that a worker registered with. Written by the worker itself. */
  umcgHead(tid: number): number {
    return this.heads[tid]!;
  }
  setUmcgHead(tid: number, to: number): void {
    this.heads[tid] = to;
  }
  /** WAIT_ reason, and what it waits for (an address, an fd, a tid): for dumps, futex keys and traces. */
  waitReason(tid: number): number {
    return this.words[(tid << 5) | 5]!;
  }
  setWaitReason(tid: number, to: number): void {
    this.words[(tid << 5) | 5] = to;
  }
  waitOn(tid: number): number {
    return this.numbers[(tid << 4) | 3]!;
  }
  setWaitOn(tid: number, to: number): void {
    this.numbers[(tid << 4) | 3] = to;
  }
  /** Bit n: signal n is not taken for now. Written by the task itself. */
  sigMask(tid: number): number {
    return this.masks[tid]!;
  }
  setSigMask(tid: number, to: number): void {
    this.masks[tid] = to;
  }
  /** Bits a futex waiter can be woken by. */
  waitBits(tid: number): number {
    return this.bits[tid]!;
  }
  setWaitBits(tid: number, to: number): void {
    this.bits[tid] = to;
  }
  /**
   * The old CPU is still switching the task out until then (p->on_cpu), ns; of a task on a wake list, when it came there
   * at the earliest. It does not run before. Written by the old CPU, then by the waker.
   */
  onCpuUntil(tid: number): number {
    return this.numbers[(tid << 4) | 4]!;
  }
  setOnCpuUntil(tid: number, to: number): void {
    this.numbers[(tid << 4) | 4] = to;
  }
  voluntarySwitches(tid: number): number {
    return this.words[(tid << 5) | 10]!;
  }
  setVoluntarySwitches(tid: number, to: number): void {
    this.words[(tid << 5) | 10] = to;
  }
  involuntarySwitches(tid: number): number {
    return this.words[(tid << 5) | 11]!;
  }
  setInvoluntarySwitches(tid: number, to: number): void {
    this.words[(tid << 5) | 11] = to;
  }
  /** Link in a CPU's wake list. Written by the waker while the task is WAKING. */
  wakeNext(tid: number): number {
    return this.words[(tid << 5) | 12]!;
  }
  setWakeNext(tid: number, to: number): void {
    this.words[(tid << 5) | 12] = to;
  }
  recentUsedCpu(tid: number): number {
    return this.words[(tid << 5) | 13]!;
  }
  setRecentUsedCpu(tid: number, to: number): void {
    this.words[(tid << 5) | 13] = to;
  }
  /** Wakee-flip bookkeeping of record_wakee(). */
  lastWakee(tid: number): number {
    return this.words[(tid << 5) | 14]!;
  }
  setLastWakee(tid: number, to: number): void {
    this.words[(tid << 5) | 14] = to;
  }
  wakeeFlips(tid: number): number {
    return this.words[(tid << 5) | 15]!;
  }
  setWakeeFlips(tid: number, to: number): void {
    this.words[(tid << 5) | 15] = to;
  }
  flipDecayAt(tid: number): number {
    return this.numbers[(tid << 4) | 8]!;
  }
  setFlipDecayAt(tid: number, to: number): void {
    this.numbers[(tid << 4) | 8] = to;
  }
  /** User-mode computation still to do, ns. */
  workLeft(tid: number): number {
    return this.numbers[(tid << 4) | 9]!;
  }
  setWorkLeft(tid: number, to: number): void {
    this.numbers[(tid << 4) | 9] = to;
  }
  /** Wait queue it is on, +1; 0 = none. */
  waitQueue(tid: number): number {
    return this.words[(tid << 5) | 20]!;
  }
  setWaitQueue(tid: number, to: number): void {
    this.words[(tid << 5) | 20] = to;
  }
  waitNext(tid: number): number {
    return this.words[(tid << 5) | 21]!;
  }
  setWaitNext(tid: number, to: number): void {
    this.words[(tid << 5) | 21] = to;
  }
  waitPrev(tid: number): number {
    return this.words[(tid << 5) | 22]!;
  }
  setWaitPrev(tid: number, to: number): void {
    this.words[(tid << 5) | 22] = to;
  }
  /** Bit n: signal n is pending. Written by any sender. */
  sigPending(tid: number): number {
    return this.words[(tid << 5) | 23]!;
  }
  setSigPending(tid: number, to: number): void {
    this.words[(tid << 5) | 23] = to;
  }
  addSigPending(tid: number, bits: number): void {
    this.words[(tid << 5) | 23]! |= bits;
  }
  fatalSignal(tid: number): number {
    return this.words[(tid << 5) | 24]!;
  }
  setFatalSignal(tid: number, to: number): void {
    this.words[(tid << 5) | 24] = to;
  }
  exitCode(tid: number): number {
    return this.words[(tid << 5) | 25]!;
  }
  setExitCode(tid: number, to: number): void {
    this.words[(tid << 5) | 25] = to;
  }
  /** CPU whose caches hold its working set: the one it ran on last. */
  cacheCpu(tid: number): number {
    return this.words[(tid << 5) | 30]!;
  }
  setCacheCpu(tid: number, to: number): void {
    this.words[(tid << 5) | 30] = to;
  }
  /** Bytes that it fetches again on another core. */
  workingSet(tid: number): number {
    return this.words[(tid << 5) | 31]!;
  }
  setWorkingSet(tid: number, to: number): void {
    this.words[(tid << 5) | 31] = to;
  }
  /** Since when it waits for a CPU, and how long it has waited so far, ns. Written by who queues it, then by its CPU. */
  queuedAt(tid: number): number {
    return this.numbers[(tid << 4) | 14]!;
  }
  setQueuedAt(tid: number, to: number): void {
    this.numbers[(tid << 4) | 14] = to;
  }
  waitNs(tid: number): number {
    return this.numbers[(tid << 4) | 13]!;
  }
  setWaitNs(tid: number, to: number): void {
    this.numbers[(tid << 4) | 13] = to;
  }
  /** The only CPU it can run on, because its code is there, plus 1; 0 = its code is wherever it runs. Written by the host. */
  home(tid: number): number {
    return this.homes[tid]!;
  }
  setHome(tid: number, to: number): void {
    this.homes[tid] = to;
  }
  /** How often it changed CPUs. */
  migrations(tid: number): number {
    return this.moves[tid]!;
  }
  setMigrations(tid: number, to: number): void {
    this.moves[tid] = to;
  }
}
