/**
 * Threads: their records, and the life of each.
 *
 * | word   | written by                                                                                        |
 * |--------|---------------------------------------------------------------------------------------------------|
 * | state  | see below; it is what creators and joiners wait for                                                 |
 * | entry  | the creator, before it launches                                                                     |
 * | arg    | the creator, before it launches                                                                     |
 * | status | who writes ENDED, just before                                                                       |
 * | values | the thread: its thread-local values; `tlsFree` zeroes one of each                                   |
 *
 * The state word holds a phase, whether the thread is detached, and a generation, which makes stale handles harmless.
 *
 * | phase    | to                      | by                                                                       |
 * |----------|-------------------------|--------------------------------------------------------------------------|
 * | FREE     | STARTING                | a creator, which claims the slot                                          |
 * | STARTING | RUNNING, FREE, ENDED    | the thread; the creator that gives it up; whoever has seen it die          |
 * | RUNNING  | ENDED, FREE if detached | the thread, at its end; whoever has seen it die                            |
 * | ENDED    | FREE                    | who joins it                                                              |
 *
 * Every change is a compare-and-exchange of the whole word, so of two that want to leave a phase one wins, and a Worker that
 * comes to life after its creator has given it up finds another generation and goes away without having run anything.
 */
import { type Addr, offsetBy } from "../../../atomics/address.ts";
import { EAGAIN, ECHILD, EDEADLK, EINVAL, ESRCH, ETIMEDOUT } from "../../../atomics/errno.ts";
import type { Coroutine, Step } from "../../../atomics/step.ts";
import { LklError } from "../errors.ts";
import { type HostEntry, type HostImage, THREAD_DIED, THREAD_RETURNED } from "./host-operations.ts";
import type { HostWords } from "./host-words.ts";
import type { HostLayout } from "./layout.ts";
import { deadlineOf, EVERYBODY, remaining, wordAt } from "./words.ts";

const FREE = 0;
const STARTING = 1;
const RUNNING = 2;
const ENDED = 3;
const PHASE = 3;
const DETACHED = 4;
const GENERATION_SHIFT = 3;
const GENERATIONS = 4096;

const STATE = 0;
const ENTRY = 1;
const ARG = 2;
const STATUS = 3;

/** Bits of a handle that are the slot; the others are its generation. */
const SLOT_BITS = 10;
const SLOT_MASK: number = (1 << SLOT_BITS) - 1;

/** How long a thread may take to come to life, on a machine that has other things to do. */
const START_TIMEOUT_NS = 20e9;

export function threadRecord({ threads, threadBytes }: HostLayout, slot: number): Addr {
  return offsetBy(threads, (slot - 1) * threadBytes);
}

function stateWord(layout: HostLayout, slot: number): Addr {
  return wordAt(threadRecord(layout, slot), STATE);
}

function handleOf(slot: number, state: number): number {
  return slot | ((state >>> GENERATION_SHIFT) << SLOT_BITS);
}

/** The slot of a handle, or 0 if it cannot be one. */
function slotOf(layout: HostLayout, thread: number): number {
  const slot = thread & SLOT_MASK;
  return thread > 0 && slot >= 1 && slot <= layout.sizes.threads ? slot : 0;
}

function freed(state: number): number {
  const generation = ((state >>> GENERATION_SHIFT) + 1) % GENERATIONS;
  return FREE | (generation << GENERATION_SHIFT);
}

const moved = (state: number, phase: number): number => (state & ~PHASE) | phase;

/** The calling thread, which nobody has created, takes a slot. For the thread that boots. */
export function* adoptThread(words: HostWords, layout: HostLayout): Coroutine<void> {
  const word = stateWord(layout, words.self);
  const state = yield* words.memory.load32(word);
  const status = yield* words.memory.cmpxchg32(word, state, moved(state, RUNNING));
  if (status !== 0 || (state & PHASE) !== FREE)
    throw new LklError("ERR_HOST_HANDLE", `slot ${words.self} is taken`);
}

export function* createThread(
  words: HostWords,
  layout: HostLayout,
  entry: number,
  arg: number,
): Coroutine<number> {
  const { memory } = words;
  for (let slot = 1; slot <= layout.sizes.threads; slot++) {
    const word = stateWord(layout, slot);
    const free = yield* memory.load32(word);
    if ((free & PHASE) !== FREE) continue;
    const starting = moved(free, STARTING);
    if ((yield* memory.cmpxchg32(word, free, starting)) !== 0) continue;
    yield* memory.store32(wordAt(threadRecord(layout, slot), ENTRY), entry);
    yield* memory.store32(wordAt(threadRecord(layout, slot), ARG), arg);
    yield* memory.store32(wordAt(threadRecord(layout, slot), STATUS), THREAD_RETURNED);
    const launched = yield* words.launch(slot);
    if (launched === 0) yield* awaitLife(words, layout, slot, starting);
    return yield* outcome(words, layout, slot, starting, launched === 0 ? -ETIMEDOUT : launched);
  }
  return -EAGAIN;
}

/** Waits until the thread has come to life or died, or its time to do so is over. */
function* awaitLife(words: HostWords, layout: HostLayout, slot: number, starting: number): Coroutine<void> {
  const word = stateWord(layout, slot);
  const deadline = deadlineOf(words, START_TIMEOUT_NS);
  // Each turn is a wake-up, for which there is a reason but once in a while.
  while ((yield* words.memory.load32(word)) === starting) {
    const waited = yield* words.waitWord(word, starting, remaining(words, deadline));
    if (waited === -ETIMEDOUT) return;
  }
}

