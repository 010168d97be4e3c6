/**
 * The words of the isolate that owns the host, usually Node's main thread: it must not block, because its event loop starts
 * threads and sees them die. A wait is a request to the driver, which answers it through `Atomics.waitAsync`.
 *
 * A promise of waitAsync does not keep a process alive, so a timer does while one is pending.
 */
import type { Addr } from "../../atomics/address.ts";
import { SharedMemory } from "../../atomics/shared-memory.ts";
import { Completed, type Coroutine, RESUME, type Step, YIELD_PAUSE } from "../../atomics/step.ts";
import { YIELD_PARK } from "../../kernel-sim/host.ts";
import type { HostWords } from "../../kernel-sim/lkl/host/host-words.ts";
import { monotonicNs } from "./clock.ts";
import { answerOf } from "./worker-words.ts";

/** What the owner does for its words. */
export interface Owner {
  launch(slot: number): void;
  print(text: string): void;
}

interface Request {
  readonly at: Addr;
  readonly expected: number;
  readonly timeoutNs: number;
  answer: number;
}

/** The slot of the thread that boots. */
export const OWNER_SLOT = 1;

const KEEP_ALIVE_MS = 60_000;
/** A longer timeout is as good as none for a timer of Node. */
const MAX_TIMEOUT_MS: number = 2 ** 31 - 1;

export class OwnerWords implements HostWords {
  readonly memory: SharedMemory;
  readonly self: number = OWNER_SLOT;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #owner: Owner;
  readonly #done: Completed<number> = new Completed(0);
  /** What the coroutine that has just yielded waits for. Taken by the driver at once. */
  #request: Request | undefined;

  constructor(buffer: SharedArrayBuffer, owner: Owner) {
    this.memory = new SharedMemory(buffer);
    this.#words = new Int32Array(buffer);
    this.#owner = owner;
  }

  *waitWord(a: Addr, expected: number, timeoutNs: number): Coroutine<number> {
    const request: Request = { at: a, expected, timeoutNs, answer: 0 };
    this.#request = request;
    yield YIELD_PARK;
    return request.answer;
  }
  wakeWord(a: Addr, count: number): Step<number> {
    this.#done.value = Atomics.notify(this.#words, a >>> 2, count);
    return this.#done;
  }
  now(): number {
    return monotonicNs();
  }
  *launch(slot: number): Coroutine<number> {
    this.#owner.launch(slot);
    return 0;
  }
  print(text: string): void {
    this.#owner.print(text);
  }

  /** Runs `coroutine` to its end, without blocking the event loop. Coroutines may run side by side. */
  async run<T>(coroutine: Coroutine<T>): Promise<T> {
    let result = coroutine.next(RESUME);
    // Each turn is a pause or a wait that the coroutine asks for.
    while (!result.done) {
      const request = this.#request;
      this.#request = undefined;
      if (request !== undefined) await this.#serve(request);
      else if (result.value !== YIELD_PAUSE) throw new Error(`a coroutine asks for ${String(result.value)}`);
      result = coroutine.next(RESUME);
    }
    return result.value;
  }

  async #serve(request: Request): Promise<void> {
    const { at, expected, timeoutNs } = request;
    const timeoutMs = timeoutNs / 1e6;
    const wait = Atomics.waitAsync(
      this.#words,
      at >>> 2,
      expected | 0,
      timeoutMs > MAX_TIMEOUT_MS ? Number.POSITIVE_INFINITY : timeoutMs,
    );
    if (!wait.async) {
      request.answer = answerOf(wait.value);
      return;
    }
    const keepAlive = setInterval(Boolean, KEEP_ALIVE_MS);
    try {
      request.answer = answerOf(await wait.value);
    } finally {
      clearInterval(keepAlive);
    }
  }
}
