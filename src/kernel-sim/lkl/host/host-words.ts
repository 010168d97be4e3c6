/**
 * What a host has to bring: words, a way to wait for one to change, and threads. Everything else in the table of host
 * operations (host-operations.ts) is written once, over this.
 *
 * | host               | a word is in      | waiting for one                                | a thread is                  |
 * |--------------------|-------------------|------------------------------------------------|------------------------------|
 * | `hosts/coroutine`  | any Memory        | is a request to the driver, which runs others    | a coroutine                  |
 * | `hosts/threads`    | SharedArrayBuffer | `Atomics.wait`, on the thread itself             | a `worker_threads` Worker    |
 * | its main thread    | the same          | a request, answered through `Atomics.waitAsync`  | the isolate that booted      |
 *
 * Code that may block is a coroutine on every one of them. On a Worker each step of it has happened when it is taken, so that
 * a driver runs it to its end in one go (`runToEnd`); on the others it yields YIELD_PARK where it has to wait.
 *
 * Rejected: a table of semaphores and mutexes to be implemented by every host, as LKL has it. What is different from host to
 * host is five functions, and the algorithms above them are the part worth exploring.
 */
import type { Addr } from "../../../atomics/address.ts";
import type { Memory } from "../../../atomics/memory.ts";
import type { Step } from "../../../atomics/step.ts";

export interface HostWords {
  readonly memory: Memory;

  /** Slot of the calling thread, from 1. */
  readonly self: number;

  /**
   * Blocks the caller while the word at `a` is `expected`, for `timeoutNs` (FOREVER: no limit). The comparison and the
   * beginning of the wait are one step. 0: woken, or for no reason at all; -EAGAIN: it is something else; -ETIMEDOUT.
   */
  waitWord(a: Addr, expected: number, timeoutNs: number): Step<number>;

  /** Wakes at most `count` of those who wait for the word at `a`, in the order in which they came. How many. */
  wakeWord(a: Addr, count: number): Step<number>;

  /** ns, monotonic, the same clock on all threads. */
  now(): number;

  /**
   * Has a thread begin, which runs `threadMain` (threads.ts) of `slot`. 0, or a negated errno when the host has none to
   * give. Whether it comes to life is for the caller to await.
   */
  launch(slot: number): Step<number>;

  /** Writes a line to wherever the host's messages go. Any thread, at any time. */
  print(text: string): void;
}
