/**
 * Kernel constants, with their Linux spelling and value.
 * Sources: include/linux/sched.h (states, PF_), kernel/sched/sched.h (WF_), asm-generic signal numbers.
 */

// Task states: a task sleeps in one of these bits; a wake-up names the set it means.
export const TASK_RUNNING = 0x0000;
export const TASK_INTERRUPTIBLE = 0x0001;
export const TASK_UNINTERRUPTIBLE = 0x0002;
/** Held in user mode from outside (a stepped task between two commands): no ordinary wake-up matches it. */
export const TASK_STOPPED = 0x0004;
export const TASK_DEAD = 0x0080;
/** With UNINTERRUPTIBLE: a signal that kills ends the sleep, no other does. */
export const TASK_WAKEKILL = 0x0100;
export const TASK_WAKING = 0x0200;
export const TASK_NEW = 0x0800;
export const TASK_NORMAL: number = TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE;
export const TASK_KILLABLE: number = TASK_UNINTERRUPTIBLE | TASK_WAKEKILL;

// Wake flags. WF_CURRENT_CPU has the value of mainline (6.6 and later); the v0.3 posting used 0x80.
export const WF_EXEC = 0x02;
export const WF_FORK = 0x04;
export const WF_TTWU = 0x08;
export const WF_SYNC = 0x10;
export const WF_MIGRATED = 0x20;
export const WF_CURRENT_CPU = 0x40;

/** Flags of files: a call that would sleep is -EAGAIN; a read of an eventfd takes 1. */
export const O_NONBLOCK = 0o4000;
export const EFD_SEMAPHORE = 1;

// epoll: events, flags among them, operations, and the size of struct epoll_event, which is packed.
export const EPOLLIN = 0x1;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLONESHOT: number = 1 << 30;
export const EPOLLET: number = 1 << 31;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLL_EVENT_SIZE = 12;

// rt_sigprocmask: what is done with the set.
export const SIG_BLOCK = 0;
export const SIG_UNBLOCK = 1;
export const SIG_SETMASK = 2;

/** madvise: move the pages to disk. */
export const MADV_PAGEOUT = 21;

// seccomp with a listener: its flag, the answer that lets the kernel make the call, the size of a notification.
export const SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP = 1;
export const SECCOMP_USER_NOTIF_FLAG_CONTINUE = 1;
export const SECCOMP_NOTIF_SIZE = 32;

/** clock_nanosleep: the time is a point of time, not a length. */
export const TIMER_ABSTIME = 1;
/** Bit set of a futex waiter or waker that does not care. */
export const FUTEX_BITSET_MATCH_ANY = -1;

/** Task flag: blocking and waking of this task is reported to user space. */
export const PF_UMCG_WORKER = 0x01000000;
/** Task flag: this worker is on the idle worker list, or claimed by user space: somebody will find it there. */
export const PF_UMCG_LISTED = 0x02000000;

// Work to do before a task may return to user mode.
export const TIF_SIGPENDING = 0x1;
/** The UMCG profile wants to see this worker (TIF_NOTIFY_RESUME). */
export const TIF_UMCG = 0x2;

export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGKILL = 9;
export const SIGUSR1 = 10;
export const SIGSEGV = 11;
export const SIGUSR2 = 12;
export const SIGTERM = 15;
export const SIGCHLD = 17;
export const SIGCONT = 18;
export const SIGURG = 23;
export const SIGWINCH = 28;
/** Signals 1 to 31: one bit each in a pending word. */
export const NSIG = 32;

// System call numbers (x86_64; those of UMCG as in v0.3, and the next. They name events in traces.
export const NR_READ = 0;
export const NR_WRITE = 1;
export const NR_CLOSE = 3;
export const NR_IOCTL = 16;
export const NR_PIPE = 22;
export const NR_SCHED_YIELD = 24;
export const NR_MADVISE = 28;
export const NR_NANOSLEEP = 35;
export const NR_CLONE = 56;
export const NR_EXECVE = 59;
export const NR_EXIT = 60;
export const NR_WAIT4 = 61;
export const NR_SCHED_SETATTR = 314;
export const NR_SCHED_GETATTR = 315;
export const NR_SCHED_SETAFFINITY = 203;
export const NR_SCHED_GETAFFINITY = 204;
export const NR_TGKILL = 234;
export const NR_FUTEX = 202;
export const NR_RT_SIGACTION = 13;
export const NR_RT_SIGPROCMASK = 14;
export const NR_GETTID = 186;
export const NR_CLOCK_NANOSLEEP = 230;
export const NR_REBOOT = 169;
export const NR_GETCPU = 309;
export const NR_MEMBARRIER = 324;
export const NR_EPOLL_WAIT = 232;
export const NR_EPOLL_CTL = 233;
export const NR_TIMERFD_CREATE = 283;
export const NR_TIMERFD_SETTIME = 286;
export const NR_EVENTFD2 = 290;
export const NR_EPOLL_CREATE1 = 291;
export const NR_SECCOMP = 317;
export const NR_UMCG_CTL = 447;
export const NR_UMCG_WAIT = 448;
export const NR_UMCG_KICK = 449;

