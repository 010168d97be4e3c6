/**
 * What the two threads of a calibration say to each other, in one shared Int32Array.
 *
 * COMMAND is written by the main thread while the partner waits for it, and set back to IDLE by the partner when it is
 * through. TURN says who may go on. The words that threads spin on are on cache lines of their own. Every wait ends after
 * WAIT_MS and every spin after SPINS looks: a thread that has lost the other gives up.
 */
export const WORDS = 64;
export const COMMAND = 0;
export const ROUNDS = 16;
export const TURN = 32;
/** A word nobody waits for. */
export const LONELY = 48;

export const COMMAND_IDLE = 0;
export const COMMAND_HAND_OFF = 1;
export const COMMAND_BOUNCE = 2;
export const COMMAND_QUIT = 3;
/** Before the partner has started. */
export const COMMAND_ABSENT = 4;

export const TURN_MAIN = 0;
export const TURN_PARTNER = 1;

export const WAIT_MS = 1000;
/** Some 100 ms of looking. */
export const SPINS = 5_000_000;

/** Sleeps until it is `who`'s turn. False: it took longer than WAIT_MS. */
export function awaitTurn(words: Int32Array<SharedArrayBuffer>, who: number): boolean {
  const other = who === TURN_MAIN ? TURN_PARTNER : TURN_MAIN;
  // A wake-up without a new turn is possible in principle; a second one in a row is a failure.
  for (let look = 0; look < 2; look++) {
    if (Atomics.load(words, TURN) === who) return true;
    Atomics.wait(words, TURN, other, WAIT_MS);
  }
  return Atomics.load(words, TURN) === who;
}

/** Spins until it is `who`'s turn. False: it took longer than SPINS looks. */
export function spinForTurn(words: Int32Array<SharedArrayBuffer>, who: number): boolean {
  for (let look = 0; look < SPINS; look++) if (Atomics.load(words, TURN) === who) return true;
  return false;
}
