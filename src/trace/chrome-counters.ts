/**
 * Counters of a Chrome trace: how many tasks wait on each CPU's run queue, how many servers and workers are idle.
 *
 * A counter is written when it changes, and with 0 where it first is something else. Perfetto draws it as a line above the rows of
 * process "vCPUs". A task counts as queued from its wake-up, or from the switch that left it runnable, until it is switched to;
 * the one that runs does not count. What was queued before the trace began is not known and not counted.
 *
 * Rejected: counting at fixed intervals (a queue that fills and empties between two of them is not seen).
 */
import type { ChromeRecords } from "./chrome-records.ts";
import { TRACE_MIGRATE, TRACE_SCHED_SWITCH, TRACE_SCHED_WAKEUP, TRACE_TASK_EXIT } from "./events.ts";
import { type UmcgNumbers, UmcgRoles } from "./umcg-roles.ts";

/** Where a task is: a CPU whose queue it is on, or one of these. */
const RUNNING = -1;

/** One line. */
class Counter {
  readonly #records: ChromeRecords;
  readonly #pid: number;
  readonly #name: string;
  readonly #unit: string;
  #value = 0;
  /** It has been written; up to when. */
  #reachedNs = -1;

  constructor(records: ChromeRecords, pid: number, name: string, unit: string) {
    this.#records = records;
    this.#pid = pid;
    this.#name = name;
    this.#unit = unit;
  }

  get value(): number {
    return this.#value;
  }

  set(timeNs: number, value: number): void {
    if (value === this.#value) return;
    if (this.#reachedNs < 0) this.#records.counter(this.#pid, 0, this.#name, this.#unit, 0);
    this.#reachedNs = Math.max(this.#reachedNs, timeNs);
    this.#value = value;
    this.#records.counter(this.#pid, this.#reachedNs, this.#name, this.#unit, value);
  }
}

export class ChromeCounters {
  readonly #records: ChromeRecords;
  readonly #pid: number;
  readonly #roles: UmcgRoles;
  readonly #queues: Map<number, Counter> = new Map();
  readonly #servers: Counter;
  readonly #workers: Counter;
  readonly #places: Map<number, number> = new Map();

  constructor(records: ChromeRecords, pid: number, numbers: UmcgNumbers) {
    this.#records = records;
    this.#pid = pid;
    this.#roles = new UmcgRoles(numbers);
    this.#servers = new Counter(records, pid, "idle servers", "servers");
    this.#workers = new Counter(records, pid, "idle workers", "workers");
  }

  event(timeNs: number, kind: number, cpu: number, tid: number, arg0: number, arg1: number): void {
    this.#roles.event(kind, tid, arg0, arg1);
    this.#servers.set(timeNs, this.#roles.idleServers);
    this.#workers.set(timeNs, this.#roles.idleWorkers);
    switch (kind) {
      case TRACE_SCHED_WAKEUP:
        // Found running: on its way to sleep, it stays where it is.
        if (this.#places.get(tid) !== RUNNING) this.#move(timeNs, tid, cpu);
        break;
      case TRACE_SCHED_SWITCH:
        // The queue is never as long as if both were on it.
        if (tid !== 0) this.#move(timeNs, tid, RUNNING);
        if (arg0 !== 0 && arg0 !== tid) this.#move(timeNs, arg0, arg1 === 0 ? cpu : undefined);
        break;
      case TRACE_MIGRATE:
        if ((this.#places.get(tid) ?? RUNNING) !== RUNNING) this.#move(timeNs, tid, cpu);
        break;
      case TRACE_TASK_EXIT:
        this.#move(timeNs, tid, undefined);
        break;
      default:
        break;
    }
  }

  /** To the queue of a CPU, to RUNNING, or to sleep. */
  #move(timeNs: number, tid: number, to: number | undefined): void {
    const from = this.#places.get(tid);
    if (from === to) return;
    if (to === undefined) this.#places.delete(tid);
    else this.#places.set(tid, to);
    if (from !== undefined && from !== RUNNING) this.#add(timeNs, from, -1);
    if (to !== undefined && to !== RUNNING) this.#add(timeNs, to, 1);
  }

  #add(timeNs: number, cpu: number, by: number): void {
    let queue = this.#queues.get(cpu);
    if (queue === undefined) {
      queue = new Counter(this.#records, this.#pid, `run queue of vCPU ${cpu}`, "tasks");
      this.#queues.set(cpu, queue);
    }
    queue.set(timeNs, queue.value + by);
  }
}
