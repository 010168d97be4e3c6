/** Two threads that store x n times, one that loads it twice. */
import { type BenchProgram, define } from "./define.ts";

export const redundantCo: BenchProgram = define("redundant_co", { n: 2 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  for (const value of [1, 2]) {
    bare.thread(function* () {
      for (let i = 0; i < n; i++) yield* bare.store32(x, value);
    });
  }
  bare.thread(function* () {
    yield* bare.load32(x);
    yield* bare.load32(x);
  });
});
