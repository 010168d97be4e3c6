/**
 * Whose the timers of devices are: a word each in the machine's buffer, and the functions of those that are a device's.
 *
 * A timerfd's timer may fire on any CPU, so its word says all there is to know: its descriptor. A device's function belongs to
 * the isolates that have the device.
 */
import type { Arena } from "./arena.ts";

const FREE = 0;
const DEVICE = 1;
/** Plus its descriptor. */
const FILE = 2;

/** What a device's timer does, in interrupt context on the CPU that armed it. */
export type TimerCallback = (timer: number) => void;

export class TimerOwners {
  /** By number from 0. */
  readonly #owners: Int32Array;
  /** Those of the kernel itself lie behind those that can be had. */
  readonly #callbacks: (TimerCallback | undefined)[] = [];

  constructor(arena: Arena, timers: number) {
    this.#owners = arena.int32(timers);
  }

  /** A timer that is nobody's, -1 = none. */
  find(): number {
    return this.#owners.indexOf(FREE);
  }
  get free(): number {
    return this.#owners.reduce((count, owner) => count + (owner === FREE ? 1 : 0), 0);
  }

  give(index: number, callback: TimerCallback): void {
    if (index < this.#owners.length) this.#owners[index] = DEVICE;
    this.#callbacks[index] = callback;
  }
  giveFile(index: number, fd: number): void {
    this.#owners[index] = FILE + fd;
  }
  takeBack(index: number): void {
    this.#owners[index] = FREE;
    this.#callbacks[index] = undefined;
  }

  /** The descriptor it counts for; -1 = it is a device's. */
  file(index: number): number {
    return (this.#owners[index] ?? DEVICE) - FILE;
  }
  callback(index: number): TimerCallback | undefined {
    return this.#callbacks[index];
  }
  /** Forgets all functions: the words have been put back to what they were when there were none. */
  clear(): void {
    this.#callbacks.length = 0;
  }
}