/** Not a call: names the return to user mode from an interrupt. */
export const NR_INTERRUPT = -1;

const SYSCALL_NAMES: Readonly<Record<number, string>> = {
  [NR_INTERRUPT]: "interrupt",
  [NR_READ]: "read",
  [NR_WRITE]: "write",
  [NR_CLOSE]: "close",
  [NR_RT_SIGACTION]: "rt_sigaction",
  [NR_RT_SIGPROCMASK]: "rt_sigprocmask",
  [NR_PIPE]: "pipe",
  [NR_SCHED_YIELD]: "sched_yield",
  [NR_MADVISE]: "madvise",
  [NR_NANOSLEEP]: "nanosleep",
  [NR_CLONE]: "clone",
  [NR_EXECVE]: "execve",
  [NR_EXIT]: "exit",
  [NR_WAIT4]: "join",
  [NR_GETTID]: "gettid",
  [NR_FUTEX]: "futex",
  [NR_SCHED_SETATTR]: "sched_setattr",
  [NR_SCHED_GETATTR]: "sched_getattr",
  [NR_SCHED_SETAFFINITY]: "sched_setaffinity",
  [NR_SCHED_GETAFFINITY]: "sched_getaffinity",
  [NR_CLOCK_NANOSLEEP]: "clock_nanosleep",
  [NR_EPOLL_WAIT]: "epoll_wait",
  [NR_EPOLL_CTL]: "epoll_ctl",
  [NR_TIMERFD_CREATE]: "timerfd_create",
  [NR_TIMERFD_SETTIME]: "timerfd_settime",
  [NR_EVENTFD2]: "eventfd",
  [NR_IOCTL]: "ioctl",
  [NR_SECCOMP]: "seccomp",
  [NR_EPOLL_CREATE1]: "epoll_create",
  [NR_TGKILL]: "tgkill",
  [NR_REBOOT]: "reboot",
  [NR_GETCPU]: "getcpu",
  [NR_MEMBARRIER]: "membarrier",
  [NR_UMCG_CTL]: "umcg_ctl",
  [NR_UMCG_WAIT]: "umcg_wait",
  [NR_UMCG_KICK]: "umcg_kick",
};

export function syscallName(nr: number): string {
  return SYSCALL_NAMES[nr] ?? `syscall_${nr}`;
}

/** Why a task sleeps. Unique per place, shown in every dump and recorded at every switch. */
export const WAIT_REASONS = [
  "runnable",
  "nanosleep",
  "futex",
  "pipe read",
  "pipe write",
  "join",
  "umcg_wait",
  "umcg idle (wake hook)",
  "stepped block",
  "stopped in user mode",
  "exited",
  "device read",
  "eventfd read",
  "eventfd write",
  "timerfd read",
  "epoll_wait",
  "seccomp (trapped call)",
  "seccomp (receive)",
  "page in",
  "blocking call of a host thread",
] as const;
export const WAIT_NONE = 0;
export const WAIT_NANOSLEEP = 1;
export const WAIT_FUTEX = 2;
export const WAIT_PIPE_READ = 3;
export const WAIT_PIPE_WRITE = 4;
export const WAIT_JOIN = 5;
export const WAIT_UMCG = 6;
export const WAIT_UMCG_IDLE = 7;
export const WAIT_STEPPED = 8;
export const WAIT_USER_STOP = 9;
export const WAIT_EXITED = 10;
export const WAIT_DEVICE = 11;
export const WAIT_EVENTFD_READ = 12;
export const WAIT_EVENTFD_WRITE = 13;
export const WAIT_TIMERFD_READ = 14;
export const WAIT_EPOLL = 15;
export const WAIT_SECCOMP = 16;
export const WAIT_SECCOMP_RECEIVE = 17;
export const WAIT_PAGE_IN = 18;
export const WAIT_HOST_THREAD = 19;

export function waitReason(reason: number): string {
  return WAIT_REASONS[reason] ?? `wait_${reason}`;
}
