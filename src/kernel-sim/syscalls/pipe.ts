/**
 * pipe(2), read(2) and write(2). Files that are no pipes: file.ts. Pipes
 * block, and wake with WF_SYNC unless configured otherwise, because the writer is expected to sleep soon. Source: fs/pipe.c.
 *
 * A pipe's state is a kernel primitive: looking at it and queueing on it are one atomic step, so no wake-up is lost.
 * The other end is woken only by a transfer that ends emptiness (or fullness), as pipe_write() does. It wakes one task,
 * which, when it leaves something to do behind, passes the wake-up on to the next of its own side. What counts as full, and
 * is written in one piece: pipe-table.ts.
 */
import type { Addr } from "../../atomics/address.ts";
import { EAGAIN, EFAULT, EINTR, EINVAL, EMFILE, EPIPE } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { wakeFlags } from "../config.ts";
import {
  EPOLLERR,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  NR_PIPE,
  NR_READ,
  NR_WRITE,
  O_NONBLOCK,
  TASK_INTERRUPTIBLE,
  TASK_RUNNING,
  WAIT_PIPE_READ,
  WAIT_PIPE_WRITE,
} from "../constants.ts";
import { FILE_PIPE_READ, FILE_PIPE_WRITE } from "../descriptors.ts";
import { type Kernel, pipeReadQueue, pipeWriteQueue } from "../kernel.ts";
import { tellEpolls, wakeFirst } from "../poll.ts";
import { schedule } from "../schedule.ts";
import { exitToUserMode, hasExitWork, signalPending } from "../signals.ts";
import { setTaskState } from "../task-state.ts";
import { sysEnter, sysExit } from "./entry.ts";
import { readFile, writeFile } from "./file.ts";

/** Longest transfer of one call, bytes. */
const MAX_TRANSFER = 1 << 20;

/**
 * Opens a pipe. Returns its read end; the write end is one more. -EINVAL unknown flags; -EMFILE when `maxPipes` are open or
 * no two free descriptors are neighbours.
 */
export function* sysPipe(kernel: Kernel, flags: number): Coroutine<number> {
  const tid = sysEnter(kernel, NR_PIPE, 0);
  yield* kernel.host.sync();
  const result = (flags & ~O_NONBLOCK) !== 0 ? -EINVAL : openPipe(kernel, flags);
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_PIPE, result);
}

/** As `sysPipe` answers, of known flags. Set-up code calls it, too, for tasks that are to share a pipe from the beginning. */
export function openPipe(kernel: Kernel, flags: number): number {
  const pipe = kernel.pipes.create();
  if (pipe < 0) return -EMFILE;
  const fd = kernel.files.openPipe(pipe, flags);
  if (fd >= 0) {
    kernel.pipes.setFd(pipe, fd);
    return fd;
  }
  kernel.pipes.close(pipe, false);
  kernel.pipes.close(pipe, true);
  return -EMFILE;
}

/** One end is closed: everybody blocked on the other looks again. */
export function* closePipe(kernel: Kernel, fd: number, write: boolean): Coroutine<void> {
  const { pipes, files, watches } = kernel;
  const pipe = files.object(fd);
  pipes.close(pipe, write);
  const flags = wakeFlags(kernel.config.wake.pipe);
  const other = write ? pipes.fd(pipe) : pipes.fd(pipe) + 1;
  const open = write ? pipes.readersOpen(pipe) : pipes.writersOpen(pipe);
  if (watches.count !== 0 && open) yield* tellEpolls(kernel, other, write ? EPOLLHUP : EPOLLERR, flags);
  const queue = write ? pipeReadQueue(pipe) : pipeWriteQueue(pipe);
  while (kernel.waits.first(queue) !== 0) yield* wakeFirst(kernel, queue, flags);
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
  const { pipes, files, watches, host } = kernel;
  if (!isLength(length)) return -EINVAL;
  yield* host.sync();
  const pipe = files.lookup(fd, FILE_PIPE_READ);
  if (pipe < 0) return yield* readFile(kernel, tid, fd, into, length);
  if (length === 0) return 0;
  // A fault may let another reader in, so the pipe is looked at again behind it. Every turn blocks or faults.
  for (let ready = 0; ready === 0 || pipes.available(pipe) === 0; ) {
    while (pipes.available(pipe) === 0) {
      if (!pipes.writersOpen(pipe)) return 0;
      if ((files.mode(fd) & O_NONBLOCK) !== 0) return -EAGAIN;
      if (!(yield* block(kernel, tid, pipeReadQueue(pipe), WAIT_PIPE_READ, fd))) return -EINTR;
    }
    // Before bytes leave the pipe: a read that cannot deliver them must not cost any.
    ready = Math.min(length, pipes.available(pipe));
    if ((yield* kernel.access.faultInForWrite(into, ready)) < 0) return -EFAULT;
  }
  const bytes = new Uint8Array(Math.min(length, pipes.available(pipe)));
  const wasFull = pipes.room(pipe) < pipes.piece;
  pipes.read(pipe, bytes);
  const flags = wakeFlags(kernel.config.wake.pipe);
  const freed = wasFull && pipes.room(pipe) >= pipes.piece;
  if (freed && watches.count !== 0) yield* tellEpolls(kernel, pipes.fd(pipe) + 1, EPOLLOUT, flags);
  if (freed) yield* wakeFirst(kernel, pipeWriteQueue(pipe), flags);
  if (pipes.available(pipe) > 0) yield* wakeFirst(kernel, pipeReadQueue(pipe), flags);
  return (yield* kernel.access.copyToUser(into, bytes)) < 0 ? -EFAULT : bytes.length;
}

