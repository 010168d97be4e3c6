/**
 * A timeline for ui.perfetto.dev or chrome://tracing, in the JSON Trace Event Format.
 *
 * Process 1 "vCPUs" has a row for each CPU (thread cpu + 1, because viewers hide thread 0): which task it
 * runs, or which idle state it is in. Process 2 "tasks" has a row for each task: running, queued, or
 * sleeping with its reason. An arrow leads from the slice that woke a task (its waker's, or the CPU's if an
 * interrupt did) to the slice in which that task runs. Wakes, IPIs, signals, UMCG deaths and UMCG state
 * changes are instants. With the numbers by which UMCG is recognised there are counters, too: the length of each run
 * queue, idle servers, idle workers (chrome-counters.ts).
 *
 * A trace may begin in the middle of a run, so that a row's state is unknown until an event tells: a
 * switch, or any event by which a task shows that it is running. What happened before that is not
 * invented.
 *
 * Rejected: Perfetto's protobuf (smaller, but needs an encoder of its own and no one can read it);
 * system calls as nested slices (three times the size for
 * what `last` shows better).
 */
import { ChromeCounters } from "./chrome-counters.ts";
import { ChromeRecords } from "./chrome-records.ts";
import { ChromeTrack } from "./chrome-track.ts";
import { TraceError } from "./error.ts";
import * as kinds from "./events.ts";
import { nameOf, type TraceNames } from "./names.ts";
import type { TraceSink } from "./sink.ts";
import type { UmcgNumbers } from "./umcg-roles.ts";

const VCPUS = 1;
const TASKS = 2;
const DEFAULT_MAX_EVENTS = 1_000_000;

/** What a timeline is called and how many events it may have. */
export interface ChromeTraceOptions extends TraceNames {
  /** By what UMCG is recognised; without, there are no counters. */
  readonly umcg?: UmcgNumbers;
  /** Most records in the file, row names not counted. Over it nothing is added, and `otherData` says so. */
  readonly maxEvents?: number;
}

type CpuState = "busy" | "idle";
type TaskState = "running" | "queued" | "sleeping" | "dead";

/**
 * Builds a timeline from events.
 *
 * ```ts
 * const chrome = new ChromeTrace({ waitReason: (n) => WAIT_REASONS[n] });
 * trace.addSink(chrome);
 * // ... run, trace.flush() ...
 * chrome.finish(nowNs);
 * for (const chunk of chrome.chunks()) file.write(chunk);
 * ```
 */
export class ChromeTrace implements TraceSink {
  readonly #names: TraceNames;
  readonly #records: ChromeRecords;
  readonly #counters: ChromeCounters | undefined;
  readonly #maxEvents: number;
  readonly #cpus: Map<number, ChromeTrack<CpuState>> = new Map();
  readonly #tasks: Map<number, ChromeTrack<TaskState>> = new Map();

  constructor(options: ChromeTraceOptions = {}) {
    const maxEvents = options.maxEvents ?? DEFAULT_MAX_EVENTS;
    if (!Number.isSafeInteger(maxEvents) || maxEvents < 0) {
      throw new TraceError("ERR_TRACE_VALUE", `maxEvents must be a count, not ${maxEvents}`);
    }
    this.#names = options;
    this.#maxEvents = maxEvents;
    this.#records = new ChromeRecords(maxEvents);
    const { umcg } = options;
    this.#counters = umcg === undefined ? undefined : new ChromeCounters(this.#records, VCPUS, umcg);
  }

