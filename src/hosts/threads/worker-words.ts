/**
 * The words of a Worker: waiting is `Atomics.wait`, so that every step has happened when it is taken.
 *
 * To launch a thread a Worker asks the isolate that booted the host, which is the parent of all: the children of a Worker die
 * with it, and a host thread must be able to outlive the one that has created it.
 */
import type { Addr } from "../../atomics/address.ts";
import { EAGAIN, ETIMEDOUT } from "../../atomics/errno.ts";
import { SharedMemory } from "../../atomics/shared-memory.ts";
import { Completed, type Coroutine, type Step } from "../../atomics/step.ts";
import type { HostWords } from "../../kernel-sim/lkl/host/host-words.ts";
import { monotonicNs } from "./clock.ts";
import type { FromThread } from "./messages.ts";

export class WorkerWords implements HostWords {
  readonly memory: SharedMemory;
  readonly self: number;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #send: (message: FromThread) => void;
  readonly #done: Completed<number> = new Completed(0);

  /** `send`: tells the owner of the host. */
  constructor(buffer: SharedArrayBuffer, self: number, send: (message: FromThread) => void) {
    this.memory = new SharedMemory(buffer);
    this.#words = new Int32Array(buffer);
    this.self = self;
    this.#send = send;
  }

  waitWord(a: Addr, expected: number, timeoutNs: number): Step<number> {
    const outcome = Atomics.wait(this.#words, a >>> 2, expected | 0, timeoutNs / 1e6);
    return this.#finished(answerOf(outcome));
  }
  wakeWord(a: Addr, count: number): Step<number> {
    return this.#finished(Atomics.notify(this.#words, a >>> 2, count));
  }
  now(): number {
    return monotonicNs();
  }
  *launch(slot: number): Coroutine<number> {
    this.#send({ kind: "launch", slot });
    return 0;
  }
  print(text: string): void {
    this.#send({ kind: "print", text });
  }

  #finished(value: number): Step<number> {
    this.#done.value = value;
    return this.#done;
  }
}

/** The answer of waitWord for what `Atomics.wait` says. */
export function answerOf(outcome: "ok" | "not-equal" | "timed-out"): number {
  if (outcome === "ok") return 0;
  return outcome === "timed-out" ? -ETIMEDOUT : -EAGAIN;
}
