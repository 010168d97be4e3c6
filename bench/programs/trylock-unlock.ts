/** n threads that try to lock one mutex, and unlock it when they got it. */
import { type BenchProgram, define } from "./define.ts";

export const trylockUnlock: BenchProgram = define("trylock_unlock", { n: 2 }, ({ n }) => (bare) => {
  const mutex = bare.mutex();
  for (let t = 1; t <= n; t++) {
    bare.thread(function* () {
      if ((yield* bare.tryLock(mutex)) === 1) yield* bare.unlock(mutex);
    });
  }
});
