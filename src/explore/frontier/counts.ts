/** How many executions there were of each kind. */

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
