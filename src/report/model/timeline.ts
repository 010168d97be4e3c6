/**
 * From events to rows: a track for each vCPU, one for each task, the arrows of wake-ups and the marks of instants.
 *
 * The order of events is that of effects (trace/ring.ts) and is kept; a time that would go back on a row is moved up to where the
 * row is. A trace that begins in the middle of a run leaves a row empty until an event tells what it does: nothing is invented.
 */
import * as kinds from "../../trace/events.ts";
import { type UmcgNumbers, UmcgRoles } from "../../trace/umcg-roles.ts";
import type { EventLog } from "./event-log.ts";
import * as states from "./states.ts";
import { Track } from "./track.ts";

/** No system call. */
const NO_CALL = -1;

/** Kinds that are drawn as marks on the row of their CPU, and on that of their task. */
const CPU_MARKS: readonly number[] = [
  kinds.TRACE_IPI_SEND,
  kinds.TRACE_IPI_RECEIVE,
  kinds.TRACE_TICK,
  kinds.TRACE_TIMER_EXPIRE,
  kinds.TRACE_CPU_STATE,
  kinds.TRACE_CALL,
];
const TASK_MARKS: readonly number[] = [
  kinds.TRACE_SIGNAL,
  kinds.TRACE_UMCG_STATE,
  kinds.TRACE_UMCG_DIE,
  kinds.TRACE_PAGE_FAULT,
  kinds.TRACE_MIGRATE,
];

/** A wake-up that led to a run: from the waker's row to where the wakee's next slice begins. */
export interface Arrow {
  readonly from: Track;
  readonly fromNs: number;
  readonly to: Track;
  readonly toNs: number;
}

/** An event that has no length. */
export interface Mark {
  readonly track: Track;
  readonly timeNs: number;
  /** Index of the event in the log. */
  readonly event: number;
}

export interface Timeline {
  readonly log: EventLog;
  readonly cpus: readonly Track[];
  readonly tasks: readonly Track[];
  /** By the time they arrive. */
  readonly arrows: readonly Arrow[];
  readonly marks: readonly Mark[];
  readonly startNs: number;
  readonly endNs: number;
}

export interface TimelineOptions {
  readonly vcpus: number;
  readonly taskName: (tid: number) => string;
  readonly umcg?: UmcgNumbers | undefined;
}

interface Departure {
  readonly from: Track;
  readonly fromNs: number;
}

class TimelineBuilder {
  readonly cpus: Track[];
  readonly tasks: Map<number, Track> = new Map();
  readonly arrows: Arrow[] = [];
  readonly marks: Mark[] = [];
  readonly #taskName: (tid: number) => string;
  readonly #roles: UmcgRoles;
  readonly #pending: Map<number, Departure> = new Map();
  /** By task: the system call it is in. */
  readonly #calls: Map<number, number> = new Map();

  constructor({ vcpus, taskName, umcg }: TimelineOptions) {
    this.cpus = Array.from({ length: vcpus }, (_, cpu) => new Track(cpu, `vCPU ${cpu}`, true));
    this.#taskName = taskName;
    this.#roles = new UmcgRoles(umcg);
  }

  event(log: EventLog, i: number): void {
    const [at, kind, cpu, tid] = [log.times[i]!, log.kinds[i]!, log.cpus[i]!, log.tids[i]!];
    const [arg0, arg1] = [log.args0[i]!, log.args1[i]!];
    this.#roles.event(kind, tid, arg0, arg1);
    switch (kind) {
      case kinds.TRACE_SCHED_WAKING:
        this.#waking(at, cpu, tid, arg1);
        break;
      case kinds.TRACE_SCHED_WAKEUP:
        this.#queued(at, cpu, tid);
        break;
      case kinds.TRACE_SCHED_SWITCH:
        this.#switch(at, cpu, tid, arg0, arg1);
        break;
      case kinds.TRACE_SYS_ENTER:
        this.#calls.set(tid, arg0);
        this.#run(at, cpu, tid);
        break;
      case kinds.TRACE_SYS_EXIT:
        this.#calls.delete(tid);
        this.#run(at, cpu, tid);
        break;
      case kinds.TRACE_IDLE_ENTER:
        this.#cpu(cpu).enter(at, states.STATE_CPU_IDLE, arg0, NO_CALL);
        break;
      case kinds.TRACE_IDLE_EXIT:
        this.#cpu(cpu).enter(at, states.STATE_CPU_LEAVING, arg0, NO_CALL);
        break;
      case kinds.TRACE_TASK_EXIT:
        this.#task(tid).enter(at, states.STATE_NONE, 0, NO_CALL);
        break;
      default:
        this.#mark(at, kind, cpu, tid, i);
    }
  }

