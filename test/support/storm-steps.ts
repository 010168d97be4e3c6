/** What the tasks and workers of storms do: a section under a lock, and counting in a word. */
import type { Addr } from "../../src/atomics/address.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import type { Env } from "../../src/umcg/env.ts";

/** lock(2) and unlock(2) of "Futexes are tricky". A worker that waits blocks in the kernel. */
export function* withLock(env: Env, lock: Addr, section: () => Coroutine<void>): Coroutine<void> {
  let free = (yield* env.memory.cmpxchg32(lock, 0, 1)) === 0;
  while (!free) {
    free = (yield* env.memory.xchg32(lock, 2)) === 0;
    if (!free) yield* env.sys.futexWait(lock, 2);
  }
  yield* section();
  if ((yield* env.memory.xchg32(lock, 0)) === 2) yield* env.sys.futexWake(lock, 1);
}

export function* add(env: Env, at: Addr, by = 1): Coroutine<void> {
  for (;;) {
    const old = yield* env.memory.load32(at);
    if ((yield* env.memory.cmpxchg32(at, old, old + by)) === 0) return;
  }
}
