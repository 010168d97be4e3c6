/**
 * Channels of host threads: values from many senders to many receivers, each received once, in the order sent, at most so many on
 * their way.
 *
 * A ring of places in shared memory. A number, a boolean, undefined or null is a word or two; anything else that can be serialized
 * (node:v8) is bytes, as many as a place has at most. Packing and unpacking is done without the scheduler's lock, copying with it:
 * channels are for messages, and what is large is better in shared memory that both have been given.
 *
 * What is true of a channel is two words, how many values were sent and received, each changed by one store: a sender that dies has
 * sent its value or not, never half of one, and a value whose receiver dies has been received. Who waits is found by looking at all
 * records, as everywhere here; whoever puts the records right after a death makes them all look again.
 *
 * Rejected: ports. A message in a port has one receiver, which must be known when it is sent; and a port has no bound.
 */
import { EINVAL, ENOSPC, EPIPE, ETIMEDOUT } from "../atomics/errno.ts";
import type { Coroutine, Step } from "../atomics/step.ts";
import { contention, deadlineOf, EVERYBODY, MAX_TRIES, remaining } from "../kernel-sim/lkl/host/words.ts";
import type { Board } from "./board.ts";
import {
  addrOf,
  CAPACITY,
  CHANNEL_WORDS,
  CLOSED,
  OWNER,
  OWNER_WAITS,
  PLACE_WORDS,
  PLACES,
  RECEIVED,
  SENT,
  TO_RECEIVE,
  TO_SEND,
  WAIT_RECEIVE,
  WAIT_SEND,
} from "./layout.ts";
import { copyOut, type Packed, putPacked } from "./packed-values.ts";
import type { Scheduler } from "./scheduler.ts";
import { wakeFirst } from "./word-waits.ts";

/** First word of a channel; 0: there is none of this number. */
export function channelAt({ layout, words }: Board, channel: number): number {
  const { sizes, channels } = layout;
  if (!Number.isInteger(channel) || channel < 0 || channel >= (sizes.channels ?? 0)) return 0;
  const at = channels + channel * CHANNEL_WORDS;
  return words[at + CAPACITY] === 0 ? 0 : at;
}

/** Values on their way. */
export function filled({ words }: Board, at: number): number {
  const round = 2 * words[at + CAPACITY]!;
  return (words[at + SENT]! - words[at + RECEIVED]! + round) % round;
}

/** 0; -EPIPE: it is closed; -ETIMEDOUT, -EINTR (cancelled), -ENOSPC (too big), -EINVAL: not sent. */
export function* sendPacked(
  scheduler: Scheduler,
  channel: number,
  value: Packed,
  timeoutNs: number,
): Coroutine<number> {
  const { board } = scheduler;
  const at = channelAt(board, channel);
  if (at === 0) return -EINVAL;
  if (value.bytes.length > roomOf(board, at)) return -ENOSPC;
  return yield* whenPossible(scheduler, at, WAIT_SEND, timeoutNs, () => {
    if (board.words[at + CLOSED] !== 0) return -EPIPE;
    if (filled(board, at) === board.words[at + CAPACITY]) return undefined;
    putPacked(board, placeOf(board, at, SENT), value);
    advance(board, at, SENT);
    wakeFirst(scheduler, at + TO_RECEIVE, at + TO_RECEIVE);
    return 0;
  });
}

/** The value; -EPIPE: closed, and nothing is left; -ETIMEDOUT, -EINTR, -EINVAL. */
export function* receivePacked(
  scheduler: Scheduler,
  channel: number,
  timeoutNs: number,
): Coroutine<Packed | number> {
  const { board } = scheduler;
  const at = channelAt(board, channel);
  if (at === 0) return -EINVAL;
  let packed: Packed | undefined;
  const result = yield* whenPossible(scheduler, at, WAIT_RECEIVE, timeoutNs, () => {
    if (filled(board, at) === 0) return board.words[at + CLOSED] === 0 ? undefined : -EPIPE;
    packed = copyOut(board, placeOf(board, at, RECEIVED));
    advance(board, at, RECEIVED);
    wakeFirst(scheduler, at + TO_SEND, at + TO_SEND);
    return 0;
  });
  return packed ?? result;
}

