/** n threads that compare-exchange x from 0 to 1 and then store it. */
import { type BenchProgram, define } from "./define.ts";

export const casw: BenchProgram = define("casw", { n: 2 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  for (let t = 1; t <= n; t++) {
    bare.thread(function* () {
      yield* bare.cmpxchg32(x, 0, 1);
      yield* bare.store32(x, t + 3);
    });
  }
});
