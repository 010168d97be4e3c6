/**
 * Task records: one column a field, indexed by tid, in the machine's buffer. Row 0 is the idle task's and stays zero.
 *
 * Columns are written by the CPU that runs the task or, where noted, by a waker that holds the wake-up (state WAKING).
 */
import type { Arena } from "./arena.ts";

export class TaskTable {
  readonly capacity: number;
  /** Words of an affinity mask. */
  readonly maskWords: number;

  /** TASK_ state. Written through `setTaskState` only. */
  readonly state: Int32Array;
  /** PF_ flags. */
  readonly flags: Int32Array;
  /** TIF_ work to do before user mode. */
  readonly work: Int32Array;
  /** On a run queue, or current. */
  readonly onRq: Int32Array;
  /** The old CPU is still switching the task out until then (p->on_cpu), ns. */
  readonly onCpuUntil: Float64Array;
  /** CPU it runs on, or ran on last. */
  readonly cpu: Int32Array;
  readonly recentUsedCpu: Int32Array;
  readonly allowed: Int32Array;
  /** Wakee-flip bookkeeping of record_wakee(). */
  readonly lastWakee: Int32Array;
  readonly wakeeFlips: Int32Array;
  readonly flipDecayAt: Float64Array;

  readonly weight: Int32Array;
  readonly vruntime: Float64Array;
  readonly execStart: Float64Array;
  readonly sumExec: Float64Array;
  /** Since when it has been the current task, for slice ends. */
  readonly pickedAt: Float64Array;
  readonly rqNext: Int32Array;
  readonly rqPrev: Int32Array;
  /** Link in a CPU's wake list. Written by the waker while the task is WAKING. */
  readonly wakeNext: Int32Array;

  readonly waitNext: Int32Array;
  readonly waitPrev: Int32Array;
  /** Wait queue it is on, +1; 0 = none. */
  readonly waitQueue: Int32Array;
  /** WAIT_ reason and what it waits for (an address, an fd, a tid): for dumps, futex keys and traces. */
  readonly waitReason: Int32Array;
  readonly waitOn: Float64Array;

  /** Bit n: signal n is pending. Written by any sender. */
  readonly sigPending: Int32Array;
  readonly fatalSignal: Int32Array;
  readonly exitCode: Int32Array;
  /** Address of the registered struct umcg_task; 0 = not registered (task_struct.umcg_task). */
  readonly umcgTask: Int32Array;
  /** User-mode computation still to do, ns. */
  readonly workLeft: Float64Array;
  readonly timerArmed: Int32Array;
  readonly voluntarySwitches: Int32Array;
  readonly involuntarySwitches: Int32Array;

  constructor(arena: Arena, maxTasks: number, vcpus: number) {
    const rows = maxTasks + 1;
    this.capacity = maxTasks;
    this.maskWords = (vcpus + 31) >>> 5;
    this.state = arena.int32(rows);
    this.flags = arena.int32(rows);
    this.work = arena.int32(rows);
    this.onRq = arena.int32(rows);
    this.onCpuUntil = arena.float64(rows);
    this.cpu = arena.int32(rows);
    this.recentUsedCpu = arena.int32(rows);
    this.allowed = arena.int32(rows * this.maskWords);
    this.lastWakee = arena.int32(rows);
    this.wakeeFlips = arena.int32(rows);
    this.flipDecayAt = arena.float64(rows);
    this.weight = arena.int32(rows);
    this.vruntime = arena.float64(rows);
    this.execStart = arena.float64(rows);
    this.sumExec = arena.float64(rows);
    this.pickedAt = arena.float64(rows);
    this.rqNext = arena.int32(rows);
    this.rqPrev = arena.int32(rows);
    this.wakeNext = arena.int32(rows);
    this.waitNext = arena.int32(rows);
    this.waitPrev = arena.int32(rows);
    this.waitQueue = arena.int32(rows);
    this.waitReason = arena.int32(rows);
    this.waitOn = arena.float64(rows);
    this.sigPending = arena.int32(rows);
    this.fatalSignal = arena.int32(rows);
    this.exitCode = arena.int32(rows);
    this.umcgTask = arena.int32(rows);
    this.workLeft = arena.float64(rows);
    this.timerArmed = arena.int32(rows);
    this.voluntarySwitches = arena.int32(rows);
    this.involuntarySwitches = arena.int32(rows);
  }

  /** May the task run on `cpu`? */
  allows(tid: number, cpu: number): boolean {
    return ((this.allowed[tid * this.maskWords + (cpu >>> 5)]! >>> (cpu & 31)) & 1) === 1;
  }
}
