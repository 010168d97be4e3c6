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
  TASK_STOPPED,
  TASK_UNINTERRUPTIBLE,
  TASK_WAKING,
} from "./constants.ts";
import type { Kernel } from "./kernel.ts";

/** A copy: V8 folds the constants of the same module only. */
const WAKING: number = TASK_WAKING;
const SLEEPING = TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE | TASK_STOPPED;
/** Stands for RUNNING, which is 0, in a set of states. */
const TO_RUNNING = 1 << 30;
const FROM_RUNNING = TO_RUNNING | SLEEPING | TASK_DEAD;
const FROM_SLEEP = TO_RUNNING | SLEEPING | WAKING;

export function mayChange(from: number, to: number): boolean {
  return isInTable(from, to);
}

/** Not exported: V8 looks an exported name up at each use, in its own module, too. */
function isInTable(from: number, to: number): boolean {
  const states = from === 0 ? FROM_RUNNING : (from & SLEEPING) !== 0 ? FROM_SLEEP : statesAfter(from);
  return (states & (to === 0 ? TO_RUNNING : to)) !== 0;
}

function statesAfter(from: number): number {
  return from === WAKING ? TO_RUNNING : from === TASK_NEW ? WAKING : 0;
}

export function setTaskState(kernel: Kernel, tid: number, to: number): void {
  const { tasks } = kernel;
  if (!isInTable(tasks.state(tid), to)) refuse(kernel, tid, to);
  tasks.setState(tid, to);
}

function refuse(kernel: Kernel, tid: number, to: number): never {
  throw new Error(`kernel bug: task ${tid}: state ${kernel.tasks.state(tid)} to ${to}`);
}
