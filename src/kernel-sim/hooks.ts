/**
 * The seam between the kernel core and UMCG: what a profile plugs in. Called only for tasks with PF_UMCG_WORKER, save
 * `exit` and `exec`, which are called for every registered task. The kernel core knows nothing else of UMCG.
 */
import type { Coroutine } from "../atomics/step.ts";
import type { Tid } from "./ids.ts";

/** Where UMCG comes into the kernel: block, wake, return to user mode, exit. */
export interface Hooks {
  /**
   * schedule() of a worker: block detection before it is descheduled (when it is going to sleep), wake detection after
   * it runs again. It must yield YIELD_SCHEDULE exactly once outside any wait of its own.
   * Source: sched_submit_work() and sched_update_worker() in kernel/sched/core.c.
   */
  schedule(tid: Tid): Coroutine<void>;
  /** A task with TIF_UMCG is about to return to user mode: exit_to_user_mode_loop(). May sleep. */
  resume(tid: Tid): Coroutine<void>;
  /** A registered task is exiting: start of do_exit(). May sleep. */
  exit(tid: Tid): Coroutine<void>;
  /** A registered task goes on as another program: bprm_execve(). May sleep. */
  exec(tid: Tid): Coroutine<void>;
}

export const NO_HOOKS: Hooks = {
  *schedule(): Coroutine<void> {
    throw new Error("kernel bug: a worker without UMCG hooks");
  },
  *resume(): Coroutine<void> {},
  *exit(): Coroutine<void> {},
  *exec(): Coroutine<void> {},
};
