/**
 * Pipes: a ring of bytes each, in the machine's buffer. File descriptor 2p is pipe p's read end, 2p+1 its write end,
 * offset by FIRST_FD. One process: descriptors are machine-wide.
 */
import type { Arena } from "./arena.ts";

export const FIRST_FD = 3;
const OPEN_READ = 1;
const OPEN_WRITE = 2;

export class PipeTable {
  readonly capacity: number;
  readonly bytesEach: number;
  readonly #open: Int32Array;
  readonly #start: Int32Array;
  readonly #fill: Int32Array;
  readonly #data: Uint8Array;

  constructor(arena: Arena, maxPipes: number, bytesEach: number) {
    this.capacity = maxPipes;
    this.bytesEach = bytesEach;
    this.#open = arena.int32(maxPipes);
    this.#start = arena.int32(maxPipes);
    this.#fill = arena.int32(maxPipes);
    this.#data = arena.uint8(maxPipes * bytesEach);
  }

  /** Opens a free pipe; -1 when there is none. */
  create(): number {
    for (let pipe = 0; pipe < this.capacity; pipe++) {
      if (this.#open[pipe] !== 0) continue;
      this.#open[pipe] = OPEN_READ | OPEN_WRITE;
      this.#start[pipe] = 0;
      this.#fill[pipe] = 0;
      return pipe;
    }
    return -1;
  }

  /** The pipe whose read (or write) end is open as `fd`, or -1. */
  lookup(fd: number, write: boolean): number {
    const index = fd - FIRST_FD;
    const pipe = index >> 1;
    if (!Number.isInteger(fd) || index < 0 || pipe >= this.capacity || (index & 1) !== (write ? 1 : 0))
      return -1;
    return (this.#open[pipe]! & (write ? OPEN_WRITE : OPEN_READ)) === 0 ? -1 : pipe;
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
