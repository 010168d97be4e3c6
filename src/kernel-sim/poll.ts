/**
 * Readiness of files: what a file can do now, and telling the epolls that watch it. Atomic steps, and the wake-ups that
 * follow them.
 *
 * Telling puts the watches on the ready lists of their epolls, all at once, and wakes one waiter of each. Whether the file
 * really is ready is asked again when the waiter looks (syscalls/epoll.ts). A wake-up keeps the flags it came with: that
 * of a pipe stays WF_SYNC. Source: ep_poll_callback in fs/eventpoll.c, pipe_poll, eventfd_poll, timerfd_poll, seccomp_notify_poll.
 */
import type { Coroutine } from "../atomics/step.ts";
import { EPOLLHUP, EPOLLIN, EPOLLOUT, TASK_NORMAL } from "./constants.ts";
import {
  FILE_EVENTFD,
  FILE_PIPE_READ,
  FILE_PIPE_WRITE,
  FILE_SECCOMP,
  FILE_TIMERFD,
  FIRST_FD,
} from "./descriptors.ts";
import { fileQueue, type Kernel } from "./kernel.ts";
import { NOTE_INIT, NOTE_SENT } from "./seccomp-table.ts";
import { STEP_WAKE } from "./steps.ts";
import { chargeWake, tryToWakeUp } from "./wakeup.ts";

/** The largest value of an eventfd. */
export const EVENTFD_MAX = 0xffff_ffff_ffff_fffen;

/** What can be waited for on a file now: EPOLL events. For an epoll that watches it, or is about to. */
export function pollMask(kernel: Kernel, fd: number): number {
  const { files, pipes } = kernel;
  const object = files.object(fd);
  switch (files.kindOf(fd)) {
    case FILE_PIPE_READ:
      return pipes.readSeen(object);
    case FILE_PIPE_WRITE:
      return pipes.writeSeen(object);
    case FILE_EVENTFD: {
      const value = files.counterSeen(fd);
      return (value > 0n ? EPOLLIN : 0) | (value < EVENTFD_MAX ? EPOLLOUT : 0);
    }
    case FILE_TIMERFD:
      return files.counterSeen(fd) > 0n ? EPOLLIN : 0;
    case FILE_SECCOMP:
      return seccompMask(kernel, fd);
    default:
      return 0;
  }
}

function seccompMask({ seccomp, lastTid }: Kernel, fd: number): number {
  const received = seccomp.find(fd - FIRST_FD, NOTE_SENT) !== 0 ? EPOLLOUT : 0;
  const waiting = seccomp.find(fd - FIRST_FD, NOTE_INIT) !== 0 ? EPOLLIN : 0;
  return waiting | received | (seccomp.users(fd, lastTid).length === 0 ? EPOLLHUP : 0);
}

/** Something happened to a file: tells its epolls. Called when there are watches at all. */
export function* tellEpolls(kernel: Kernel, fd: number, events: number, flags: number): Coroutine<void> {
  for (const epoll of kernel.watches.markReady(fd - FIRST_FD, events))
    yield* wakeFirst(kernel, fileQueue(kernel, epoll), flags);
}

/** The same in one step, in interrupt context or at a task's end, with the file's own waiters. */
export function tellFromInterrupt(kernel: Kernel, fd: number, events: number): void {
  const { waits, watches } = kernel;
  const told = watches.markReady(fd - FIRST_FD, events);
  const epolls = told.map((epoll) => waits.first(fileQueue(kernel, epoll)));
  const own = waits.all(fileQueue(kernel, fd - FIRST_FD));
  wakeFromInterrupt(kernel, [...epolls.filter((tid) => tid !== 0), ...own]);
}

/**
 * Takes waiters off their queues and wakes them, in one step. The first wake-up is paid for by whatever brought the CPU
 * here, the others by themselves.
 */
export function wakeFromInterrupt(kernel: Kernel, waiters: readonly number[]): void {
  const { cpus, waits, host, cpu } = kernel;
  for (const [index, waiter] of waiters.entries()) {
    waits.remove(waiter);
    cpus.setWakeStart(cpu, host.now);
    if (index > 0) host.charge(STEP_WAKE);
    tryToWakeUp(kernel, waiter, TASK_NORMAL, 0);
  }
}

/** Wakes the first waiter of a queue, if there is one. */
export function* wakeFirst(kernel: Kernel, queue: number, flags: number): Coroutine<void> {
  const waiter = kernel.waits.first(queue);
  if (waiter === 0) return;
  kernel.waits.remove(waiter);
  yield* chargeWake(kernel, waiter, TASK_NORMAL);
  tryToWakeUp(kernel, waiter, TASK_NORMAL, flags);
  yield* kernel.host.sync();
}

/** Wakes everybody who is on the queue now; who comes back meanwhile waits for the next time. */
export function* wakeAll(kernel: Kernel, queue: number, flags: number): Coroutine<void> {
  let waiting = 0;
  for (let tid = kernel.waits.first(queue); tid !== 0; tid = kernel.waits.after(tid)) waiting++;
  for (; waiting > 0; waiting--) yield* wakeFirst(kernel, queue, flags);
}
