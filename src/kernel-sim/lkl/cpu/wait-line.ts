/**
 * Those who wait for a CPU, in the order in which they came.
 *
 * A thread lines up by pushing itself on a stack whose top is in the state word, in one step with seeing that somebody else
 * has the CPU. Only the owner takes from it: it turns what has come since into a queue of its own. So there is one who
 * removes, and no ABA. The owner hands the CPU over; it is never free while somebody waits, and no newcomer gets between.
 * LKL frees the CPU and posts a semaphore: a newcomer may win each time (R1, R22), and posts and sleepers must be counted
 * together (R2). The price of an order is that each hand-over under contention is a wake-up of the host.
 *
 * The grant word of a thread, on which it waits, is a kind and a number that grows each time the thread lines up; who hands
 * the CPU to it changes the very word it has seen. Otherwise one who is late to say GRANTED, to a thread that has found out for
 * itself, could say so to the same thread waiting for the next time.
 *
 * | kind      | to                                  | by                                                            |
 * |-----------|-------------------------------------|---------------------------------------------------------------|
 * | NONE      | WAITING                             | the thread, before it lines up                                 |
 * | WAITING   | CLAIMED; ABANDONED; CLOSED, POISONED | the owner; the thread, whose time is up; who closes or poisons |
 * | ABANDONED | WAITING; NONE                       | the thread, which comes back to its old place; the owner       |
 * | CLAIMED   | GRANTED; CLOSED; DEAD               | the owner, or the thread that finds itself it; the owner; who has seen it die |
 * | DEAD      | NONE                                | who has claimed it, and has the CPU again; who has seen it die |
 * | GRANTED, CLOSED, POISONED | NONE                | the thread                                                    |
 *
 * CLAIMED is there because two words change: once claimed a thread cannot give up, so that the CPU can be made its own before
 * it is told. A thread whose time is up stays in the line as ABANDONED until the owner comes by.
 */
import type { Addr } from "../../../atomics/address.ts";
import { EAGAIN, ETIMEDOUT } from "../../../atomics/errno.ts";
import type { Memory } from "../../../atomics/memory.ts";
import type { Coroutine } from "../../../atomics/step.ts";
import { FOREVER } from "../../times.ts";
import type { HostWords } from "../host/host-words.ts";
import { contention, EVERYBODY, MAX_TRIES, remaining } from "../host/words.ts";
import {
  CLOSED,
  type CpuLayout,
  firstOf,
  grantOf,
  LINE,
  LINE_SHIFT,
  lastInLine,
  nextOf,
  ownerOf,
  POISONED,
  stateOf,
} from "./layout.ts";

export const GRANT_NONE = 0;
export const GRANT_WAITING = 1;
export const GRANT_CLAIMED = 2;
export const GRANT_GRANTED = 3;
export const GRANT_CLOSED = 4;
export const GRANT_POISONED = 5;
export const GRANT_ABANDONED = 6;
export const GRANT_DEAD = 7;

/** How a wait has ended; "again": the CPU's state has changed before the caller was in the line. */
export type Waited = "granted" | "closed" | "poisoned" | "timed-out" | "again";

const KIND = 7;
const NUMBER = 8;

export const kindOf = (grant: number): number => grant & KIND;
/** `grant` with another kind. */
export const asKind = (grant: number, kind: number): number => ((grant & ~KIND) | kind) >>> 0;

/** Changes the kind of a grant word from `from` to `to`; the word it is then, or -EAGAIN: it is of another kind. */
export function* changeGrant(memory: Memory, grant: Addr, from: number, to: number): Coroutine<number> {
  let found = yield* memory.load32(grant);
  // Bounded by the table above: the number grows only when the thread comes again.
  while (kindOf(found) === from) {
    if ((yield* memory.cmpxchg32(grant, found, asKind(found, to))) === 0) return asKind(found, to);
    found = memory.observed32;
  }
  return -EAGAIN;
}

/** Lines up for `cpu`, whose state is `state`, owned by another, and waits. */
export function* lineUp(
  words: HostWords,
  layout: CpuLayout,
  cpu: number,
  state: number,
  deadlineNs: number,
): Coroutine<Waited> {
  const { memory, self } = words;
  const grant = grantOf(layout, cpu, self);
  if ((yield* changeGrant(memory, grant, GRANT_ABANDONED, GRANT_WAITING)) !== -EAGAIN) {
    // Unlike one who comes anew, it has not looked at the state in the step that brought it back.
    const now = yield* memory.load32(stateOf(layout, cpu));
    const over = (now & (CLOSED | POISONED)) !== 0;
    if (over && (yield* changeGrant(memory, grant, GRANT_WAITING, GRANT_NONE)) !== -EAGAIN) return "again";
  } else {
    yield* memory.store32(nextOf(layout, cpu, self), lastInLine(state));
    const number = (yield* memory.load32(grant)) + NUMBER;
    yield* memory.store32(grant, asKind(number, GRANT_WAITING));
    const inLine = (state & ~LINE) | (self << LINE_SHIFT);
    if ((yield* memory.cmpxchg32(stateOf(layout, cpu), state, inLine)) !== 0) {
      yield* memory.store32(grant, asKind(number, GRANT_NONE));
      return "again";
    }
  }
  return yield* awaitGrant(words, layout, cpu, deadlineNs);
}

