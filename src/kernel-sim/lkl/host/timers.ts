/**
 * One-shot timers, served by one thread of the host's own.
 *
 * | word     | written by, always under the lock of the timers                     |
 * |----------|---------------------------------------------------------------------|
 * | state    | FREE, IDLE, ARMED: who allocates, arms, frees; IDLE: the timer thread |
 * | entry    | who allocates                                                        |
 * | running  | the timer thread: 1 while the callback runs; waited for by who frees  |
 * | deadline | who arms: ns, 64 bits                                                |
 *
 * The timer thread waits for its bell, until the earliest deadline; whoever arms, frees or wants it to go rings. It calls
 * back without the lock, so that a callback may arm and free timers. LKL's hosts start a thread for each expiry, which is slow
 * (lkl.md 17) and lets expiries of one timer overlap; here they cannot.
 *
 * Rejected: a timer each on `setTimeout`, whose callbacks come when the event loop of an isolate is not blocked.
 */
import { type Addr, NULL, offsetBy } from "../../../atomics/address.ts";
import { EINVAL } from "../../../atomics/errno.ts";
import type { Coroutine } from "../../../atomics/step.ts";
import { FOREVER, TIME_MAX } from "../../times.ts";
import type { HostImage, HostOperations } from "./host-operations.ts";
import { type HostLayout, TIMER_WORDS } from "./layout.ts";
import { mutexLock, mutexUnlock } from "./mutex.ts";
import { EVERYBODY, fetchAdd, remaining, wordAt } from "./words.ts";

const FREE = 0;
const IDLE = 1;
const ARMED = 2;

const STATE = 0;
const ENTRY = 1;
const RUNNING = 2;
const DEADLINE = 4;

function timerRecord({ timers }: HostLayout, timer: number): Addr {
  return offsetBy(timers, (timer - 1) * TIMER_WORDS * 4);
}

/** The record of a timer that somebody has, or NULL. The caller has the lock. */
function* taken({ words }: HostOperations, layout: HostLayout, timer: number): Coroutine<Addr> {
  if (!(Number.isInteger(timer) && timer >= 1 && timer <= layout.sizes.timers)) return NULL;
  const record = timerRecord(layout, timer);
  return (yield* words.memory.load32(wordAt(record, STATE))) === FREE ? NULL : record;
}

function* ring({ words }: HostOperations, { timerBell }: HostLayout): Coroutine<void> {
  yield* fetchAdd(words.memory, timerBell, 1);
  yield* words.wakeWord(timerBell, 1);
}

/** A timer, or 0. `entry`: a number of the image. The caller has the lock. */
export function* timerTake({ words }: HostOperations, layout: HostLayout, entry: number): Coroutine<number> {
  for (let timer = 1; timer <= layout.sizes.timers; timer++) {
    const record = timerRecord(layout, timer);
    if ((yield* words.memory.load32(wordAt(record, STATE))) !== FREE) continue;
    yield* words.memory.store32(wordAt(record, ENTRY), entry);
    yield* words.memory.store32(wordAt(record, STATE), IDLE);
    return timer;
  }
  return 0;
}

export function* timerArm(
  host: HostOperations,
  layout: HostLayout,
  timer: number,
  ns: number,
): Coroutine<number> {
  if (!(ns >= 0)) return -EINVAL;
  const { words } = host;
  yield* mutexLock(words, layout.timersLock, FOREVER);
  const record = yield* taken(host, layout, timer);
  if (record !== NULL) {
    const at = words.now() + Math.min(Math.max(1, Math.round(ns)), TIME_MAX);
    yield* words.memory.store64(wordAt(record, DEADLINE), BigInt(Math.ceil(at)));
    yield* words.memory.store32(wordAt(record, STATE), ARMED);
  }
  yield* mutexUnlock(words, layout.timersLock);
  if (record === NULL) return -EINVAL;
  yield* ring(host, layout);
  return 0;
}

/** `onTimerThread`: the caller is called by a timer, and may be by this one, whose end it cannot await. */
export function* timerGive(
  host: HostOperations,
  layout: HostLayout,
  timer: number,
  onTimerThread: boolean,
): Coroutine<number> {
  const { words } = host;
  yield* mutexLock(words, layout.timersLock, FOREVER);
  const record = yield* taken(host, layout, timer);
  if (record !== NULL) yield* words.memory.store32(wordAt(record, STATE), IDLE);
  // Nobody arms it any more, so this ends with the callback that runs.
  while (record !== NULL && !onTimerThread && (yield* words.memory.load32(wordAt(record, RUNNING))) === 1) {
    yield* mutexUnlock(words, layout.timersLock);
    yield* words.waitWord(wordAt(record, RUNNING), 1, FOREVER);
    yield* mutexLock(words, layout.timersLock, FOREVER);
  }
  if (record !== NULL) yield* words.memory.store32(wordAt(record, STATE), FREE);
  yield* mutexUnlock(words, layout.timersLock);
  return record === NULL ? -EINVAL : 0;
}

/** What the timer thread does, until `timerThread` is not its own any more. */
export function* serveTimers(host: HostOperations, layout: HostLayout, image: HostImage): Coroutine<void> {
  const { words } = host;
  const self = yield* host.threadSelf();
  // Whoever has created this thread says so before it gives the lock back.
  yield* mutexLock(words, layout.timersLock, FOREVER);
  yield* mutexUnlock(words, layout.timersLock);
  // Each turn is a ring, an expiry or a wake-up for no reason.
  for (;;) {
    const bell = yield* words.memory.load32(layout.timerBell);
    if ((yield* words.memory.load32(layout.timerThread)) !== self) return;
    const next = yield* expire(host, layout, image);
    if (next > words.now()) yield* words.waitWord(layout.timerBell, bell, remaining(words, next));
  }
}

/** Calls back whoever is due, each once; when the next is. */
function* expire(host: HostOperations, layout: HostLayout, image: HostImage): Coroutine<number> {
  const { words } = host;
  const { memory } = words;
  let next = FOREVER;
  yield* mutexLock(words, layout.timersLock, FOREVER);
  for (let timer = 1; timer <= layout.sizes.timers; timer++) {
    const record = timerRecord(layout, timer);
    if ((yield* memory.load32(wordAt(record, STATE))) !== ARMED) continue;
    const at = Number(yield* memory.load64(wordAt(record, DEADLINE)));
    if (at > words.now()) {
      next = Math.min(next, at);
      continue;
    }
    yield* memory.store32(wordAt(record, STATE), IDLE);
    yield* memory.store32(wordAt(record, RUNNING), 1);
    const entry = yield* memory.load32(wordAt(record, ENTRY));
    yield* mutexUnlock(words, layout.timersLock);
    yield* image.entries[entry]!(host, timer);
    yield* mutexLock(words, layout.timersLock, FOREVER);
    yield* memory.store32(wordAt(record, RUNNING), 0);
    yield* words.wakeWord(wordAt(record, RUNNING), EVERYBODY);
    // It may have armed any of them.
    next = 0;
  }
  yield* mutexUnlock(words, layout.timersLock);
  return next;
}
