/** rt_sigprocmask(2): which signals a task does not take for now. Source: kernel/signal.c. */
import type { Addr } from "../../atomics/address.ts";
import { EFAULT, EINVAL } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { NR_RT_SIGPROCMASK, SIG_BLOCK, SIG_SETMASK, SIG_UNBLOCK } from "../constants.ts";
import type { Kernel } from "../kernel.ts";
import { exitToUserMode, hasExitWork, setMask } from "../signals.ts";
import { sysEnter, sysExit } from "./entry.ts";

/**
 * Changes the caller's mask, in which bit n stands for signal n: SIG_BLOCK adds `set`, SIG_UNBLOCK takes it away, SIG_SETMASK
 * replaces. The old one is written to the 32-bit word at `old`, if that is not NULL. SIGKILL is never masked. 0, -EINVAL,
 * -EFAULT.
 */
export function* sysSigprocmask(kernel: Kernel, how: number, set: number, old: Addr): Coroutine<number> {
  const tid = sysEnter(kernel, NR_RT_SIGPROCMASK, how);
  yield* kernel.host.sync();
  const before = kernel.tasks.sigMask(tid);
  const after = combine(how, before, set);
  let result = after === undefined ? -EINVAL : 0;
  if (result === 0 && old !== 0 && (yield* kernel.access.putUser32(old, before)) < 0) result = -EFAULT;
  if (result === 0) setMask(kernel, tid, after!);
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_RT_SIGPROCMASK, result);
}

function combine(how: number, before: number, set: number): number | undefined {
  switch (how) {
    case SIG_BLOCK:
      return before | set;
    case SIG_UNBLOCK:
      return before & ~set;
    case SIG_SETMASK:
      return set | 0;
    default:
      return undefined;
  }
}
