/**
 * The system calls of the library mode: what each is called, what it takes, and what it is in the kernel.
 *
 * Arguments and results are numbers, so that they fit the words of a mailbox. Addresses are byte offsets into the memory that
 * all threads share. A call's number is its place in this table.
 */
import { addr } from "../atomics/address.ts";
import { EINVAL, ENOMEM, EOPNOTSUPP } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import { MachineError } from "../kernel-sim/errors.ts";
import { UMCG_CTL_WORKER } from "../umcg/abi.ts";
import type { Env } from "../umcg/env.ts";

/** As numbers go. What a caller leaves out is 0, or what the kernel takes by default. */
export interface LibraryCalls {
  /** Opens a pipe: its read end, the write end is one more; -EMFILE, -EINVAL. */
  pipe(flags?: number): number;
  /** How many bytes, 0 = end; -EAGAIN, -EBADF, -EFAULT, -EINTR, -EINVAL. */
  read(fd: number, into: number, length: number): number;
  /** How many bytes; -EAGAIN, -EBADF, -EFAULT, -EPIPE, -EINTR, -EINVAL. */
  write(fd: number, from: number, length: number): number;
  close(fd: number): number;
  eventfd(value?: number, flags?: number): number;
  timerfdCreate(flags?: number): number;
  timerfdSettime(fd: number, flags: number, ns: number, periodNs?: number): number;
  /** Sleeps while the word is `expected`: 0, -EAGAIN, -ETIMEDOUT, -EINTR, -EFAULT, -EINVAL. */
  futexWait(a: number, expected: number, timeoutNs?: number): number;
  /** How many it has woken, or -EINVAL. */
  futexWake(a: number, count?: number): number;
  nanosleep(ns: number): number;
  schedYield(): number;
  gettid(): number;
  /** As `Umcg.ctl`; a worker is -EOPNOTSUPP (docs/lkl.md). */
  umcgCtl(flags: number, self: number): number;
  /** As `Umcg.wait`. */
  umcgWait(flags: number, absTimeoutNs?: number): number;
  /** ns since the kernel booted. */
  now(): number;
  /** Zeroed memory, for good: its address, or -ENOMEM, -EINVAL. */
  allocate(bytes: number, align?: number): number;
}

type Perform = (env: Env, ...args: number[]) => Coroutine<number>;

const TABLE: { readonly [Name in keyof LibraryCalls]: Perform } = {
  pipe: (env, flags) => env.sys.pipe(flags),
  read: (env, fd, into, length) => env.sys.read(fd!, addr(into!), length!),
  write: (env, fd, from, length) => env.sys.write(fd!, addr(from!), length!),
  close: (env, fd) => env.sys.close(fd!),
  eventfd: (env, value, flags) => env.sys.eventfd(value, flags),
  timerfdCreate: (env, flags) => env.sys.timerfdCreate(flags),
  timerfdSettime: (env, fd, flags, ns, periodNs) => env.sys.timerfdSettime(fd!, flags!, ns!, periodNs),
  futexWait: (env, a, expected, timeoutNs) => env.sys.futexWait(addr(a!), expected!, timeoutNs),
  futexWake: (env, a, count) => env.sys.futexWake(addr(a!), count),
  nanosleep: (env, ns) => env.sys.nanosleep(ns!),
  schedYield: (env) => env.sys.schedYield(),
  gettid: (env) => env.sys.gettid(),
  *umcgCtl(env, flags, self) {
    if ((flags! & UMCG_CTL_WORKER) !== 0) return -EOPNOTSUPP;
    return yield* env.umcg.ctl(flags!, addr(self!));
  },
  *umcgWait(env, flags, absTimeoutNs) {
    return yield* env.umcg.wait(flags!, absTimeoutNs);
  },
  *now(env) {
    return env.now();
  },
  *allocate(env, bytes, align) {
    try {
      return env.allocate(bytes!, align);
    } catch (error) {
      if (error instanceof MachineError) return error.code === "ERR_USER_MEMORY" ? -ENOMEM : -EINVAL;
      throw error;
    }
  },
};

export type CallName = keyof LibraryCalls;
export const CALL_NAMES: readonly CallName[] = Object.keys(TABLE) as CallName[];

/** Call number `call`, for the task of `env`. */
export function perform(env: Env, call: number, args: readonly number[]): Coroutine<number> {
  return TABLE[CALL_NAMES[call]!](env, ...args);
}
