/** How many executions there were of each kind. */

import { PRUNED, SLEEP_BLOCKED, TOO_LONG } from "../strategy.ts";

/** Executions by how they ended. */
export interface Counts {
  executions: number;
  blocked: number;
  pruned: number;
  tooLong: number;
}

export function noCounts(): Counts {
  return { executions: 0, blocked: 0, pruned: 0, tooLong: 0 };
}

export function attemptsOf({ executions, blocked, pruned, tooLong }: Counts): number {
  return executions + blocked + pruned + tooLong;
}

/** Takes an execution back that ended so: it will be made again. */
export function uncount(counts: Counts, ended: number): void {
  if (ended === SLEEP_BLOCKED) counts.blocked--;
  else if (ended === TOO_LONG) counts.tooLong--;
  else if (ended === PRUNED) counts.pruned--;
  else counts.executions--;
}