/**
 * Writes all `length` bytes, blocking while they do not fit: up to PIPE_BUF in one piece, more in several. -EBADF, -EFAULT,
 * -EPIPE, -EINTR, -EAGAIN (nothing written).
 */
export function* sysWrite(kernel: Kernel, fd: number, from: Addr, length: number): Coroutine<number> {
  const tid = sysEnter(kernel, NR_WRITE, fd);
  const result = yield* write(kernel, tid, fd, from, length);
  if (result < 0) yield* kernel.host.sync();
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_WRITE, result);
}

function* write(kernel: Kernel, tid: number, fd: number, from: Addr, length: number): Coroutine<number> {
  const { pipes, files, watches, host, access } = kernel;
  if (!isLength(length)) return -EINVAL;
  const pipe = files.lookup(fd, FILE_PIPE_WRITE);
  if (pipe < 0) return yield* writeFile(kernel, tid, fd, from, length);
  const bytes = new Uint8Array(length);
  if ((yield* access.copyFromUser(from, bytes)) < 0) return -EFAULT;
  yield* host.sync();
  const flags = wakeFlags(kernel.config.wake.pipe);
  let done = 0;
  while (done < length) {
    if (!pipes.readersOpen(pipe)) return done > 0 ? done : -EPIPE;
    if (pipes.room(pipe) < Math.min(length - done, pipes.piece)) {
      if ((files.mode(fd) & O_NONBLOCK) !== 0) return done > 0 ? done : -EAGAIN;
      if (yield* block(kernel, tid, pipeWriteQueue(pipe), WAIT_PIPE_WRITE, fd)) continue;
      return done > 0 ? done : -EINTR;
    }
    const wasEmpty = pipes.available(pipe) === 0;
    done += pipes.write(pipe, bytes.subarray(done));
    // An epoll is told of every write, though nobody else is: EPOLLET counts on it.
    if (watches.count !== 0) yield* tellEpolls(kernel, pipes.fd(pipe), EPOLLIN, flags);
    if (wasEmpty) yield* wakeFirst(kernel, pipeReadQueue(pipe), flags);
  }
  if (pipes.room(pipe) > 0) yield* wakeFirst(kernel, pipeWriteQueue(pipe), flags);
  return done;
}

function isLength(length: number): boolean {
  return Number.isInteger(length) && length >= 0 && length <= MAX_TRANSFER;
}

/** Sleeps once on `queue`. False: a signal came. The caller looks at the pipe again. */
function* block(kernel: Kernel, tid: number, queue: number, reason: number, fd: number): Coroutine<boolean> {
  const { tasks, waits, files, pipes } = kernel;
  const pipe = files.object(fd);
  tasks.setWaitReason(tid, reason);
  tasks.setWaitOn(tid, fd);
  waits.add(queue, tid);
  files.hold(fd);
  pipes.hold(pipe, 1);
  setTaskState(kernel, tid, TASK_INTERRUPTIBLE);
  yield* schedule(kernel, tid);
  // First what the pipe's lock is for, then what that of a run queue is for.
  const woken = !waits.remove(tid);
  pipes.hold(pipe, -1);
  files.release(fd);
  setTaskState(kernel, tid, TASK_RUNNING);
  yield* kernel.host.sync();
  return woken || !signalPending(kernel, tid);
}
