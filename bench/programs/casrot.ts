/** Thread i of n compare-exchanges x from i - 1 to i. */
import { type BenchProgram, define } from "./define.ts";

export const casrot: BenchProgram = define("casrot", { n: 3 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  for (let t = 1; t <= n; t++) {
    bare.thread(function* () {
      yield* bare.cmpxchg32(x, t - 1, t);
    });
  }
});
