/** What a UMCG profile is to the rest of the machine: two system calls, and the hooks of the kernel core. */
import type { Addr } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { Hooks } from "../kernel-sim/hooks.ts";

export interface Umcg extends Hooks {
  /**
   * sys_umcg_ctl: (un)registers the calling task. `self`: its struct umcg_task, NULL to unregister.
   * 0; -EINVAL, -EFAULT; +1 = the API version asked for is not supported, 1 is. A worker sleeps until a server runs it.
   */
  ctl(flags: number, self: Addr): Coroutine<number>;
  /**
   * sys_umcg_wait: sleeps until own state is RUNNING, and/or wakes `next_tid`. `absTimeoutNs` must be 0 in v0.3.
   * 0; -EINVAL, -EFAULT, -ESRCH, -EOPNOTSUPP (a timeout), -EINTR.
   */
  wait(flags: number, absTimeoutNs?: number): Coroutine<number>;
}
