/** One thread stores 2, n threads compare-exchange x from 2 to 3. */
import { type BenchProgram, define } from "./define.ts";

export const wcas: BenchProgram = define("wcas", { n: 2 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  bare.thread(function* () {
    yield* bare.store32(x, 2);
  });
  for (let t = 1; t <= n; t++) {
    bare.thread(function* () {
      yield* bare.cmpxchg32(x, 2, 3);
    });
  }
});
