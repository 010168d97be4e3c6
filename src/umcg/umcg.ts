/** What a UMCG profile is to the rest of the machine: two system calls, and the hooks of the kernel core. */
import type { Addr } from "../atomics/address.ts";
import type { Call, Coroutine } from "../atomics/step.ts";
import type { Hooks } from "../kernel-sim/hooks.ts";

/** v0.3 completed, or as it was posted, flaws included. */
export type UmcgProfile = "hardened" | "posted";

/** A profile: the hooks in the kernel and the system calls. */
export interface Umcg extends Hooks {
  readonly profile: UmcgProfile;
  /**
   * sys_umcg_ctl: (un)registers the calling task. `self`: its struct umcg_task, NULL to unregister.
   * 0; -EINVAL, -EFAULT; +1 = the API version asked for is not supported, 1 is. A worker sleeps until a server runs it.
   */
  ctl(flags: number, self: Addr): Coroutine<number>;
  /**
   * sys_umcg_wait: sleeps until own state is RUNNING, and/or wakes `next_tid`. `absTimeoutNs`: ns since boot, 0 = none.
   * 0; -EINVAL, -EFAULT, -ESRCH, -EINTR, and of a timeout -ETIMEDOUT (`hardened`) or -EOPNOTSUPP (`posted`).
   */
  wait(flags: number, absTimeoutNs?: number): Call<number>;
  /**
   * sys_umcg_kick: the worker `tid` looks at its state word on its way to user mode, soon. `flags` must be 0.
   * 0; -EINVAL, -ESRCH (no worker), -ENOSYS (`posted`). Source: umcg_kick of Zijlstra's rewrite, January 2022.
   */
  kick(flags: number, tid: number): Coroutine<number>;
}
