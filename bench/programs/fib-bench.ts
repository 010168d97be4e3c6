/** Two threads that add each to one of two words, n times; a third loads both (SV-COMP). */
import { type BenchProgram, define } from "./define.ts";

export const fibBench: BenchProgram = define("fib_bench", { n: 2, reader: 1 }, ({ n, reader }) => (bare) => {
  const i = bare.word(1, "i");
  const j = bare.word(1, "j");
  for (const own of [i, j]) {
    bare.thread(function* () {
      for (let k = 0; k < n; k++) {
        const a = yield* bare.load32(i);
        const b = yield* bare.load32(j);
        yield* bare.store32(own, a + b);
      }
    });
  }
  if (reader === 0) return;
  bare.thread(function* () {
    yield* bare.load32(i);
    yield* bare.load32(j);
  });
});
