/**
 * The right to execute kernel code on a CPU, as an object that is given back once. What `get` returns and `put` takes: a put
 * without a get cannot be written, and a put too many is an error of its caller and nobody else's.
 */
import { LklError } from "../errors.ts";

export class CpuToken {
  readonly cpu: number;
  /** Slot of the thread that it was given to. */
  readonly thread: number;
  #valid = true;

  constructor(cpu: number, thread: number) {
    this.cpu = cpu;
    this.thread = thread;
  }

  get valid(): boolean {
    return this.#valid;
  }

  /** Throws ERR_NOT_OWNER when it has been given back or away, or is not `thread`'s. */
  check(thread: number): void {
    if (this.#valid && this.thread === thread) return;
    const why = this.#valid ? `belongs to thread ${this.thread}` : "was given back";
    throw new LklError("ERR_NOT_OWNER", `thread ${thread} uses a token of CPU ${this.cpu} that ${why}`);
  }

  /** It is of no use any more. */
  consume(): void {
    this.#valid = false;
  }
}