function* awaitGrant(
  words: HostWords,
  layout: CpuLayout,
  cpu: number,
  deadlineNs: number,
): Coroutine<Waited> {
  const { memory, self } = words;
  const grant = grantOf(layout, cpu, self);
  // Each turn is a change of the word, of which there are two, or a wake-up for no reason.
  for (;;) {
    const found = yield* memory.load32(grant);
    const kind = kindOf(found);
    if (kind !== GRANT_WAITING && kind !== GRANT_CLAIMED) {
      yield* memory.store32(grant, asKind(found, GRANT_NONE));
      return outcome(kind);
    }
    const claimed = kind === GRANT_CLAIMED;
    if (claimed && ownerOf(yield* memory.load32(stateOf(layout, cpu))) === self) {
      // It need not be told, and may never be: who has made it the owner may have died.
      yield* memory.cmpxchg32(grant, found, asKind(found, GRANT_GRANTED));
      continue;
    }
    // The CPU of one that is claimed is its own in a few steps of the owner's, or the owner is found dead.
    const left = claimed ? FOREVER : remaining(words, deadlineNs);
    const waited = yield* words.waitWord(grant, found, left);
    if (waited !== -ETIMEDOUT) continue;
    if ((yield* memory.cmpxchg32(grant, found, asKind(found, GRANT_ABANDONED))) === 0) return "timed-out";
  }
}

function outcome(kind: number): Waited {
  if (kind === GRANT_GRANTED) return "granted";
  return kind === GRANT_CLOSED ? "closed" : "poisoned";
}

/** Whom the owner has claimed, and the grant word it has left: changed since, it is none of its business any more. */
export interface Claim {
  readonly thread: number;
  readonly grant: number;
}

/** By the owner: claims the first who waits. Undefined: nobody does. */
export function* claimFirst(words: HostWords, layout: CpuLayout, cpu: number): Coroutine<Claim | undefined> {
  const { memory } = words;
  const first = firstOf(layout, cpu);
  // Bounded by the threads there are, each at most once in the line, and by those that come back.
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const thread = (yield* memory.load32(first)) || (yield* putInOrder(words, layout, cpu));
    if (thread === 0) return undefined;
    const word = grantOf(layout, cpu, thread);
    // Before the grant word changes: one that is not in the line any more writes into this to line up again.
    const next = yield* memory.load32(nextOf(layout, cpu, thread));
    const grant = yield* changeGrant(memory, word, GRANT_WAITING, GRANT_CLAIMED);
    if (grant === -EAGAIN && (yield* changeGrant(memory, word, GRANT_ABANDONED, GRANT_NONE)) === -EAGAIN) {
      // One that has given up may come back to its place until it is taken away.
      if (kindOf(yield* memory.load32(word)) === GRANT_WAITING) continue;
    }
    yield* memory.store32(first, next);
    if (grant !== -EAGAIN) return { thread, grant };
  }
  throw contention(first);
}

/** By the owner, whose own queue is empty: makes one of those who have come since. The first, or 0. */
function* putInOrder(words: HostWords, layout: CpuLayout, cpu: number): Coroutine<number> {
  const { memory } = words;
  const state = stateOf(layout, cpu);
  let found = yield* memory.load32(state);
  while (lastInLine(found) !== 0) {
    if ((yield* memory.cmpxchg32(state, found, found & ~LINE)) === 0) break;
    found = memory.observed32;
  }
  let first = 0;
  for (let thread = lastInLine(found); thread !== 0; ) {
    const next = nextOf(layout, cpu, thread);
    const before = yield* memory.load32(next);
    yield* memory.store32(next, first);
    first = thread;
    thread = before;
  }
  yield* memory.store32(firstOf(layout, cpu), first);
  return first;
}

/** Tells everybody who waits for `cpu` that it will not be his: `why` is CLOSED or POISONED. Nobody lines up any more. */
export function* sendHome(
  words: HostWords,
  layout: CpuLayout,
  cpu: number,
  why: typeof GRANT_CLOSED | typeof GRANT_POISONED,
): Coroutine<void> {
  const { memory } = words;
  for (let thread = 1; thread <= layout.sizes.threads; thread++) {
    const grant = grantOf(layout, cpu, thread);
    let changed = yield* changeGrant(memory, grant, GRANT_WAITING, why);
    // The owner that has claimed it is the one that has died.
    if (changed === -EAGAIN && why === GRANT_POISONED) {
      changed = yield* changeGrant(memory, grant, GRANT_CLAIMED, why);
    }
    if (changed !== -EAGAIN) yield* words.wakeWord(grant, EVERYBODY);
  }
}
