/**
 * Pipes: a ring of bytes each, in the machine's buffer. Their ends are two neighbours among the descriptors
 * (descriptors.ts), the read end first.
 *
 * A write of up to PIPE_BUF bytes goes in whole or not at all. Linux has a page for it, and calls a pipe writable while one of
 * its pages is free; so a pipe is writable here, and writers that sleep are woken, when it has room for PIPE_BUF bytes, or
 * when it is empty if it holds no more.
 */
import type { Arena } from "./arena.ts";
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT } from "./constants.ts";

const OPEN_READ = 1;
const OPEN_WRITE = 2;
/** What is written in one piece, bytes. */
const PIPE_BUF = 4096;

export class PipeTable {
  readonly capacity: number;
  readonly bytesEach: number;
  /** No write of so many bytes, or of less, is split. */
  readonly piece: number;
  readonly #open: Int32Array;
  readonly #start: Int32Array;
  readonly #fill: Int32Array;
  readonly #fd: Int32Array;
  /** Tasks that sleep on either end: a closed pipe is not given out again before they have left. */
  readonly #sleepers: Int32Array;
  readonly #data: Uint8Array;

  constructor(arena: Arena, maxPipes: number, bytesEach: number) {
    this.capacity = maxPipes;
    this.bytesEach = bytesEach;
    this.piece = Math.min(PIPE_BUF, bytesEach);
    this.#open = arena.int32(maxPipes);
    this.#start = arena.int32(maxPipes);
    this.#fill = arena.int32(maxPipes);
    this.#fd = arena.int32(maxPipes);
    this.#sleepers = arena.int32(maxPipes);
    this.#data = arena.uint8(maxPipes * bytesEach);
  }

  /** Opens a free pipe; -1 when there is none. */
  create(): number {
    for (let pipe = 0; pipe < this.capacity; pipe++) {
      if (this.#open[pipe] !== 0 || this.#sleepers[pipe] !== 0) continue;
      this.#open[pipe] = OPEN_READ | OPEN_WRITE;
      this.#start[pipe] = 0;
      this.#fill[pipe] = 0;
      return pipe;
    }
    return -1;
  }

  /** A task begins (1) or ends (-1) to sleep on the pipe. */
  hold(pipe: number, by: number): void {
    this.#sleepers[pipe]! += by;
  }

  /** Descriptor of the read end. */
  fd(pipe: number): number {
    return this.#fd[pipe]!;
  }
  setFd(pipe: number, fd: number): void {
    this.#fd[pipe] = fd;
  }

  /** Closes one end; the pipe is free when both are closed. */
  close(pipe: number, write: boolean): void {
    this.#open[pipe]! &= ~(write ? OPEN_WRITE : OPEN_READ);
  }

  readersOpen(pipe: number): boolean {
    return (this.#open[pipe]! & OPEN_READ) !== 0;
  }
  writersOpen(pipe: number): boolean {
    return (this.#open[pipe]! & OPEN_WRITE) !== 0;
  }
  /** Bytes that can be read. */
  available(pipe: number): number {
    return this.#fill[pipe]!;
  }
  /** Bytes that can be written. */
  room(pipe: number): number {
    return this.bytesEach - this.#fill[pipe]!;
  }

  /** What can be waited for on either end, EPOLL events, for an epoll that watches it (poll.ts). */
  readSeen(pipe: number): number {
    const open = (this.#open[pipe]! & OPEN_WRITE) !== 0;
    return (this.#fill[pipe]! > 0 ? EPOLLIN : 0) | (open ? 0 : EPOLLHUP);
  }
  writeSeen(pipe: number): number {
    const open = (this.#open[pipe]! & OPEN_READ) !== 0;
    return (this.#fill[pipe]! <= this.bytesEach - this.piece ? EPOLLOUT : 0) | (open ? 0 : EPOLLERR);
  }

  /** Appends as many bytes as fit; returns how many. */
  write(pipe: number, bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.room(pipe));
    const end = this.#start[pipe]! + this.#fill[pipe]!;
    for (let i = 0; i < count; i++) {
      this.#data[pipe * this.bytesEach + ((end + i) % this.bytesEach)] = bytes[i]!;
    }
    this.#fill[pipe]! += count;
    return count;
  }

  /** Takes as many bytes as there are and `into` holds; returns how many. */
  read(pipe: number, into: Uint8Array): number {
    const count = Math.min(into.length, this.available(pipe));
    const start = this.#start[pipe]!;
    for (let i = 0; i < count; i++) {
      into[i] = this.#data[pipe * this.bytesEach + ((start + i) % this.bytesEach)]!;
    }
    this.#start[pipe] = (start + count) % this.bytesEach;
    this.#fill[pipe]! -= count;
    return count;
  }
}