  event(timeNs: number, kind: number, cpu: number, tid: number, arg0: number, arg1: number): void {
    const at = wholeNs(timeNs);
    this.#counters?.event(at, kind, cpu, tid, arg0, arg1);
    switch (kind) {
      case kinds.TRACE_SCHED_WAKING:
        this.#waking(at, cpu, tid, arg1);
        break;
      case kinds.TRACE_SCHED_WAKEUP:
        this.#wakeup(at, cpu, tid);
        break;
      case kinds.TRACE_SCHED_SWITCH:
        this.#switch(at, cpu, tid, arg0, arg1);
        break;
      case kinds.TRACE_IDLE_ENTER:
        this.#cpu(cpu).enter(at, "idle", `idle (${nameOf(this.#names, "idleState", arg0)})`, "");
        break;
      case kinds.TRACE_IDLE_EXIT:
        this.#cpu(cpu).enter(at, "idle", "idle", `{"exitLatencyNs":${arg1}}`);
        break;
      case kinds.TRACE_SYS_ENTER:
      case kinds.TRACE_SYS_EXIT:
      case kinds.TRACE_TICK:
        this.#isRunning(at, cpu, tid);
        break;
      case kinds.TRACE_TASK_NEW:
        this.#born(at, cpu, tid, arg0);
        break;
      case kinds.TRACE_TASK_EXIT:
        this.#died(at, tid);
        break;
      default:
        this.#instant(at, kind, cpu, tid, arg0, arg1);
    }
  }

  /** Closes every open slice at `endNs`. */
  finish(endNs: number): void {
    const at = wholeNs(endNs);
    for (const track of this.#cpus.values()) track.leave(at);
    for (const track of this.#tasks.values()) track.leave(at);
  }

  /** More records were wanted than `maxEvents`: the file shows the beginning of the run only. */
  get truncated(): boolean {
    return this.#records.truncated;
  }

  /** The file, in pieces. Slices that are still open are not in it: call `finish` first. */
  *chunks(): Generator<string, void, undefined> {
    const { truncated } = this.#records;
    const otherData = JSON.stringify({ truncated, maxEvents: this.#maxEvents });
    yield `{"displayTimeUnit":"ns","otherData":${otherData},"traceEvents":[\n`;
    yield this.#metadata().join(",\n");
    for (const chunk of this.#records.chunks()) yield chunk;
    yield "\n]}\n";
  }

  #waking(timeNs: number, cpu: number, tid: number, waker: number): void {
    this.#isRunning(timeNs, cpu, waker);
    const task = this.#task(tid);
    // An interrupt has no row of its own, nor has a task that has exited.
    const row = waker === 0 ? undefined : this.#task(waker);
    const from = row?.slice === undefined ? this.#cpu(cpu) : row;
    task.pending = from.depart(timeNs, `wake ${task.name}`);
  }

  #wakeup(timeNs: number, cpu: number, tid: number): void {
    const task = this.#task(tid);
    // A task found running was on its way to sleep: it stays where it is and will not be switched to.
    if (task.state === "running" || task.state === "queued") return;
    task.enter(timeNs, "queued", "queued", `{"cpu":${cpu}}`);
  }

  #switch(timeNs: number, cpu: number, next: number, prev: number, reason: number): void {
    if (prev !== 0 && prev !== next) this.#switchOut(timeNs, cpu, prev, reason);
    if (next === 0) this.#cpu(cpu).enter(timeNs, "idle", "idle", "");
    else this.#run(timeNs, cpu, next);
  }

  #switchOut(timeNs: number, cpu: number, tid: number, reason: number): void {
    const task = this.#task(tid);
    if (task.state === "dead") return;
    task.pending = undefined;
    if (reason === 0) {
      task.enter(timeNs, "queued", "queued", `{"cpu":${cpu},"preempted":true}`);
    } else {
      task.enter(timeNs, "sleeping", `sleeping (${nameOf(this.#names, "waitReason", reason)})`, "");
    }
  }

  #run(timeNs: number, cpu: number, tid: number): void {
    const task = this.#task(tid);
    this.#cpu(cpu).enter(timeNs, "busy", task.name, `{"tid":${tid}}`);
    task.enter(timeNs, "running", "running", `{"cpu":${cpu}}`);
    task.arrive();
  }

  /** `tid` shows that it runs on `cpu`: news only if the trace began after it was switched in. */
  #isRunning(timeNs: number, cpu: number, tid: number): void {
    if (tid !== 0 && this.#task(tid).state === "unknown") this.#run(timeNs, cpu, tid);
  }

