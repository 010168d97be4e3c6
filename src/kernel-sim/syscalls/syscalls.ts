/**
 * The system calls a program can make, bound to one kernel. Each is a coroutine: `yield* sys.nanosleep(1000)`.
 * Results are those of Linux: a non-negative value, or a negated errno.
 */
import { type Addr, NULL } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import {
  FUTEX_BITSET_MATCH_ANY,
  NR_CLOCK_NANOSLEEP,
  NR_CLOSE,
  NR_EPOLL_CREATE1,
  NR_EPOLL_CTL,
  NR_EPOLL_WAIT,
  NR_EVENTFD2,
  NR_FUTEX,
  NR_GETCPU,
  NR_GETTID,
  NR_MADVISE,
  NR_MEMBARRIER,
  NR_NANOSLEEP,
  NR_PIPE,
  NR_READ,
  NR_RT_SIGACTION,
  NR_RT_SIGPROCMASK,
  NR_SCHED_GETAFFINITY,
  NR_SCHED_GETATTR,
  NR_SCHED_SETAFFINITY,
  NR_SCHED_SETATTR,
  NR_SCHED_YIELD,
  NR_TGKILL,
  NR_TIMERFD_CREATE,
  NR_TIMERFD_SETTIME,
  NR_WAIT4,
  NR_WRITE,
} from "../constants.ts";
import type { Disposition } from "../dispositions.ts";
import type { Kernel } from "../kernel.ts";
import { FOREVER } from "../times.ts";
import { fields, word, words } from "./arguments.ts";
import { sysClose } from "./close.ts";
import { sysGetcpu, sysMembarrier, sysReboot } from "./cpu.ts";
import { sysEpollCreate, sysEpollCtl, sysEpollWait } from "./epoll.ts";
import { sysEventfd } from "./eventfd.ts";
import { sysFutexWait, sysFutexWake } from "./futex.ts";
import { type Requeue, sysFutexRequeue } from "./futex-requeue.ts";
import { sysMadvise } from "./madvise.ts";
import { sysPipe, sysRead, sysWrite } from "./pipe.ts";
import { sysSchedGetaffinity, sysSchedSetaffinity } from "./sched.ts";
import { type SchedAttr, sysSchedGetattr, sysSchedSetattr } from "./sched-attr.ts";
import { sysNotifyReceive, sysNotifySend, sysNotifySetFlags, sysSeccomp } from "./seccomp.ts";
import { guard } from "./seccomp-trap.ts";
import { sysSigprocmask } from "./sigprocmask.ts";
import { sysClockNanosleep, sysNanosleep } from "./sleep.ts";
import { sysExitTask, sysGettid, sysJoin, sysKill, sysSchedYield, sysSigaction } from "./task.ts";
import { sysTimerfdCreate, sysTimerfdSettime } from "./timerfd.ts";

