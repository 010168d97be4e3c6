/** n threads that add to x. */
import { type BenchProgram, define } from "./define.ts";

export const ainc: BenchProgram = define("ainc", { n: 3 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  for (let t = 1; t <= n; t++) {
    bare.thread(function* () {
      yield* bare.add32(x, 1);
    });
  }
});
