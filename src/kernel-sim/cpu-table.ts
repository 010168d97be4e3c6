/**
 * vCPU records: one column a field, indexed by CPU, in the machine's buffer.
 *
 * `curr`, the run queue and the idle words of a CPU are written by that CPU, or by a waker holding its run-queue lock
 * (a primitive is atomic, see docs/architecture.md). `needResched` and the wake list are written by anybody.
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

export class CpuTable {
  readonly count: number;
  /** Current task; 0 = the idle task. */
  readonly curr: Int32Array;
  /** Runnable tasks, current included. */
  readonly nrRunning: Int32Array;
  readonly needResched: Int32Array;
  readonly idlePhase: Int32Array;
  readonly idleSince: Float64Array;
  /** Bit set of CPUs that are idle with nothing on its way to them. */
  readonly idleMask: Int32Array;
  /** Tasks woken for this CPU but not yet queued by it; push at the tail, drained whole by the CPU. */
  readonly wakeListHead: Int32Array;
  readonly wakeListTail: Int32Array;
  /** When the wake-up now being made on this CPU began: its cost is charged before its effect. */
  readonly wakeStart: Float64Array;

  readonly rqHead: Int32Array;
  readonly rqTail: Int32Array;
  readonly minVruntime: Float64Array;
  /** Sum of the weights of the queued tasks, current included. */
  readonly load: Float64Array;

  readonly switches: Int32Array;
  readonly ipisSent: Int32Array;
  readonly ipisReceived: Int32Array;
  /** Wakes that needed no IPI of their own because one was on its way. */
  readonly ipisCoalesced: Int32Array;
  readonly idleNs: Float64Array;

  constructor(arena: Arena, vcpus: number) {
    this.count = vcpus;
    this.curr = arena.int32(vcpus);
    this.nrRunning = arena.int32(vcpus);
    this.needResched = arena.int32(vcpus);
    this.idlePhase = arena.int32(vcpus);
    this.idleSince = arena.float64(vcpus);
    this.idleMask = arena.int32((vcpus + 31) >>> 5);
    this.wakeListHead = arena.int32(vcpus);
    this.wakeListTail = arena.int32(vcpus);
    this.wakeStart = arena.float64(vcpus);
    this.rqHead = arena.int32(vcpus);
    this.rqTail = arena.int32(vcpus);
    this.minVruntime = arena.float64(vcpus);
    this.load = arena.float64(vcpus);
    this.switches = arena.int32(vcpus);
    this.ipisSent = arena.int32(vcpus);
    this.ipisReceived = arena.int32(vcpus);
    this.ipisCoalesced = arena.int32(vcpus);
    this.idleNs = arena.float64(vcpus);
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
}
