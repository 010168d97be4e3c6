/**
 * The wake-ups of a trace one by one, so that a slow one can be found and looked at.
 *
 * A histogram keeps how many took how long. Which ones is in the events: the page finds them again by the rules of
 * src/trace/spans.ts, so that what stands in a bin of a chart is what is listed for it (a test holds one to the other).
 * Rejected: having the run keep its slowest, which would bound what can be asked for, and say nothing of a bin.
 */
import * as kinds from "../../trace/events.ts";
import type { EventLog } from "./event-log.ts";

export const WAKE_SPANS = ["wakeToUser", "wakeToQueued", "queuedToRunning"] as const;
export type WakeSpan = (typeof WAKE_SPANS)[number];

export interface Wake {
  readonly tid: number;
  /** Who woke it; 0: an interrupt did. */
  readonly waker: number;
  /** Where the waker was. */
  readonly wakerCpu: number;
  /** Where the span ended. */
  readonly cpu: number;
  readonly fromNs: number;
  readonly toNs: number;
}

/** Which of the wake-ups count. */
export interface WakeScope {
  /** Default: all tasks. */
  readonly tids?: readonly number[] | undefined;
  readonly fromNs: number;
  /** Default: to the end. */
  readonly toNs?: number | undefined;
}

interface Begun {
  readonly atNs: number;
  readonly waker: number;
  readonly cpu: number;
}

export type Wakes = Readonly<Record<WakeSpan, readonly Wake[]>>;

/** Reads a log in its order. */
class WakeReader {
  readonly found: Record<WakeSpan, Wake[]> = { wakeToUser: [], wakeToQueued: [], queuedToRunning: [] };
  readonly #tids: ReadonlySet<number> | undefined;
  /** By task: the wake-up that no span has ended of yet. */
  readonly #woken: Map<number, Begun> = new Map();
  readonly #queued: Map<number, Begun> = new Map();
  readonly #firstWoken: Map<number, Begun> = new Map();
  /** By task: its last wake-up. */
  readonly #last: Map<number, Begun> = new Map();

  constructor(tids: readonly number[] | undefined) {
    this.#tids = tids === undefined ? undefined : new Set(tids);
  }

  event(atNs: number, kind: number, cpu: number, tid: number, arg0: number, arg1: number): void {
    switch (kind) {
      case kinds.TRACE_SCHED_WAKING:
        if (this.#tids?.has(tid) === false) break;
        this.#wake(tid, { atNs, waker: arg1, cpu });
        break;
      case kinds.TRACE_SCHED_WAKEUP:
        if (this.#tids?.has(tid) === false) break;
        this.#end("wakeToQueued", this.#woken, tid, atNs, cpu);
        if (!this.#queued.has(tid))
          this.#queued.set(tid, { ...(this.#last.get(tid) ?? { waker: 0, cpu }), atNs });
        break;
      case kinds.TRACE_SCHED_SWITCH:
        if (arg0 !== tid) this.#queued.delete(arg0);
        this.#end("queuedToRunning", this.#queued, tid, atNs, cpu);
        break;
      case kinds.TRACE_SYS_ENTER:
        this.#firstWoken.delete(tid);
        break;
      case kinds.TRACE_SYS_EXIT:
        this.#end("wakeToUser", this.#firstWoken, tid, atNs, cpu);
        break;
      case kinds.TRACE_TASK_EXIT:
        for (const open of [this.#woken, this.#queued, this.#firstWoken]) open.delete(tid);
        break;
      default:
    }
  }

  #wake(tid: number, begun: Begun): void {
    this.#last.set(tid, begun);
    if (!this.#woken.has(tid)) this.#woken.set(tid, begun);
    if (!this.#firstWoken.has(tid)) this.#firstWoken.set(tid, begun);
  }

  #end(span: WakeSpan, open: Map<number, Begun>, tid: number, atNs: number, cpu: number): void {
    const begun = open.get(tid);
    if (begun === undefined) return;
    open.delete(tid);
    const { atNs: fromNs, waker, cpu: wakerCpu } = begun;
    // Of two CPUs, an end may be stamped before its start.
    this.found[span].push({ tid, waker, wakerCpu, cpu, fromNs, toNs: Math.max(fromNs, atNs) });
  }
}

/** All wake-ups of a log, in the order in which they ended. */
export function wakesOf(log: EventLog, scope: WakeScope): Wakes {
  const { tids, fromNs, toNs = Number.POSITIVE_INFINITY } = scope;
  const reader = new WakeReader(tids);
  for (let i = 0; i < log.length; i++) {
    const at = log.times[i]!;
    if (at >= fromNs && at <= toNs)
      reader.event(at, log.kinds[i]!, log.cpus[i]!, log.tids[i]!, log.args0[i]!, log.args1[i]!);
  }
  return reader.found;
}

/** The `most` slowest that took from `low` to less than `high` ns, the slowest first; of equal ones the earlier first. */
export function slowest(
  wakes: readonly Wake[],
  most: number,
  low: number = 0,
  high: number = Number.POSITIVE_INFINITY,
): Wake[] {
  const length = ({ fromNs, toNs }: Wake): number => toNs - fromNs;
  const kept: Wake[] = [];
  for (const wake of wakes) {
    const took = length(wake);
    if (took < low || took >= high) continue;
    if (kept.length === most && took <= length(kept[most - 1]!)) continue;
    let at = kept.length;
    while (at > 0 && length(kept[at - 1]!) < took) at--;
    kept.splice(at, 0, wake);
    if (kept.length > most) kept.pop();
  }
  return kept;
}
