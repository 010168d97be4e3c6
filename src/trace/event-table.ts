/**
 * What the fields of each kind of event hold: the documentation of the trace, and what the formatter works
 * from.
 *
 * One table, so that a dump cannot disagree with the documentation. Rejected: a formatting function per
 * kind (twenty-one functions that differ in two words); the names of flags, system calls or UMCG states
 * (they belong to rooms above; see names.ts). Words are only here for values that the trace itself
 * defines.
 */
import {
  TRACE_CALL,
  TRACE_CPU_STATE,
  TRACE_IDLE_ENTER,
  TRACE_IDLE_EXIT,
  TRACE_IPI_RECEIVE,
  TRACE_IPI_SEND,
  TRACE_MIGRATE,
  TRACE_PAGE_FAULT,
  TRACE_SCHED_SWITCH,
  TRACE_SCHED_WAKEUP,
  TRACE_SCHED_WAKING,
  TRACE_SIGNAL,
  TRACE_SYS_ENTER,
  TRACE_SYS_EXIT,
  TRACE_TASK_EXIT,
  TRACE_TASK_NEW,
  TRACE_TICK,
  TRACE_TIMER_EXPIRE,
  TRACE_UMCG_DIE,
  TRACE_UMCG_STATE,
  TRACE_WAKE_MISS,
} from "./events.ts";
import type { TraceNames } from "./names.ts";

/** Meaning of one field of one kind. A field whose label is empty is always 0. */
export interface TraceField {
  readonly label: string;
  readonly meaning: string;
  /** How to print it: by a function of TraceNames, or as a number. */
  readonly as: keyof TraceNames | "number" | "hex" | "ns";
  /** Words for the values from 0 up; they go before `as`. */
  readonly words?: readonly string[];
}

/** Name and fields of one kind of event. */
export interface TraceEventInfo {
  readonly kind: number;
  readonly name: string;
  readonly meaning: string;
  /** Which CPU `cpu` is. */
  readonly cpu: string;
  readonly tid: TraceField;
  readonly arg0: TraceField;
  readonly arg1: TraceField;
}

const UNUSED: TraceField = { label: "", meaning: "unused, 0", as: "number" };

function field(label: string, as: TraceField["as"], meaning: string, words?: readonly string[]): TraceField {
  return words === undefined ? { label, as, meaning } : { label, as, meaning, words };
}

function info(
  kind: number,
  name: string,
  meaning: string,
  cpu: string,
  tid: TraceField,
  arg0: TraceField,
  arg1: TraceField,
): TraceEventInfo {
  return { kind, name, meaning, cpu, tid, arg0, arg1 };
}

const WAKEE = field("tid", "taskName", "task woken");
const CURRENT = field("tid", "taskName", "current task", ["idle"]);
const WAKE_FLAGS = field("flags", "wakeFlags", "wake flags");
const WAKER = field("by", "taskName", "waker's tid, 0 = interrupt", ["irq"]);
const IDLE_STATE = field("state", "idleState", "index of the idle state, -1 = decided when it ends");
const WORD_OLD = field("old", "umcgWord", "state word before");
const WORD_NEW = field("new", "umcgWord", "state word after");

