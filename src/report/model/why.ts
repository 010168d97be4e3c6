/**
 * Where the time of one wake-up went, in the order in which it went there: what the woken task did or waited for, and, while it waited
 * for a CPU, what that CPU did instead. The lengths add up to the wake-up's.
 */
import * as states from "./states.ts";
import type { Timeline } from "./timeline.ts";
import type { Track } from "./track.ts";
import type { Wake } from "./wakes.ts";

export interface Phase {
  readonly ns: number;
  /** STATE_ of the woken task. */
  readonly state: number;
  readonly text: string;
  /** What the CPU that it waited for did meanwhile, the longest first. */
  readonly meanwhile: readonly { readonly ns: number; readonly text: string }[];
}

export interface WhyNames {
  readonly taskName: (tid: number) => string;
  readonly syscallName: (number: number) => string;
}

export function whySlow({ cpus, tasks }: Timeline, wake: Wake, names: WhyNames): Phase[] {
  const track = tasks.find(({ id }) => id === wake.tid);
  if (track === undefined) return [];
  const phases: Phase[] = [];
  const runsOn = cpus[wake.cpu];
  forSlices(track, wake.fromNs, wake.toNs, (slice, fromNs, toNs) => {
    const state = track.states[slice]!;
    const waitsFor = states.isRunning(state)
      ? undefined
      : state === states.STATE_RUNNABLE
        ? cpus[track.whats[slice]!]
        : runsOn;
    const meanwhile = waitsFor === undefined ? [] : uses(waitsFor, fromNs, toNs, names);
    phases.push({ ns: toNs - fromNs, state, text: textOf(track, slice, names), meanwhile });
  });
  return phases;
}

function textOf(track: Track, slice: number, { syscallName }: WhyNames): string {
  const [state, what, call] = [track.states[slice]!, track.whats[slice]!, track.calls[slice]!];
  if (states.isRunning(state))
    return `runs on vCPU ${what}${call === -1 ? ", in user mode" : `, in the kernel: ${syscallName(call)}`}`;
  if (state === states.STATE_RUNNABLE) return `on the queue of vCPU ${what}`;
  if (state === states.STATE_WORKER_IDLE) return "a worker without a server";
  if (state === states.STATE_NONE) return "not there yet";
  return "woken, on no queue yet";
}

/** What a CPU did in a stretch of time, by task and by kind of idleness. */
function uses(cpu: Track, fromNs: number, toNs: number, names: WhyNames): { ns: number; text: string }[] {
  const spent = new Map<string, number>();
  forSlices(cpu, fromNs, toNs, (slice, from, to) => {
    const [state, what] = [cpu.states[slice]!, cpu.whats[slice]!];
    const text = states.isRunning(state)
      ? `${cpu.name} ran ${names.taskName(what)}`
      : state === states.STATE_CPU_LEAVING
        ? `${cpu.name} left idle`
        : `${cpu.name} was idle`;
    spent.set(text, (spent.get(text) ?? 0) + to - from);
  });
  return [...spent].map(([text, ns]) => ({ ns, text })).sort((a, b) => b.ns - a.ns);
}

/** Slices bounded: a wake-up that waited for seconds has as many as its row. */
function forSlices(
  track: Track,
  fromNs: number,
  toNs: number,
  use: (slice: number, fromNs: number, toNs: number) => void,
): void {
  for (let slice = Math.max(0, track.at(fromNs)); slice < track.length; slice++) {
    const [from, to] = [Math.max(fromNs, track.starts[slice]!), Math.min(toNs, track.endOf(slice))];
    if (track.starts[slice]! >= toNs) return;
    if (to > from) use(slice, from, to);
  }
}
