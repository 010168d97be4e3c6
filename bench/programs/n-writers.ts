/** n threads store different values, one loads. */
import { type BenchProgram, define } from "./define.ts";

export const nWriters: BenchProgram = define("n_writers", { n: 3 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  for (let t = 1; t <= n; t++) {
    bare.thread(function* () {
      yield* bare.store32(x, t);
    });
  }
  bare.thread(function* () {
    yield* bare.load32(x);
  });
});
