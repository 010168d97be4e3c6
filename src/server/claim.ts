/**
 * Making a waiting worker one's own, to have it run.
 *
 * A worker that waits of its own accord is IDLE. Three may want it at once: somebody who unparks or cancels it, the server
 * it gave way to, and the kernel, when its timeout or a signal comes (IDLE -> IDLE|LISTED, on the idle worker list). The
 * state word decides: user space claims by IDLE -> IDLE|LOCKED, which the kernel then leaves alone. Exactly one of them
 * has the worker run; whoever loses has nothing left to do, because the worker looks at its park word before anything else.
 *
 * Who may try at all is decided before, in the park word: whoever takes PARKED or YIELDED away there sets WAKING, so there
 * is one at a time, and takes WAKING away when it does not touch the state word any more. A worker that runs again does not
 * leave its wait, and so neither waits again nor ends, while WAKING is set; nor is the record of one that was killed given
 * to another. So no claim comes late. Rejected: to let late claims happen and be absorbed as spurious wake-ups; a record
 * that has changed hands meanwhile may be about to register, where nothing absorbs one.
 *
 * It may have to wait for that in the kernel, or take a signal there whose handler blocks. Then it wakes up and is listed
 * once more; the LISTED in its word keeps it from being claimed for the wait that is over.
 *
 * Between the store of IDLE|LOCKED and its sleep, where the kernel takes LOCKED away, the worker cannot be claimed; whoever
 * wants it waits those few steps. It holds on to its own server meanwhile, whose tid the kernel has still to read.
 *
 * The caller must not be preempted while WAKING is set: the worker that waits for it may be in the way. A server never is, a
 * worker locks itself (detection.ts).
 */
import type { Addr } from "../atomics/address.ts";
import { EAGAIN } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import { stateOf, UMCG_TASK_IDLE, UMCG_TF_LOCKED } from "../umcg/abi.ts";
import type { Env } from "../umcg/env.ts";
import { PARK_WAKING, PARK_YIELDED, parkOf } from "./record.ts";
import { RuntimeError } from "./runtime-error.ts";
import { stepAside } from "./spin-lock.ts";

/** Turns of a wait for somebody who is between two steps of the library. */
const MAX_TURNS = 1 << 20;

/**
 * Claims the worker at `record`; the caller has just set WAKING in its park word, and this takes it away. True: the worker
 * is the caller's, to enqueue. False: it runs, is about to, or is gone.
 */
export function* claim(env: Env, record: Addr): Coroutine<boolean> {
  const { memory } = env;
  const word = stateOf(record);
  let claimed = false;
  for (let turn = 0; ; turn++) {
    if (turn === MAX_TURNS)
      throw new RuntimeError("ERR_SPIN_BOUND", `the worker at 0x${record.toString(16)} stays locked`);
    const status = yield* memory.cmpxchg32(word, UMCG_TASK_IDLE, UMCG_TASK_IDLE | UMCG_TF_LOCKED);
    claimed = status !== -EAGAIN;
    if (claimed || (memory.observed32 & UMCG_TF_LOCKED) === 0) break;
    yield* stepAside(env, turn);
  }
  const park = parkOf(record);
  // Bounded by the other writers: each failure is somebody else's success.
  for (;;) {
    const bits = yield* memory.load32(park);
    if ((yield* memory.cmpxchg32(park, bits, bits & ~PARK_WAKING)) === 0) return claimed;
  }
}

/** Claims a worker that gave way to the calling server. False: it runs again already, or is gone. */
export function* claimYielded(env: Env, record: Addr): Coroutine<boolean> {
  const { memory } = env;
  const park = parkOf(record);
  // Bounded by the other writers.
  for (;;) {
    const bits = yield* memory.load32(park);
    if ((bits & PARK_YIELDED) === 0) return false;
    const waking = (bits & ~PARK_YIELDED) | PARK_WAKING;
    if ((yield* memory.cmpxchg32(park, bits, waking)) === 0) return yield* claim(env, record);
  }
}

/**
 * Waits until nobody is waking the worker at `record`, and takes `bits` (PARKED, YIELDED) out of its park word. Returns the
 * word.
 */
export function* settle(env: Env, record: Addr, bits: number): Coroutine<number> {
  const { memory } = env;
  const word = parkOf(record);
  // A turn fails when others bring news, each kind once, or while one of them is between two steps.
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const park = yield* memory.load32(word);
    if ((park & PARK_WAKING) !== 0) yield* stepAside(env, turn);
    else if ((park & bits) === 0) return park;
    else if ((yield* memory.cmpxchg32(word, park, park & ~bits)) === 0) return park & ~bits;
  }
  throw new RuntimeError("ERR_SPIN_BOUND", `nobody ends waking the worker at 0x${record.toString(16)}`);
}
