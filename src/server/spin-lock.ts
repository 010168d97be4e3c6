/** A spin lock in user memory for the library's own short sections. The waiter gives up its CPU: the owner may need it. */
import type { Addr } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { UserMemory } from "../atomics/user-memory.ts";
import type { Syscalls } from "../kernel-sim/syscalls/syscalls.ts";
import { RuntimeError } from "./runtime-error.ts";

const MAX_SPINS = 1 << 20;

/** Who takes a spin lock: a task, or a worker. */
export interface Spinner {
  readonly memory: Pick<UserMemory, "cmpxchg32" | "store32">;
  readonly sys: Pick<Syscalls, "schedYield">;
}

/** Takes the lock at `lock` (0 free, 1 taken). */
export function* spinLock(env: Spinner, lock: Addr): Coroutine<void> {
  for (let spin = 0; (yield* env.memory.cmpxchg32(lock, 0, 1)) !== 0; spin++) {
    if (spin === MAX_SPINS)
      throw new RuntimeError("ERR_SPIN_BOUND", `the lock at 0x${lock.toString(16)} is never freed`);
    yield* env.sys.schedYield();
  }
}

export function* spinUnlock(env: Spinner, lock: Addr): Coroutine<void> {
  yield* env.memory.store32(lock, 0);
}
