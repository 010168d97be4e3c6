/**
 * timerfd_create(2), timerfd_settime(2): a timer that is read like a counter, of how often it has expired.
 *
 * A periodic one is not armed again by its interrupt but by the read, which counts the periods that have passed: nobody is
 * interrupted for what nobody reads. Source: fs/timerfd.c.
 */
import type { Addr } from "../../atomics/address.ts";
import { EAGAIN, EBADF, EFAULT, EINTR, EINVAL, EMFILE } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import {
  NR_TIMERFD_CREATE,
  NR_TIMERFD_SETTIME,
  O_NONBLOCK,
  TIMER_ABSTIME,
  WAIT_TIMERFD_READ,
} from "../constants.ts";
import { FILE_NONE, FILE_TIMERFD, FIRST_FD } from "../descriptors.ts";
import { fileQueue, type Kernel } from "../kernel.ts";
import { exitToUserMode, hasExitWork } from "../signals.ts";
import { STEP_TIMER_ARM } from "../steps.ts";
import { sleepQueued, WOKEN } from "../timed-wait.ts";
import { armTaskTimer, cancelTimer, freeTimers, giveTimer, releaseTimer } from "../timers.ts";
import { isTimespec } from "../times.ts";
import { sysEnter, sysExit } from "./entry.ts";

/** Opens a timer that is not armed. -EINVAL unknown flags, -EMFILE no descriptor or no timer left (`maxTimers`). */
export function* sysTimerfdCreate(kernel: Kernel, flags: number): Coroutine<number> {
  const tid = sysEnter(kernel, NR_TIMERFD_CREATE, flags);
  yield* kernel.host.sync();
  const result = (flags & ~O_NONBLOCK) !== 0 ? -EINVAL : create(kernel, flags);
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_TIMERFD_CREATE, result);
}

function create(kernel: Kernel, flags: number): number {
  if (freeTimers(kernel) === 0) return -EMFILE;
  const fd = kernel.files.open(FILE_TIMERFD, 0, flags);
  if (fd < 0) return -EMFILE;
  kernel.files.setObject(fd, giveTimer(kernel, fd));
  return fd;
}

/** The last end of a timerfd is closed. */
export function closeTimerfd(kernel: Kernel, fd: number): void {
  cancelTimer(kernel, kernel.files.object(fd));
  releaseTimer(kernel, kernel.files.object(fd));
}

/**
 * Arms the timer for `ns` from now, or, with TIMER_ABSTIME, since boot, and from then on every `periodNs` (0: once). `ns` 0
 * disarms it. Expirations not read are forgotten. 0, -EBADF, -EINVAL no timer, no times, unknown flags.
 */
export function* sysTimerfdSettime(
  kernel: Kernel,
  fd: number,
  flags: number,
  ns: number,
  periodNs: number,
): Coroutine<number> {
  const tid = sysEnter(kernel, NR_TIMERFD_SETTIME, fd);
  const { files, host } = kernel;
  yield* host.sync();
  let result = files.kindOf(fd) === FILE_NONE ? -EBADF : -EINVAL;
  const valid = isTimespec(ns) && isTimespec(periodNs);
  if (files.kindOf(fd) === FILE_TIMERFD && valid && (flags & ~TIMER_ABSTIME) === 0) {
    files.setCounter(fd, 0n);
    files.periods[fd - FIRST_FD] = Math.ceil(periodNs);
    cancelTimer(kernel, files.object(fd));
    if (ns > 0) {
      host.charge(STEP_TIMER_ARM);
      armTaskTimer(kernel, files.object(fd), flags === TIMER_ABSTIME ? ns : host.now + ns, 0);
    }
    result = 0;
  }
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_TIMERFD_SETTIME, result);
}

/** Takes the number of expirations since the last read: 8, -EINVAL (less than 8 bytes), -EAGAIN, -EINTR, -EFAULT. */
export function* timerfdRead(
  kernel: Kernel,
  tid: number,
  fd: number,
  into: Addr,
  length: number,
): Coroutine<number> {
  const { files, tasks, waits } = kernel;
  const slot = fd - FIRST_FD;
  // Its timer is a device's. Where that lets others in, the file may be another behind it.
  kernel.host.alone();
  if (files.kindOf(fd) !== FILE_TIMERFD) return -EBADF;
  if (length < 8) return -EINVAL;
  if ((yield* kernel.access.faultInForWrite(into, 8)) < 0) return -EFAULT;
  if (files.counter(fd) === 0n && (files.mode(fd) & O_NONBLOCK) !== 0) return -EAGAIN;
  tasks.setWaitReason(tid, WAIT_TIMERFD_READ);
  tasks.setWaitOn(tid, fd);
  files.hold(fd);
  let outcome = WOKEN;
  while (outcome === WOKEN && files.counter(fd) === 0n) {
    waits.add(fileQueue(kernel, slot), tid);
    outcome = yield* sleepQueued(kernel, tid, false);
    yield* kernel.host.sync();
  }
  files.release(fd);
  if (outcome !== WOKEN) return -EINTR;
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setBigUint64(0, takeExpirations(kernel, fd), true);
  return (yield* kernel.access.copyToUser(into, new Uint8Array(bytes.buffer))) < 0 ? -EFAULT : 8;
}

/** Takes what has been counted, and of a periodic timer the periods that have passed since; arms it for the next. */
function takeExpirations(kernel: Kernel, fd: number): bigint {
  const { files, timers, host } = kernel;
  const slot = fd - FIRST_FD;
  const timer = files.object(fd);
  const period = files.periods[slot]!;
  let taken = files.counter(fd);
  files.setCounter(fd, 0n);
  if (period > 0 && !timers.isArmed(timer) && files.kindOf(fd) === FILE_TIMERFD) {
    const last = timers.softNs(timer);
    const passed = Math.floor((host.now - last) / period);
    taken += BigInt(passed);
    host.charge(STEP_TIMER_ARM);
    armTaskTimer(kernel, timer, last + (passed + 1) * period, 0);
  }
  return taken;
}
