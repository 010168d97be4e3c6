/**
 * File descriptors: one table for the one process, in the machine's buffer. What is opened gets the lowest free number.
 *
 * There is no dup(), so a descriptor is its file: *slot* s is descriptor FIRST_FD + s, and what a file needs beside its
 * kind (a counter, a wait queue, watches of epoll) is numbered by its slot. A pipe has two slots side by side and state of
 * its own (pipe-table.ts). A call that sleeps on a file holds its slot: closed meanwhile, the file stays until the last
 * holder has left, and its number is not given out again before.
 */
import type { Arena } from "./arena.ts";

export const FIRST_FD = 3;

export const FILE_NONE = 0;
export const FILE_PIPE_READ = 1;
export const FILE_PIPE_WRITE = 2;
export const FILE_EVENTFD = 3;
export const FILE_TIMERFD = 4;
export const FILE_EPOLL = 5;
export const FILE_SECCOMP = 6;

export class Descriptors {
  /** Slots there are. */
  declare readonly count: number;
  declare private readonly kinds: Int32Array;
  /** What a file is an end of, or its device's timer. */
  declare private readonly objects: Int32Array;
  /** Flags it was opened with. */
  declare private readonly modes: Int32Array;
  declare private readonly holders: Int32Array;
  declare private readonly counters: BigUint64Array;
  /** Period of a timerfd, ns; 0 = it fires once. */
  declare readonly periods: Float64Array;

  constructor(arena: Arena, count: number) {
    this.count = count;
    this.kinds = arena.int32(count);
    this.objects = arena.int32(count);
    this.modes = arena.int32(count);
    this.holders = arena.int32(count);
    this.counters = arena.bigUint64(count);
    this.periods = arena.float64(count);
  }

  /** Opens the lowest free descriptor; -1 when there is none. */
  open(kind: number, object: number, mode: number): number {
    for (let slot = 0; slot < this.count; slot++) {
      if (this.#isFree(slot)) return this.#take(slot, kind, object, mode);
    }
    return -1;
  }

  /** Opens the two ends of a pipe as neighbours; returns the lower one, or -1. */
  openPipe(pipe: number, mode: number): number {
    for (let slot = 0; slot + 1 < this.count; slot++) {
      if (!(this.#isFree(slot) && this.#isFree(slot + 1))) continue;
      this.#take(slot + 1, FILE_PIPE_WRITE, pipe, mode);
      return this.#take(slot, FILE_PIPE_READ, pipe, mode);
    }
    return -1;
  }

  /** What kind of file is open as `fd`, FILE_NONE if none is. */
  kindOf(fd: number): number {
    const slot = fd - FIRST_FD;
    return slot >= 0 && slot < this.count && Number.isInteger(fd) ? this.kinds[slot]! : FILE_NONE;
  }

  /** The object of the file open as `fd`, if it is of this kind; else -1. */
  lookup(fd: number, kind: number): number {
    return this.kindOf(fd) === kind ? this.objects[fd - FIRST_FD]! : -1;
  }

  object(fd: number): number {
    return this.objects[fd - FIRST_FD]!;
  }
  setObject(fd: number, to: number): void {
    this.objects[fd - FIRST_FD] = to;
  }
  mode(fd: number): number {
    return this.modes[fd - FIRST_FD]!;
  }

  setMode(fd: number, mode: number): void {
    this.modes[fd - FIRST_FD] = mode;
  }

  close(fd: number): void {
    this.kinds[fd - FIRST_FD] = FILE_NONE;
  }

  /** Value of an eventfd; expirations of a timerfd that nobody has read. */
  counter(fd: number): bigint {
    return this.counters[fd - FIRST_FD]!;
  }
  setCounter(fd: number, to: bigint): void {
    this.counters[fd - FIRST_FD] = to;
  }
  /** The same for an epoll that watches the file (poll.ts). */
  counterSeen(fd: number): bigint {
    return this.counters[fd - FIRST_FD]!;
  }

  /** A call begins, and ends, to depend on the file. */
  hold(fd: number): void {
    this.holders[fd - FIRST_FD]!++;
  }
  release(fd: number): void {
    this.holders[fd - FIRST_FD]!--;
  }

  #isFree(slot: number): boolean {
    return this.kinds[slot] === FILE_NONE && this.holders[slot] === 0;
  }

  #take(slot: number, kind: number, object: number, mode: number): number {
    this.kinds[slot] = kind;
    this.objects[slot] = object;
    this.modes[slot] = mode;
    this.counters[slot] = 0n;
    this.periods[slot] = 0;
    return FIRST_FD + slot;
  }
}
