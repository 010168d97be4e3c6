/** One thread stores x, n threads add to it. */
import { type BenchProgram, define } from "./define.ts";

export const wainc: BenchProgram = define("wainc", { n: 2 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  bare.thread(function* () {
    yield* bare.store32(x, 42);
  });
  for (let t = 1; t <= n; t++) {
    bare.thread(function* () {
      yield* bare.add32(x, 1);
    });
  }
});
