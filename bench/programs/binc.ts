/** n threads that add to x, then to y. */
import { type BenchProgram, define } from "./define.ts";

export const binc: BenchProgram = define("binc", { n: 2 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  for (let t = 1; t <= n; t++) {
    bare.thread(function* () {
      yield* bare.add32(x, 1);
      yield* bare.add32(y, 1);
    });
  }
});
