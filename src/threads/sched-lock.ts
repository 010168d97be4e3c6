/**
 * The lock of the scheduler: one word, the slot of who has it, so that whoever sees a thread die knows whether it had it.
 *
 * It is held for some hundred nanoseconds, and contended by as many threads as run at once, and by those that come back from
 * blocking calls. So a waiter spins a little, then sleeps. Who gives it back wakes all who sleep and not one: the one might die
 * before it gets there, or be the main thread, whose event loop has other things to do.
 */
import type { Coroutine } from "../atomics/step.ts";
import type { HostWords } from "../kernel-sim/lkl/host/host-words.ts";
import { contention, EVERYBODY, MAX_TRIES } from "../kernel-sim/lkl/host/words.ts";
import { FOREVER } from "../kernel-sim/times.ts";
import { addrOf, LOCK } from "./layout.ts";

/** Set by those who sleep until it is given back. */
const SLEEPERS: number = 1 << 30;

export const LOCK_ADDR: ReturnType<typeof addrOf> = addrOf(LOCK);

/** Who has it; 0: nobody. */
export const holderOf = (word: number): number => word & ~SLEEPERS;

/** After a first compare-and-exchange from 0 to one's own slot has failed. */
export function* lockSlow(words: HostWords, spins: number): Coroutine<void> {
  const { memory, self } = words;
  for (let i = 0; i < spins; i++) {
    if ((yield* memory.load32(LOCK_ADDR)) !== 0) continue;
    if ((yield* memory.cmpxchg32(LOCK_ADDR, 0, self)) === 0) return;
  }
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const found = yield* memory.load32(LOCK_ADDR);
    if (found === 0) {
      if ((yield* memory.cmpxchg32(LOCK_ADDR, 0, self)) === 0) return;
      continue;
    }
    const marked = found | SLEEPERS;
    if (found !== marked && (yield* memory.cmpxchg32(LOCK_ADDR, found, marked)) !== 0) continue;
    yield* words.waitWord(LOCK_ADDR, marked, FOREVER);
  }
  throw contention(LOCK_ADDR);
}

/** Takes the lock, from `dead` if that has it: a thread that is no more, and not to be waited for. */
export function* takeOver(words: HostWords, dead: number, spins: number): Coroutine<void> {
  const { memory, self } = words;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const found = yield* memory.load32(LOCK_ADDR);
    if (found !== 0 && holderOf(found) !== dead) break;
    const sleepers = found & SLEEPERS;
    if ((yield* memory.cmpxchg32(LOCK_ADDR, found, self | sleepers)) === 0) return;
  }
  yield* lockSlow(words, spins);
}

/** Does somebody sleep, by what was in the word when it was given back? */
export function hasSleepers(word: number): boolean {
  return (word & SLEEPERS) !== 0;
}

/** Wakes everybody who sleeps until the lock is free. */
export function* wakeSleepers(words: HostWords): Coroutine<void> {
  yield* words.wakeWord(LOCK_ADDR, EVERYBODY);
}
