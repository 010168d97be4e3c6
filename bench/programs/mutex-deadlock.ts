/** n threads that lock one mutex and keep it: all but the first wait for ever. */
import { type BenchProgram, define } from "./define.ts";

export const mutexDeadlock: BenchProgram = define("mutex_deadlock", { n: 3 }, ({ n }) => (bare) => {
  const mutex = bare.mutex();
  for (let t = 1; t <= n; t++) {
    bare.thread(function* () {
      yield* bare.lock(mutex);
    });
  }
});
