/** n threads that lock and unlock a mutex made of a futex, the second of Drepper. */
import { type BenchProgram, define } from "./define.ts";

export const futexMutex: BenchProgram = define("futex_mutex", { n: 2 }, ({ n }) => (bare) => {
  const m = bare.word(0, "m");
  for (let t = 0; t < n; t++) {
    bare.thread(function* () {
      if ((yield* bare.cmpxchg32(m, 0, 1)) !== 0) {
        while ((yield* bare.xchg32(m, 2)) !== 0) yield* bare.wait(m, 2);
      }
      if ((yield* bare.xchg32(m, 0)) === 2) yield* bare.notify(m, 1);
    });
  }
});
