/**
 * What host threads do with each other: mutexes, semaphores and channels, by the numbers that the owner of the runtime has made them
 * under (`HostThreads.mutex`, `semaphore`, `channel`).
 *
 * All wait as `park` does: the CPU is for others, a deadline is an answer and no error, and a cancellation is ERR_CANCELLED and then
 * nothing has happened. What has happened says so, whatever came at the same time.
 */
import { EDEADLK, EINVAL, ENOSPC, EOWNERDEAD, EPIPE, ETIMEDOUT } from "../atomics/errno.ts";
import { FOREVER } from "../kernel-sim/times.ts";
import * as words from "./channel-words.ts";
import { held, nsOf, perform, self, threadId, waited } from "./current.ts";
import { ThreadError } from "./errors.ts";
import { lockMutex, tryLockMutex, unlockMutex } from "./mutex-words.ts";
import { pack, unpack } from "./packed-values.ts";
import { acquirePermit, releasePermit } from "./semaphore-words.ts";

/**
 * Locks a mutex: a number from `HostThreads.mutex()`. "owner-died": the caller has it, and its last owner died with it, so what it
 * protects may be half changed. Throws ERR_MUTEX when the caller has it already, or there is none; ERR_CANCELLED.
 */
export function lock(mutex: number, timeoutMs: number = FOREVER): "locked" | "owner-died" | "timed-out" {
  const scheduler = self();
  const result = perform(lockMutex(scheduler, mutex, nsOf("lock", timeoutMs)));
  return lockOutcome(mutex, waited(scheduler, result));
}

/** The same, without waiting. */
export function tryLock(mutex: number): "locked" | "owner-died" | "timed-out" {
  return lockOutcome(mutex, perform(tryLockMutex(self(), mutex)));
}

function lockOutcome(mutex: number, result: number): "locked" | "owner-died" | "timed-out" {
  if (result === -ETIMEDOUT) return "timed-out";
  if (result === -EDEADLK)
    throw new ThreadError("ERR_MUTEX", `thread ${threadId()} locks mutex ${mutex}, which it has`);
  if (result !== 0 && result !== -EOWNERDEAD)
    throw new ThreadError("ERR_MUTEX", `there is no mutex ${mutex}`);
  held.mutexes++;
  return result === 0 ? "locked" : "owner-died";
}

/** Throws ERR_MUTEX when the caller does not have it. */
export function unlock(mutex: number): void {
  if (perform(unlockMutex(self(), mutex)) !== 0)
    throw new ThreadError("ERR_MUTEX", `thread ${threadId()} unlocks mutex ${mutex}, which it does not have`);
  held.mutexes--;
}

/**
 * Takes a permit of a semaphore: a number from `HostThreads.semaphore()`. "owner-died": the caller has one, and somebody has died, or
 * ended, with one since. With `timeoutMs` 0 it does not wait. Throws ERR_SEMAPHORE when there is none, ERR_CANCELLED.
 */
export function acquire(
  semaphore: number,
  timeoutMs: number = FOREVER,
): "acquired" | "owner-died" | "timed-out" {
  const scheduler = self();
  const result = waited(scheduler, perform(acquirePermit(scheduler, semaphore, nsOf("acquire", timeoutMs))));
  if (result === -ETIMEDOUT) return "timed-out";
  if (result === -EINVAL) throw new ThreadError("ERR_SEMAPHORE", `there is no semaphore ${semaphore}`);
  held.permits++;
  return result === 0 ? "acquired" : "owner-died";
}

/** Gives a permit back. Throws ERR_SEMAPHORE when the caller has none of it. */
export function release(semaphore: number): void {
  if (perform(releasePermit(self(), semaphore)) !== 0)
    throw new ThreadError(
      "ERR_SEMAPHORE",
      `thread ${threadId()} has no permit of semaphore ${semaphore} to give back`,
    );
  held.permits--;
}

/** What a receive has come to. "closed": nothing more will come. */
export type Received<T> =
  | { readonly status: "value"; readonly value: T }
  | { readonly status: "closed" }
  | { readonly status: "timeout" };

/**
 * Sends a value into a channel: a number from `HostThreads.channel()`. Waits while that is full; with `timeoutMs` 0 it does not. False:
 * time is up, and the value has not been sent. Throws ERR_CHANNEL_CLOSED, ERR_CANCELLED, ERR_ARGUMENTS for what cannot be serialized
 * or does not fit, ERR_CHANNEL when there is none.
 */
export function send(channel: number, value: unknown, timeoutMs: number = FOREVER): boolean {
  const scheduler = self();
  const step = words.sendPacked(scheduler, channel, pack(value), nsOf("send", timeoutMs));
  return sent(channel, waited(scheduler, perform(step)));
}

/** Receives the next value. Throws ERR_CANCELLED, ERR_CHANNEL when there is no such channel. */
export function receive<T = unknown>(channel: number, timeoutMs: number = FOREVER): Received<T> {
  const scheduler = self();
  const got = perform(words.receivePacked(scheduler, channel, nsOf("receive", timeoutMs)));
  return received(channel, typeof got === "number" ? waited(scheduler, got) : got);
}

/** The values of a channel until it is closed and empty. Throws as `receive`. */
export function* values<T = unknown>(channel: number): Generator<T, void, void> {
  // Bounded by the values sent.
  for (;;) {
    const next = receive<T>(channel);
    if (next.status !== "value") return;
    yield next.value;
  }
}

/** Nothing more is sent; what is on its way is still received. Throws ERR_CHANNEL_CLOSED: it is closed already. */
export function close(channel: number): void {
  sent(channel, perform(words.closeChannel(self(), channel)));
}

/** What a send, or a close, has come to. */
export function sent(channel: number, result: number): boolean {
  if (result === -ETIMEDOUT) return false;
  if (result === -EPIPE) throw new ThreadError("ERR_CHANNEL_CLOSED", `channel ${channel} is closed`);
  if (result === -ENOSPC)
    throw new ThreadError("ERR_ARGUMENTS", `the value is too big for channel ${channel}: see valueBytes`);
  if (result !== 0) throw new ThreadError("ERR_CHANNEL", `there is no channel ${channel}`);
  return true;
}

/** What a receive has come to. */
export function received<T>(channel: number, got: Parameters<typeof unpack>[0] | number): Received<T> {
  if (typeof got !== "number") return { status: "value", value: unpack(got) as T };
  if (got === -ETIMEDOUT) return { status: "timeout" };
  if (got === -EPIPE) return { status: "closed" };
  throw new ThreadError("ERR_CHANNEL", `there is no channel ${channel}`);
}
