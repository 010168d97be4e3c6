/**
 * What CPUs may do in the kernel at once, and what is done alone (kernel-lock.ts).
 *
 * The calls that share touch, as a rule, the caller, user memory, futex buckets, open files and run queues, and nothing else. Where
 * one of them comes to more (a page fault, a signal, a timerfd) the kernel's code says so, by `Host.alone`.
 */
import {
  NR_CLOCK_NANOSLEEP,
  NR_EPOLL_WAIT,
  NR_FUTEX,
  NR_GETCPU,
  NR_GETTID,
  NR_NANOSLEEP,
  NR_READ,
  NR_SCHED_YIELD,
  NR_TGKILL,
  NR_UMCG_WAIT,
  NR_WRITE,
} from "../../../kernel-sim/constants.ts";
import type { Kernel } from "../../../kernel-sim/kernel.ts";

const SHARING: ReadonlySet<number> = new Set([
  ...[NR_FUTEX, NR_UMCG_WAIT, NR_NANOSLEEP, NR_CLOCK_NANOSLEEP],
  ...[NR_SCHED_YIELD, NR_GETTID, NR_GETCPU],
  ...[NR_READ, NR_WRITE, NR_EPOLL_WAIT, NR_TGKILL],
]);

/** Is a machine's scheduling a matter of one queue at a time? Balancing, and one queue for all CPUs, concern all at once. */
export function hasOwnQueues({ config, fair }: Kernel): boolean {
  const { newIdle = false, periodic = false } = config.balance;
  return !newIdle && !periodic && !fair.shared;
}

/** Is call `nr` one that shares? Not where calls are trapped: that is a matter of files. */
export function isSharing({ seccomp }: Kernel, nr: number): boolean {
  return SHARING.has(nr) && seccomp.filtered === 0;
}