  #born(timeNs: number, cpu: number, tid: number, parent: number): void {
    this.#isRunning(timeNs, cpu, parent);
    const task = this.#task(tid);
    task.leave(timeNs); // the tid may have had another owner, and be named anew
    task.name = this.#nameOfTask(tid);
  }

  #died(timeNs: number, tid: number): void {
    const task = this.#task(tid);
    task.leave(timeNs, "dead");
    task.pending = undefined;
  }

  #instant(timeNs: number, kind: number, cpu: number, tid: number, arg0: number, arg1: number): void {
    const names = this.#names;
    const onCpu = (name: string, args: Record<string, number>): void =>
      this.#records.instant(VCPUS, this.#cpu(cpu).tid, timeNs, name, JSON.stringify(args));
    const onTask = (name: string, args: Record<string, number>): void =>
      this.#records.instant(TASKS, this.#task(tid).tid, timeNs, name, JSON.stringify(args));
    switch (kind) {
      case kinds.TRACE_IPI_SEND:
        onCpu(`IPI send ${nameOf(names, "ipiKind", arg1)}`, { target: arg0 });
        break;
      case kinds.TRACE_IPI_RECEIVE:
        onCpu(`IPI receive ${nameOf(names, "ipiKind", arg0)}`, {});
        break;
      case kinds.TRACE_CALL:
        onCpu(`call ${arg0}`, { by: arg1 });
        break;
      case kinds.TRACE_CPU_STATE:
        onCpu(`CPU ${nameOf(names, "cpuState", arg0)}`, {});
        break;
      case kinds.TRACE_SIGNAL:
        onTask(`signal ${nameOf(names, "signalName", arg0)}`, { sender: arg1 });
        break;
      case kinds.TRACE_UMCG_DIE:
        onTask(`UMCG die ${nameOf(names, "dieReason", arg0)}`, {});
        break;
      case kinds.TRACE_UMCG_STATE: {
        const words = `${nameOf(names, "umcgWord", arg0)} -> ${nameOf(names, "umcgWord", arg1)}`;
        onTask(words, { cpu, old: arg0 >>> 0, new: arg1 >>> 0 });
        break;
      }
      default:
        break;
    }
  }

  #cpu(cpu: number): ChromeTrack<CpuState> {
    let track = this.#cpus.get(cpu);
    if (track === undefined) {
      track = new ChromeTrack<CpuState>(this.#records, VCPUS, cpu + 1, `vCPU ${cpu}`);
      this.#cpus.set(cpu, track);
    }
    return track;
  }

  #task(tid: number): ChromeTrack<TaskState> {
    let track = this.#tasks.get(tid);
    if (track === undefined) {
      track = new ChromeTrack<TaskState>(this.#records, TASKS, tid, this.#nameOfTask(tid));
      this.#tasks.set(tid, track);
    }
    return track;
  }

  #nameOfTask(tid: number): string {
    return this.#names.taskName === undefined ? `task ${tid}` : this.#names.taskName(tid);
  }

  /**
   * Names of the rows, and their order: by number. Each process comes with its threads, the vCPUs first:
   * older Perfettos name a thread by number alone, taking the one made last, and a process makes its main
   * thread.
   */
  #metadata(): string[] {
    const cpus = metadataOf(VCPUS, "vCPUs", this.#cpus.values());
    return [...cpus, ...metadataOf(TASKS, "tasks", this.#tasks.values())];
  }
}

function metadataOf(pid: number, title: string, tracks: Iterable<ChromeTrack<string>>): string[] {
  const lines = [JSON.stringify({ ph: "M", name: "process_name", pid, args: { name: title } })];
  for (const { tid, name } of tracks) {
    lines.push(JSON.stringify({ ph: "M", name: "thread_name", pid, tid, args: { name } }));
    lines.push(JSON.stringify({ ph: "M", name: "thread_sort_index", pid, tid, args: { sort_index: tid } }));
  }
  return lines;
}

/** Rounded before any slice is made: begin and length rounded apart would let neighbours overlap by 1 ns. */
function wholeNs(timeNs: number): number {
  if (timeNs >= 0 && timeNs < Number.POSITIVE_INFINITY) return Math.round(timeNs);
  throw new TraceError("ERR_TRACE_VALUE", `not a time: ${timeNs}`);
}