/** Nothing more is sent: 0; -EPIPE: it was closed; -EINVAL. Everybody who waits looks again. */
export function* closeChannel(scheduler: Scheduler, channel: number): Coroutine<number> {
  const { board } = scheduler;
  const at = channelAt(board, channel);
  if (at === 0) return -EINVAL;
  yield* scheduler.lock();
  const open = board.words[at + CLOSED] === 0;
  board.words[at + CLOSED] = 1;
  for (const word of [at + TO_SEND, at + TO_RECEIVE]) while (wakeFirst(scheduler, word, word));
  yield* scheduler.unlock();
  yield* tellOwner(scheduler, at);
  return open ? 0 : -EPIPE;
}

/** What `act` comes to, under the lock, as soon as that is not undefined. With no time to wait: at once, or -ETIMEDOUT. */
function* whenPossible(
  scheduler: Scheduler,
  at: number,
  reason: typeof WAIT_SEND | typeof WAIT_RECEIVE,
  timeoutNs: number,
  act: () => number | undefined,
): Coroutine<number> {
  const { words } = scheduler;
  const word = reason === WAIT_SEND ? at + TO_SEND : at + TO_RECEIVE;
  let deadline = 0;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    yield* scheduler.lock();
    if (deadline === 0) deadline = deadlineOf(words, timeoutNs);
    const left = remaining(words, deadline);
    const result = act() ?? (left === 0 ? -ETIMEDOUT : undefined);
    if (result !== undefined) {
      yield* scheduler.unlock();
      yield* tellOwner(scheduler, at);
      return result;
    }
    const waited =
      words.self === OWNER
        ? yield* waitAsOwner(scheduler, at, left)
        : yield* waitAsThread(scheduler, word, reason, left);
    if (waited !== 0) return waited;
  }
  throw contention(addrOf(word));
}

function waitAsThread(scheduler: Scheduler, word: number, reason: number, leftNs: number): Step<number> {
  scheduler.board.words[word] = 1;
  return scheduler.waitFor(reason, addrOf(word), leftNs, scheduler.words.now());
}

/** It has no CPU to give away, and waits for a word of its own. That its time is up it sees when it looks again. */
function* waitAsOwner(scheduler: Scheduler, at: number, leftNs: number): Coroutine<number> {
  scheduler.board.words[at + OWNER_WAITS] = 1;
  yield* scheduler.unlock();
  yield* scheduler.words.waitWord(addrOf(at + OWNER_WAITS), 1, leftNs);
  return 0;
}

/** Something has happened in a channel: the owner looks again, if it waits. Without the lock. */
function* tellOwner({ board, words }: Scheduler, at: number): Coroutine<void> {
  if (board.words[at + OWNER_WAITS] === 0) return;
  yield* words.memory.store32(addrOf(at + OWNER_WAITS), 0);
  yield* words.wakeWord(addrOf(at + OWNER_WAITS), EVERYBODY);
}

/** Whoever was to tell the owner may have died: it looks at all channels again. */
export function* tellOwnerOfAll(scheduler: Scheduler): Coroutine<void> {
  const { board } = scheduler;
  for (let channel = 0; channel < (board.layout.sizes.channels ?? 0); channel++) {
    const at = channelAt(board, channel);
    if (at !== 0) yield* tellOwner(scheduler, at);
  }
}

/** Bytes that fit into a place. */
function roomOf({ words }: Board, at: number): number {
  return (words[at + PLACE_WORDS]! - 2) * 4;
}

function placeOf({ words }: Board, at: number, counter: number): number {
  const index = words[at + counter]! % words[at + CAPACITY]!;
  return words[at + PLACES]! + index * words[at + PLACE_WORDS]!;
}

/** One store: the value is there, or gone, from then on. */
function advance({ words }: Board, at: number, counter: number): void {
  words[at + counter] = (words[at + counter]! + 1) % (2 * words[at + CAPACITY]!);
}
