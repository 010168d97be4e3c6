/** The rows of a timeline: vCPUs that had anything to do, in one line those that had not, and the tasks that are looked for. */
import * as states from "./states.ts";
import type { Timeline } from "./timeline.ts";
import type { Track } from "./track.ts";

export interface Row {
  readonly track: Track | undefined;
  /** Of a heading. */
  readonly title: string;
}

/** `wanted`: part of a name, in lower case. */
export function rowsOf({ cpus, tasks }: Timeline, wanted = ""): Row[] {
  const busy = cpus.filter(wasBusy);
  const idle = cpus.filter((cpu) => !busy.includes(cpu));
  const found = tasks.filter(({ name }) => name.toLowerCase().includes(wanted));
  const rest = found.length === tasks.length ? "" : `: ${found.length} of ${tasks.length}`;
  const heading = (title: string): Row => ({ track: undefined, title });
  const rowOf = (track: Track): Row => ({ track, title: track.name });
  return [
    heading("vCPUs"),
    ...busy.map(rowOf),
    ...(idle.length === 0 ? [] : [heading(`idle all the time: vCPU ${rangesOf(idle.map(({ id }) => id))}`)]),
    heading(`Tasks${rest}`),
    ...found.map(rowOf),
  ];
}

function wasBusy(cpu: Track): boolean {
  return cpu.spends((state) => states.isRunning(state) || state === states.STATE_CPU_LEAVING);
}

/** "0, 3 to 63" of ascending numbers. */
export function rangesOf(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < numbers.length; i++) {
    const first = i;
    while (numbers[i + 1] === numbers[i]! + 1) i++;
    const [low, high] = [numbers[first]!, numbers[i]!];
    parts.push(low === high ? `${low}` : high === low + 1 ? `${low}, ${high}` : `${low} to ${high}`);
  }
  return parts.join(", ");
}
