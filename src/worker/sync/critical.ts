/**
 * Short sections of user space in which a worker keeps its CPU: the spin locks of waiting rooms are held only there.
 *
 * Why a spin lock alone is not enough. A worker that is preempted, or whose page has to be fetched, gives its server back;
 * if it held the lock, the next worker on that server would spin for somebody who needs that very server, and a policy with
 * priorities may never choose the holder. So the holder is marked LOCKED (umcg/abi.ts) before it takes the lock: the kernel
 * reports neither its blocking nor its waking and nobody can set PREEMPTED, which is a compare-exchange from exactly
 * RUNNING. It can then only be delayed as a kernel task is, behind other kernel tasks of its CPU, and whoever spins for it
 * lets those run (sched_yield). The sections are a dozen steps long and call nothing that sleeps.
 *
 * A worker that finds itself PREEMPTED on its way in is about to be parked: the kick comes at the latest at its next
 * system call, and the section begins when a server runs it again. LOCKED and PREEMPTED are never set together (I1).
 *
 * Rejected: yielding to the server while spinning (livelock under a policy that prefers the spinner); a ticket lock or MCS
 * queue (hand-off to a waiter whose kernel task does not run; the sections are too short to need fairness).
 *
 * A worker that is killed inside a section leaves the lock taken: ERR_SPIN_BOUND for the others, as with every lock that is
 * not robust. Cancelling is cooperative and never comes here.
 */
import type { Addr } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { RuntimeError } from "../../server/runtime-error.ts";
import { spinLock, spinUnlock } from "../../server/spin-lock.ts";
import { stateOf, UMCG_TASK_RUNNING, UMCG_TF_LOCKED, UMCG_TF_STATE_MASK } from "../../umcg/abi.ts";
import type { SyncWorker } from "./sync-worker.ts";

/** Turns of a preempted worker until it must have been parked and run again. */
const MAX_TURNS = 1 << 20;

/** Flags that tell of a transition: all but the user's bits, which are kept. */
const KERNEL_BITS = 0x00ff_ffff;

/** Keeps the CPU from here on. */
export function* keepCpu(worker: SyncWorker): Coroutine<void> {
  const { memory, record } = worker;
  let expected = UMCG_TASK_RUNNING;
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    if ((yield* memory.cmpxchg32(stateOf(record), expected, expected | UMCG_TF_LOCKED)) === 0) return;
    expected = memory.observed32;
    if ((expected & KERNEL_BITS) === UMCG_TASK_RUNNING) continue;
    yield* worker.sys.schedYield();
    expected = (expected & ~KERNEL_BITS) | UMCG_TASK_RUNNING;
  }
  throw new RuntimeError("ERR_SPIN_BOUND", `${worker.name} stays preempted`);
}

/** May be preempted again. */
export function* releaseCpu(worker: SyncWorker): Coroutine<void> {
  const { memory, record } = worker;
  let expected = UMCG_TASK_RUNNING | UMCG_TF_LOCKED;
  // Two tries: while LOCKED nobody but user space changes the word, and user bits are not changed from outside.
  while ((yield* memory.cmpxchg32(stateOf(record), expected, expected & ~UMCG_TF_LOCKED)) !== 0) {
    expected = memory.observed32;
    if ((expected & (UMCG_TF_STATE_MASK | UMCG_TF_LOCKED)) !== (UMCG_TASK_RUNNING | UMCG_TF_LOCKED)) {
      throw new RuntimeError(
        "ERR_SPIN_BOUND",
        `${worker.name} left a section with state 0x${expected.toString(16)}`,
      );
    }
  }
}

/** Takes the spin lock at `lock`, with the CPU kept. */
export function* enterCritical(worker: SyncWorker, lock: Addr): Coroutine<void> {
  yield* keepCpu(worker);
  yield* spinLock(worker, lock);
}

export function* leaveCritical(worker: SyncWorker, lock: Addr): Coroutine<void> {
  yield* spinUnlock(worker, lock);
  yield* releaseCpu(worker);
}
