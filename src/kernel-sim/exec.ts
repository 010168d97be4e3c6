/**
 * exec: what becomes of a task that goes on as another program. It keeps its tid, mask, pending signals, ignored signals,
 * descriptors and filter; handlers, which were code of the old program, are forgotten, and its timer is cancelled.
 *
 * What becomes of a UMCG registration is the profile's (Hooks.exec): v0.3 kept it, and its pointer dangled (F45). That the new program could be
 * placed on another CPU (WF_EXEC) is not modelled. Source: begin_new_exec in fs/exec.c, flush_signal_handlers.
 */
import type { Kernel } from "./kernel.ts";
import type { Named } from "./task-names.ts";
import { cancelTimer } from "./timers.ts";

/** The current task forgets its old program. Atomic. */
export function forgetProgram(kernel: Kernel, tid: number, name: string | Named | undefined): void {
  kernel.dispositions.forgetHandlers(tid);
  cancelTimer(kernel, tid);
  if (name !== undefined) kernel.names.set(tid, name);
}
