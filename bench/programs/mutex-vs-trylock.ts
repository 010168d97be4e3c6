/** One thread locks and unlocks, n threads try to. */
import { type BenchProgram, define } from "./define.ts";

export const mutexVsTrylock: BenchProgram = define("mutex_vs_trylock", { n: 2 }, ({ n }) => (bare) => {
  const mutex = bare.mutex();
  bare.thread(function* () {
    yield* bare.lock(mutex);
    yield* bare.unlock(mutex);
  });
  for (let t = 1; t <= n; t++) {
    bare.thread(function* () {
      if ((yield* bare.tryLock(mutex)) === 1) yield* bare.unlock(mutex);
    });
  }
});
