/** Who waits for what: the report of a machine in which nothing can happen any more, and of any other dump. */
import { TASK_DEAD, TASK_NEW, TASK_NORMAL, TASK_STOPPED, WAIT_NONE, waitReason } from "./constants.ts";
import type { Kernel } from "./kernel.ts";

/** A task that has not exited, and what it waits for. */
export interface Waiter {
  readonly tid: number;
  readonly name: string;
  /** Why it sleeps, in words. */
  readonly reason: string;
  /** The address, descriptor, tid or time it waits for. */
  readonly waitsFor: number;
  readonly cpu: number;
}

/** Every task that exists and has not exited, in order of tid. */
export function waiters(kernel: Kernel): Waiter[] {
  const { tasks } = kernel;
  const list: Waiter[] = [];
  for (let tid = 1; tid <= kernel.lastTid; tid++) {
    const state = tasks.state(tid);
    if (state === TASK_DEAD || state === TASK_NEW) continue;
    // The record keeps the reason of its last wait.
    const asleep = (state & (TASK_NORMAL | TASK_STOPPED)) !== 0;
    list.push({
      tid,
      name: kernel.names.of(tid),
      reason: waitReason(asleep ? tasks.waitReason(tid) : WAIT_NONE),
      waitsFor: asleep ? tasks.waitOn(tid) : 0,
      cpu: tasks.cpu(tid),
    });
  }
  return list;
}

const SHOWN = 20;

/** The message of ERR_DEADLOCK. */
export function deadlockMessage(list: readonly Waiter[]): string {
  const who = list.length === 1 ? "1 task waits" : `${list.length} tasks wait`;
  return `deadlock: nothing is runnable, no timer is armed, and ${who}\n${describeWaiters(list)}`;
}

/** The list as lines of text, the first twenty of it. */
export function describeWaiters(list: readonly Waiter[]): string {
  const lines = list
    .slice(0, SHOWN)
    .map(
      (w) => `  ${w.name} (tid ${w.tid}, cpu ${w.cpu}) waits in ${w.reason} for 0x${w.waitsFor.toString(16)}`,
    );
  if (list.length > SHOWN) lines.push(`  and ${list.length - SHOWN} more`);
  return lines.join("\n");
}
