/**
 * pipe(2), read(2), write(2), close(2) on pipes. Blocking; wakes with WF_SYNC unless configured otherwise, because the
 * writer is expected to sleep soon. Source: fs/pipe.c.
 *
 * A pipe's state is a kernel primitive: looking at it and queueing on it are one atomic step, so no wake-up is lost.
 * The other end is woken only by a transfer that ends emptiness (or fullness), as pipe_write() does. It wakes one task,
 * which, when it leaves something to do behind, passes the wake-up on to the next of its own side.
 */
import type { Addr } from "../../atomics/address.ts";
import { EBADF, EFAULT, EINTR, EINVAL, EMFILE, EPIPE } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { wakeFlags } from "../config.ts";
import {
  NR_CLOSE,
  NR_PIPE,
  NR_READ,
  NR_WRITE,
  TASK_INTERRUPTIBLE,
  TASK_NORMAL,
  TASK_RUNNING,
  WAIT_PIPE_READ,
  WAIT_PIPE_WRITE,
} from "../constants.ts";
import { type Kernel, pipeReadQueue, pipeWriteQueue } from "../kernel.ts";
import { FIRST_FD } from "../pipe-table.ts";
import { schedule } from "../schedule.ts";
import { exitToUserMode, hasExitWork, signalPending } from "../signals.ts";
import { setTaskState } from "../task-state.ts";
import { chargeWake, tryToWakeUp } from "../wakeup.ts";
import { sysEnter, sysExit } from "./entry.ts";

/** Longest transfer of one call, bytes. */
const MAX_TRANSFER = 1 << 20;

/** Opens a pipe. Returns its read end; the write end is one more. -EMFILE when `maxPipes` are open. */
export function* sysPipe(kernel: Kernel): Coroutine<number> {
  const tid = sysEnter(kernel, NR_PIPE, 0);
  yield* kernel.host.sync();
  const pipe = kernel.pipes.create();
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_PIPE, pipe < 0 ? -EMFILE : FIRST_FD + 2 * pipe);
}

/** Closes one end and wakes everybody blocked on the other. -EBADF. */
export function* sysClose(kernel: Kernel, fd: number): Coroutine<number> {
  const tid = sysEnter(kernel, NR_CLOSE, fd);
  yield* kernel.host.sync();
  const write = kernel.pipes.lookup(fd, true);
  const pipe = write >= 0 ? write : kernel.pipes.lookup(fd, false);
  if (pipe >= 0) {
    kernel.pipes.close(pipe, write >= 0);
    const queue = write >= 0 ? pipeReadQueue(pipe) : pipeWriteQueue(pipe);
    while (kernel.waits.first(queue) !== 0) yield* wakeFirst(kernel, queue);
  }
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_CLOSE, pipe < 0 ? -EBADF : 0);
}

/** Reads up to `length` bytes. Blocks while the pipe is empty; 0 = all writers closed. -EBADF, -EFAULT, -EINTR. */
export function* sysRead(kernel: Kernel, fd: number, into: Addr, length: number): Coroutine<number> {
  const tid = sysEnter(kernel, NR_READ, fd);
  const result = yield* read(kernel, tid, fd, into, length);
  if (result < 0) yield* kernel.host.sync();
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_READ, result);
}

function* read(kernel: Kernel, tid: number, fd: number, into: Addr, length: number): Coroutine<number> {
  const { pipes, host } = kernel;
  if (!isLength(length)) return -EINVAL;
  yield* host.sync();
  const pipe = pipes.lookup(fd, false);
  if (pipe < 0) return -EBADF;
  if (length === 0) return 0;
  // A fault may let another reader in, so the pipe is looked at again behind it. Every turn blocks or faults.
  for (let ready = 0; ready === 0 || pipes.available(pipe) === 0; ) {
    while (pipes.available(pipe) === 0) {
      if (!pipes.writersOpen(pipe)) return 0;
      if (!(yield* block(kernel, tid, pipeReadQueue(pipe), WAIT_PIPE_READ, fd))) return -EINTR;
    }
    // Before bytes leave the pipe: a read that cannot deliver them must not cost any.
    ready = Math.min(length, pipes.available(pipe));
    if ((yield* kernel.access.faultInForWrite(into, ready)) < 0) return -EFAULT;
  }
  const bytes = new Uint8Array(Math.min(length, pipes.available(pipe)));
  const wasFull = pipes.room(pipe) === 0;
  pipes.read(pipe, bytes);
  if (wasFull) yield* wakeFirst(kernel, pipeWriteQueue(pipe));
  if (pipes.available(pipe) > 0) yield* wakeFirst(kernel, pipeReadQueue(pipe));
  return (yield* kernel.access.copyToUser(into, bytes)) < 0 ? -EFAULT : bytes.length;
}

/** Writes all `length` bytes, blocking while the pipe is full. -EBADF, -EFAULT, -EPIPE, -EINTR (nothing written). */
export function* sysWrite(kernel: Kernel, fd: number, from: Addr, length: number): Coroutine<number> {
  const tid = sysEnter(kernel, NR_WRITE, fd);
  const result = yield* write(kernel, tid, fd, from, length);
  if (result < 0) yield* kernel.host.sync();
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_WRITE, result);
}

function* write(kernel: Kernel, tid: number, fd: number, from: Addr, length: number): Coroutine<number> {
  const { pipes, host, access } = kernel;
  if (!isLength(length)) return -EINVAL;
  const pipe = pipes.lookup(fd, true);
  if (pipe < 0) return -EBADF;
  const bytes = new Uint8Array(length);
  if ((yield* access.copyFromUser(from, bytes)) < 0) return -EFAULT;
  yield* host.sync();
  let done = 0;
  while (done < length) {
    if (!pipes.readersOpen(pipe)) return done > 0 ? done : -EPIPE;
    if (pipes.room(pipe) === 0) {
      if (yield* block(kernel, tid, pipeWriteQueue(pipe), WAIT_PIPE_WRITE, fd)) continue;
      return done > 0 ? done : -EINTR;
    }
    const wasEmpty = pipes.available(pipe) === 0;
    done += pipes.write(pipe, bytes.subarray(done));
    if (wasEmpty) yield* wakeFirst(kernel, pipeReadQueue(pipe));
  }
  if (pipes.room(pipe) > 0) yield* wakeFirst(kernel, pipeWriteQueue(pipe));
  return done;
}

function isLength(length: number): boolean {
  return Number.isInteger(length) && length >= 0 && length <= MAX_TRANSFER;
}

/** Sleeps once on `queue`. False: a signal came. The caller looks at the pipe again. */
function* block(kernel: Kernel, tid: number, queue: number, reason: number, fd: number): Coroutine<boolean> {
  const { tasks, waits } = kernel;
  tasks.setWaitReason(tid, reason);
  tasks.setWaitOn(tid, fd);
  waits.add(queue, tid);
  setTaskState(kernel, tid, TASK_INTERRUPTIBLE);
  yield* schedule(kernel, tid);
  setTaskState(kernel, tid, TASK_RUNNING);
  const woken = !waits.remove(tid);
  yield* kernel.host.sync();
  return woken || !signalPending(kernel, tid);
}

function* wakeFirst(kernel: Kernel, queue: number): Coroutine<void> {
  const waiter = kernel.waits.first(queue);
  if (waiter === 0) return;
  kernel.waits.remove(waiter);
  yield* chargeWake(kernel, waiter, TASK_NORMAL);
  tryToWakeUp(kernel, waiter, TASK_NORMAL, wakeFlags(kernel.config.wake.pipe));
  yield* kernel.host.sync();
}
