/**
 * Switching between host threads: a thread with a stack of its own runs kernel or user code only while it owns a CPU, and who
 * gives the CPU up names the next. From peer to peer, through one word each: no scheduler's thread lies between, which would
 * double the cost (js-limits: 5 us against 10 for a hop through a third).
 *
 * The turn word of a thread: 1 = the CPU is yours. Written 1 by who switches to it, after it has made it the owner; 0 by the
 * thread, when it has seen it. So a turn is given only to the owner (I12), and at most one is on its way to a thread (I13):
 * only the owner can give one, and it gives it away.
 *
 * After the store of 1 the giver does nothing but wait for its own turn (I14): it has no token any more, and so cannot.
 * Source: __switch_to of LKL (lkl.md 5), without the flags and buffers that its idle and borrowed threads need.
 */
import { type Addr, addr } from "../../../atomics/address.ts";
import { ETIMEDOUT } from "../../../atomics/errno.ts";
import type { Coroutine } from "../../../atomics/step.ts";
import { LklError } from "../errors.ts";
import { deadlineOf, remaining } from "../host/words.ts";
import type { LklCpus } from "./cpus.ts";
import type { CpuToken } from "./token.ts";

/** A line for each thread: whoever wakes one writes into no other's. */
const TURN_BYTES = 64;

export interface TurnLayout {
  readonly turns: Addr;
  readonly end: Addr;
}

/** Lays the turn words of `threads` slots out from `base`, a multiple of 64; all are 0 to begin with. */
export function layOutTurns(base: number, threads: number): TurnLayout {
  return { turns: addr(base), end: addr(base + threads * TURN_BYTES) };
}

function turnOf({ turns }: TurnLayout, thread: number): Addr {
  return addr(turns + (thread - 1) * TURN_BYTES);
}

/** Waits until a peer has switched to the caller: the token of the CPU `cpu`, or "timed-out". */
export function* awaitTurn(
  cpus: LklCpus,
  layout: TurnLayout,
  cpu: number,
  timeoutNs: number,
): Coroutine<CpuToken | "timed-out"> {
  const { words } = cpus;
  const turn = turnOf(layout, words.self);
  let deadline = 0;
  let left = timeoutNs;
  // Each turn of this loop is a wake-up, for which there is a reason but once in a while.
  while ((yield* words.memory.load32(turn)) === 0) {
    // To read the clock is not for nothing: once a wait.
    if (deadline === 0) deadline = deadlineOf(words, timeoutNs);
    else left = remaining(words, deadline);
    const waited = yield* words.waitWord(turn, 0, left);
    if (waited === -ETIMEDOUT && (yield* words.memory.load32(turn)) === 0) return "timed-out";
  }
  yield* words.memory.store32(turn, 0);
  return yield* cpus.adopt(cpu);
}

/**
 * Gives the CPU of `token` to `next`, which waits for its turn or is about to, and does not come back to it. Throws
 * ERR_NOT_OWNER, and ERR_DEPTH when the caller has entered more than once.
 */
export function* giveTurn(cpus: LklCpus, layout: TurnLayout, token: CpuToken, next: number): Coroutine<void> {
  const { words } = cpus;
  checkThread(cpus, next);
  yield* cpus.changeOwner(token, next);
  const turn = turnOf(layout, next);
  yield* words.memory.store32(turn, 1);
  yield* words.wakeWord(turn, 1);
}

/** The same, and waits until somebody switches back to the caller. */
export function* switchTo(
  cpus: LklCpus,
  layout: TurnLayout,
  token: CpuToken,
  next: number,
  timeoutNs: number,
): Coroutine<CpuToken | "timed-out"> {
  yield* giveTurn(cpus, layout, token, next);
  return yield* awaitTurn(cpus, layout, token.cpu, timeoutNs);
}

function checkThread({ words, layout }: LklCpus, next: number): void {
  if (Number.isInteger(next) && next >= 1 && next <= layout.sizes.threads && next !== words.self) return;
  throw new LklError("ERR_HOST_HANDLE", `thread ${words.self} cannot switch to ${next}`);
}
