/**
 * The end of the kernel's CPUs, and of single threads that had one.
 *
 * Shutting down: close the gate, then each CPU, then send home those who wait. From the first on nobody comes in, from the
 * second on nobody gets a CPU, from the third on nobody waits for one; who owns one goes on until its put. When only the
 * shares of the closer are left, the kernel is nobody's. LKL's order of "post the shutdown semaphore, free the others" needs
 * a join to be safe; here nothing is freed, and who waits for the end waits for the gate itself.
 *
 * A thread that dies while it owns a CPU may leave the kernel's state half changed: the CPU is poisoned, and everybody who
 * wants it is told so instead of waiting for ever (R27). One that dies in the line is skipped.
 */
import { EAGAIN, ETIMEDOUT } from "../../../atomics/errno.ts";
import type { Coroutine } from "../../../atomics/step.ts";
import type { HostWords } from "../host/host-words.ts";
import { contention, deadlineOf, EVERYBODY, fetchOr, MAX_TRIES, remaining } from "../host/words.ts";
import { awaitEmpty, leaveGate } from "./entry-gate.ts";
import { CLOSED, type CpuLayout, grantOf, ownedBy, ownerOf, POISONED, stateOf } from "./layout.ts";
import {
  changeGrant,
  GRANT_ABANDONED,
  GRANT_CLAIMED,
  GRANT_CLOSED,
  GRANT_DEAD,
  GRANT_NONE,
  GRANT_POISONED,
  GRANT_WAITING,
  sendHome,
} from "./wait-line.ts";

/** Closes every CPU. Can be done twice. The gate is closed. */
export function* shutDown(words: HostWords, layout: CpuLayout): Coroutine<void> {
  for (let cpu = 0; cpu < layout.sizes.cpus; cpu++) {
    yield* fetchOr(words.memory, stateOf(layout, cpu), CLOSED);
    yield* sendHome(words, layout, cpu, GRANT_CLOSED);
  }
}

/** Waits until nobody is inside but the caller, with `mine` tokens: 0, -ETIMEDOUT. After `shutdown`. */
export function waitShutdown(
  words: HostWords,
  layout: CpuLayout,
  mine: number,
  timeoutNs: number,
): Coroutine<number> {
  return awaitEmpty(words, layout, mine, timeoutNs);
}

/** What became of the CPUs when a thread died: whether it owned one of them. */
export type Reaped = "nothing" | "poisoned";

/** How long the one that has claimed a thread for a CPU may take to find it dead. */
const CLAIM_TIMEOUT_NS = 1e9;

/**
 * `thread` is dead: takes it out of lines, poisons the CPUs it owned and gives its shares back. Any thread, once, before its
 * slot can be another's.
 */
export function* reapThread(words: HostWords, layout: CpuLayout, thread: number): Coroutine<Reaped> {
  let reaped: Reaped = "nothing";
  let shares = 0;
  for (let cpu = 0; cpu < layout.sizes.cpus; cpu++) {
    const left = yield* leaveLine(words, layout, cpu, thread);
    const owned = yield* poison(words, layout, cpu, thread);
    if (owned) {
      yield* sendHome(words, layout, cpu, GRANT_POISONED);
      reaped = "poisoned";
    }
    if (left || owned) shares++;
    yield* wakeAll(words, layout, cpu);
  }
  yield* leaveGate(words, layout, shares);
  yield* words.wakeWord(layout.gate, EVERYBODY);
  return reaped;
}

/** Was it waiting for the CPU? If it had been claimed for it, waits until the CPU is not its own any more. */
function* leaveLine(words: HostWords, layout: CpuLayout, cpu: number, thread: number): Coroutine<boolean> {
  const { memory } = words;
  const grant = grantOf(layout, cpu, thread);
  if ((yield* changeGrant(memory, grant, GRANT_WAITING, GRANT_ABANDONED)) !== -EAGAIN) return true;
  const dead = yield* changeGrant(memory, grant, GRANT_CLAIMED, GRANT_DEAD);
  if (dead === -EAGAIN) return false;
  const deadline = deadlineOf(words, CLAIM_TIMEOUT_NS);
  // Each turn is a wake-up; if the one that has claimed it is dead as well, the CPU is poisoned.
  while ((yield* memory.load32(grant)) === dead) {
    if ((yield* words.waitWord(grant, dead, remaining(words, deadline))) === -ETIMEDOUT) break;
  }
  yield* changeGrant(memory, grant, GRANT_DEAD, GRANT_NONE);
  return true;
}

/** Whatever the dead one has written and not told, those who wait find for themselves. */
function* wakeAll(words: HostWords, layout: CpuLayout, cpu: number): Coroutine<void> {
  for (let thread = 1; thread <= layout.sizes.threads; thread++) {
    yield* words.wakeWord(grantOf(layout, cpu, thread), EVERYBODY);
  }
}

function* poison(words: HostWords, layout: CpuLayout, cpu: number, thread: number): Coroutine<boolean> {
  const { memory } = words;
  const state = stateOf(layout, cpu);
  let found = yield* memory.load32(state);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (ownerOf(found) !== thread) return false;
    const poisoned = ownedBy(found, 0, 0) | POISONED;
    if ((yield* memory.cmpxchg32(state, found, poisoned)) === 0) return true;
    found = memory.observed32;
  }
  throw contention(state);
}