/** The system calls of a task, as `env.sys` has them: each returns its result, or -errno (docs/syscalls.md). */
export class Syscalls {
  readonly #kernel: Kernel;
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Sleeps `ns` plus timer slack: 0, -EINTR (what remains, ns, is then the 64-bit word at `rest`), -EINVAL, -EFAULT. */
  nanosleep(ns: number, rest: Addr = NULL): Coroutine<number> {
    return this.#gate(NR_NANOSLEEP, ns, sysNanosleep(this.#kernel, word(ns), word(rest)));
  }
  /** The same; with `flags` TIMER_ABSTIME until `ns` since boot, and `rest` is not written. */
  clockNanosleep(flags: number, ns: number, rest: Addr = NULL): Coroutine<number> {
    return this.#gate(
      NR_CLOCK_NANOSLEEP,
      flags,
      sysClockNanosleep(this.#kernel, word(flags), word(ns), word(rest)),
    );
  }
  /** Lets the other runnable tasks of this CPU run: 0. */
  schedYield(): Coroutine<number> {
    return this.#gate(NR_SCHED_YIELD, 0, sysSchedYield(this.#kernel));
  }
  /** Lets a task (0 = the caller) run on these CPUs only: 0, -ESRCH, -EINVAL. */
  schedSetaffinity(tid: number, cpus: readonly number[]): Coroutine<number> {
    return this.#gate(NR_SCHED_SETAFFINITY, tid, sysSchedSetaffinity(this.#kernel, word(tid), words(cpus)));
  }
  /** The CPUs a task (0 = the caller) may run on, ascending, or -ESRCH. */
  schedGetaffinity(tid: number): Coroutine<readonly number[] | number> {
    return this.#gate(NR_SCHED_GETAFFINITY, tid, sysSchedGetaffinity(this.#kernel, word(tid)));
  }
  /** Stores the CPU the caller is on, and its node, as 32-bit words; NULL = not wanted: 0, -EFAULT. */
  getcpu(cpuAt: Addr, nodeAt: Addr = NULL): Coroutine<number> {
    return this.#gate(NR_GETCPU, cpuAt, sysGetcpu(this.#kernel, word(cpuAt), word(nodeAt)));
  }
  /** A memory barrier on every CPU that runs a task: 0, -ETIMEDOUT, -EAGAIN. */
  membarrier(): Coroutine<number> {
    return this.#gate(NR_MEMBARRIER, 0, sysMembarrier(this.#kernel));
  }
  /** Stops the machine in order; does not return: -EBUSY when it is being stopped already. */
  reboot(): Coroutine<number> {
    return sysReboot(this.#kernel);
  }
  /** Changes policy, nice level, priority or slice of a task (0 = the caller): 0, -ESRCH, -EINVAL. */
  schedSetattr(tid: number, attr: Partial<SchedAttr>): Coroutine<number> {
    return this.#gate(NR_SCHED_SETATTR, tid, sysSchedSetattr(this.#kernel, word(tid), fields(attr)));
  }
  /** How a task (0 = the caller) is scheduled, or -ESRCH. */
  schedGetattr(tid: number): Coroutine<SchedAttr | number> {
    return this.#gate(NR_SCHED_GETATTR, tid, sysSchedGetattr(this.#kernel, word(tid)));
  }
  /** The caller's tid. */
  gettid(): Coroutine<number> {
    return this.#gate(NR_GETTID, 0, sysGettid(this.#kernel));
  }
  /** Waits for a task to exit and releases it: its exit code, or 128 + signal; -ESRCH, -EDEADLK, -EINTR, -EAGAIN. */
  join(tid: number): Coroutine<number> {
    return this.#gate(NR_WAIT4, tid, sysJoin(this.#kernel, word(tid)));
  }
  /** Ends the caller. Does not return. */
  exit(code = 0): Coroutine<never> {
    return sysExitTask(this.#kernel, word(code));
  }
  /** Sends a signal: 0, -ESRCH, -EINVAL. */
  kill(tid: number, signal: number): Coroutine<number> {
    return this.#gate(NR_TGKILL, tid, sysKill(this.#kernel, word(tid), word(signal)));
  }
  /** Sets what the caller does with a signal: 0, -EINVAL. */
  sigaction(signal: number, action: Disposition | "default"): Coroutine<number> {
    return this.#gate(NR_RT_SIGACTION, signal, sysSigaction(this.#kernel, word(signal), action));
  }
  /** Sleeps while the word at `a` is `expected`, for `timeoutNs`: 0, -EAGAIN, -ETIMEDOUT, -EINTR, -EFAULT, -EINVAL. */
  futexWait(a: Addr, expected: number, timeoutNs: number = FOREVER): Coroutine<number> {
    return this.#gate(
      NR_FUTEX,
      a,
      sysFutexWait(this.#kernel, word(a), word(expected), word(timeoutNs), false, FUTEX_BITSET_MATCH_ANY),
    );
  }
  /** The same until `untilNs` since boot, and only wakers with a bit in common with `bits` count. */
  futexWaitBitset(a: Addr, expected: number, bits: number, untilNs: number = FOREVER): Coroutine<number> {
    return this.#gate(
      NR_FUTEX,
      a,
      sysFutexWait(this.#kernel, word(a), word(expected), word(untilNs), true, word(bits)),
    );
  }
  /** Wakes up to `count` waiters of the word at `a`: how many, or -EINVAL. */
  futexWake(a: Addr, count = 1): Coroutine<number> {
    return this.#gate(NR_FUTEX, a, sysFutexWake(this.#kernel, word(a), word(count), FUTEX_BITSET_MATCH_ANY));
  }
  futexWakeBitset(a: Addr, count: number, bits: number): Coroutine<number> {
    return this.#gate(NR_FUTEX, a, sysFutexWake(this.#kernel, word(a), word(count), word(bits)));
  }
  /** Wakes up to `wake` waiters of `from` and moves up to `move` others to `to`: how many; -EAGAIN, -EFAULT, -EINVAL. */
  futexRequeue(requeue: Requeue): Coroutine<number> {
    const { from, to, wake, move, expected } = fields(requeue);
    const words = {
      from: word(from),
      to: word(to),
      wake: word(wake),
      move: word(move),
      expected: expected === undefined ? undefined : word(expected),
    };
    return this.#gate(NR_FUTEX, words.from, sysFutexRequeue(this.#kernel, words));
  }
  /** Opens a pipe: its read end, the write end is one more; -EMFILE, -EINVAL. `flags`: O_NONBLOCK. */
  pipe(flags = 0): Coroutine<number> {
    return this.#gate(NR_PIPE, flags, sysPipe(this.#kernel, word(flags)));
  }
  /** Opens a counter of 64 bits to read and write, 8 bytes at a time: its descriptor, -EMFILE, -EINVAL. */
  eventfd(value = 0, flags = 0): Coroutine<number> {
    return this.#gate(NR_EVENTFD2, value, sysEventfd(this.#kernel, word(value), word(flags)));
  }
  /** Opens a timer whose expirations are read, as a counter of 64 bits: its descriptor, -EMFILE, -EINVAL. */
  timerfdCreate(flags = 0): Coroutine<number> {
    return this.#gate(NR_TIMERFD_CREATE, flags, sysTimerfdCreate(this.#kernel, word(flags)));
  }
  /** Arms it for `ns` from now, or since boot (`flags` TIMER_ABSTIME), and then each `periodNs`: 0, -EBADF, -EINVAL. */
  timerfdSettime(fd: number, flags: number, ns: number, periodNs = 0): Coroutine<number> {
    return this.#gate(
      NR_TIMERFD_SETTIME,
      fd,
      sysTimerfdSettime(this.#kernel, word(fd), word(flags), word(ns), word(periodNs)),
    );
  }
  /** Opens an epoll: its descriptor, -EMFILE. */
  epollCreate(): Coroutine<number> {
    return this.#gate(NR_EPOLL_CREATE1, 0, sysEpollCreate(this.#kernel));
  }
  /** Watches a file: 0, -EBADF, -EEXIST, -EINVAL, -ENOENT, -ENOSPC. `op`: EPOLL_CTL_ADD, _MOD, _DEL. */
  epollCtl(epoll: number, op: number, fd: number, events = 0, data?: bigint): Coroutine<number> {
    return this.#gate(
      NR_EPOLL_CTL,
      epoll,
      sysEpollCtl(this.#kernel, word(epoll), word(op), word(fd), word(events), data),
    );
  }
  /** Waits for events of watched files, 12 bytes each: how many, 0 = timed out; -EBADF, -EFAULT, -EINTR, -EINVAL. */
  epollWait(epoll: number, into: Addr, max: number, timeoutNs: number = FOREVER): Coroutine<number> {
    return this.#gate(
      NR_EPOLL_WAIT,
      epoll,
      sysEpollWait(this.#kernel, word(epoll), word(into), word(max), word(timeoutNs)),
    );
  }
  /** Reads up to `length` bytes into `into`: how many, 0 = end; -EAGAIN, -EBADF, -EFAULT, -EINTR, -EINVAL. */
  read(fd: number, into: Addr, length: number): Coroutine<number> {
    return this.#gate(NR_READ, fd, sysRead(this.#kernel, word(fd), word(into), word(length)));
  }
  /** Writes `length` bytes: how many; -EAGAIN, -EBADF, -EFAULT, -EPIPE, -EINTR, -EINVAL. */
  write(fd: number, from: Addr, length: number): Coroutine<number> {
    return this.#gate(NR_WRITE, fd, sysWrite(this.#kernel, word(fd), word(from), word(length)));
  }
  /** Closes a descriptor: 0, -EBADF. */
  close(fd: number): Coroutine<number> {
    return this.#gate(NR_CLOSE, fd, sysClose(this.#kernel, word(fd)));
  }
  /** Changes which signals the caller does not take for now (bit n: signal n): 0, -EINVAL, -EFAULT. */
  sigprocmask(how: number, set: number, old: Addr = NULL): Coroutine<number> {
    return this.#gate(NR_RT_SIGPROCMASK, how, sysSigprocmask(this.#kernel, word(how), word(set), word(old)));
  }
  /** MADV_PAGEOUT moves pages to disk: 0, -EINVAL, -ENOMEM. */
  madvise(a: Addr, length: number, advice: number): Coroutine<number> {
    return this.#gate(NR_MADVISE, a, sysMadvise(this.#kernel, word(a), word(length), word(advice)));
  }
  /** Traps a system call of the caller and of tasks it starts: the listener's descriptor, -EBUSY, -EINVAL, -EMFILE. */
  seccompNotify(nr: number): Coroutine<number> {
    return sysSeccomp(this.#kernel, word(nr));
  }
  /** How a listener wakes: 0 or SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP: 0, -EBADF, -EINVAL. */
  notifySetFlags(fd: number, flags: number): Coroutine<number> {
    return sysNotifySetFlags(this.#kernel, word(fd), word(flags));
  }
  /** Waits for a trapped call: its id, described in 32 bytes at `into`; -EBADF, -EFAULT, -EINTR, -EINVAL, -ENOENT. */
  notifyReceive(fd: number, into: Addr = NULL): Coroutine<number> {
    return sysNotifyReceive(this.#kernel, word(fd), word(into));
  }
  /** Answers a trapped call, which returns `result`: 0, -EBADF, -EINPROGRESS, -EINVAL, -ENOENT. */
  notifySend(fd: number, id: number, result: number, flags = 0): Coroutine<number> {
    return sysNotifySend(this.#kernel, word(fd), word(id), word(result), word(flags));
  }

  /** A call that a filter may trap. */
  #gate<T>(nr: number, arg: number, body: Coroutine<T>): Coroutine<T | number> {
    return this.#kernel.seccomp.filtered === 0 ? body : guard(this.#kernel, nr, word(arg), body);
  }
}
