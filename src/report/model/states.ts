/**
 * What a row of the timeline can show at a time. The numbers are indices: of names, of colours (page/painter.ts), of the shares
 * of a column that stands for many slices (track.ts).
 */

export const STATE_NONE = 0;
/** Of a vCPU. */
export const STATE_CPU_IDLE = 1;
export const STATE_CPU_LEAVING = 2;
/** Running: in user mode, in the kernel. On a vCPU's row and on the task's. */
export const STATE_TASK = 3;
export const STATE_TASK_KERNEL = 4;
export const STATE_SERVER = 5;
export const STATE_SERVER_KERNEL = 6;
export const STATE_WORKER = 7;
export const STATE_WORKER_KERNEL = 8;
/** Of a task that does not run. */
export const STATE_RUNNABLE = 9;
export const STATE_BLOCKED = 10;
export const STATE_WORKER_IDLE = 11;
export const STATE_SERVER_IDLE = 12;
export const STATES = 13;

export const STATE_NAMES: readonly string[] = [
  "not there",
  "idle",
  "leaving idle",
  "task, user mode",
  "task, kernel",
  "server, user mode",
  "server, kernel",
  "worker, user mode",
  "worker, kernel",
  "runnable, waits for a CPU",
  "blocked",
  "woken, waits for a server",
  "idle server",
];

/** STATE_ of a running task by its ROLE_ (trace/umcg-roles.ts) and mode. */
export function runningState(role: number, inKernel: boolean): number {
  return STATE_TASK + 2 * role + (inKernel ? 1 : 0);
}

export function isRunning(state: number): boolean {
  return state >= STATE_TASK && state <= STATE_WORKER_KERNEL;
}