/** Every kind of event, in the order of their numbers: `TRACE_EVENTS[kind - 1]`. */
export const TRACE_EVENTS: readonly TraceEventInfo[] = [
  info(
    TRACE_SCHED_WAKING,
    "sched_waking",
    "a try_to_wake_up that found the task asleep",
    "waker's CPU",
    WAKEE,
    WAKE_FLAGS,
    WAKER,
  ),
  info(
    TRACE_WAKE_MISS,
    "wake_miss",
    "a wake that found nobody asleep",
    "waker's CPU",
    WAKEE,
    WAKE_FLAGS,
    WAKER,
  ),
  info(
    TRACE_SCHED_WAKEUP,
    "sched_wakeup",
    "the wakee is on a run queue now",
    "run queue's CPU",
    WAKEE,
    field("how", "number", "0 direct, 1 wake list, 2 already queued", ["direct", "list", "queued"]),
    field("by_cpu", "number", "waker's CPU, or -1"),
  ),
  info(
    TRACE_SCHED_SWITCH,
    "sched_switch",
    "the CPU runs another task now",
    "CPU that switched",
    field("next", "taskName", "task that runs from now on, 0 = idle", ["idle"]),
    field("prev", "taskName", "task that ran until now, 0 = idle", ["idle"]),
    field("reason", "waitReason", "what prev waits for, 0 = still runnable", ["runnable"]),
  ),
  info(
    TRACE_SYS_ENTER,
    "sys_enter",
    "the task entered a system call",
    "task's CPU",
    CURRENT,
    field("nr", "syscallName", "system call number"),
    field("arg", "number", "first argument"),
  ),
  info(
    TRACE_SYS_EXIT,
    "sys_exit",
    "the task is back in user mode",
    "task's CPU",
    CURRENT,
    field("nr", "syscallName", "system call number"),
    field("ret", "number", "result"),
  ),
  info(
    TRACE_IPI_SEND,
    "ipi_send",
    "an inter-processor interrupt was sent",
    "sender",
    CURRENT,
    field("target", "number", "target CPU"),
    field("kind", "ipiKind", "kind of interrupt, one bit"),
  ),
  info(
    TRACE_IPI_RECEIVE,
    "ipi_receive",
    "an inter-processor interrupt was taken",
    "receiver",
    UNUSED,
    field("kind", "ipiKind", "kinds it stands for, a bit each"),
    UNUSED,
  ),
  info(
    TRACE_IDLE_ENTER,
    "idle_enter",
    "the CPU enters an idle state",
    "idle CPU",
    UNUSED,
    IDLE_STATE,
    UNUSED,
  ),
  info(
    TRACE_IDLE_EXIT,
    "idle_exit",
    "the CPU left an idle state",
    "idle CPU",
    UNUSED,
    IDLE_STATE,
    field("latency", "ns", "exit latency, ns"),
  ),
  info(
    TRACE_TIMER_EXPIRE,
    "timer_expire",
    "a timer fired",
    "CPU that handled it",
    field("tid", "taskName", "task whose sleep it ends, 0 = a device's timer", ["device"]),
    field("timer", "number", "number of the device's timer, 0 = a task's", ["task"]),
    UNUSED,
  ),
  info(
    TRACE_TASK_NEW,
    "task_new",
    "a task was created",
    "parent's CPU",
    field("tid", "taskName", "new task"),
    field("parent", "taskName", "parent's tid, 0 = the machine", ["boot"]),
    UNUSED,
  ),
  info(
    TRACE_TASK_EXIT,
    "task_exit",
    "a task ended",
    "task's CPU",
    field("tid", "taskName", "task that ended"),
    field("code", "number", "exit code"),
    field("signal", "signalName", "fatal signal, or 0", ["none"]),
  ),
  info(
    TRACE_SIGNAL,
    "signal",
    "a signal was sent to a task",
    "sender's CPU",
    field("tid", "taskName", "target"),
    field("signo", "signalName", "signal number"),
    field("by", "taskName", "sender's tid, 0 = kernel", ["kernel"]),
  ),
  info(
    TRACE_UMCG_STATE,
    "umcg_state",
    "the kernel changed a umcg_task state word",
    "CPU that wrote it",
    field("tid", "taskName", "owner of the record"),
    WORD_OLD,
    WORD_NEW,
  ),
  info(
    TRACE_UMCG_DIE,
    "umcg_die",
    "a breach of the UMCG contract",
    "task's CPU",
    field("tid", "taskName", "task that is killed"),
    field("reason", "dieReason", "which rule it broke"),
    UNUSED,
  ),
  info(
    TRACE_PAGE_FAULT,
    "page_fault",
    "an access faulted",
    "task's CPU",
    CURRENT,
    field("address", "hex", "address"),
    field("access", "number", "1 write, 0 read; 2 more for a major fault", [
      "read",
      "write",
      "read, major",
      "write, major",
    ]),
  ),
  info(
    TRACE_MIGRATE,
    "migrate",
    "a task moved to another CPU",
    "new CPU",
    field("tid", "taskName", "task that moved"),
    field("from", "number", "old CPU"),
    UNUSED,
  ),
  info(TRACE_TICK, "tick", "the periodic tick", "CPU that ticked", CURRENT, UNUSED, UNUSED),
  info(
    TRACE_CPU_STATE,
    "cpu_state",
    "a CPU came up, stopped or failed",
    "CPU whose state changed",
    UNUSED,
    field("state", "cpuState", "state from now on"),
    field("from", "cpuState", "state until now"),
  ),
  info(
    TRACE_CALL,
    "call",
    "a function ran on a CPU that another had called",
    "CPU that ran it",
    UNUSED,
    field("fn", "number", "number of the function"),
    field("by_cpu", "number", "CPU that called"),
  ),
];

/** Name and fields of a kind, or undefined for a number that is none. */
export function traceEventInfo(kind: number): TraceEventInfo | undefined {
  return TRACE_EVENTS[kind - 1];
}
