/** close(2) of every kind of file. */
import { EBADF } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { NR_CLOSE } from "../constants.ts";
import {
  FILE_NONE,
  FILE_PIPE_READ,
  FILE_PIPE_WRITE,
  FILE_SECCOMP,
  FILE_TIMERFD,
  FIRST_FD,
} from "../descriptors.ts";
import type { Kernel } from "../kernel.ts";
import { exitToUserMode, hasExitWork } from "../signals.ts";
import { sysEnter, sysExit } from "./entry.ts";
import { closePipe } from "./pipe.ts";
import { closeListener } from "./seccomp.ts";
import { closeTimerfd } from "./timerfd.ts";

/** Closes a descriptor: nobody watches it any more. Calls that sleep on it go on. -EBADF. */
export function* sysClose(kernel: Kernel, fd: number): Coroutine<number> {
  const tid = sysEnter(kernel, NR_CLOSE, fd);
  const { files, watches } = kernel;
  yield* kernel.host.sync();
  const kind = files.kindOf(fd);
  if (kind !== FILE_NONE) {
    files.close(fd);
    watches.removeAll(fd - FIRST_FD);
    if (kind === FILE_TIMERFD) closeTimerfd(kernel, fd);
    if (kind === FILE_SECCOMP) yield* closeListener(kernel, fd);
    if (kind === FILE_PIPE_READ || kind === FILE_PIPE_WRITE) {
      yield* closePipe(kernel, fd, kind === FILE_PIPE_WRITE);
    }
  }
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_CLOSE, kind === FILE_NONE ? -EBADF : 0);
}
