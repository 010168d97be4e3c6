/** n threads that lock and unlock one mutex. */
import { type BenchProgram, define } from "./define.ts";

export const mutexOrder: BenchProgram = define("mutex_order", { n: 3 }, ({ n }) => (bare) => {
  const mutex = bare.mutex();
  for (let t = 1; t <= n; t++) {
    bare.thread(function* () {
      yield* bare.lock(mutex);
      yield* bare.unlock(mutex);
    });
  }
});
