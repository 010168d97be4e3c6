/**
 * seccomp(2) with a listener, and the listener's side of it: receiving trapped calls and answering them.
 *
 * Decided: a listener that is closed answers all that wait with -ENOSYS, as in Linux, and what receives on it is -EBADF
 * (Linux would keep the file until the call ends). A call that was interrupted before it was received is forgotten; Linux
 * lets the next receiver find out by -ENOENT. Source: seccomp_notify_recv, _send, _release in kernel/seccomp.c.
 */
import type { Addr } from "../../atomics/address.ts";
import {
  EBADF,
  EBUSY,
  EFAULT,
  EINPROGRESS,
  EINTR,
  EINVAL,
  EMFILE,
  ENOENT,
  ENOSYS,
} from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import {
  EPOLLOUT,
  NR_IOCTL,
  NR_SECCOMP,
  SECCOMP_NOTIF_SIZE,
  SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP,
  SECCOMP_USER_NOTIF_FLAG_CONTINUE,
  TASK_NORMAL,
  WAIT_SECCOMP_RECEIVE,
} from "../constants.ts";
import { FILE_NONE, FILE_SECCOMP, FIRST_FD } from "../descriptors.ts";
import { fileQueue, type Kernel } from "../kernel.ts";
import { tellEpolls, wakeAll } from "../poll.ts";
import { NOTE_INIT, NOTE_SENT } from "../seccomp-table.ts";
import { exitToUserMode, hasExitWork } from "../signals.ts";
import { sleepQueued, WOKEN } from "../timed-wait.ts";
import { chargeWake, tryToWakeUp } from "../wakeup.ts";
import { sysEnter, sysExit } from "./entry.ts";
import { CONTINUE, notifyFlags } from "./seccomp-trap.ts";

/** No call has a greater number: it is kept in a word, plus one. */
const MAX_NR = 2 ** 31 - 2;

/**
 * Traps the system call `nr` of the caller, and of the tasks it starts from now on. The listener's descriptor; -EINVAL no
 * call number, -EBUSY the caller has a filter, -EMFILE.
 */
export function* sysSeccomp(kernel: Kernel, nr: number): Coroutine<number> {
  const tid = sysEnter(kernel, NR_SECCOMP, nr);
  yield* kernel.host.sync();
  let result = -EINVAL;
  if (Number.isInteger(nr) && nr >= 0 && nr <= MAX_NR) {
    if (kernel.seccomp.trapped(tid) >= 0) result = -EBUSY;
    else {
      const fd = kernel.files.open(FILE_SECCOMP, 0, 0);
      if (fd >= 0) kernel.seccomp.install(tid, nr, fd);
      result = fd < 0 ? -EMFILE : fd;
    }
  }
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_SECCOMP, result);
}

/** How the listener wakes and is woken: 0 or SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP. 0, -EBADF, -EINVAL. */
export function* sysNotifySetFlags(kernel: Kernel, fd: number, flags: number): Coroutine<number> {
  const tid = sysEnter(kernel, NR_IOCTL, fd);
  yield* kernel.host.sync();
  let result = refuse(kernel, fd);
  if (result === 0 && (flags & ~SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP) !== 0) result = -EINVAL;
  if (result === 0) kernel.files.setMode(fd, flags);
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_IOCTL, result);
}

function refuse(kernel: Kernel, fd: number): number {
  const kind = kernel.files.kindOf(fd);
  return kind === FILE_SECCOMP ? 0 : kind === FILE_NONE ? -EBADF : -EINVAL;
}

/**
 * Waits for a trapped call and takes it: its id. `into`, if not NULL, gets 32 bytes: id (64 bit), tid, flags 0, call number
 * (32 bit each), 4 bytes of nothing, first argument (64 bit). -EBADF, -EINVAL no listener, -EINTR, -EFAULT; -ENOENT no task
 * that it listens to is left.
 */
export function* sysNotifyReceive(kernel: Kernel, fd: number, into: Addr): Coroutine<number> {
  const tid = sysEnter(kernel, NR_IOCTL, fd);
  yield* kernel.host.sync();
  let result = refuse(kernel, fd);
  if (result === 0) {
    kernel.files.hold(fd);
    result = yield* receive(kernel, tid, fd, into);
    kernel.files.release(fd);
  }
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_IOCTL, result);
}

