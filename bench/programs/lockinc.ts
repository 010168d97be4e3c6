/** n threads that count under a lock (GenMC). */
import { type BenchProgram, define } from "./define.ts";

export const lockinc: BenchProgram = define("lockinc", { n: 3 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  const mutex = bare.mutex();
  for (let t = 0; t < n; t++) {
    bare.thread(function* () {
      yield* bare.lock(mutex);
      yield* bare.store32(x, (yield* bare.load32(x)) + 1);
      yield* bare.unlock(mutex);
    });
  }
  bare.atEnd(() => bare.check(bare.peek32(x) === n, "a count was lost"));
});
