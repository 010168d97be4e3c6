/**
 * The trapped side of seccomp notification: a filtered task makes its call, tells the listener and sleeps until somebody
 * has answered for the kernel.
 *
 * A filter is looked at before the call begins (`guard`), at the cost of one load when no task has one. Both wake-ups, of
 * the listener here and of the trapped task in seccomp.ts, are WF_CURRENT_CPU when the listener is set to
 * SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, else without flags: the caller sleeps at once, and the other takes its CPU.
 * Source: seccomp_do_user_notification in kernel/seccomp.c.
 */
import { EINTR, ENOSYS } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import {
  EPOLLIN,
  SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP,
  TASK_INTERRUPTIBLE,
  TASK_RUNNING,
  WAIT_SECCOMP,
  WF_CURRENT_CPU,
} from "../constants.ts";
import { FIRST_FD } from "../descriptors.ts";
import { fileQueue, type Kernel } from "../kernel.ts";
import { tellEpolls, wakeAll } from "../poll.ts";
import { schedule } from "../schedule.ts";
import { NOTE_REPLIED } from "../seccomp-table.ts";
import { exitToUserMode, hasExitWork, signalPending } from "../signals.ts";
import { setTaskState } from "../task-state.ts";
import { sysEnter, sysExit } from "./entry.ts";

/** What the answer "let the kernel make the call" stands for among results. */
export const CONTINUE: number = Number.NaN;

/** Wake flags of a listener. */
export function notifyFlags(kernel: Kernel, fd: number): number {
  return (kernel.files.mode(fd) & SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP) !== 0 ? WF_CURRENT_CPU : 0;
}

/** Makes the call `nr`, whose code is `body`, unless the caller's filter traps it. */
export function* guard<T>(
  kernel: Kernel,
  nr: number,
  arg: number,
  body: Coroutine<T>,
): Coroutine<T | number> {
  const tid: number = kernel.current;
  if (kernel.seccomp.trapped(tid) !== nr) return yield* body;
  sysEnter(kernel, nr, arg);
  yield* kernel.host.sync();
  const fd = kernel.seccomp.listener(tid);
  const result = fd === 0 ? -ENOSYS : yield* ask(kernel, tid, fd, nr, arg);
  if (Number.isNaN(result)) return yield* body;
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, nr, result);
}

function* ask(kernel: Kernel, tid: number, fd: number, nr: number, arg: number): Coroutine<number> {
  const { seccomp, tasks, files, watches } = kernel;
  const flags = notifyFlags(kernel, fd);
  files.hold(fd);
  seccomp.post(tid, fd - FIRST_FD, arg);
  tasks.setWaitReason(tid, WAIT_SECCOMP);
  tasks.setWaitOn(tid, nr);
  if (watches.count !== 0) yield* tellEpolls(kernel, fd, EPOLLIN, flags);
  yield* wakeAll(kernel, fileQueue(kernel, fd - FIRST_FD), flags);
  let result = -EINTR;
  // Every turn sleeps.
  for (;;) {
    if (seccomp.state(tid) === NOTE_REPLIED) {
      result = seccomp.result(tid);
      break;
    }
    if (signalPending(kernel, tid)) break;
    setTaskState(kernel, tid, TASK_INTERRUPTIBLE);
    yield* schedule(kernel, tid);
    setTaskState(kernel, tid, TASK_RUNNING);
  }
  seccomp.withdraw(tid);
  files.release(fd);
  return result;
}
