/**
 * Which locks are taken for a file, so that it stands still to the end of the section.
 *
 * A pipe has one lock for both of its ends, every other file has one by its slot; each has its wait queues under it, too. An epoll
 * looks at the files that it watches in one step, and each of them tells it of a change in the step of that change: both would
 * have to hold both. So who comes to a file takes the locks of the epolls that watch it first, the lower number first, then that
 * of the file. An epoll that has its own lock has all files that it watches standing still, and looks at them without theirs
 * (`PipeTable.readSeen` and its like).
 *
 * Which files there are, of what kind, and who watches which, is changed by nobody who is not alone: so what is to be taken is
 * known before it is.
 *
 * Who comes to a file with the lock of an epoll in hand and not that of the file lets go of it: he has told that epoll of
 * something, which is complete, as with run queues (kernel-lock.ts).
 *
 * Rejected: file before epoll, as in Linux (a section of an epoll would have to be cut into one for each file that it looks at:
 * more interleavings than the explorer has); one lock for all epolls and what they watch.
 */
import type { KernelConfig } from "../../../kernel-sim/config.ts";
import {
  type Descriptors,
  FILE_EPOLL,
  FILE_PIPE_READ,
  FILE_PIPE_WRITE,
  FIRST_FD,
} from "../../../kernel-sim/descriptors.ts";
import { MachineError } from "../../../kernel-sim/errors.ts";
import { FUTEX_BUCKETS } from "../../../kernel-sim/layout.ts";
import type { PipeTable } from "../../../kernel-sim/pipe-table.ts";
import type { WatchTable } from "../../../kernel-sim/watch-table.ts";
import type { KernelLock } from "./kernel-lock.ts";
import { LOCK_BUCKET, LOCK_EPOLL, LOCK_FILE } from "./lock-order.ts";

/** Slots of files, of which each pipe has two. */
function slotsOf({ maxPipes, maxFiles }: KernelConfig): number {
  return 2 * maxPipes + maxFiles;
}

/** How many locks there are: one a pipe, then one a slot. */
export function fileLocks(config: KernelConfig): number {
  return config.maxPipes + slotsOf(config);
}

/** Whatever is checked: there is no such lock. */
function refuse(queue: number): never {
  throw new MachineError(
    "ERR_LOCK_ORDER",
    `kernel bug: a CPU touches wait queue ${queue} without being alone`,
  );
}

export class FileLocks {
  readonly #lock: KernelLock;
  readonly #pipes: number;
  /** The wait queues of files begin here (kernel.ts), and end here. */
  readonly #firstQueue: number;
  readonly #slots: number;
  /** Set when they are made. */
  pipes: PipeTable | undefined;
  files: Descriptors | undefined;
  watches: WatchTable | undefined;

  constructor(lock: KernelLock, config: KernelConfig) {
    this.#lock = lock;
    this.#pipes = config.maxPipes;
    this.#slots = slotsOf(config);
    this.#firstQueue = FUTEX_BUCKETS + 2 * config.maxPipes + config.maxTasks + 1;
  }

  /** The number of the lock of a slot that is no pipe's. */
  numberOf(slot: number): number {
    return this.#pipes + slot;
  }

  takePipe(pipe: number): void {
    const lock = this.#lock;
    if (lock.isAlone || lock.has(LOCK_FILE, pipe)) return;
    const slot = this.pipes!.fd(pipe) - FIRST_FD;
    this.#takeEpolls(slot, slot + 1);
    lock.take(LOCK_FILE, pipe);
  }

  takeSlot(slot: number): void {
    const lock = this.#lock;
    if (lock.isAlone) return;
    const fd = slot + FIRST_FD;
    const kind = this.files!.kindOf(fd);
    if (kind === FILE_PIPE_READ || kind === FILE_PIPE_WRITE) this.takePipe(this.files!.object(fd));
    else if (kind === FILE_EPOLL) lock.take(LOCK_EPOLL, this.numberOf(slot));
    else if (!lock.has(LOCK_FILE, this.numberOf(slot))) {
      this.#takeEpolls(slot, slot);
      lock.take(LOCK_FILE, this.numberOf(slot));
    }
  }

  /** What a wait queue is under. Those of joiners and of pages have no lock: they are touched alone. */
  takeQueue(queue: number): void {
    const lock = this.#lock;
    if (queue < FUTEX_BUCKETS) lock.take(LOCK_BUCKET, queue);
    else if (queue < FUTEX_BUCKETS + 2 * this.#pipes) this.takePipe((queue - FUTEX_BUCKETS) >> 1);
    else if (queue >= this.#firstQueue && queue < this.#firstQueue + this.#slots)
      this.takeSlot(queue - this.#firstQueue);
    else if (!lock.isAlone) refuse(queue);
  }

  /** The epolls that watch one of the slots. */
  #takeEpolls(first: number, last: number): void {
    const lock = this.#lock;
    const watches = this.watches!;
    if (watches.count === 0) return;
    const epolls: number[] = [];
    for (let slot = first; slot <= last; slot++) {
      for (let watch = watches.ofFile.first(slot); watch !== 0; watch = watches.ofFile.after(watch))
        epolls.push(this.numberOf(watches.epoll(watch)));
    }
    lock.dropAll(LOCK_EPOLL);
    for (const number of epolls.sort((a, b) => a - b)) lock.take(LOCK_EPOLL, number);
  }
}
