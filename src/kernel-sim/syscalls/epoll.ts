/**
 * epoll: waiting for several files at once. An epoll keeps its watches; files put them on its ready list (poll.ts), and
 * epoll_wait looks which of the files on it really are ready.
 *
 * Level-triggered watches go back on the list when they are reported, so that the next call looks again; edge-triggered
 * ones (EPOLLET) wait for the next event; one-shot ones (EPOLLONESHOT) for EPOLL_CTL_MOD. Of several waiters one is woken
 * for each event, and it wakes the next if it leaves something on the list. Not modelled: an epoll in an epoll (-EINVAL),
 * EPOLLEXCLUSIVE; the slack of a timeout is that of all timers. Source: fs/eventpoll.c.
 */
import type { Addr } from "../../atomics/address.ts";
import { EBADF, EEXIST, EFAULT, EINTR, EINVAL, EMFILE, ENOENT, ENOSPC } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import {
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLL_EVENT_SIZE,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLONESHOT,
  NR_EPOLL_CREATE1,
  NR_EPOLL_CTL,
  NR_EPOLL_WAIT,
  WAIT_EPOLL,
} from "../constants.ts";
import { FILE_EPOLL, FILE_NONE, FIRST_FD } from "../descriptors.ts";
import { fileQueue, type Kernel } from "../kernel.ts";
import { pollMask, wakeFirst } from "../poll.ts";
import { exitToUserMode, hasExitWork } from "../signals.ts";
import { endTimeout, INTERRUPTED, sleepQueued, startTimeout, TIMED_OUT, WOKEN } from "../timed-wait.ts";
import { FOREVER, isTime } from "../times.ts";
import { sysEnter, sysExit } from "./entry.ts";

/** Flags among the events of a watch. */
const FLAGS = EPOLLET | EPOLLONESHOT;
/** More events than any watch can report at once are never asked for. */
const MAX_EVENTS = 1 << 20;

/** Opens an epoll. -EMFILE. */
export function* sysEpollCreate(kernel: Kernel): Coroutine<number> {
  const tid = sysEnter(kernel, NR_EPOLL_CREATE1, 0);
  yield* kernel.host.sync();
  const fd = kernel.files.open(FILE_EPOLL, 0, 0);
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_EPOLL_CREATE1, fd < 0 ? -EMFILE : fd);
}

/**
 * Watches `fd` for `events`, changes that, or ends it. 0; -EBADF; -EINVAL no epoll, or an epoll to watch, or no such
 * operation; -EEXIST, -ENOENT; -ENOSPC `maxWatches` exist.
 */
export function* sysEpollCtl(
  kernel: Kernel,
  epoll: number,
  op: number,
  fd: number,
  events: number,
  data: bigint | undefined,
): Coroutine<number> {
  const tid = sysEnter(kernel, NR_EPOLL_CTL, epoll);
  yield* kernel.host.sync();
  const result = control(kernel, epoll, op, fd, events | EPOLLERR | EPOLLHUP, data);
  // What is ready already counts as an event now.
  if (result === 0 && op !== EPOLL_CTL_DEL) yield* lookNow(kernel, epoll, fd);
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_EPOLL_CTL, result);
}

function control(
  kernel: Kernel,
  epoll: number,
  op: number,
  fd: number,
  events: number,
  data: bigint | undefined,
): number {
  const { files, watches } = kernel;
  if (files.kindOf(epoll) === FILE_NONE || files.kindOf(fd) === FILE_NONE) return -EBADF;
  if (files.kindOf(epoll) !== FILE_EPOLL || files.kindOf(fd) === FILE_EPOLL) return -EINVAL;
  if (data !== undefined && typeof data !== "bigint") return -EINVAL;
  if (op !== EPOLL_CTL_ADD && op !== EPOLL_CTL_MOD && op !== EPOLL_CTL_DEL) return -EINVAL;
  let watch = watches.find(epoll - FIRST_FD, fd - FIRST_FD);
  if (op === EPOLL_CTL_ADD) {
    if (watch !== 0) return -EEXIST;
    watch = watches.create(epoll - FIRST_FD, fd - FIRST_FD);
    if (watch === 0) return -ENOSPC;
  }
  if (watch === 0) return -ENOENT;
  if (op === EPOLL_CTL_DEL) watches.remove(watch);
  else {
    watches.events[watch] = events;
    watches.data[watch] = data ?? BigInt(fd);
  }
  return 0;
}

