/**
 * The vocabulary of the trace: what kinds of event exist and what the fields of each mean.
 *
 * An event is six numbers (time, kind, cpu, tid, arg0, arg1), all but the time 32-bit integers, so that
 * emitting one is six typed-array stores. The names follow the kernel's tracepoints; what each field holds
 * is in event-table.ts. A kind keeps its number for ever: trace files and digests depend on it.
 *
 * The three latencies that a wake consists of read straight off: wake call to run queue (SCHED_WAKING to
 * SCHED_WAKEUP), run queue to CPU (SCHED_WAKEUP to SCHED_SWITCH), wake call to first user instruction
 * (SCHED_WAKING to SYS_EXIT).
 *
 * Rejected: an object type per event (allocates on the hot path); string kinds (the ring would need an
 * intern table).
 */

/** A try_to_wake_up that found the task asleep. */
export const TRACE_SCHED_WAKING = 1;
/** A wake that found nobody asleep. */
export const TRACE_WAKE_MISS = 2;
/** The wakee is on a run queue now. */
export const TRACE_SCHED_WAKEUP = 3;
/** A CPU changed from one task to another. */
export const TRACE_SCHED_SWITCH = 4;
/** A task entered a system call. */
export const TRACE_SYS_ENTER = 5;
/** A task is back in user mode. */
export const TRACE_SYS_EXIT = 6;
/** A CPU sent an inter-processor interrupt. */
export const TRACE_IPI_SEND = 7;
/** A CPU took an inter-processor interrupt. */
export const TRACE_IPI_RECEIVE = 8;
/** A CPU entered an idle state. */
export const TRACE_IDLE_ENTER = 9;
/** A CPU left an idle state. */
export const TRACE_IDLE_EXIT = 10;
/** A timer fired. */
export const TRACE_TIMER_EXPIRE = 11;
/** A task was created. */
export const TRACE_TASK_NEW = 12;
/** A task ended. */
export const TRACE_TASK_EXIT = 13;
/** A signal was sent to a task. */
export const TRACE_SIGNAL = 14;
/** The kernel changed the state word of a umcg_task record. */
export const TRACE_UMCG_STATE = 15;
/** A task breached the UMCG contract and is being killed. */
export const TRACE_UMCG_DIE = 16;
/** A task faulted on an address. */
export const TRACE_PAGE_FAULT = 17;
/** A task moved to another CPU. */
export const TRACE_MIGRATE = 18;
/** The periodic tick of a CPU. */
export const TRACE_TICK = 19;
/** A CPU came up, stopped or failed. */
export const TRACE_CPU_STATE = 20;
/** A CPU ran a function that another had asked it to run. */
export const TRACE_CALL = 21;

/** arg0 of SCHED_WAKEUP: the waker took the run queue's lock and activated the task itself. */
export const TRACE_WAKEUP_DIRECT = 0;
/** arg0 of SCHED_WAKEUP: the target CPU took the task off its wake list. */
export const TRACE_WAKEUP_LIST = 1;
/** arg0 of SCHED_WAKEUP: the task was still on its run queue. */
export const TRACE_WAKEUP_QUEUED = 2;

/** One event as a plain object, for reports; the ring itself stores none. */
export interface TraceEvent {
  readonly timeNs: number;
  readonly kind: number;
  readonly cpu: number;
  readonly tid: number;
  readonly arg0: number;
  readonly arg1: number;
}