function* receive(kernel: Kernel, tid: number, fd: number, into: Addr): Coroutine<number> {
  const { seccomp, tasks, waits, files, watches } = kernel;
  const slot = fd - FIRST_FD;
  // Before a call is taken: one that cannot be delivered is not lost.
  if (into !== 0 && (yield* kernel.access.faultInForWrite(into, SECCOMP_NOTIF_SIZE)) < 0) return -EFAULT;
  let note = seccomp.find(slot, NOTE_INIT);
  // Every turn sleeps.
  while (note === 0) {
    if (files.kindOf(fd) !== FILE_SECCOMP) return -EBADF;
    if (seccomp.users(fd, kernel.lastTid).length === 0) return -ENOENT;
    tasks.setWaitReason(tid, WAIT_SECCOMP_RECEIVE);
    tasks.setWaitOn(tid, fd);
    waits.add(fileQueue(kernel, slot), tid);
    const outcome = yield* sleepQueued(kernel, tid, false);
    yield* kernel.host.sync();
    note = seccomp.find(slot, NOTE_INIT);
    if (note === 0 && outcome !== WOKEN) return -EINTR;
  }
  seccomp.setSent(note);
  const id = seccomp.id(note);
  if (into !== 0 && (yield* kernel.access.copyToUser(into, describe(kernel, note))) < 0) return -EFAULT;
  if (watches.count !== 0) yield* tellEpolls(kernel, fd, EPOLLOUT, 0);
  return id;
}

function describe(kernel: Kernel, note: number): Uint8Array {
  const { seccomp } = kernel;
  const bytes = new DataView(new ArrayBuffer(SECCOMP_NOTIF_SIZE));
  bytes.setBigUint64(0, BigInt(seccomp.id(note)), true);
  bytes.setUint32(8, note, true);
  bytes.setUint32(16, seccomp.trapped(note), true);
  // As in a register: what is no number is 0.
  const arg = seccomp.arg(note);
  bytes.setBigInt64(24, BigInt(Number.isFinite(arg) ? Math.trunc(arg) : 0), true);
  return new Uint8Array(bytes.buffer);
}

/**
 * Answers a trapped call: it returns `result`, or, with SECCOMP_USER_NOTIF_FLAG_CONTINUE, is made after all. 0; -EBADF;
 * -EINVAL no listener, no such flag, or a result beside CONTINUE; -ENOENT no such call, or it was interrupted; -EINPROGRESS
 * it has not been received.
 */
export function* sysNotifySend(
  kernel: Kernel,
  fd: number,
  id: number,
  result: number,
  flags: number,
): Coroutine<number> {
  const tid = sysEnter(kernel, NR_IOCTL, fd);
  yield* kernel.host.sync();
  let status = refuse(kernel, fd);
  const proceed = flags === SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  if (status === 0 && ((flags !== 0 && !proceed) || (proceed && result !== 0))) status = -EINVAL;
  if (status === 0) status = yield* send(kernel, fd, id, proceed ? CONTINUE : result | 0);
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_IOCTL, status);
}

function* send(kernel: Kernel, fd: number, id: number, result: number): Coroutine<number> {
  const { seccomp } = kernel;
  const note = seccomp.findId(fd - FIRST_FD, id);
  if (note === 0) return -ENOENT;
  if (seccomp.state(note) !== NOTE_SENT) return -EINPROGRESS;
  seccomp.reply(note, result);
  yield* chargeWake(kernel, note, TASK_NORMAL);
  tryToWakeUp(kernel, note, TASK_NORMAL, notifyFlags(kernel, fd));
  yield* kernel.host.sync();
  return 0;
}

/** The listener is closed: every call that waits is -ENOSYS, and so are those to come. */
export function* closeListener(kernel: Kernel, fd: number): Coroutine<void> {
  const { seccomp } = kernel;
  const slot = fd - FIRST_FD;
  for (const tid of seccomp.users(fd, kernel.lastTid)) seccomp.orphan(tid);
  const waiting = seccomp.notes.nodes(slot);
  for (const note of waiting) seccomp.reply(note, -ENOSYS);
  for (const note of waiting) {
    yield* chargeWake(kernel, note, TASK_NORMAL);
    tryToWakeUp(kernel, note, TASK_NORMAL, 0);
    yield* kernel.host.sync();
  }
  yield* wakeAll(kernel, fileQueue(kernel, slot), 0);
}
