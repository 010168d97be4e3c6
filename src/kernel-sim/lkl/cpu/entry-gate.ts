/**
 * The gate: how many are inside, and whether anybody may still come in. One word for all CPUs.
 *
 *     bits 0-29 shares: threads inside get, put or a trigger, and tokens that have not been given back
 *     bit  30   closed
 *
 * LKL adds a million to its counter to close it: a second close makes it wait for ever (R17), and too many callers look like a
 * closed gate (R23). Here closing sets a bit, which can be done twice, and who would be one too many is told so. And LKL
 * counts those inside get only. A token is counted here, too, so that "nobody is inside" means that nobody executes kernel
 * code, on any of several CPUs.
 */
import type { Addr } from "../../../atomics/address.ts";
import { ETIMEDOUT } from "../../../atomics/errno.ts";
import type { Coroutine } from "../../../atomics/step.ts";
import type { HostWords } from "../host/host-words.ts";
import { contention, deadlineOf, EVERYBODY, fetchOr, MAX_TRIES, remaining } from "../host/words.ts";

const GATE_CLOSED: number = 1 << 30;
const SHARES: number = GATE_CLOSED - 1;

/** Where the gate is, and how many may be inside. */
export interface GateLayout {
  readonly gate: Addr;
  readonly sizes: { readonly maxInside: number };
}

export type GateAnswer = "in" | "closed-at-gate" | "full";

/** Takes a share. */
export function* enterGate({ memory }: HostWords, { gate, sizes }: GateLayout): Coroutine<GateAnswer> {
  let found = yield* memory.load32(gate);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if ((found & GATE_CLOSED) !== 0) return "closed-at-gate";
    if (found >= sizes.maxInside) return "full";
    if ((yield* memory.cmpxchg32(gate, found, found + 1)) === 0) return "in";
    found = memory.observed32;
  }
  throw contention(gate);
}

/** Gives `shares` back. Whoever waits for a closed gate to be left looks again: it knows how many it waits for. */
export function* leaveGate(words: HostWords, { gate }: GateLayout, shares = 1): Coroutine<void> {
  const { memory } = words;
  let found = yield* memory.load32(gate);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if ((yield* memory.cmpxchg32(gate, found, found - shares)) === 0) {
      if ((found & GATE_CLOSED) !== 0) yield* words.wakeWord(gate, EVERYBODY);
      return;
    }
    found = memory.observed32;
  }
  throw contention(gate);
}

/** Closes the gate for good. False: it was closed before. */
export function* closeGate({ memory }: HostWords, { gate }: GateLayout): Coroutine<boolean> {
  return ((yield* fetchOr(memory, gate, GATE_CLOSED)) & GATE_CLOSED) === 0;
}

export function* gateClosed({ memory }: HostWords, { gate }: GateLayout): Coroutine<boolean> {
  return ((yield* memory.load32(gate)) & GATE_CLOSED) !== 0;
}

/** How many shares there are. */
export function* sharesInside({ memory }: HostWords, { gate }: GateLayout): Coroutine<number> {
  return (yield* memory.load32(gate)) & SHARES;
}

/** Waits until at most `mine` shares are left of a closed gate: 0, -ETIMEDOUT. */
export function* awaitEmpty(
  words: HostWords,
  { gate }: GateLayout,
  mine: number,
  timeoutNs: number,
): Coroutine<number> {
  const deadline = deadlineOf(words, timeoutNs);
  // Each turn is somebody's leaving, or a wake-up for no reason.
  for (;;) {
    const found = yield* words.memory.load32(gate);
    if ((found & SHARES) <= mine) return 0;
    const waited = yield* words.waitWord(gate, found, remaining(words, deadline));
    if (waited === -ETIMEDOUT) return -ETIMEDOUT;
  }
}
