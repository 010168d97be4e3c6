/** n threads that compare-exchange x from 0 to 1: one wins. */
import { type BenchProgram, define } from "./define.ts";

export const cas: BenchProgram = define("cas", { n: 3 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  for (let t = 1; t <= n; t++) {
    bare.thread(function* () {
      yield* bare.cmpxchg32(x, 0, 1);
    });
  }
});
