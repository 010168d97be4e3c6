/**
 * The one setter of a task's run state, over the table of transitions that may happen.
 *
 * | from                          | to                              | who                                              |
 * |-------------------------------|---------------------------------|--------------------------------------------------|
 * | NEW                           | WAKING                          | wakeUpNewTask, the creator                       |
 * | RUNNING                       | INTERRUPTIBLE, UNINTERRUPTIBLE, STOPPED | the task itself, before schedule()       |
 * | RUNNING                       | DEAD                            | the task itself, in exit                         |
 * | INTERRUPTIBLE, UNINTERRUPTIBLE, STOPPED | RUNNING               | the task (it will not sleep after all), or a waker that found it still queued |
 * | the same                      | WAKING                          | a waker                                          |
 * | the same                      | each other                      | the task itself                                  |
 * | WAKING                        | RUNNING                         | whoever puts it on a run queue                   |
 */
import {
  TASK_DEAD,
  TASK_INTERRUPTIBLE,
  TASK_NEW,
  TASK_RUNNING,
  TASK_STOPPED,
  TASK_UNINTERRUPTIBLE,
  TASK_WAKING,
} from "./constants.ts";
import { assert } from "./errors.ts";
import type { Kernel } from "./kernel.ts";

const SLEEPING = TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE | TASK_STOPPED;

export function mayChange(from: number, to: number): boolean {
  if (from === TASK_RUNNING) return to === TASK_RUNNING || (to & (SLEEPING | TASK_DEAD)) !== 0;
  if ((from & SLEEPING) !== 0) return to === TASK_RUNNING || to === TASK_WAKING || (to & SLEEPING) !== 0;
  if (from === TASK_WAKING) return to === TASK_RUNNING;
  return from === TASK_NEW && to === TASK_WAKING;
}

export function setTaskState(kernel: Kernel, tid: number, to: number): void {
  const state = kernel.tasks.state;
  if (!mayChange(state[tid]!, to)) assert(false, `task ${tid}: state ${state[tid]} to ${to}`);
  state[tid] = to;
}
