/** What the host threads of the tests of semaphores, channels and cancellation run. */
import {
  acquire,
  cancel,
  close,
  isCancelled,
  lock,
  park,
  receive,
  release,
  safepoint,
  send,
  sleep,
  ThreadError,
  threadId,
  tryLock,
  values,
  yieldNow,
} from "../../../src/threads/index.ts";

type Words = Int32Array<SharedArrayBuffer>;

/** What a call returns, or the code that it throws. */
function codeOf(body: () => unknown): unknown {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof ThreadError)) throw error;
    return error.code;
  }
}

/** Sends so many numbers from `from` on. */
export function source(channel: number, from: number, count: number): void {
  for (let i = 0; i < count; i++) send(channel, from + i);
}

/** Everything that comes until the channel is closed. */
export function sink(channel: number): number[] {
  return [...values<number>(channel)];
}

/** Sends back what it gets. */
export function echoes(into: number, from: number): number {
  let count = 0;
  for (const value of values(from)) {
    send(into, value);
    count++;
  }
  return count;
}

export function sends(channel: number, value: unknown, timeoutMs: number): unknown {
  return codeOf(() => send(channel, value, timeoutMs));
}
export function receives(channel: number, timeoutMs: number): unknown {
  return codeOf(() => receive(channel, timeoutMs));
}

/** Calls that are refused, in the order of `test/threads/sync.test.ts`. */
export function misuses(channel: number, semaphore: number): unknown[] {
  const circle: unknown[] = [];
  return [
    codeOf(() => send(99, 1)),
    codeOf(() => receive(99)),
    codeOf(() => acquire(99)),
    codeOf(() => release(semaphore)),
    codeOf(() => send(channel, () => circle)),
    codeOf(() => send(channel, "x".repeat(100))),
    codeOf(() => close(channel)),
    codeOf(() => close(channel)),
    codeOf(() => send(channel, 1)),
    codeOf(() => sleep(Number.NaN)),
    codeOf(() => park("soon" as never)),
    codeOf(() => park(-1)),
  ];
}

/** How many were in at once, at most, of those that a semaphore lets in. */
export function visits(semaphore: number, words: Words, rounds: number): number {
  let most = 0;
  for (let round = 0; round < rounds; round++) {
    acquire(semaphore);
    most = Math.max(most, Atomics.add(words, 0, 1) + 1);
    yieldNow();
    Atomics.sub(words, 0, 1);
    release(semaphore);
  }
  return most;
}

/** Takes a permit and does not give it back: it ends, or stays. */
export function keepsPermit(semaphore: number, words: Words, stays: boolean): void {
  acquire(semaphore);
  Atomics.store(words, 1, 1);
  while (stays) safepoint();
}
export function takesPermit(semaphore: number, timeoutMs?: number): string {
  const outcome = acquire(semaphore, timeoutMs);
  if (outcome !== "timed-out") release(semaphore);
  return outcome;
}

/** Waits in one way until it is cancelled; then it may wait as it likes. `ends`: it ends by it. */
export function isCancelledIn(
  how: "park" | "sleep" | "send" | "receive" | "acquire" | "lock" | "safepoint" | "yield",
  number: number,
  ends: boolean,
): unknown[] {
  const wait = (): unknown => {
    if (how === "park") return park();
    if (how === "sleep") return sleep(60_000);
    if (how === "send") return send(number, 1);
    if (how === "receive") return receive(number);
    if (how === "acquire") return acquire(number);
    if (how === "lock") return lock(number);
    for (;;) how === "yield" ? yieldNow() : safepoint();
  };
  if (ends) wait();
  const before = isCancelled();
  return [before, codeOf(wait), isCancelled(), park(0), cancel(threadId())];
}

/** Has the mutex, and the permit, for as long as the word is 0. */
export function occupies(mutex: number, semaphore: number, words: Words): void {
  tryLock(mutex);
  acquire(semaphore);
  Atomics.store(words, 2, 1);
  while (Atomics.load(words, 3) === 0) sleep(1);
}
