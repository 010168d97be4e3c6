/** A writer under a lock, one that resets its word under it, and one that looks without (Huang, PLDI 2015). */
import { type BenchProgram, define } from "./define.ts";

export const exponentialBug: BenchProgram = define("exponential_bug", { n: 1 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  const lock = bare.mutex();
  bare.thread(function* () {
    for (let round = 0; round < 2; round++) {
      yield* bare.lock(lock);
      yield* bare.store32(x, 1);
      for (let i = 0; i < n; i++) yield* bare.store32(y, 1);
      yield* bare.unlock(lock);
    }
  });
  bare.thread(function* () {
    for (let round = 0; round < 2; round++) {
      yield* bare.lock(lock);
      yield* bare.store32(x, 0);
      yield* bare.unlock(lock);
      if ((yield* bare.load32(x)) === 0) continue;
      yield* bare.store32(y, (yield* bare.load32(y)) + 1);
      yield* bare.store32(x, 2);
    }
  });
  bare.thread(function* () {
    for (let round = 0; round < 2; round++) {
      if ((yield* bare.load32(x)) <= 1) continue;
      if ((yield* bare.load32(y)) === 3) return;
      yield* bare.store32(y, 2);
    }
  });
});