  #waking(timeNs: number, cpu: number, tid: number, waker: number): void {
    const row = waker === 0 ? undefined : this.#task(waker);
    const from = row !== undefined && states.isRunning(row.state) ? row : this.#cpu(cpu);
    this.#pending.set(tid, { from, fromNs: timeNs });
  }

  #queued(timeNs: number, cpu: number, tid: number): void {
    const task = this.#task(tid);
    // Found running, on its way to sleep: it stays where it is.
    if (states.isRunning(task.state) || task.state === states.STATE_RUNNABLE) return;
    task.enter(timeNs, states.STATE_RUNNABLE, cpu, NO_CALL);
  }

  #switch(timeNs: number, cpu: number, next: number, prev: number, reason: number): void {
    if (prev !== 0 && prev !== next) this.#switchOut(timeNs, cpu, prev, reason);
    if (next === 0) {
      this.#cpu(cpu).enter(timeNs, states.STATE_CPU_IDLE, -1, NO_CALL);
      return;
    }
    this.#run(timeNs, cpu, next);
    const departure = this.#pending.get(next);
    if (departure === undefined) return;
    this.#pending.delete(next);
    // An arrow does not point back in time.
    const fromNs = Math.min(departure.fromNs, timeNs);
    this.arrows.push({ from: departure.from, fromNs, to: this.#task(next), toNs: timeNs });
  }

  #switchOut(timeNs: number, cpu: number, tid: number, reason: number): void {
    const task = this.#task(tid);
    if (task.length > 0 && task.state === states.STATE_NONE) return;
    this.#pending.delete(tid);
    if (reason === 0) task.enter(timeNs, states.STATE_RUNNABLE, cpu, NO_CALL);
    else task.enter(timeNs, this.#sleep(tid), reason, this.#calls.get(tid) ?? NO_CALL);
  }

  #sleep(tid: number): number {
    if (!this.#roles.isIdle(tid)) return states.STATE_BLOCKED;
    return this.#roles.roleOf(tid) === 1 ? states.STATE_SERVER_IDLE : states.STATE_WORKER_IDLE;
  }

  /** `tid` runs on `cpu`, in the mode that it is in. */
  #run(timeNs: number, cpu: number, tid: number): void {
    if (tid === 0) return;
    const call = this.#calls.get(tid) ?? NO_CALL;
    const role = this.#roles.roleOf(tid);
    const task = this.#task(tid);
    if (role !== 0) task.role = role;
    const state = states.runningState(role, call !== NO_CALL);
    this.#cpu(cpu).enter(timeNs, state, tid, call);
    task.enter(timeNs, state, cpu, call);
  }

  #mark(timeNs: number, kind: number, cpu: number, tid: number, event: number): void {
    if (CPU_MARKS.includes(kind)) this.marks.push({ track: this.#cpu(cpu), timeNs, event });
    else if (TASK_MARKS.includes(kind) && tid !== 0)
      this.marks.push({ track: this.#task(tid), timeNs, event });
  }

  #cpu(cpu: number): Track {
    return this.cpus[cpu]!;
  }

  #task(tid: number): Track {
    let track = this.tasks.get(tid);
    if (track === undefined) {
      track = new Track(tid, this.#taskName(tid), false);
      this.tasks.set(tid, track);
    }
    return track;
  }
}

export function buildTimeline(log: EventLog, options: TimelineOptions): Timeline {
  const builder = new TimelineBuilder(options);
  let [startNs, endNs] = [Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < log.length; i++) {
    builder.event(log, i);
    startNs = Math.min(startNs, log.times[i]!);
    endNs = Math.max(endNs, log.times[i]!);
  }
  const { cpus, arrows, marks } = builder;
  const tasks = [...builder.tasks.values()].sort((a, b) => a.id - b.id);
  for (const track of [...cpus, ...tasks]) track.finish(endNs);
  return {
    log,
    cpus,
    tasks,
    arrows: arrows.sort((a, b) => a.toNs - b.toNs),
    marks: marks.sort((a, b) => a.timeNs - b.timeNs),
    startNs: Math.min(startNs, endNs),
    endNs,
  };
}
