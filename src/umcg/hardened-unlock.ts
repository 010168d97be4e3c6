/**
 * Profile `hardened`: what a worker's own word loses when it waits of its own accord.
 *
 * A worker that waits is not locked, and has given its CPU up: preempting it would be pointless. Its LOCKED is its own.
 */
import type { Addr } from "../atomics/address.ts";
import { EAGAIN, EFAULT } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { UserAccess } from "../atomics/user-access.ts";
import { UMCG_TF_LOCKED, UMCG_TF_PREEMPTED } from "./abi.ts";
import { WORD_TRIES } from "./hardened-lists.ts";

/** Clears both flags in the word at `state`. 0, or -EFAULT: the word cannot be written, or never held still. */
export function* unlock(access: UserAccess, state: Addr): Coroutine<number> {
  for (let attempt = 0; attempt < WORD_TRIES; attempt++) {
    const word = yield* access.getUser32(state);
    if (word < 0) return word;
    const status = yield* access.cmpxchgUser32(state, word, word & ~(UMCG_TF_LOCKED | UMCG_TF_PREEMPTED));
    if (status !== -EAGAIN) return status;
  }
  return -EFAULT;
}
