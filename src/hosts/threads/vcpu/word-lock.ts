/**
 * A lock that is one word: FREE, TAKEN, or CONTENDED: taken, and somebody may sleep for it.
 *
 * A CPU that dies with a lock leaves the kernel in the middle of something. Nobody can go on: who waits looks around every
 * `LOOK_MS`, and leaves by what `look` throws.
 *
 * Source: Drepper, "Futexes are tricky", mutex 2. Rejected: a ticket lock (with more threads than cores the next in line is
 * the one that is not running, at 50 us a time).
 */
export const FREE = 0;
export const TAKEN = 1;
export const CONTENDED = 2;

/** Looks before it sleeps: a kernel section is shorter than a wake-up. */
export const SPINS = 200;
/** The longest sleep between two looks around, ms. */
export const LOOK_MS = 50;

type Words = Int32Array<SharedArrayBuffer>;

/** Takes the lock. Returns whether it had to be waited for. */
export function takeWord(words: Words, at: number, look: () => void): boolean {
  if (Atomics.compareExchange(words, at, FREE, TAKEN) === FREE) return false;
  for (let spin = 0; spin < SPINS; spin++) {
    if (Atomics.load(words, at) === FREE && Atomics.compareExchange(words, at, FREE, TAKEN) === FREE)
      return true;
  }
  // Bounded by the holder's section, or by the machine's life.
  while (Atomics.exchange(words, at, CONTENDED) !== FREE) {
    Atomics.wait(words, at, CONTENDED, LOOK_MS);
    look();
  }
  return true;
}

/** Lets go of it, and wakes who sleeps for it: `count` of them. */
export function freeWord(words: Words, at: number, count = 1): void {
  if (Atomics.exchange(words, at, FREE) === CONTENDED) Atomics.notify(words, at, count);
}
