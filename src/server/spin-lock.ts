/**
 * A spin lock in user memory for the library's own short sections, and how one waits for somebody between two of its steps.
 *
 * The waiter gives up its CPU, because whom it waits for may need it. sched_yield is enough among equals, and a server that
 * runs with ticks is no equal: it is a real-time task (server-pool.ts), and the worker it has interrupted, with the lock
 * held, waits behind it on the same CPU. So from time to time the waiter sleeps, and each time twice as long: a sleep that is
 * over before the waiter has left its CPU, or as soon as the other is there, lets nobody get on. Rejected: only to sleep,
 * which costs a timer's interrupt where a few hundred ns would do.
 */
import type { Addr } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { UserMemory } from "../atomics/user-memory.ts";
import type { Syscalls } from "../kernel-sim/syscalls/syscalls.ts";
import { RuntimeError } from "./runtime-error.ts";

const MAX_SPINS = 1 << 20;
/** Turns of which the last one sleeps; for how long at first, and at most. */
const TURNS_A_SLEEP = 4;
const FIRST_SLEEP_NS = 5_000;
const LONGEST_SLEEP_NS = 640_000;

/** Who waits: a task, or a worker. */
export interface Spinner {
  readonly memory: Pick<UserMemory, "cmpxchg32" | "store32">;
  readonly sys: Pick<Syscalls, "schedYield" | "nanosleep">;
}

/** Turn number `turn`, from 0, of a wait for somebody who is about to get on: lets others have this CPU. */
export function stepAside({ sys }: Pick<Spinner, "sys">, turn: number): Coroutine<number> {
  if (turn % TURNS_A_SLEEP !== TURNS_A_SLEEP - 1) return sys.schedYield();
  return sys.nanosleep(Math.min(FIRST_SLEEP_NS * 2 ** Math.floor(turn / TURNS_A_SLEEP), LONGEST_SLEEP_NS));
}

/** Takes the lock at `lock` (0 free, 1 taken). */
export function* spinLock(env: Spinner, lock: Addr): Coroutine<void> {
  for (let spin = 0; (yield* env.memory.cmpxchg32(lock, 0, 1)) !== 0; spin++) {
    if (spin === MAX_SPINS)
      throw new RuntimeError("ERR_SPIN_BOUND", `the lock at 0x${lock.toString(16)} is never freed`);
    yield* stepAside(env, spin);
  }
}

/** Gives the lock back. */
export function* spinUnlock(env: Spinner, lock: Addr): Coroutine<void> {
  yield* env.memory.store32(lock, 0);
}
