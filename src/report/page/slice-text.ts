/** What a slice is, in words: on the slice, and in its tooltip. */
import { formatEvent } from "../../trace/format.ts";
import { nameOf, type TraceNames } from "../../trace/names.ts";
import { firstAt } from "../model/sorted.ts";
import * as states from "../model/states.ts";
import { exactTime } from "../model/time-axis.ts";
import type { Arrow, Timeline } from "../model/timeline.ts";
import type { Track } from "../model/track.ts";

export class SliceText {
  readonly #timeline: Timeline;
  readonly #names: TraceNames;
  readonly #originNs: number;

  constructor(timeline: Timeline, names: TraceNames, originNs: number) {
    this.#timeline = timeline;
    this.#names = names;
    this.#originNs = originNs;
  }

  /** Short. */
  label(track: Track, slice: number): string {
    const [state, what, call] = [track.states[slice]!, track.whats[slice]!, track.calls[slice]!];
    if (states.isRunning(state)) {
      const mode = call === -1 ? "" : nameOf(this.#names, "syscallName", call);
      if (!track.isCpu) return mode === "" ? `vCPU ${what}` : mode;
      return mode === "" ? this.#taskName(what) : `${this.#taskName(what)}: ${mode}`;
    }
    if (track.isCpu) return what === -1 ? "idle" : `idle (${nameOf(this.#names, "idleState", what)})`;
    if (state === states.STATE_RUNNABLE) return "runnable";
    if (state === states.STATE_WORKER_IDLE) return "waits for a server";
    if (state === states.STATE_SERVER_IDLE) return "idle server";
    return nameOf(this.#names, "waitReason", what);
  }

  /** Lines; the first is a heading. */
  lines(track: Track, slice: number): string[] {
    const [state, what, call] = [track.states[slice]!, track.whats[slice]!, track.calls[slice]!];
    const [from, to] = [track.starts[slice]!, track.endOf(slice)];
    const lines = [`${track.name}: ${states.STATE_NAMES[state]}`, `for ${exactTime(to - from)}`];
    lines.push(`${exactTime(from - this.#originNs)} to ${exactTime(to - this.#originNs)}`);
    if (states.isRunning(state)) lines.push(track.isCpu ? `runs ${this.#taskName(what)}` : `on vCPU ${what}`);
    else if (state === states.STATE_RUNNABLE) lines.push(`on the queue of vCPU ${what}`);
    else if (!track.isCpu) lines.push(`reason: ${nameOf(this.#names, "waitReason", what)}`);
    else if (what !== -1) lines.push(`state ${nameOf(this.#names, "idleState", what)}`);
    if (call !== -1) lines.push(`system call ${nameOf(this.#names, "syscallName", call)}`);
    const arrow = this.#arrowTo(track, from);
    if (arrow !== undefined)
      lines.push(`woken by ${arrow.from.name}, ${exactTime(arrow.toNs - arrow.fromNs)} before`);
    return lines;
  }

  /** The event of a mark as a line of a trace. */
  event(index: number): string {
    const { log } = this.#timeline;
    const event = {
      timeNs: log.times[index]! - this.#originNs,
      kind: log.kinds[index]!,
      cpu: log.cpus[index]!,
      tid: log.tids[index]!,
      arg0: log.args0[index]!,
      arg1: log.args1[index]!,
    };
    return formatEvent(event, this.#names).replace(/^\[\s+/, "[");
  }

  #taskName(tid: number): string {
    return this.#names.taskName?.(tid) ?? `task ${tid}`;
  }

  /** The wake-up that led to what begins on `track` at `ns`. */
  #arrowTo(track: Track, ns: number): Arrow | undefined {
    const { arrows } = this.#timeline;
    const low = firstAt(arrows, ns, ({ toNs }) => toNs);
    for (let i = low; i < arrows.length && arrows[i]!.toNs === ns; i++)
      if (arrows[i]!.to === track) return arrows[i];
    return undefined;
  }
}
