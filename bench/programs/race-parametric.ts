/** Two threads that store and load one word n times. */
import { type BenchProgram, define } from "./define.ts";

export const raceParametric: BenchProgram = define("race_parametric", { n: 2 }, ({ n }) => (bare) => {
  const v = bare.word(0, "v");
  for (const t of [1, 2]) {
    bare.thread(function* () {
      for (let i = 0; i < n; i++) {
        yield* bare.store32(v, t);
        yield* bare.load32(v);
      }
    });
  }
});
