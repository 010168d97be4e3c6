/** Two threads that take a lock twice, the second time for ever (SCTBench). Deadlocks in every interleaving. */
import { type BenchProgram, define } from "./define.ts";

export const phase01: BenchProgram = define("phase01", {}, () => (bare) => {
  const x = bare.mutex("x");
  const y = bare.mutex("y");
  for (let t = 0; t < 2; t++) {
    bare.thread(function* () {
      yield* bare.lock(x);
      yield* bare.unlock(x);
      yield* bare.lock(x);
      yield* bare.lock(y);
      yield* bare.unlock(y);
      yield* bare.lock(y);
      yield* bare.unlock(y);
    });
  }
});
