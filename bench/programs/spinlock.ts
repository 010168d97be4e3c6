/** n threads that wait until a lock is free and try to take it; an attempt that failed is given up. */
import { type BenchProgram, define } from "./define.ts";

export const spinlock: BenchProgram = define("spinlock", { n: 2 }, ({ n }) => (bare) => {
  const lock = bare.word(0, "lock");
  for (let t = 0; t < n; t++) {
    bare.thread(function* () {
      yield* bare.until(lock, (taken) => taken === 0);
      if ((yield* bare.cmpxchg32(lock, 0, 1)) !== 0) yield* bare.cut();
      yield* bare.store32(lock, 0);
    });
  }
});
