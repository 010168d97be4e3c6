/**
 * Linux error numbers. The kernel side returns them negated (`-EFAULT`), as system calls do; they are values, never
 * exceptions, because a caller is expected to branch on them.
 * Source: include/uapi/asm-generic/errno-base.h and errno.h.
 */
export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const EBADF = 9;
export const ECHILD = 10;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EFAULT = 14;
export const EBUSY = 16;
export const EEXIST = 17;
export const EINVAL = 22;
export const EMFILE = 24;
export const ENOSPC = 28;
export const EPIPE = 32;
export const EDEADLK = 35;
export const ENOSYS = 38;
export const EOPNOTSUPP = 95;
export const ETIMEDOUT = 110;
export const EINPROGRESS = 115;
export const EOWNERDEAD = 130;

const NAMES: Readonly<Record<number, string>> = {
  [EPERM]: "EPERM",
  [ENOENT]: "ENOENT",
  [ESRCH]: "ESRCH",
  [EINTR]: "EINTR",
  [EBADF]: "EBADF",
  [ECHILD]: "ECHILD",
  [EAGAIN]: "EAGAIN",
  [ENOMEM]: "ENOMEM",
  [EFAULT]: "EFAULT",
  [EBUSY]: "EBUSY",
  [EEXIST]: "EEXIST",
  [EINVAL]: "EINVAL",
  [EMFILE]: "EMFILE",
  [ENOSPC]: "ENOSPC",
  [EPIPE]: "EPIPE",
  [EDEADLK]: "EDEADLK",
  [ENOSYS]: "ENOSYS",
  [EOPNOTSUPP]: "EOPNOTSUPP",
  [ETIMEDOUT]: "ETIMEDOUT",
  [EINPROGRESS]: "EINPROGRESS",
  [EOWNERDEAD]: "EOWNERDEAD",
};

/** `-14` -> `"-EFAULT"`, `0` -> `"0"`: for messages and dumps. */
export function formatResult(result: number): string {
  return result < 0 ? `-${NAMES[-result] ?? String(-result)}` : String(result);
}
