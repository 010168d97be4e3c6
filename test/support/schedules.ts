/**
 * Every schedule of a program on the deterministic host of host operations, by depth-first search over its choices; or
 * those with few departures from the default, where all are too many.
 */

const MAX_EXECUTIONS = 200_000;

export interface ScheduleOptions {
  /** At most so many choices other than 0 in one execution. All, unless given. */
  readonly departures?: number;
  readonly maxExecutions?: number;
}

/**
 * Runs `program` once for each schedule; it asks `choose` where it has a choice. Returns how many there were; an error names
 * the schedule that led to it.
 */
export function allSchedules(
  program: (choose: (width: number) => number) => void,
  { departures = Number.POSITIVE_INFINITY, maxExecutions = MAX_EXECUTIONS }: ScheduleOptions = {},
): number {
  const path: number[] = [];
  for (let executions = 1; ; executions++) {
    if (executions > maxExecutions) throw new Error(`more than ${maxExecutions} schedules`);
    const widths: number[] = [];
    const taken: number[] = [];
    const choose = (width: number): number => {
      const choice = path[taken.length] ?? 0;
      if (choice >= width) throw new Error("the program is not deterministic");
      widths.push(width);
      taken.push(choice);
      return choice;
    };
    try {
      program(choose);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`under the schedule [${path.join(", ")}]: ${message}`, { cause });
    }
    let depth = taken.length - 1;
    while (depth >= 0 && !mayAdvance(taken, widths, depth, departures)) depth--;
    if (depth < 0) return executions;
    path.splice(0, path.length, ...taken.slice(0, depth), taken[depth]! + 1);
  }
}

function mayAdvance(
  taken: readonly number[],
  widths: readonly number[],
  depth: number,
  departures: number,
): boolean {
  if (taken[depth]! + 1 >= widths[depth]!) return false;
  if (taken[depth]! > 0) return true;
  return taken.slice(0, depth).filter((choice) => choice > 0).length < departures;
}