function* lookNow(kernel: Kernel, epoll: number, fd: number): Coroutine<void> {
  const { watches } = kernel;
  const watch = watches.find(epoll - FIRST_FD, fd - FIRST_FD);
  if ((pollMask(kernel, fd) & watches.events[watch]!) === 0 || watches.isReady(watch)) return;
  watches.putReady(watch);
  yield* wakeFirst(kernel, fileQueue(kernel, epoll - FIRST_FD), 0);
}

/**
 * Waits until a watched file is ready, for `timeoutNs` at most, and writes up to `max` events of 12 bytes each (events 32
 * bit, data 64 bit) to `into`. How many, 0 = timed out; -EBADF, -EINVAL no epoll, no room, no time; -EINTR, -EFAULT.
 */
export function* sysEpollWait(
  kernel: Kernel,
  epoll: number,
  into: Addr,
  max: number,
  timeoutNs: number,
): Coroutine<number> {
  const tid = sysEnter(kernel, NR_EPOLL_WAIT, epoll);
  const until = kernel.host.now + timeoutNs;
  yield* kernel.host.sync();
  const valid = Number.isInteger(max) && max > 0 && max <= MAX_EVENTS && isTime(timeoutNs);
  let result = valid ? 0 : -EINVAL;
  if (kernel.files.kindOf(epoll) === FILE_NONE) result = -EBADF;
  else if (kernel.files.kindOf(epoll) !== FILE_EPOLL) result = -EINVAL;
  if (result === 0) {
    kernel.files.hold(epoll);
    result = yield* epollWait(kernel, tid, epoll, into, max, until, timeoutNs === 0);
    kernel.files.release(epoll);
  }
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_EPOLL_WAIT, result);
}

function* epollWait(
  kernel: Kernel,
  tid: number,
  epoll: number,
  into: Addr,
  max: number,
  until: number,
  poll: boolean,
): Coroutine<number> {
  const { tasks, waits } = kernel;
  const timed = until !== FOREVER;
  let outcome = poll ? TIMED_OUT : WOKEN;
  // Every turn but the last sleeps.
  for (let started = false; ; started = true) {
    const found = yield* report(kernel, epoll, into, max);
    if (found !== 0 || outcome !== WOKEN) {
      if (timed && started) endTimeout(kernel, tid);
      return found === 0 && outcome === INTERRUPTED ? -EINTR : found;
    }
    tasks.setWaitReason(tid, WAIT_EPOLL);
    tasks.setWaitOn(tid, epoll);
    // The ready list is empty now: looking at it and queueing are one step.
    waits.add(fileQueue(kernel, epoll - FIRST_FD), tid);
    if (timed && !started) yield* startTimeout(kernel, tid, until);
    outcome = yield* sleepQueued(kernel, tid, timed);
    yield* kernel.host.sync();
  }
}

/** Writes the events of the watches that are ready; wakes the next waiter if watches stay on the list. */
function* report(kernel: Kernel, epoll: number, into: Addr, max: number): Coroutine<number> {
  const { watches, access } = kernel;
  const slot = epoll - FIRST_FD;
  let room = watches.readyOf(slot).length;
  if (room === 0) return 0;
  room = Math.min(room, max);
  // Before a watch leaves the list: an event that cannot be delivered is not lost. The list may change meanwhile.
  if ((yield* access.faultInForWrite(into, room * EPOLL_EVENT_SIZE)) < 0) return -EFAULT;
  const bytes = new DataView(new ArrayBuffer(room * EPOLL_EVENT_SIZE));
  const count = takeReady(kernel, slot, bytes, room);
  if (count === 0) return 0;
  const copied = yield* access.copyToUser(into, new Uint8Array(bytes.buffer, 0, count * EPOLL_EVENT_SIZE));
  if (watches.firstReady(slot) !== 0) yield* wakeFirst(kernel, fileQueue(kernel, slot), 0);
  return copied < 0 ? -EFAULT : count;
}

/** Takes watches off the ready list until `room` of them have an event; each is looked at once. Returns how many have. */
function takeReady(kernel: Kernel, slot: number, bytes: DataView, room: number): number {
  const { watches } = kernel;
  let count = 0;
  for (const watch of watches.readyOf(slot)) {
    if (count === room) break;
    watches.takeReady(watch);
    const asked = watches.events[watch]!;
    const found = pollMask(kernel, watches.file(watch) + FIRST_FD) & asked;
    if (found === 0) continue;
    bytes.setUint32(count * EPOLL_EVENT_SIZE, found, true);
    bytes.setBigUint64(count * EPOLL_EVENT_SIZE + 4, watches.data[watch]!, true);
    count++;
    if ((asked & EPOLLONESHOT) !== 0) watches.events[watch] = asked & FLAGS;
    else if ((asked & EPOLLET) === 0) watches.putReady(watch);
  }
  return count;
}
