/**
 * The border between user mode and the kernel. Every system call begins with `sysEnter` and ends with
 *
 *     if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
 *     return sysExit(kernel, tid, nr, result);
 *
 * written out, because a helper generator here would cost as much as the rest of a short call. Somewhere in between it
 * syncs, on every path: a program that makes the same call for ever, even one that fails, must come back to the host. A
 * call that may fail before it has synced does so at its end, `if (result < 0) yield* kernel.host.sync();`.
 */
import { TRACE_SYS_ENTER, TRACE_SYS_EXIT } from "../../trace/events.ts";
import * as errors from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { STEP_SYSCALL_ENTRY, STEP_SYSCALL_EXIT } from "../steps.ts";

// Copies: V8 folds what is in the same module only, and each system call passes by here.
const ENTRY: number = STEP_SYSCALL_ENTRY;
const EXIT: number = STEP_SYSCALL_EXIT;
const assert: typeof errors.assert = errors.assert;

/** Returns the calling task. */
export function sysEnter(kernel: Kernel, nr: number, arg: number): number {
  const tid: number = kernel.current;
  assert(tid !== 0, "system call outside a task");
  if (kernel.trace.on) kernel.emit(TRACE_SYS_ENTER, tid, nr, arg);
  kernel.host.charge(ENTRY, nr);
  return tid;
}

/** Back in user mode with `result`. */
export function sysExit(kernel: Kernel, tid: number, nr: number, result: number): number {
  kernel.host.charge(EXIT);
  if (kernel.trace.on) kernel.emit(TRACE_SYS_EXIT, tid, nr, result);
  return result;
}
