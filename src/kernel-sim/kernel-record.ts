/**
 * What there is once in a machine, beside its tables: one record in the machine's buffer, so that all who look at the buffer
 * see the same machine.
 *
 * | word or number     | written by                                                                        |
 * |--------------------|------------------------------------------------------------------------------------|
 * | live               | who starts a task, and the CPU on which one exits                                   |
 * | lastTid, free list | who starts a task; who joins one                                                    |
 * | realtime, idlePolicy | who starts the first task of that kind; never taken back                          |
 * | userTop            | whoever allocates user memory, by compare-and-exchange                                |
 * | stop reason, deadline | the owner of a stop (smp/stop.ts)                                                |
 * | gone               | who starts a task in a slot that had another                                        |
 *
 * The reason of a stop is bytes (UTF-8), cut off where the room ends.
 */
import type { Arena } from "./arena.ts";

const LIVE = 0;
const LAST_TID = 1;
const FIRST_FREE = 2;
const LAST_FREE = 3;
const REALTIME = 4;
const REASON_BYTES = 5;
const USER_TOP = 6;
const IDLE_POLICY = 7;
const WORDS = 8;

const STOP_DEADLINE = 0;
const GONE = 1;

const REASON_ROOM = 128;

/** Sums over tasks whose slots have new owners. Times in ns. */
export interface GoneTasks {
  readonly runNs: number;
  readonly waitNs: number;
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
  readonly migrations: number;
}

export class KernelRecord {
  declare private readonly words: Int32Array;
  declare private readonly numbers: Float64Array;
  declare private readonly reason: Uint8Array;

  constructor(arena: Arena) {
    this.words = arena.int32(WORDS);
    this.numbers = arena.float64(GONE + 5);
    this.reason = arena.uint8(REASON_ROOM);
    if (arena.fresh) this.numbers[STOP_DEADLINE] = Number.POSITIVE_INFINITY;
  }

  /** Tasks that exist and have not exited. */
  get live(): number {
    return this.words[LIVE]!;
  }
  addLive(by: number): void {
    this.words[LIVE]! += by;
  }

  /** Every tid handed out so far is at most this. */
  get lastTid(): number {
    return this.words[LAST_TID]!;
  }
  set lastTid(to: number) {
    this.words[LAST_TID] = to;
  }
  /** Slots that were given back, first and last, 0 = none: a list through the links of their wait queue. */
  get firstFree(): number {
    return this.words[FIRST_FREE]!;
  }
  set firstFree(to: number) {
    this.words[FIRST_FREE] = to;
  }
  get lastFree(): number {
    return this.words[LAST_FREE]!;
  }
  set lastFree(to: number) {
    this.words[LAST_FREE] = to;
  }

  /** Has there been a real-time task? */
  get realtime(): boolean {
    return this.words[REALTIME] !== 0;
  }
  set realtime(to: boolean) {
    this.words[REALTIME] = to ? 1 : 0;
  }

  /** Has there been a task of the idle policy? */
  get idlePolicy(): boolean {
    return this.words[IDLE_POLICY] !== 0;
  }
  set idlePolicy(to: boolean) {
    this.words[IDLE_POLICY] = to ? 1 : 0;
  }

  /** First byte of the user region that was not given out. */
  get userTop(): number {
    return this.words[USER_TOP]! >>> 0;
  }
  /** False: it is not `from` any more. Not by a store: user code allocates, too, and holds no lock. */
  moveUserTop(from: number, to: number): boolean {
    return Atomics.compareExchange(this.words, USER_TOP, from | 0, to | 0) === (from | 0);
  }

  /** When the time of the CPUs to stop is over, ns; Infinity = nobody stops them. */
  get stopDeadlineNs(): number {
    return this.numbers[STOP_DEADLINE]!;
  }
  set stopDeadlineNs(to: number) {
    this.numbers[STOP_DEADLINE] = to;
  }
  get stopReason(): string {
    return new TextDecoder().decode(this.reason.slice(0, this.words[REASON_BYTES]));
  }
  set stopReason(to: string) {
    const bytes = new TextEncoder().encode(to).subarray(0, REASON_ROOM);
    this.reason.set(bytes);
    this.words[REASON_BYTES] = bytes.length;
  }

  get gone(): GoneTasks {
    const [runNs = 0, waitNs = 0, voluntarySwitches = 0, involuntarySwitches = 0, migrations = 0] =
      this.numbers.subarray(GONE);
    return { runNs, waitNs, voluntarySwitches, involuntarySwitches, migrations };
  }
  addGone(task: GoneTasks): void {
    const { numbers } = this;
    numbers[GONE]! += task.runNs;
    numbers[GONE + 1]! += task.waitNs;
    numbers[GONE + 2]! += task.voluntarySwitches;
    numbers[GONE + 3]! += task.involuntarySwitches;
    numbers[GONE + 4]! += task.migrations;
  }
}
