/**
 * What a trace says of a run that can be made again elsewhere: of each task, what it did in order; of each CPU, whom it went on
 * with; and one order of all of it.
 *
 * Followed are the borders of system calls with their results, sleeps and wake-ups, ends of tasks and the kernel's changes of UMCG
 * state words, and what ends a sleep in time: what the kernel does on any host. Not taken: interrupts between CPUs, idle states and ticks, which are of the host; and times, of which the explore host has none.
 */
import { NR_INTERRUPT } from "../../kernel-sim/constants.ts";
import {
  TRACE_SCHED_SWITCH,
  TRACE_SCHED_WAKEUP,
  TRACE_SYS_ENTER,
  TRACE_SYS_EXIT,
  TRACE_TASK_EXIT,
  TRACE_TIMER_EXPIRE,
  TRACE_UMCG_STATE,
  type TraceEvent,
} from "../../trace/events.ts";

/** One thing that a task did, or that was done to it. */
export interface Deed {
  readonly kind: number;
  readonly cpu: number;
  readonly tid: number;
  readonly arg0: number;
  readonly arg1: number;
}

/** What is known of a run on real threads: what was done, and on which CPU. */
export interface Recording {
  readonly vcpus: number;
  /** In the recorded order. */
  readonly deeds: readonly Deed[];
  /** By CPU: the tasks it switched to. */
  readonly picks: readonly (readonly number[])[];
  /** By task: the CPU on which it ran first. */
  readonly homes: ReadonlyMap<number, number>;
}

type Event = Omit<TraceEvent, "timeNs">;

/**
 * What of an event is followed; undefined: nothing. A switch is the sleep of whom it leaves. Of a call only that it began (its
 * first argument may be an address or a time), of a wake-up only that it came (by which way is the host's affair).
 */
export function deedOf({ kind, cpu, tid, arg0, arg1 }: Event): Deed | undefined {
  switch (kind) {
    case TRACE_SYS_ENTER:
    case TRACE_SCHED_WAKEUP:
    case TRACE_TIMER_EXPIRE:
      return tid === 0 ? undefined : { kind, cpu, tid, arg0: kind === TRACE_SYS_ENTER ? arg0 : 0, arg1: 0 };
    case TRACE_SYS_EXIT:
      // The way back from an interrupt, which is no call.
      return arg0 === NR_INTERRUPT ? undefined : { kind, cpu, tid, arg0, arg1 };
    case TRACE_TASK_EXIT:
    case TRACE_UMCG_STATE:
      return { kind, cpu, tid, arg0, arg1 };
    case TRACE_SCHED_SWITCH:
      return arg0 === 0 || arg1 === 0 ? undefined : { kind, cpu, tid: arg0, arg0: arg1, arg1: 0 };
    default:
      return undefined;
  }
}

/** Of a whole trace, set-up included. */
export function recordingOf(trace: readonly TraceEvent[]): Recording {
  const vcpus = 1 + trace.reduce((most, { cpu }) => Math.max(most, cpu), 0);
  const picks: number[][] = Array.from({ length: vcpus }, () => []);
  const homes = new Map<number, number>();
  const deeds: Deed[] = [];
  // Before the first switch is what set-up code did.
  const begin = trace.findIndex(({ kind }) => kind === TRACE_SCHED_SWITCH);
  for (const event of trace.slice(Math.max(0, begin))) {
    const { kind, cpu, tid } = event;
    const deed = deedOf(event);
    if (deed !== undefined) deeds.push(deed);
    if (kind !== TRACE_SCHED_SWITCH || tid === 0) continue;
    picks[cpu]!.push(tid);
    if (!homes.has(tid)) homes.set(tid, cpu);
  }
  return { vcpus, deeds, picks, homes };
}