/** The handle of a thread that has come to life; the slot of one that has not is free, and the result is why. */
function* outcome(
  words: HostWords,
  layout: HostLayout,
  slot: number,
  starting: number,
  why: number,
): Coroutine<number> {
  const word = stateWord(layout, slot);
  if ((yield* words.memory.cmpxchg32(word, starting, freed(starting))) === 0) return why;
  const found = words.memory.observed32;
  const died = (found & PHASE) === ENDED && (yield* status(words, layout, slot)) === THREAD_DIED;
  if (!died) return handleOf(slot, starting);
  yield* words.memory.cmpxchg32(word, found, freed(found));
  return -ECHILD;
}

function status(words: HostWords, layout: HostLayout, slot: number): Step<number> {
  return words.memory.load32(wordAt(threadRecord(layout, slot), STATUS));
}

/** What a new thread does first: false when it has been given up and must go away. `state`: of its slot when launched. */
export function* comeToLife(words: HostWords, layout: HostLayout, state: number): Coroutine<boolean> {
  const word = stateWord(layout, words.self);
  if ((yield* words.memory.cmpxchg32(word, state, moved(state, RUNNING))) !== 0) return false;
  yield* words.wakeWord(word, EVERYBODY);
  return true;
}

/** The state of a slot that is being started: what `comeToLife` is to be given. */
export function slotState(words: HostWords, layout: HostLayout, slot: number): Step<number> {
  return words.memory.load32(stateWord(layout, slot));
}

/** The code of the calling thread and its argument. */
export function* threadCode(
  words: HostWords,
  layout: HostLayout,
  image: HostImage,
): Coroutine<{ readonly entry: HostEntry; readonly arg: number }> {
  const record = threadRecord(layout, words.self);
  const index = yield* words.memory.load32(wordAt(record, ENTRY));
  return { entry: image.entries[index]!, arg: yield* words.memory.load32(wordAt(record, ARG)) };
}

/**
 * The thread that was launched with `launched` in the state word of `slot` has ended, and says so itself, or somebody who has
 * seen it die does. False: it had ended before, and the slot may be somebody else's.
 */
export function* endThread(
  words: HostWords,
  layout: HostLayout,
  slot: number,
  launched: number,
  how: number,
): Coroutine<boolean> {
  const word = stateWord(layout, slot);
  let state = yield* words.memory.load32(word);
  // Bounded: the phase only grows, and a thread is detached once.
  while (handleOf(slot, state) === handleOf(slot, launched) && (state & PHASE) !== ENDED) {
    yield* words.memory.store32(wordAt(threadRecord(layout, slot), STATUS), how);
    const next = (state & DETACHED) !== 0 ? freed(state) : moved(state, ENDED);
    if ((yield* words.memory.cmpxchg32(word, state, next)) === 0) {
      yield* words.wakeWord(word, EVERYBODY);
      return true;
    }
    state = words.memory.observed32;
  }
  return false;
}

/** Has the thread that was launched with `launched` in the state word of `slot` not ended? For whoever has seen it die. */
export function* threadLives(
  words: HostWords,
  layout: HostLayout,
  slot: number,
  launched: number,
): Coroutine<boolean> {
  const state = yield* words.memory.load32(stateWord(layout, slot));
  return handleOf(slot, state) === handleOf(slot, launched) && (state & PHASE) !== ENDED;
}

export function* detachThread(words: HostWords, layout: HostLayout): Coroutine<number> {
  const word = stateWord(layout, words.self);
  const state = yield* words.memory.load32(word);
  if ((state & DETACHED) !== 0) return -EINVAL;
  // Only the thread itself leaves RUNNING while it executes this.
  yield* words.memory.cmpxchg32(word, state, state | DETACHED);
  yield* words.wakeWord(word, EVERYBODY);
  return 0;
}

export function* joinThread(
  words: HostWords,
  layout: HostLayout,
  thread: number,
  timeoutNs: number,
): Coroutine<number> {
  const slot = slotOf(layout, thread);
  if (slot === 0) return -ESRCH;
  if (slot === words.self) return -EDEADLK;
  const word = stateWord(layout, slot);
  const deadline = deadlineOf(words, timeoutNs);
  // Each turn is a change of the word, of which there are at most three, or a wake-up for no reason.
  for (;;) {
    const state = yield* words.memory.load32(word);
    if ((state & PHASE) === FREE || thread !== handleOf(slot, state)) return -ESRCH;
    if ((state & DETACHED) !== 0) return -EINVAL;
    if ((state & PHASE) === ENDED) {
      const how = yield* status(words, layout, slot);
      // Of two that join one thread one gets its status.
      return (yield* words.memory.cmpxchg32(word, state, freed(state))) === 0 ? how : -ESRCH;
    }
    const waited = yield* words.waitWord(word, state, remaining(words, deadline));
    if (waited === -ETIMEDOUT) return -ETIMEDOUT;
  }
}

export function* selfHandle(words: HostWords, layout: HostLayout): Coroutine<number> {
  return handleOf(words.self, yield* words.memory.load32(stateWord(layout, words.self)));
}
