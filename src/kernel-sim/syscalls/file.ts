/** read(2) and write(2) of files that are no pipes: by the kind of the file. */
import type { Addr } from "../../atomics/address.ts";
import { EBADF, EINVAL } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { FILE_EVENTFD, FILE_NONE, FILE_PIPE_READ, FILE_PIPE_WRITE, FILE_TIMERFD } from "../descriptors.ts";
import type { Kernel } from "../kernel.ts";
import { eventfdRead, eventfdWrite } from "./eventfd.ts";
import { timerfdRead } from "./timerfd.ts";

export function readFile(
  kernel: Kernel,
  tid: number,
  fd: number,
  into: Addr,
  length: number,
): Coroutine<number> {
  const kind = kernel.files.kindOf(fd);
  if (kind === FILE_EVENTFD) return eventfdRead(kernel, tid, fd, into, length);
  if (kind === FILE_TIMERFD) return timerfdRead(kernel, tid, fd, into, length);
  return refuse(kind);
}

export function writeFile(
  kernel: Kernel,
  tid: number,
  fd: number,
  from: Addr,
  length: number,
): Coroutine<number> {
  const kind = kernel.files.kindOf(fd);
  if (kind === FILE_EVENTFD) return eventfdWrite(kernel, tid, fd, from, length);
  return refuse(kind);
}

/** The wrong end of a pipe is not open for this; other files are, but cannot do it. */
function* refuse(kind: number): Coroutine<number> {
  return kind === FILE_NONE || kind === FILE_PIPE_READ || kind === FILE_PIPE_WRITE ? -EBADF : -EINVAL;
}
