/**
 * A worker's own LOCKED flag, as a bracket: between `lockSelf` and `unlockSelf` it keeps its server, blocking is not
 * reported and nobody preempts it. What is done in between is done as if on the server: locks of the library may be held,
 * and a queue that belongs to the server has one user. Brackets nest: the inner one changes nothing.
 */
import type { Addr } from "../atomics/address.ts";
import { EAGAIN } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import { stateOf, UMCG_TASK_RUNNING, UMCG_TF_LOCKED } from "../umcg/abi.ts";
import type { Env } from "../umcg/env.ts";
import { RuntimeError } from "./runtime-error.ts";

/** Times in a row that a worker may be preempted on its way into a bracket. */
const MAX_TURNS = 1 << 20;

/** Returns whether it was this call that locked: only then may the caller unlock. */
export function* lockSelf(env: Env, self: Addr): Coroutine<boolean> {
  const { memory } = env;
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const status = yield* memory.cmpxchg32(
      stateOf(self),
      UMCG_TASK_RUNNING,
      UMCG_TASK_RUNNING | UMCG_TF_LOCKED,
    );
    if (status !== -EAGAIN) return true;
    if ((memory.observed32 & UMCG_TF_LOCKED) !== 0) return false;
    // Somebody wants this worker to give way: it does, at the end of any system call.
    yield* env.sys.schedYield();
  }
  throw new RuntimeError(
    "ERR_SPIN_BOUND",
    `worker at 0x${self.toString(16)} is preempted whenever it would lock`,
  );
}

export function* unlockSelf(env: Env, self: Addr, locked: boolean): Coroutine<void> {
  // Nobody else changes the word while it is locked.
  if (locked) yield* env.memory.store32(stateOf(self), UMCG_TASK_RUNNING);
}
