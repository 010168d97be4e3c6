/**
 * eventfd(2): a 64-bit counter to wait for. Reads and writes of 8 bytes come here from read(2) and write(2).
 *
 * A file has one wait queue, for readers and for writers that would overflow it; whoever changes the counter wakes all who
 * wait, without flags, and they look again. Source: fs/eventfd.c.
 */
import type { Addr } from "../../atomics/address.ts";
import { EAGAIN, EFAULT, EINTR, EINVAL, EMFILE } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import {
  EFD_SEMAPHORE,
  EPOLLIN,
  EPOLLOUT,
  NR_EVENTFD2,
  O_NONBLOCK,
  WAIT_EVENTFD_READ,
  WAIT_EVENTFD_WRITE,
} from "../constants.ts";
import { FILE_EVENTFD, FIRST_FD } from "../descriptors.ts";
import { fileQueue, type Kernel } from "../kernel.ts";
import { EVENTFD_MAX, tellEpolls, wakeAll } from "../poll.ts";
import { exitToUserMode, hasExitWork } from "../signals.ts";
import { sleepQueued, WOKEN } from "../timed-wait.ts";
import { sysEnter, sysExit } from "./entry.ts";

/** Opens a counter that begins with `value`. -EINVAL: no 32-bit value, unknown flags; -EMFILE. */
export function* sysEventfd(kernel: Kernel, value: number, flags: number): Coroutine<number> {
  const tid = sysEnter(kernel, NR_EVENTFD2, value);
  yield* kernel.host.sync();
  let result = -EINVAL;
  if (value >>> 0 === value && (flags & ~(EFD_SEMAPHORE | O_NONBLOCK)) === 0) {
    const fd = kernel.files.open(FILE_EVENTFD, 0, flags);
    if (fd >= 0) kernel.files.setCounter(fd, BigInt(value));
    result = fd < 0 ? -EMFILE : fd;
  }
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_EVENTFD2, result);
}

/** Takes the counter, or 1 of it in semaphore mode: 8, -EINVAL (less than 8 bytes), -EAGAIN, -EINTR, -EFAULT. */
export function* eventfdRead(
  kernel: Kernel,
  tid: number,
  fd: number,
  into: Addr,
  length: number,
): Coroutine<number> {
  const { files } = kernel;
  if (length < 8) return -EINVAL;
  const ready = (): boolean => files.counter(fd) > 0n;
  // Before the counter changes: a value that cannot be delivered is not lost.
  if ((yield* kernel.access.faultInForWrite(into, 8)) < 0) return -EFAULT;
  const waited = ready() ? 0 : yield* waitFor(kernel, tid, fd, WAIT_EVENTFD_READ, ready);
  if (waited < 0) return waited;
  const value = files.counter(fd);
  const taken = (files.mode(fd) & EFD_SEMAPHORE) !== 0 ? 1n : value;
  files.setCounter(fd, value - taken);
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setBigUint64(0, taken, true);
  const copied = yield* kernel.access.copyToUser(into, new Uint8Array(bytes.buffer));
  yield* changed(kernel, fd, EPOLLOUT);
  return copied < 0 ? -EFAULT : 8;
}

/** Adds to the counter: 8; -EINVAL not 8 bytes, or the value of all ones; -EAGAIN it would overflow; -EINTR, -EFAULT. */
export function* eventfdWrite(
  kernel: Kernel,
  tid: number,
  fd: number,
  from: Addr,
  length: number,
): Coroutine<number> {
  const { files } = kernel;
  if (length !== 8) return -EINVAL;
  const bytes = new DataView(new ArrayBuffer(8));
  if ((yield* kernel.access.copyFromUser(from, new Uint8Array(bytes.buffer))) < 0) return -EFAULT;
  const added = bytes.getBigUint64(0, true);
  if (added > EVENTFD_MAX) return -EINVAL;
  yield* kernel.host.sync();
  const fits = (): boolean => EVENTFD_MAX - files.counter(fd) >= added;
  const waited = fits() ? 0 : yield* waitFor(kernel, tid, fd, WAIT_EVENTFD_WRITE, fits);
  if (waited < 0) return waited;
  files.setCounter(fd, files.counter(fd) + added);
  yield* changed(kernel, fd, EPOLLIN);
  return 8;
}

/** Sleeps until `ready`: 0, -EAGAIN for a file that does not block, -EINTR. */
function* waitFor(
  kernel: Kernel,
  tid: number,
  fd: number,
  reason: number,
  ready: () => boolean,
): Coroutine<number> {
  const { tasks, waits, files } = kernel;
  if ((files.mode(fd) & O_NONBLOCK) !== 0) return -EAGAIN;
  tasks.setWaitReason(tid, reason);
  tasks.setWaitOn(tid, fd);
  files.hold(fd);
  let outcome = WOKEN;
  while (outcome === WOKEN && !ready()) {
    waits.add(fileQueue(kernel, fd - FIRST_FD), tid);
    outcome = yield* sleepQueued(kernel, tid, false);
    yield* kernel.host.sync();
  }
  files.release(fd);
  return outcome === WOKEN ? 0 : -EINTR;
}

function* changed(kernel: Kernel, fd: number, events: number): Coroutine<void> {
  if (kernel.watches.count !== 0) yield* tellEpolls(kernel, fd, events, 0);
  yield* wakeAll(kernel, fileQueue(kernel, fd - FIRST_FD), 0);
}
