/** Who had which CPU when, read off a trace; and the rules that hold for every such timeline. */
import {
  TRACE_MIGRATE,
  TRACE_SCHED_SWITCH,
  TRACE_SCHED_WAKEUP,
  TRACE_TASK_NEW,
  TRACE_WAKEUP_QUEUED,
  type TraceEvent,
} from "../../src/trace/events.ts";
import type { TraceLog } from "./trace-log.ts";

/** One stay of a task (0 = the idle task) on a CPU, from the switch to it to the switch away. */
export interface Stay {
  readonly cpu: number;
  readonly tid: number;
  readonly fromNs: number;
  readonly toNs: number;
  /** Who came next. */
  readonly next: number;
  /** Why it left: 0 = it was still runnable. */
  readonly reason: number;
}

/** Every stay that has ended, in the order of its end. */
export function staysOf(log: TraceLog): Stay[] {
  const since = new Map<number, number>();
  return log.all({ kind: TRACE_SCHED_SWITCH }).map((event) => {
    const { cpu, timeNs: toNs, tid: next, arg0: tid, arg1: reason } = event;
    const fromNs = since.get(cpu) ?? 0;
    since.set(cpu, toNs);
    return { cpu, tid, fromNs, toNs, next, reason };
  });
}

/** ns that the stays of a task (or of idle, on one CPU) give it: all but the switch to whoever came next. */
export function heldNs(stays: readonly Stay[], tid: number, switchNs: number, cpu?: number): number {
  return stays
    .filter((stay) => stay.tid === tid && (cpu === undefined || stay.cpu === cpu))
    .reduce((sum, { fromNs, toNs, next }) => sum + toNs - fromNs - (next === 0 ? 0 : switchNs), 0);
}

/** What is wrong with a timeline, in words; nothing, if the kernel is right. */
export function flawsOf(log: TraceLog): string[] {
  return [...chainFlaws(log), ...overlapFlaws(log), ...wakeFlaws(log)];
}

/** On each CPU time does not go back, and who is switched away is who was switched to. */
function chainFlaws(log: TraceLog): string[] {
  const last = new Map<number, TraceEvent>();
  const flaws: string[] = [];
  for (const event of log.all({ kind: TRACE_SCHED_SWITCH })) {
    const before = last.get(event.cpu);
    if (before !== undefined && before.timeNs > event.timeNs)
      flaws.push(`cpu ${event.cpu}: ${event.timeNs} after ${before.timeNs}`);
    if ((before?.tid ?? 0) !== event.arg0)
      flaws.push(`cpu ${event.cpu} at ${event.timeNs}: ${event.arg0} leaves, but ${before?.tid ?? 0} ran`);
    last.set(event.cpu, event);
  }
  return flaws;
}

/** A task is on one CPU at a time. */
function overlapFlaws(log: TraceLog): string[] {
  const flaws: string[] = [];
  const end = new Map<number, Stay>();
  const stays = staysOf(log).filter(({ tid }) => tid !== 0);
  for (const stay of stays.sort((a, b) => a.fromNs - b.fromNs || a.toNs - b.toNs)) {
    const before = end.get(stay.tid);
    if (before !== undefined && stay.fromNs < before.toNs) {
      flaws.push(
        `task ${stay.tid}: on cpu ${stay.cpu} from ${stay.fromNs}, on ${before.cpu} to ${before.toNs}`,
      );
    }
    end.set(stay.tid, stay);
  }
  return flaws;
}

/** A task that slept runs again only when it was woken, one that was not asleep is not queued again. */
function wakeFlaws(log: TraceLog): string[] {
  const flaws: string[] = [];
  const state = new Map<number, "asleep" | "queued" | "running">();
  const queuedOn = new Map<number, number>();
  for (const { kind, cpu, tid, timeNs, arg0, arg1 } of log.events) {
    if (kind === TRACE_TASK_NEW) state.set(tid, "asleep");
    if (kind === TRACE_MIGRATE) queuedOn.set(tid, cpu);
    if (kind === TRACE_SCHED_WAKEUP && arg0 !== TRACE_WAKEUP_QUEUED) {
      if (state.get(tid) !== "asleep") flaws.push(`task ${tid}: queued at ${timeNs} while ${state.get(tid)}`);
      state.set(tid, "queued");
      queuedOn.set(tid, cpu);
    } else if (kind === TRACE_SCHED_WAKEUP && state.get(tid) === "asleep") {
      // Its dequeue was delayed: it is runnable again where it slept.
      if (queuedOn.get(tid) !== cpu)
        flaws.push(`task ${tid}: wakes on ${cpu}, slept on ${queuedOn.get(tid)}`);
      state.set(tid, "queued");
    }
    if (kind !== TRACE_SCHED_SWITCH) continue;
    if (arg0 !== 0) state.set(arg0, arg1 === 0 ? "queued" : "asleep");
    if (tid === 0) continue;
    if (state.get(tid) !== "queued") flaws.push(`task ${tid}: runs at ${timeNs} while ${state.get(tid)}`);
    if (queuedOn.get(tid) !== cpu)
      flaws.push(`task ${tid}: runs on ${cpu}, was queued on ${queuedOn.get(tid)}`);
    state.set(tid, "running");
  }
  return flaws;
}
