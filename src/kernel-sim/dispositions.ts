/**
 * What each task does with each signal: two bits in the machine's buffer, *ignored* and *handled*, which any CPU may ask for,
 * and the handlers themselves, which are code.
 *
 * A handler belongs to the isolate of its task's program: nobody else runs it, so nobody else has it. Written by the task
 * itself, and for a dead one by whoever forgets it.
 */
import type { Coroutine } from "../atomics/step.ts";
import type { Arena } from "./arena.ts";
import { NSIG } from "./constants.ts";

/** Runs in user mode of the task a signal was sent to. */
export type SignalHandler = (signal: number) => Coroutine<void>;
/** What a task does with one signal. A signal not listed has its default action. */
export type Disposition = "ignore" | SignalHandler;

export class Dispositions {
  /** By task, bit n: signal n. */
  readonly #ignored: Int32Array;
  readonly #handled: Int32Array;
  /** By task and signal. */
  readonly #handlers: Map<number, SignalHandler> = new Map();

  constructor(arena: Arena, maxTasks: number) {
    this.#ignored = arena.int32(maxTasks + 1);
    this.#handled = arena.int32(maxTasks + 1);
  }

  isIgnored(tid: number, signal: number): boolean {
    return (this.#ignored[tid]! & (1 << signal)) !== 0;
  }
  isHandled(tid: number, signal: number): boolean {
    return (this.#handled[tid]! & (1 << signal)) !== 0;
  }
  /** The handler of a signal that is handled. Asked by the task itself. */
  handler(tid: number, signal: number): SignalHandler {
    return this.#handlers.get(tid * NSIG + signal)!;
  }

  set(tid: number, signal: number, action: Disposition): void {
    this.reset(tid, signal);
    if (action === "ignore") this.#ignored[tid]! |= 1 << signal;
    else {
      this.#handled[tid]! |= 1 << signal;
      this.#handlers.set(tid * NSIG + signal, action);
    }
  }

  /** The default action from now on. */
  reset(tid: number, signal: number): void {
    this.#ignored[tid]! &= ~(1 << signal);
    if (!this.isHandled(tid, signal)) return;
    this.#handled[tid]! &= ~(1 << signal);
    this.#handlers.delete(tid * NSIG + signal);
  }

  /** What has a handler has its default action from now on. */
  forgetHandlers(tid: number): void {
    for (let signal = 1; this.#handled[tid] !== 0; signal++) this.reset(tid, signal);
  }
  /** The task is gone. */
  forget(tid: number): void {
    this.#ignored[tid] = 0;
    this.forgetHandlers(tid);
  }
  /** Forgets all handlers: the columns have been put back to what they were when there was none. */
  clear(): void {
    this.#handlers.clear();
  }
}
