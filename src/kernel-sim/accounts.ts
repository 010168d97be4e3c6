/**
 * What each task had: time on a CPU, time waiting for one, switches, migrations.
 *
 * Run time is the class's own (sum_exec_runtime): from the end of the switch to a task to its next one, interrupts
 * included, as in Linux without irq time accounting. Waiting is from being queued (or preempted) to the end of the switch
 * to it (run_delay of sched_info). What is left of a task's life it slept.
 */
import { TASK_DEAD, TASK_NEW } from "./constants.ts";
import type { Tid } from "./ids.ts";
import type { Kernel } from "./kernel.ts";

/** Times in ns. */
export interface TaskAccount {
  readonly tid: number;
  readonly name: string;
  readonly exited: boolean;
  readonly runNs: number;
  readonly waitNs: number;
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
  readonly migrations: number;
}

/** A slot gets a new task; what its last one had goes into the sum of those that are gone. */
export function resetAccount(kernel: Kernel, tid: Tid): void {
  const { tasks } = kernel;
  kernel.record.addGone({
    runNs: kernel.fair.sumExec(tid),
    waitNs: tasks.waitNs(tid),
    voluntarySwitches: tasks.voluntarySwitches(tid),
    involuntarySwitches: tasks.involuntarySwitches(tid),
    migrations: tasks.migrations(tid),
  });
  tasks.setWaitNs(tid, 0);
  tasks.setVoluntarySwitches(tid, 0);
  tasks.setInvoluntarySwitches(tid, 0);
  tasks.setMigrations(tid, 0);
}

/** Every task whose slot has not been given to another, in order of tid. */
export function taskAccounts(kernel: Kernel): TaskAccount[] {
  const { tasks, fair } = kernel;
  const list: TaskAccount[] = [];
  for (let tid = 1; tid <= kernel.lastTid; tid++) {
    const state = tasks.state(tid);
    list.push({
      tid,
      name: kernel.names.of(tid),
      exited: state === TASK_DEAD || state === TASK_NEW,
      runNs: fair.sumExec(tid),
      waitNs: tasks.waitNs(tid),
      voluntarySwitches: tasks.voluntarySwitches(tid),
      involuntarySwitches: tasks.involuntarySwitches(tid),
      migrations: tasks.migrations(tid),
    });
  }
  return list;
}
